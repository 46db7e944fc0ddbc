"""A real config on EgoExo-Mini, killed from outside at random moments, against tools/train.py."""

import time
from pathlib import Path

from fault.harness import KILLED, check_folder, fingerprint, launch, numbered, read
from mmengine.config import Config
from tests_support import REPO

from tools import train

SEGMENTATION = 'configs/segmentation/mini_mstcn_i3d_egoexolearn-ego.py'
TRANSFER = 'configs/transfer/mini_mlp_omnivore_ego2exo-ego2exo-tfidf.py'
CORRESPONDENCE = 'configs/correspondence/mini_xsegtx_cnn_egoexo4d-ego2exo.py'
LENGTHS = {
    SEGMENTATION: ['train_cfg.max_epochs=3', 'train_cfg.val_interval=1'],
    TRANSFER: ['train_dataloader.batch_sampler.target_batch_size=4', *(
        f'{phase}{option}' for phase in ('', '+phases.text.cfg_options.') for option in (
            'train_dataloader.batch_size=4', 'train_cfg.max_iters=40', 'train_cfg.val_interval=10',
            'default_hooks.checkpoint.interval=10'))],
    CORRESPONDENCE: [
        'train_dataloader.batch_size=4', 'train_cfg.max_iters=24', 'train_cfg.val_interval=8',
        'default_hooks.checkpoint.interval=4', 'val_dataloader.dataset.datasets.0.every=200',
        'model.visibility_head.feat_size=16', *(f'{split}_dataloader.dataset.pipeline.1.size=64'
                                               for split in ('train', 'val', 'test'))],
}


def run(config, work, root, resume):
    loaders = [f'{split}_dataloader.dataset.data_root={root}' for split in ('train', 'val', 'test')]
    train.main([str(REPO / config), '--work-dir', str(work), *(['--resume'] if resume else []),
                '--cfg-options', *loaders, *LENGTHS[config]])


def kill_from_outside(config, root, family, full, random, ledger, folder, mark):
    cfg = Config(dict(work_dir=str(folder / 'whole' / 'work')))
    started = time.monotonic()
    assert launch(cfg, run=lambda: run(config, cfg.work_dir, root, False)).codes == [0]
    duration = time.monotonic() - started
    whole = mark(cfg.work_dir)
    for number in range(10 if full else 1):
        cfg.work_dir = str(folder / str(number) / 'work')
        chain = [duration * random.uniform(0.1, 0.7) for _ in range(2)]
        kills = 0
        for clock in chain:
            outcome = launch(cfg, clock=clock, run=lambda: run(config, cfg.work_dir, root, True))
            kills += outcome.codes == [KILLED]
            check_folder(cfg.work_dir)
        outcome = launch(cfg, run=lambda: run(config, cfg.work_dir, root, True))
        assert outcome.codes == [0], outcome.texts[0][-3000:]
        found = mark(cfg.work_dir)
        ledger(f'{family} on EgoExo-Mini', kills=kills, resumes=2, equal=2 * (found == whole))
        assert found == whole, f'after kills at {chain} s'


def test_segmentation_killed_from_outside(full, rng, ledger, mini_root, tmp_path):
    kill_from_outside(SEGMENTATION, mini_root / 'egoexolearn', 'segmentation', full, rng('mini'), ledger, tmp_path,
                      fingerprint)


def test_transfer_killed_from_outside(full, rng, ledger, takes_root, tmp_path):
    """In either of its two trainings, or between them."""
    def both_phases(work):
        labels = Path(work, 'text', 'pseudo_labels.txt').read_bytes()
        weights = read(numbered(Path(work, 'text'))[-1])['state_dict']
        return fingerprint(work), labels, {name: value.tolist() for name, value in weights.items() if 'head' in name}

    kill_from_outside(TRANSFER, takes_root, 'transfer', full, rng('transfer'), ledger, tmp_path, both_phases)


def test_correspondence_killed_from_outside(full, rng, ledger, takes_root, tmp_path):
    kill_from_outside(CORRESPONDENCE, takes_root / 'correspondence', 'correspondence', full, rng('correspondence'),
                      ledger, tmp_path, fingerprint)
