"""Runs of real configs through main(argv) of the tools, and what they leave behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from reproducibility.ranks import run_ranks
from tests_support import REPO
from toy_run import KilledError

from tools import test, train

#: Training of a few seconds without validation until its end.
QUICK = ('train_cfg.val_interval=1000',)


def options(root: Path, *more: str) -> list[str]:
    """Command-line arguments that point every list of a config to another root."""
    loaders = [f'{split}_dataloader.dataset.data_root={root}' for split in ('train', 'val', 'test')]
    return ['--cfg-options', 'log_level=ERROR', *loaders, *more]


def lengths(epochs: int) -> list[str]:
    """Options for so many epochs with one validation and checkpoint at the end."""
    return [f'train_cfg.max_epochs={epochs}', f'train_cfg.val_interval={epochs}',
            f'default_hooks.checkpoint.interval={epochs}']


def run_train(config: str, folder: Path, root: Path, *more: str, flags: tuple[str, ...] = ()) -> Path:
    """Train through the tool; returns the work directory."""
    train.main([str(REPO / config), '--work-dir', str(folder), *flags, *options(root, *more)])
    return folder


def run_test(config: str, checkpoint: Path, folder: Path, root: Path, *more: str, launcher: str = 'none') -> dict:
    """Test through the tool, writing scalars.json, predictions.npz and results/ into the folder."""
    return test.main([
        str(REPO / config), str(checkpoint), '--work-dir', str(folder), '--out', str(folder / 'scalars.json'),
        '--dump', str(folder / 'predictions.npz'), '--submission', str(folder / 'results'), '--launcher', launcher,
        *options(root, *more)])


def metrics_of(folder: Path) -> dict[str, float]:
    """Metrics that :func:`run_test` wrote."""
    return json.loads((folder / 'scalars.json').read_text())['metrics']


def score_on_ranks(config: str, checkpoint: Path, folder: Path, root: Path, num_ranks: int,
                   *more: str) -> dict[str, float]:
    """Metrics of a test on several processes, those of every rank alike."""
    folder.mkdir()
    found = run_ranks(_test_rank, num_ranks, folder / 'ranks', config, str(checkpoint), str(folder), str(root),
                      list(more))
    assert found == [found[0]] * num_ranks
    return found[0]



def _test_rank(config: str, checkpoint: str, folder: str, root: str, more: list[str]) -> dict[str, float]:
    return run_test(config, Path(checkpoint), Path(folder), Path(root), *more, launcher='pytorch')


def killed_and_resumed(config: str, folder: Path, root: Path, iteration: int, *more: str) -> Path:
    """Kill a training in the middle of an epoch, resume it, let it end; returns the work directory."""
    folder.mkdir()
    dying = folder / 'dying.py'
    Config(dict(_base_=str(REPO / config), custom_imports=dict(imports=['toy_run']),
                custom_hooks=[dict(type='KillHook', iteration=iteration)])).dump(dying)
    work = folder / 'work'
    with pytest.raises(KilledError):
        run_train(str(dying), work, root, *more)
    assert sorted(work.glob('epoch_*.pth'))
    return run_train(config, work, root, *more, flags=('--resume',))


def assert_same_training(first: Path, second: Path, epochs: int) -> None:
    """Weights and optimizer of two work directories are equal bit for bit."""
    assert_same_checkpoint(*(folder / f'epoch_{epochs}.pth' for folder in (first, second)))


def assert_same_checkpoint(first: Path, second: Path) -> None:
    """Weights and optimizer of two files are equal bit for bit."""
    ours, theirs = (torch.load(path, weights_only=True) for path in (first, second))
    for name, value in ours['state_dict'].items():
        assert torch.equal(value, theirs['state_dict'][name]), name
    torch.testing.assert_close(ours['optimizer']['state'], theirs['optimizer']['state'], rtol=0, atol=0)
    assert ours['meta']['iter'] == theirs['meta']['iter']


def logged(folder: Path) -> list[dict]:
    """Lines of the scalars of a training."""
    path = next(folder.glob('*/vis_data/scalars.json'))
    return [json.loads(line) for line in path.read_text().splitlines()]


def first_losses(config: str, folder: Path, root: Path, *more: str) -> list[float]:
    """Loss of the first iteration in full and in mixed precision."""
    losses = []
    for name, flags in (('full', ()), ('amp', ('--amp',))):
        run_train(config, folder / name, root, 'train_cfg.max_epochs=1', 'default_hooks.logger.interval=1', *QUICK,
                  *more, flags=flags)
        losses.append(logged(folder / name)[0]['loss'])
    return losses


def train_on_two(config: str, folder: Path, root: Path, *more: str, iterations: int = 0) -> dict[str, torch.Tensor]:
    """Weights after an epoch of tools/dist_train.sh with two processes, or after so many iterations."""
    environment = {**os.environ, 'PYTHON': sys.executable}
    environment.pop('PORT', None)
    result = subprocess.run(
        ['bash', str(REPO / 'tools/dist_train.sh'), str(REPO / config), '2', '--work-dir', str(folder),
         *options(root, *([] if iterations else lengths(1)), *more)],
        env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    name = f'iter_{iterations}.pth' if iterations else 'epoch_1.pth'
    return torch.load(folder / name, weights_only=True)['state_dict']


def refusal(capsys: pytest.CaptureFixture, run: object) -> str:
    """What a tool prints when it ends with exit code 2 and without a traceback."""
    with pytest.raises(SystemExit) as stopped:
        run()
    error = capsys.readouterr().err
    assert stopped.value.code == 2 and 'Traceback' not in error, error
    return error
