"""Recognition from the command line on EgoExo-Mini, preset tiny: trained, killed, resumed, tested, submitted."""

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from run_support import (
    QUICK,
    assert_same_training,
    killed_and_resumed,
    logged,
    metrics_of,
    refusal,
    run_test,
    run_train,
    score_on_ranks,
    train_on_two,
)
from tests_support import REPO

from egoexo.formats.epic_actions import read_epic_actions
from egoexo.formats.epic_submission import read_submission
from egoexo.formats.recognition_results import read_scores
from tools import evaluate

MINI = 'configs/recognition/mini_slowfast_r50_epic100-ego.py'
SHUFFLED = 'configs/recognition/mini_slowfast_r50_epic100-ego-shuffled.py'
SUML = 'configs/recognition/mini_suml_r50_epic100-egoexo.py'
EPOCHS = 22
#: Fewer layers, and a clip of a segment in place of three.
SMALL = ('model.backbone.depth=18', 'model.cls_head.dropout=0', 'val_dataloader.dataset.pipeline.0.num_views=1')
#: Four frames over the time of eight.
SPARSE = tuple(f'{split}_dataloader.dataset.pipeline.0.{option}' for split in ('train', 'val', 'test')
               for option in ('clip_len=4', 'frame_interval=12'))
#: Two epochs of two iterations; the rate rises through the first one.
SHORT = (*SMALL, 'train_cfg.max_epochs=2', 'train_cfg.val_interval=2', 'default_hooks.checkpoint.interval=1',
         'default_hooks.logger.interval=1')


