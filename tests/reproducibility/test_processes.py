"""Two processes train like one that accumulates, and any number scores alike."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from reproducibility.exact_world import SIZES
from reproducibility.ranks import run_ranks
from tests_support import REPO

from tools import test, train
from tools.analysis.compare_checkpoints import compare

CONFIG = str(REPO / 'configs' / 'segmentation' / 'mini_mstcn_i3d_egoexolearn-ego-nodropout.py')
STEPS = 12  # 24 videos: nearly five passes over 5, so that ranks cross the end of a pass in the middle of a step


def options(root: Path | str, *more: str) -> list[str]:
    roots = [f'{split}_dataloader.dataset.data_root={root}' for split in ('train', 'val', 'test')]
    return ['--cfg-options', 'log_level=ERROR', 'test_evaluator.num_bootstrap=100', *roots, *more]


def run_length(iterations: int) -> list[str]:
    names = ('train_cfg.max_iters', 'train_cfg.val_interval', 'default_hooks.checkpoint.interval')
    return [f'{name}={iterations}' for name in names]


def weights(folder: Path, iterations: int) -> dict[str, torch.Tensor]:
    return torch.load(folder / f'iter_{iterations}.pth', weights_only=True)['state_dict']


def train_one(root: Path, folder: Path, *more: str) -> dict[str, torch.Tensor]:
    """One process, two videos per step."""
    train.main([CONFIG, '--work-dir', str(folder), *options(
        root, *run_length(2 * STEPS), 'optim_wrapper.accumulative_counts=2', *more)])
    return weights(folder, 2 * STEPS)


def _train_rank(root: str, folder: str, more: list[str]) -> None:
    train.main([CONFIG, '--work-dir', folder, '--launcher', 'pytorch', *options(root, *run_length(STEPS), *more)])


def train_two(root: Path, folder: Path, *more: str) -> dict[str, torch.Tensor]:
    """Two processes, one video per step each."""
    run_ranks(_train_rank, 2, folder / 'ranks', str(root), str(folder), list(more))
    return weights(folder, STEPS)


@pytest.fixture(scope='module')
def single(exact_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work directory of the training in one process."""
    folder = tmp_path_factory.mktemp('single')
    train_one(exact_root, folder)
    return folder


@pytest.mark.slow
def test_two_processes_train_like_one_with_accumulation(exact_root: Path, single: Path, tmp_path: Path) -> None:
    assert compare(weights(single, 2 * STEPS), train_two(exact_root, tmp_path)) == {}


@pytest.mark.slow
def test_dropout_tells_the_number_of_processes(exact_root: Path, tmp_path: Path) -> None:
    dropout = 'model.backbone.dropout=0.5'
    one, two = train_one(exact_root, tmp_path / 'one', dropout), train_two(exact_root, tmp_path / 'two', dropout)
    assert max(compare(one, two).values()) > 1e-4
    assert compare(two, train_two(exact_root, tmp_path / 'again', dropout)) == {}


def evaluate(root: Path | str, checkpoint: Path | str, folder: Path | str, *more: str) -> dict[str, float]:
    return test.main([CONFIG, str(checkpoint), '--work-dir', str(folder), '--out', f'{folder}/scalars.json',
                      '--dump', f'{folder}/predictions.npz', *more])


def _evaluate_rank(root: str, checkpoint: str, folder: str, more: list[str]) -> dict[str, float]:
    return evaluate(root, checkpoint, folder, '--launcher', 'pytorch', *options(root, *more))


@pytest.fixture(scope='module')
def scored(exact_root: Path, single: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work directory of the evaluation in one process."""
    folder = tmp_path_factory.mktemp('scored')
    evaluate(exact_root, single / f'iter_{2 * STEPS}.pth', folder, *options(exact_root))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(('processes', 'more'), [
    (2, []), (3, []),
    (2, ['test_dataloader.batch_size=2']),
], ids=['2', '3', '2 x batch 2'])
def test_scores_have_the_same_digits_on_several_processes(
        exact_root: Path, single: Path, scored: Path, tmp_path: Path, processes: int, more: list[str]) -> None:
    assert sum(SIZES[subset] for subset in SIZES if not subset.endswith('train')) % processes == 1
    ranks = run_ranks(_evaluate_rank, processes, tmp_path / 'ranks', str(exact_root),
                      str(single / f'iter_{2 * STEPS}.pth'), str(tmp_path), more)
    expected, found = (json.loads((folder / 'scalars.json').read_text()) for folder in (scored, tmp_path))
    assert found == expected
    assert ranks == [expected['metrics']] * processes
    assert {'ego_val/Acc', 'ego_val/F1@50_low', 'clean/ego_val/F1@50_high'} <= expected['metrics'].keys()
    ours, theirs = np.load(tmp_path / 'predictions.npz'), np.load(scored / 'predictions.npz')
    assert sorted(ours) == sorted(theirs) and len(theirs.files) == 13
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
