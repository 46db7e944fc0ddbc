"""Planning from the command line on EgoExo-Mini, preset tiny: train, test, resume, AMP, two processes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from run_support import (
    assert_same_training,
    first_losses,
    killed_and_resumed,
    lengths,
    metrics_of,
    refusal,
    run_test,
    run_train,
    score_on_ranks,
    train_on_two,
)

from egoexo.evaluation.functional.planning import best_distances, constant_logits, planning_scores
from egoexo.evaluation.functional.planning_decoding import argmax_sequences
from egoexo.registry import DATASETS
from tools import evaluate

EGOEXO = 'configs/planning/mini_trn_clip_egoexolearn-egoexo-allsteps.py'
EGO = 'configs/planning/mini_trn_clip_egoexolearn-ego.py'
PAIRED = 'configs/planning/mini_trn_clip_egoexolearn-exo2ego-ta3n.py'
HISTORY = 'configs/planning/mini_transformer_history_egoexolearn-ego.py'
EPOCHS = 100
#: The training list of ego, with its true labels, is tested too.
FITTED = 'test_dataloader.dataset.datasets.0.split=train'


@pytest.fixture(scope='module')
def runs(mini_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A healthy training and one on permuted labels, tested; name -> work directory."""
    root, folders = mini_root / 'egoexolearn', {}
    for name, more in (('healthy', []), ('permuted', ['+train_dataloader.dataset.shuffle_labels=0'])):
        folder = folders[name] = tmp_path_factory.mktemp(name)
        run_train(EGOEXO, folder, root, *lengths(EPOCHS), 'optim_wrapper.optimizer.lr=0.1', *more)
        run_test(EGOEXO, folder / f'epoch_{EPOCHS}.pth', folder, root, FITTED,
                 '+test_evaluator.decodings=argmax,categorical')
    return folders


def constant_score(root: Path) -> float:
    """What the most frequent class of the training lists scores on that of ego."""
    lists = [DATASETS.build(dict(type='PlanningDataset', view=view, data_root=str(root), with_features=False))
             for view in ('ego', 'exo')]
    targets = [np.stack([dataset.targets(dataset.get_data_info(index))['gt_future_steps']
                         for index in range(len(dataset))]) for dataset in lists]
    logits = constant_logits(np.concatenate(targets), 27, 8)['prior']
    sequences = argmax_sequences(np.broadcast_to(logits, (len(targets[0]), 8, 27)))
    return planning_scores(best_distances(sequences, targets[0]))['1-AUED']


def test_training_fits_its_rows_and_sabotage_does_not(runs: dict[str, Path], mini_root: Path) -> None:
    """Tiny has 11 training rows of two videos, too few for other videos, so this looks at the fit of the ego ones.

    One of the 7 has no context and no label, which costs a seventh. Steps are guessed without draws.
    """
    healthy, permuted = (metrics_of(runs[name])['ego_train/1-AUED'] for name in ('healthy', 'permuted'))
    constant = constant_score(mini_root / 'egoexolearn')
    assert healthy > 0.75 > 0.4 > max(constant, permuted)


def test_every_list_and_protocol_is_scored(runs: dict[str, Path]) -> None:
    content = json.loads((runs['healthy'] / 'scalars.json').read_text())
    assert {'ego_train/1-AUED', 'exo_val/ED@8', 'ego_test/AUED', 'exo_test/1-AUED',
            'categorical/exo_test/1-AUED'} <= content['metrics'].keys()
    assert set(content['protocols']) == {'official'}


@pytest.mark.parametrize('source', ['predictions.npz', 'results/predictions.npz'])
def test_evaluator_reads_back_the_same_digits(
        runs: dict[str, Path], mini_root: Path, tmp_path: Path, source: str) -> None:
    out = tmp_path / 'scores.json'
    assert evaluate.main(['planning', '--pred', str(runs['healthy'] / source), '--gt',
                          str(mini_root / 'egoexolearn'), '--protocol', 'official', '--decoding', 'argmax',
                          'categorical', '--repeats', '10', '--out', str(out)]) == 0
    assert json.loads(out.read_text())['metrics'] == metrics_of(runs['healthy'])