@pytest.fixture(scope='module')
def both_lists(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Config -> the same, tested on the list without labels too."""
    folder = tmp_path_factory.mktemp('configs')

    def made(config: str) -> str:
        path = folder / Path(config).name
        lists = [dict(type='RecognitionDataset', ann_file=f'annotations/EPIC_100_{name}.csv', subset=subset)
                 for name, subset in (('validation', 'val'), ('test_timestamps', 'test'))]
        Config(dict(_base_=str(REPO / config), test_dataloader=dict(batch_size=8, dataset=dict(datasets=lists)),
                    test_evaluator=dict(protocols='all'))).dump(path)
        return str(path)

    return made


@pytest.fixture(scope='module')
def runs(epic_root: Path, both_lists: Callable[[str], str],
         tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A training on true and one on permuted labels, the former tested; name -> work directory."""
    folders = {}
    for name, config in (('healthy', MINI), ('shuffled', SHUFFLED)):
        folders[name] = tmp_path_factory.mktemp(name)
        run_train(config, folders[name], epic_root, *SMALL, *SPARSE, 'train_dataloader.batch_size=8',
                  'custom_hooks=[]', f'train_cfg.max_epochs={EPOCHS}', f'train_cfg.val_interval={EPOCHS}',
                  f'default_hooks.checkpoint.interval={EPOCHS}')
    run_test(both_lists(MINI), folders['healthy'] / f'epoch_{EPOCHS}.pth', folders['healthy'], epic_root, *SMALL,
             *SPARSE)
    return folders


def constant_score(root: Path) -> float:
    """Percent of the validation list that has the most frequent noun of training."""
    train, val = ([action.noun_class for action in read_epic_actions(root / f'annotations/EPIC_100_{name}.csv')]
                  for name in ('train', 'validation'))
    return 100 * val.count(Counter(train).most_common(1)[0][0]) / len(val)


def test_actions_are_learnt_and_not_by_sabotage(runs: dict[str, Path], epic_root: Path) -> None:
    healthy, shuffled = (logged(runs[name])[-1] for name in ('healthy', 'shuffled'))
    constant = constant_score(epic_root)
    assert healthy['val/all_noun_accuracy_at_1'] > 1.7 * constant
    assert shuffled['val/all_noun_accuracy_at_1'] < 1.4 * constant
    assert healthy['val/all_action_accuracy_at_5'] > 1.7 * shuffled['val/all_action_accuracy_at_5']


def test_a_test_scores_what_has_labels(runs: dict[str, Path], epic_root: Path) -> None:
    metrics = metrics_of(runs['healthy'])
    names = [f'all_{task}_accuracy_at_{k}' for task in ('verb', 'noun', 'action') for k in (1, 5)] + [
        f'{subset}_{task}_accuracy_at_1' for subset in ('tail', 'unseen') for task in ('verb', 'noun', 'action')]
    assert {key for key in metrics if key.startswith('val/')} == {f'val/{name}' for name in names}
    assert not any('test/' in key for key in metrics)
    assert metrics['meter/val/verb_top1'] == metrics['val/all_verb_accuracy_at_1']
    with (runs['healthy'] / 'items.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    right = [row['pred_verb'] == row['verb'] for row in rows]
    assert len(rows) == len(read_epic_actions(epic_root / 'annotations/EPIC_100_validation.csv'))
    assert 100 * np.mean(right) == pytest.approx(metrics['val/all_verb_accuracy_at_1'])


@pytest.mark.parametrize('name', ['predictions.npz', 'results/val.zip'])
def test_the_evaluator_gives_the_digits_of_the_test(
        name: str, runs: dict[str, Path], epic_root: Path, tmp_path: Path) -> None:
    arguments = ['recognition', '--pred', str(runs['healthy'] / name), '--gt', str(epic_root), '--protocol', 'all']
    assert evaluate.main([*arguments, '--out', str(tmp_path / 'scalars.json')]) == 0
    assert metrics_of(tmp_path) == metrics_of(runs['healthy'])


def test_the_list_without_labels_is_submitted(runs: dict[str, Path], epic_root: Path) -> None:
    dumped = read_scores(runs['healthy'] / 'predictions.npz', subset='test')
    submitted = read_submission(runs['healthy'] / 'results/test.zip')
    actions = read_epic_actions(epic_root / 'annotations/EPIC_100_test_timestamps.csv')
    assert submitted.ids == dumped.ids == [action.narration_id for action in actions]
    assert np.array_equal(submitted.verb, dumped.verb) and np.array_equal(submitted.noun, dumped.noun)
    assert submitted.verb.sum(axis=1) == pytest.approx(3, abs=1e-4)  # probabilities of three clips


@pytest.mark.slow
def test_two_processes_give_the_digits_of_one(
        runs: dict[str, Path], epic_root: Path, both_lists: Callable[[str], str], tmp_path: Path) -> None:
    """The number of segments is odd, so the second process repeats one of the first."""
    folder = tmp_path / 'two'
    found = score_on_ranks(both_lists(MINI), runs['healthy'] / f'epoch_{EPOCHS}.pth', folder, epic_root, 2, *SMALL,
                           *SPARSE)
    ours, theirs = (read_scores(path / 'predictions.npz', subset='val') for path in (folder, runs['healthy']))
    assert len(theirs.ids) % 2 and ours.ids == theirs.ids
    np.testing.assert_allclose(ours.verb, theirs.verb, rtol=0, atol=1e-5)
    assert found == metrics_of(runs['healthy']) == metrics_of(folder)


def test_killed_and_resumed_training_equals_the_uninterrupted_one(epic_root: Path, tmp_path: Path) -> None:
    whole = run_train(MINI, tmp_path / 'whole', epic_root, *SHORT)
    assert_same_training(whole, killed_and_resumed(MINI, tmp_path / 'killed', epic_root, 3, *SHORT), 2)


def test_amp_trains_close_to_full_precision(epic_root: Path, tmp_path: Path) -> None:
    """Every step, not the first alone: torch 2.13 on CPUs makes up weight gradients of bfloat16 convolutions over fewer
    frames than their kernel has, which two slow frames would be."""
    losses = {}
    for name, flags in (('full', ()), ('amp', ('--amp',))):
        run_train(MINI, tmp_path / name, epic_root, *SHORT, *QUICK, flags=flags)
        losses[name] = [line['loss'] for line in logged(tmp_path / name) if 'loss' in line]
    assert len(losses['amp']) == 4 and losses['amp'] != losses['full']
    assert losses['amp'] == pytest.approx(losses['full'], rel=0.05)


def suml_options(root: Path) -> tuple[str, ...]:
    return *SHORT, 'model.tpv_backbone.depth=18', f'train_dataloader.dataset.tpv.data_root={root / "lemma"}'


def test_suml_trains_on_pairs_and_is_tested_on_one_view(epic_root: Path, tmp_path: Path) -> None:
    run_train(SUML, tmp_path, epic_root, *suml_options(epic_root))
    lines = [line for line in logged(tmp_path) if 'loss' in line]
    assert len(lines) == 4 and all(np.isfinite(line['loss']) for line in lines)
    parts = ('loss_verb', 'loss_noun', 'loss_tpv_verb', 'loss_tpv_noun', 'loss_ego_text', 'loss_tpv_text')
    assert sum(lines[0][part] for part in parts) == pytest.approx(lines[0]['loss'], rel=1e-4)
    metrics = run_test(SUML, tmp_path / 'epoch_2.pth', tmp_path, epic_root, *suml_options(epic_root))
    assert metrics['val/all_verb_accuracy_at_5'] > 0 and read_submission(tmp_path / 'results/val.zip').ids


@pytest.mark.cli
def test_two_processes_train_pairs(epic_root: Path, tmp_path: Path) -> None:
    weights = train_on_two(SUML, tmp_path, epic_root, *suml_options(epic_root), 'train_dataloader.batch_size=8')
    assert all(torch.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize(('option', 'message'), [
    ('train_dataloader.dataset.data_prefix.frames=absent', 'absent'),
    ('train_dataloader.dataset.datasets.0.ann_file=annotations/EPIC_100_absent.csv',
     'EPIC_100_absent.csv: expected a table of action segments'),
    ('train_dataloader.dataset.num_classes.verb=97', '97 classes'),
    ('model.cls_head.num_classes.verb=5', 'from 0 to 4'),
])
def test_training_refuses_in_words(
        epic_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture, option: str, message: str) -> None:
    assert message in refusal(capsys, lambda: run_train(MINI, tmp_path, epic_root, *SHORT, option))


def test_foreign_checkpoint_is_refused(epic_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / 'foreign.pth'
    torch.save({'state_dict': {'layer.weight': torch.zeros(2)}}, path)
    error = refusal(capsys, lambda: run_test(MINI, path, tmp_path, epic_root, *SMALL))
    assert f'{path} does not fit the model of this config: expected the same names and shapes' in error


def test_a_network_for_other_classes_is_refused(
        runs: dict[str, Path], epic_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The numbers of classes of the data set are those of another release."""
    error = refusal(capsys, lambda: run_test(
        MINI, runs['healthy'] / f'epoch_{EPOCHS}.pth', tmp_path, epic_root, *SMALL,
        'test_dataloader.dataset.num_classes.noun=300', 'test_dataloader.dataset.class_files.noun=absent.csv'))
    assert 'expected pred_noun_scores of shape (300,), one per class of the data set, found (26,)' in error


def test_prediction_file_without_all_samples_is_refused(
        runs: dict[str, Path], epic_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    found = read_scores(runs['healthy'] / 'predictions.npz', subset='val')
    np.savez(tmp_path / 'part.npz', ids=np.array(found.ids[1:]), verb=found.verb[1:], noun=found.noun[1:])
    assert evaluate.main(['recognition', '--pred', str(tmp_path / 'part.npz'), '--gt', str(epic_root)]) == 1
    error = capsys.readouterr().err
    assert 'PredictionError' in error and f'found none for 1 of them: {found.ids[0]}.' in error
