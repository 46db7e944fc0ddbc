import re

import numpy as np
import pytest
from clip_report_support import make_clip_run

from egoexo.visualization.report_clips import split_scores, train_targets
from egoexo.visualization.report_planning import read_planning
from egoexo.visualization.report_run import Run, read_run


@pytest.fixture
def run(tmp_path):
    return read_run(make_clip_run(tmp_path / 'work', tmp_path / 'data', 'planning'))


def test_keys_are_split_from_the_end():
    table = split_scores({'no_invalid/argmax/exo_val/ED@1': 0.5, 'mine/ED@1_low': 0.1, 'ED@1': 3.0, 'mine/loss': 1.0},
                         lambda name: name == 'ED@1')
    assert table == {'no_invalid/argmax': {'exo_val': {'ED@1': 0.5}}, '': {'mine': {'ED@1_low': 0.1}}}


def test_predictions_are_joined_by_id_whatever_their_order(run):
    before = {item.subset: item for item in read_planning(run).lists}
    order = np.random.default_rng(0).permutation(len(run.predictions['ego_val/ids']))
    for kind in ('ids', 'logits'):
        run.predictions[f'ego_val/{kind}'] = run.predictions[f'ego_val/{kind}'][order][1:]
    after = read_planning(run).lists[0]
    missing = {info['sample_id'] for info in before['ego_val'].infos} - {info['sample_id'] for info in after.infos}
    assert len(missing) == 1
    assert after.listed == len(before['ego_val'].infos)
    assert len(after.past) == len(after.infos)
    places = {info['sample_id']: place for place, info in enumerate(before['ego_val'].infos)}
    rows = [places[info['sample_id']] for info in after.infos]
    np.testing.assert_array_equal(after.logits, before['ego_val'].logits[rows])
    np.testing.assert_array_equal(after.targets, before['ego_val'].targets[rows])


@pytest.mark.parametrize(('change', 'message'), [
    (lambda stored: {'ego_val/logits': stored['ego_val/logits'][1:]}, r'holds \d+ ids and \d+ predictions of ego_val'),
    (lambda stored: {'ego_val/logits': stored['ego_val/logits'][:, :3]}, r'of ego_val have shape \(\d+, 3, 27\)')])
def test_damaged_predictions_of_one_list_leave_the_other(run, change, message):
    run.predictions |= change(run.predictions)
    ego, exo = read_planning(run).lists
    assert ego.logits is None
    assert re.search(message, ego.problem)
    assert not exo.problem


def test_list_that_moved_is_told(run, tmp_path):
    for item in run.config['test_dataloader']['dataset']['datasets']:
        item['data_root'] = str(tmp_path / 'nowhere')
    results = read_planning(run)
    assert results.predicted == []
    assert 'no such file' in results.lists[0].problem
    assert results.scores['']['ego_val']


def test_prior_is_taken_from_the_training_lists(run):
    rows = train_targets(run, 'gt_future_steps')
    assert rows.shape == (32, 8)
    assert (rows == -1).all(1).sum() == 8  # one row of each video ends before 2 s
    assert len(train_targets(run, 'gt_future_steps', 'exo')) == 16
    assert train_targets(Run(None, 'x'), 'gt_future_steps') is None