def test_two_processes_score_the_same_digits(runs: dict[str, Path], mini_root: Path, tmp_path: Path) -> None:
    root, checkpoint = mini_root / 'egoexolearn', runs['healthy'] / f'epoch_{EPOCHS}.pth'
    one = tmp_path / 'one'
    found = score_on_ranks(EGOEXO, checkpoint, tmp_path / 'two', root, 2)
    assert found == run_test(EGOEXO, checkpoint, one, root) == metrics_of(tmp_path / 'two')


@pytest.mark.parametrize(('config', 'iteration', 'more'), [
    (PAIRED, 3, ['train_dataloader.batch_size=2']),  # 2 batches of 2 source and 3 target rows an epoch
    (EGO, 6, ['train_dataloader.batch_size=2']),
    (HISTORY, 6, ['train_dataloader.batch_size=2']),
])
def test_killed_and_resumed_training_equals_the_uninterrupted_one(
        mini_root: Path, tmp_path: Path, config: str, iteration: int, more: list[str]) -> None:
    root = mini_root / 'egoexolearn'
    more = ['train_cfg.max_epochs=3', 'train_cfg.val_interval=1', *more]
    whole = run_train(config, tmp_path / 'whole', root, *more)
    assert_same_training(whole, killed_and_resumed(config, tmp_path / 'killed', root, iteration, *more), 3)


def test_amp_trains_close_to_full_precision(mini_root: Path, tmp_path: Path) -> None:
    full, amp = first_losses(PAIRED, tmp_path, mini_root / 'egoexolearn')
    assert full != amp and amp == pytest.approx(full, rel=0.02)


@pytest.mark.cli
def test_two_processes_train_pairs(mini_root: Path, tmp_path: Path) -> None:
    weights = train_on_two(PAIRED, tmp_path, mini_root / 'egoexolearn', 'train_dataloader.batch_size=2')
    assert all(torch.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize(('option', 'message'), [
    ('train_dataloader.dataset.datasets.0.data_prefix.features=features/absent',
     'FeatureError: {root}/features/absent: expected a folder of feature files, found nothing.'),
    ('train_dataloader.dataset.feature.dim=512', 'dim: 768 in the folder, 512 expected by the config'),
    ('model.embedding.in_channels=512',
     'FrameEmbedding: expected features of 512 numbers (in_channels), found 768. Set model.embedding.in_channels'),
    ('+train_dataloader.dataset.ann_folder=absent',
     '{root}/absent/annotation/train_ego_anno_list.txt: expected a list of the benchmark, found no such file.'),
])
def test_training_refuses_in_words(
        mini_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture, option: str, message: str) -> None:
    root = mini_root / 'egoexolearn'
    error = refusal(capsys, lambda: run_train(EGO, tmp_path, root, option))
    assert message.format(root=root) in error


def test_foreign_checkpoint_is_refused(mini_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {'layer.weight': torch.zeros(2)}}, path)
    error = refusal(capsys, lambda: run_test(EGO, path, tmp_path, mini_root / 'egoexolearn'))
    assert f'{path} does not fit the model of this config: expected the same names and shapes' in error
    assert 'unexpected key in source state_dict: layer.weight' in error


def test_prediction_file_without_all_samples_is_refused(
        runs: dict[str, Path], mini_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    arrays = dict(np.load(runs['healthy'] / 'predictions.npz'))
    missing = arrays['exo_val/ids'][-1]
    path = tmp_path / 'part.npz'
    np.savez(path, **{name: value[:-1] if name.startswith('exo_val') else value for name, value in arrays.items()})
    assert evaluate.main(['planning', '--pred', str(path), '--gt', str(mini_root / 'egoexolearn')]) == 1
    error = capsys.readouterr().err
    assert 'PredictionError' in error and str(path) in error and missing in error
