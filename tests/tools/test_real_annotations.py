"""The released annotations pass through training and testing unchanged, on stand-in features of a few videos."""

import json
from pathlib import Path

import pytest
from tests_support import REPO, data_dir

from tools import test, train
from tools.data import make_standin_features

CONFIG = str(REPO / 'configs/segmentation/mstcn_i3d_egoexolearn-egoexo.py')


@pytest.mark.slow
def test_released_lists_train_and_test(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    root, run = tmp_path / 'root', tmp_path / 'run'
    assert make_standin_features.main(
        ['--annotations', str(data_dir('egoexolearn')), '--out', str(root), '--videos', '1']) == 0
    options = ['--work-dir', str(run), '--cfg-options', 'train_cfg.max_epochs=1', 'test_evaluator.num_bootstrap=0']
    for split in ('train', 'val', 'test'):
        options += [f'{split}_dataloader.dataset.data_root={root}', f'{split}_dataloader.dataset.on_bad=skip',
                    f'{split}_dataloader.num_workers=0', f'{split}_dataloader.persistent_workers=False']
    train.main([CONFIG, *options])
    test.main([CONFIG, str(run / 'best.pth'), '--out', str(run / 'scalars.json'), *options])
    scored = {key.split('/')[0] for key in json.loads((run / 'scalars.json').read_text())['metrics']}
    assert {'ego_val', 'exo_val'} <= scored
    assert not scored & {'ego_test', 'exo_test'}
    printed = capfd.readouterr()
    said = printed.out + printed.err
    assert '171 of 173' in said  # the first of the list, and the first of the gaze list
    assert 'split list not found' in said
    assert 'ego_test is left out' in said
