"""A training before the training: its config, its file, and what --resume does."""

from pathlib import Path

import pytest
from mmengine.config import Config
from tests_support import REPO

from egoexo.apis.phases import LABEL_FILE, run_phases, settle_phases
from egoexo.errors import ConfigError, TrainingError

TEXT = 'configs/transfer/mini_minilm_text_ego2exo-ego.py'


def make_config(folder: Path, **phases: dict) -> Config:
    target = dict(type='TransferDataset', view='exo', labels='pseudo', pseudo_labels='phase:text')
    dataset = dict(type='DomainPairDataset', data_root='some/root', datasets=[dict(type='TransferDataset')],
                   target_datasets=[target])
    return Config(dict(work_dir=str(folder), phases=phases, train_dataloader=dict(dataset=dataset),
                       val_dataloader=None, randomness=dict(seed=7)))


class Training:
    """Stands in for the training of a phase: notes how it was called, leaves the labels."""

    def __init__(self, leaves_labels: bool = True) -> None:
        self.leaves_labels = leaves_labels
        self.calls = []

    def __call__(self, cfg: Config, path: Path, resume: bool) -> None:
        self.calls.append((cfg, path, resume))
        Path(cfg.work_dir).mkdir(parents=True, exist_ok=True)
        if self.leaves_labels:
            (Path(cfg.work_dir) / LABEL_FILE).write_text('1 0\n')


def test_the_file_of_the_phase_takes_the_place_of_its_name(tmp_path):
    cfg = make_config(tmp_path, text=dict(config=TEXT))
    settle_phases(cfg)
    target, = cfg.train_dataloader.dataset.target_datasets
    assert target.pseudo_labels == str(tmp_path / 'text' / 'pseudo_labels.txt')
    settle_phases(cfg)  # a path stays one
    assert target.pseudo_labels == str(tmp_path / 'text' / 'pseudo_labels.txt')


@pytest.mark.parametrize(('phases', 'message'), [
    (dict(), r"pseudo_labels='phase:text': expected a phase 'text' in the config, found no phase"),
    (dict(words=dict(config=TEXT)), r"expected a phase 'text' in the config, found words"),
    (dict(text=dict(file=TEXT)), r"phases.text: expected dict\(config='<config file>'\), found"),
])
def test_a_phase_that_is_not_there(tmp_path, phases, message):
    with pytest.raises(ConfigError, match=message):
        settle_phases(make_config(tmp_path, **phases))


def test_a_phase_shares_root_and_seed_and_runs_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # found although the config does not lie below the current folder
    options = {'train_dataloader.batch_size': 5}
    cfg, train = make_config(tmp_path, text=dict(config=TEXT, cfg_options=options)), Training()
    run_phases(cfg, False, train)
    (phase, path, resume), = train.calls
    assert path == REPO / TEXT
    assert resume is False
    assert phase.work_dir == str(tmp_path / 'text')
    assert phase.randomness.seed == 7
    assert [phase[f'{split}_dataloader'].dataset.data_root for split in ('train', 'val', 'test')] == ['some/root'] * 3
    assert phase.train_dataloader.batch_size == 5


def test_resume_keeps_a_finished_phase_and_goes_on_in_an_unfinished_one(tmp_path):
    cfg, train = make_config(tmp_path, text=dict(config=TEXT)), Training()
    run_phases(cfg, True, train)
    assert [call[2] for call in train.calls] == [True]
    run_phases(cfg, True, train)
    assert len(train.calls) == 1
    run_phases(cfg, False, train)  # a new run does not trust the labels of an old one
    assert [call[2] for call in train.calls] == [True, False]


def test_labels_of_an_earlier_run_are_gone_before_the_phase_starts(tmp_path):
    labels = tmp_path / 'text' / LABEL_FILE
    labels.parent.mkdir()
    labels.write_text('1 0\n')
    with pytest.raises(TrainingError, match=r"pseudo_labels.txt: expected the pseudo-labels of phase 'text' "
                                            r'\(1 of 2\), found no file after its training'):
        run_phases(make_config(tmp_path, text=dict(config=TEXT)), False, Training(leaves_labels=False))
    assert not labels.exists()


def test_an_unknown_config_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='There is no config'):
        run_phases(make_config(tmp_path, text=dict(config='configs/transfer/no_such.py')), False, Training())
