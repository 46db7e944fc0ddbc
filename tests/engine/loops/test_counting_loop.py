"""CountingLoop: one pass, two processes, resuming."""

import os
import subprocess
import sys

import pytest
import torch
from tests_support import REPO

from egoexo.formats.egoexolearn_planning import read_planning_list
from tools import train

CONFIG = REPO / 'configs/planning/mini_markov_history_egoexolearn-ego.py'


def options(root):
    data_root = root / 'egoexolearn'
    return ['--cfg-options', *(f'{loader}_dataloader.dataset.data_root={data_root}' for loader in
                               ('train', 'val', 'test')), 'train_dataloader.batch_size=2']


def counts(path):
    return torch.load(path, weights_only=True, map_location='cpu')['state_dict']


@pytest.fixture(scope='module')
def counted(mini_root, tmp_path_factory):
    """Work directory of a finished run, and its runner."""
    work_dir = tmp_path_factory.mktemp('counted')
    return work_dir, train.main([str(CONFIG), '--work-dir', str(work_dir), *options(mini_root)])


def test_checkpoint_holds_the_counts_of_every_video(counted, mini_root):
    lists = mini_root / 'egoexolearn/action_anticipation_planning_benchmark/planning_annotation/annotation'
    videos: dict[str, list] = {}
    for row in read_planning_list(lists / 'train_ego_anno_list.txt'):
        videos.setdefault(row.uid, []).append(row.labels)
    steps = [[labels[0] for labels in rows] + list(rows[-1][1:]) for rows in videos.values()]
    expected = torch.zeros(28, 27)
    for video in steps:
        for before, after in zip([27, *video], video, strict=False):
            expected[before, after] += 1
    found = counts(counted[0] / 'epoch_1.pth')
    assert torch.equal(found['counts.1'], expected)
    assert found['counts.0'].sum() == sum(map(len, steps)) == found['counts.3'].sum()


def test_both_views_are_scored_and_the_best_is_the_only_one(counted):
    work_dir, runner = counted
    assert runner.epoch == 1 and runner.iter == len(runner.train_dataloader)
    assert (work_dir / 'best.pth').resolve().name == 'best_ego_val_1-AUED_epoch_1.pth'
    scalars = runner.message_hub.log_scalars
    assert {name for name in scalars if name.endswith('/1-AUED')} == {'val/ego_val/1-AUED', 'val/exo_val/1-AUED'}


def test_resumed_run_does_not_count_again(counted, mini_root, tmp_path):
    done = counted[0] / 'epoch_1.pth'
    runner = train.main([str(CONFIG), '--work-dir', str(tmp_path), '--resume', str(done), *options(mini_root)])
    assert runner.epoch == 1
    state = runner.model.state_dict()
    assert all(torch.equal(state[name], value) for name, value in counts(done).items())


@pytest.mark.cli
def test_two_processes_count_what_one_counts(counted, mini_root, tmp_path):
    environment = {**os.environ, 'PYTHON': sys.executable}
    environment.pop('PORT', None)
    subprocess.run(['bash', str(REPO / 'tools/dist_train.sh'), str(CONFIG), '2', '--work-dir', str(tmp_path),
                    *options(mini_root)], env=environment, check=True, timeout=180, capture_output=True, cwd=REPO)
    one, two = counts(counted[0] / 'epoch_1.pth'), counts(tmp_path / 'epoch_1.pth')
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_a_model_that_does_not_count_is_refused(mini_root, tmp_path, capsys):
    config = tmp_path / 'wrong.py'
    config.write_text(f"_base_ = '{CONFIG}'\nmodel = dict(_delete_=True, type='HistoryTransformer')\n")
    with pytest.raises(SystemExit):
        train.main([str(config), '--work-dir', str(tmp_path), *options(mini_root)])
    assert 'expected a model that counts, such as MarkovPlanner, found HistoryTransformer' in capsys.readouterr().err
