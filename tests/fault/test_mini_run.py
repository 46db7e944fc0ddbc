"""A real config on EgoExo-Mini, killed from outside at random moments, against tools/train.py."""

import time

from fault.harness import KILLED, check_folder, fingerprint, launch
from mmengine.config import Config
from tests_support import REPO

from tools import train

CONFIG = str(REPO / 'configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py')


def run(work, mini_root, resume):
    root = mini_root / 'egoexolearn'
    loaders = [f'{split}_dataloader.dataset.data_root={root}' for split in ('train', 'val', 'test')]
    train.main([CONFIG, '--work-dir', str(work), *(['--resume'] if resume else []),
                '--cfg-options', *loaders, 'train_cfg.max_epochs=3', 'train_cfg.val_interval=1'])


def test_segmentation_killed_from_outside(full, rng, ledger, mini_root, tmp_path):
    random = rng('mini')
    cfg = Config(dict(work_dir=str(tmp_path / 'whole' / 'work')))
    started = time.monotonic()
    assert launch(cfg, run=lambda: run(cfg.work_dir, mini_root, False)).codes == [0]
    duration = time.monotonic() - started
    whole = fingerprint(cfg.work_dir)
    for number in range(10 if full else 1):
        cfg.work_dir = str(tmp_path / str(number) / 'work')
        chain = [duration * random.uniform(0.1, 0.7) for _ in range(2)]
        kills = 0
        for clock in chain:
            outcome = launch(cfg, clock=clock, run=lambda: run(cfg.work_dir, mini_root, True))
            kills += outcome.codes == [KILLED]
            check_folder(cfg.work_dir)
        outcome = launch(cfg, run=lambda: run(cfg.work_dir, mini_root, True))
        assert outcome.codes == [0], outcome.texts[0][-3000:]
        found = fingerprint(cfg.work_dir)
        ledger('segmentation on EgoExo-Mini', kills=kills, resumes=2, equal=2 * (found == whole))
        assert found == whole, f'after kills at {chain} s'
