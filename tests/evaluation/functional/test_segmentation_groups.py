"""Counting under several protocols at once, and grouping by list and task."""

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional import segmentation_groups
from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.functional.segmentation_groups import VideoRow, count_classes, count_protocols, group_scores
from egoexo.evaluation.protocols.segmentation import LEAKED_VIDEO, get_protocols

ALL = get_protocols('all')
GT = np.array([0, 0, 1, 1, 2])
PRED = np.array([0, 1, 1, 1, 2, 2])


def row(name: str, subset: str = 'ego_val', task: str | None = 'task1', order: int | None = None) -> VideoRow:
    truths = {True: GT[:-1], False: GT}
    view = subset.split('_')[0]
    return VideoRow(name, subset, view, task, count_protocols(PRED, truths, ALL, subset, name), order)


def test_each_protocol_counts_as_alone() -> None:
    counts = row('a').counts
    for protocol in ALL:
        gt = GT[:-1] if protocol.drop_last_line else GT
        assert counts[protocol.name] == count_video(PRED, gt, protocol)


def test_equal_rules_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(pred: np.ndarray, gt: np.ndarray, protocol: object, video: str) -> object:
        calls.append(protocol.name)
        return count_video(pred, gt, protocol, video)

    monkeypatch.setattr(segmentation_groups, 'count_video', counted)
    row('a')
    assert calls == ['official', 'fixed_ends', 'no_background', 'all_frames']


def test_a_protocol_leaves_videos_out() -> None:
    assert 'clean' not in row(LEAKED_VIDEO).counts
    assert 'official_test_bug' not in row('a', 'ego_test').counts


def test_errors_name_list_and_video() -> None:
    with pytest.raises(PredictionError, match='video exo_val/v: 1 predicted frames, but the truth has 4'):
        count_protocols(PRED[:1], {True: GT[:-1]}, ALL[:1], 'exo_val', 'v')


def test_groups() -> None:
    rows = [row('a'), row('b', task='task2'), row('c', 'exo_val'), row('d', 'exo_val', None)]
    groups = group_scores(rows, get_protocols(['official', 'official_test_bug']))
    assert [group.prefix for group in groups] == [
        'ego_val', 'ego_val/seen', 'ego_val/unseen', 'exo_val', 'official_test_bug/ego_test',
        'official_test_bug/ego_test/seen', 'official_test_bug/ego_test/unseen', 'official_test_bug/exo_test']
    assert [[member.sample_id for member in group.rows] for group in groups[:4]] == [
        ['a', 'b'], ['a'], ['b'], ['c', 'd']]
    assert groups[2].scores == summarise([rows[1].counts['official']])


@pytest.mark.parametrize(('tasks', 'parts'), [
    (['task1', 'task3'], ['', 'seen']),
    (['task2', 'task2'], ['', 'unseen']),
    (['task1', None], ['']),
])
def test_parts_without_a_video_are_absent(tasks: list[str | None], parts: list[str]) -> None:
    rows = [row(str(index), task=task) for index, task in enumerate(tasks)]
    assert [group.part for group in group_scores(rows, ALL[:1])] == parts


def test_order_within_a_list() -> None:
    rows = [row('b', order=1), row('a', order=0), row('c', order=2)]
    assert [member.sample_id for member in group_scores(rows, ALL[:1])[0].rows] == ['a', 'b', 'c']
    rows[2] = row('c')
    assert [member.sample_id for member in group_scores(rows, ALL[:1])[0].rows] == ['b', 'a', 'c']


def test_scalars_carry_the_interval() -> None:
    group = group_scores([row('a')], ALL[:1], num_bootstrap=3)[0]
    assert group.scalars['ego_val/Acc_low'] == group.scalars['ego_val/Acc'] == group.scalars['ego_val/Acc_high'] == 75


@pytest.mark.parametrize(('pred', 'right'), [([0, 1, 1, 1, 2, 2], [1, 2, 1, 0]), ([0, 0], [2, 0, 0, 0])])
def test_count_classes(pred: list[int], right: list[int]) -> None:
    assert count_classes(np.array(pred), GT, 4).tolist() == [right, [2, 2, 1, 0]]
