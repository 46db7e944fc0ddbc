"""Segmentation with domain adaptation from the command line on EgoExo-Mini, preset tiny."""

import math
from pathlib import Path

import pytest
import torch
from run_support import (
    assert_same_training,
    first_losses,
    killed_and_resumed,
    logged,
    refusal,
    run_test,
    run_train,
    score_on_ranks,
)

SSTDA = 'configs/segmentation/mini_mstcn_i3d_egoexolearn-exo2ego-sstda.py'
SHORT = ('train_cfg.max_epochs=2', 'train_cfg.val_interval=2', 'default_hooks.logger.interval=1')
LOSSES = {'loss_ce', 'loss_smooth', 'loss_domain', 'loss_sequence_domain', 'loss_attentive_entropy'}


@pytest.fixture(scope='module')
def trained(mini_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work directory of two epochs of SSTDA."""
    return run_train(SSTDA, tmp_path_factory.mktemp('sstda'), mini_root / 'egoexolearn', *SHORT)


def test_every_loss_is_in_the_log_and_finite(trained: Path) -> None:
    lines = [line for line in logged(trained) if 'loss' in line]
    assert len(lines) >= 4
    for line in lines:
        found = {name: value for name, value in line.items() if name.startswith('loss_')}
        assert found.keys() == LOSSES
        assert all(math.isfinite(value) and value != 0 for value in found.values())
        assert line['loss'] == pytest.approx(sum(found.values()), rel=1e-4)


def test_killed_and_resumed_training_equals_the_uninterrupted_one(
        trained: Path, mini_root: Path, tmp_path: Path) -> None:
    """The target goes on from epoch to epoch, so a resumed run has to find its place in it."""
    root = mini_root / 'egoexolearn'
    last = max(line['iter'] for line in logged(trained) if 'loss' in line)
    assert last % 2 == 0
    assert_same_training(trained, killed_and_resumed(SSTDA, tmp_path / 'killed', root, last // 2 + 1, *SHORT), 2)


def test_two_processes_score_the_same_digits(trained: Path, mini_root: Path, tmp_path: Path) -> None:
    root, checkpoint = mini_root / 'egoexolearn', trained / 'epoch_2.pth'
    more = 'test_evaluator.num_bootstrap=0'
    one = run_test(SSTDA, checkpoint, tmp_path / 'one', root, more)
    assert score_on_ranks(SSTDA, checkpoint, tmp_path / 'two', root, 2, more) == one


def test_amp_trains_close_to_full_precision(mini_root: Path, tmp_path: Path) -> None:
    full, amp = first_losses(SSTDA, tmp_path, mini_root / 'egoexolearn')
    assert full != amp and amp == pytest.approx(full, rel=0.05)


@pytest.mark.parametrize(('option', 'message'), [
    ('train_dataloader.dataset.target_datasets.0.data_prefix.features=features/absent',
     'FeatureError: {root}/features/absent: expected a folder of feature files, found nothing.'),
    ('model.adaptation.objectives.0.places=stage2,stage9',
     'model.adaptation.objectives: expected places among stage1, stage2, stage3, stage4, found stage9'),
])
def test_training_refuses_in_words(
        mini_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture, option: str, message: str) -> None:
    root = mini_root / 'egoexolearn'
    error = refusal(capsys, lambda: run_train(SSTDA, tmp_path, root, option))
    assert message.format(root=root) in error


def test_checkpoint_without_attention_weights_is_refused(
        trained: Path, mini_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    state = torch.load(trained / 'epoch_2.pth', weights_only=True)['state_dict']
    path = tmp_path / 'plain.pth'
    torch.save({'state_dict': {name: value for name, value in state.items() if 'adaptation' not in name}}, path)
    error = refusal(capsys, lambda: run_test(SSTDA, path, tmp_path, mini_root / 'egoexolearn'))
    assert f'{path} does not fit the model of this config' in error and 'missing keys in source state_dict' in error
