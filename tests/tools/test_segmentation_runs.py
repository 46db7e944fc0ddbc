"""Segmentation from the command line on EgoExo-Mini, preset tiny: train, test, resume, AMP, two processes.

That any number of processes scores alike is tested in tests/reproducibility.
"""

import json
import subprocess
from pathlib import Path

import pytest
import torch
from tests_support import REPO

from tools import evaluate, test, train
from tools.analysis import report

EGO = 'configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py'
SHUFFLED = 'configs/segmentation/mini_mstcn_i3d_egoexolearn-ego-shuffled.py'


def options(mini_root: Path, *more: str) -> list[str]:
    root = mini_root / 'egoexolearn'
    loaders = [f'{split}_dataloader.dataset.data_root={root}' for split in ('train', 'val', 'test')]
    return ['--cfg-options', *loaders, 'test_evaluator.num_bootstrap=0', *more]


@pytest.fixture(scope='module')
def runs(mini_root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A healthy training and one on shuffled labels, tested on every list; name -> work_dir."""
    folders = {}
    for name, config in (('healthy', str(REPO / EGO)), ('shuffled', str(REPO / SHUFFLED))):
        folder = folders[name] = tmp_path_factory.mktemp(name)
        train.main([config, '--work-dir', str(folder),
                    *options(mini_root, 'train_cfg.max_epochs=60', 'train_cfg.val_interval=15')])
        test.main([config, str(folder / 'best.pth'), '--work-dir', str(folder), '--out', str(folder / 'scalars.json'),
                   '--dump', str(folder / 'predictions.npz'), '--submission', str(folder / 'results'),
                   *options(mini_root)])
    return folders


def scalars(folder: Path) -> dict[str, float]:
    return json.loads((folder / 'scalars.json').read_text())['metrics']


def test_training_beats_chance_and_sabotage_does_not(runs: dict[str, Path]) -> None:
    healthy, shuffled = scalars(runs['healthy']), scalars(runs['shuffled'])
    assert healthy['ego_val/F1@10'] > 35
    assert shuffled['ego_val/F1@10'] < 15
    assert healthy['ego_val/Acc'] > 1.5 * shuffled['ego_val/Acc']


def test_every_list_and_protocol_is_scored(runs: dict[str, Path]) -> None:
    content = json.loads((runs['healthy'] / 'scalars.json').read_text())
    assert {name.split('/')[0] for name in content['metrics']} >= {'ego_val', 'exo_val', 'ego_test', 'exo_test'}
    assert set(content['protocols']) == {'official', 'clean'}
    assert all(len(value) == 12 for value in content['protocols'].values())


@pytest.mark.parametrize('subset', ['ego_val', 'exo_test'])
@pytest.mark.parametrize('source', ['predictions.npz', 'results'])
def test_evaluator_reads_back_the_same_digits(
        runs: dict[str, Path], mini_root: Path, tmp_path: Path, subset: str, source: str) -> None:
    out = tmp_path / 'scores.json'
    pred = runs['healthy'] / source
    assert evaluate.main(['segmentation', '--pred', str(pred), '--gt', str(mini_root / 'egoexolearn'),
                          '--subset', subset, '--out', str(out)]) == 0
    scored = json.loads(out.read_text())['metrics']
    expected = scalars(runs['healthy'])
    for name in ('Acc', 'Edit', 'F1@10', 'F1@25', 'F1@50', 'Avg'):
        assert scored[f'{subset}/{name}'] == expected[f'{subset}/{name}']


def test_report_shows_the_scores(runs: dict[str, Path]) -> None:
    report.main([str(runs['healthy'])])
    page = (runs['healthy'] / 'report.html').read_text()
    assert f"{scalars(runs['healthy'])['ego_val/F1@50']:.1f}" in page
    assert 'src="http' not in page


def weights(folder: Path, epoch: int) -> dict[str, torch.Tensor]:
    return torch.load(folder / f'epoch_{epoch}.pth', weights_only=True)['state_dict']


def test_resumed_training_equals_the_uninterrupted_one(mini_root: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / 'whole', tmp_path / 'parts'
    long = options(mini_root, 'train_cfg.max_epochs=3', 'train_cfg.val_interval=1')
    train.main([str(REPO / EGO), '--work-dir', str(whole), *long])
    train.main([str(REPO / EGO), '--work-dir', str(parts),
                *options(mini_root, 'train_cfg.max_epochs=2', 'train_cfg.val_interval=1')])
    train.main([str(REPO / EGO), '--work-dir', str(parts), '--resume', *long])
    first, second = weights(whole, 3), weights(parts, 3)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_amp_trains_close_to_full_precision(mini_root: Path, tmp_path: Path) -> None:
    losses = []
    for name, more in (('full', []), ('amp', ['--amp'])):
        train.main([str(REPO / EGO), '--work-dir', str(tmp_path / name), *more,
                    *options(mini_root, 'train_cfg.max_epochs=1', 'train_cfg.val_interval=2',
                             'default_hooks.logger.interval=1')])
        line = next((tmp_path / name).glob('*/vis_data/scalars.json')).read_text().splitlines()[0]
        losses.append(json.loads(line)['loss'])
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


@pytest.mark.cli
def test_two_processes_train(mini_root: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        ['bash', str(REPO / 'tools/dist_train.sh'), str(REPO / EGO), '2', '--work-dir', str(tmp_path),
         *options(mini_root, 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1')],
        capture_output=True, text=True, timeout=180, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert all(torch.isfinite(value).all() for value in weights(tmp_path, 1).values())
