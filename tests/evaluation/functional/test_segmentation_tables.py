"""Scores as text and records."""

import numpy as np

from egoexo.evaluation.functional.segmentation import VideoCounts, summarise
from egoexo.evaluation.functional.segmentation_groups import VideoRow, group_scores
from egoexo.evaluation.functional.segmentation_tables import class_accuracy, per_video_records, score_table
from egoexo.evaluation.protocols.segmentation import PROTOCOLS

COUNTS = [
    VideoCounts(8, 10, 50.0, (3, 2, 0), (1, 2, 4), (1, 2, 4)),
    VideoCounts(3, 4, 1 / 3, (1, 1, 1), (0, 0, 0), (1, 1, 1)),
]
ROWS = [VideoRow(name, 'ego_val', 'ego', task, {'official': counts})
        for name, task, counts in zip('ab', ('task1', 'task2'), COUNTS, strict=True)]


def test_score_table() -> None:
    lines = score_table(group_scores(ROWS, [PROTOCOLS['official']]))
    assert lines[0] == ['Protocol', 'List', 'Videos', 'Acc', 'Edit', 'F1@10', 'F1@25', 'F1@50', 'F1@Avg', 'Avg']
    assert lines[2][:8] == ['official', 'ego_val/seen', '1', '80.0000', '50.0000', '75.0000', '50.0000', '0.0000']
    assert [line[1] for line in lines[1:]] == ['ego_val', 'ego_val/seen', 'ego_val/unseen']


def test_intervals_stand_behind_the_value() -> None:
    lines = score_table(group_scores(ROWS[:1], [PROTOCOLS['official']], num_bootstrap=2))
    assert lines[1][3] == '80.0000 [80.00, 80.00]'


def test_per_video_records() -> None:
    records = per_video_records(group_scores(ROWS, [PROTOCOLS['official']]))
    assert [record['sample_id'] for record in records] == ['a', 'b']
    assert records[0] | summarise(COUNTS[:1]) == records[0]
    assert [records[0][f'{kind}@{at}'] for at in (10, 25, 50) for kind in ('tp', 'fp', 'fn')] == [
        3, 1, 1, 2, 2, 2, 0, 4, 4]
    assert (records[1]['frames'], records[1]['task'], records[1]['padded_frames']) == (4, 'task2', 0)


def test_class_accuracy() -> None:
    frames = [np.array([[1, 0, 2], [2, 0, 2]]), np.array([[3, 0, 0], [6, 0, 2]])]
    rows = [VideoRow('a', 'ego_val', 'ego', None, {}, class_frames=part) for part in frames]
    assert class_accuracy(rows) == {'0': 50.0, '2': 50.0}
    assert class_accuracy(rows[:1], ['x', 'y', 'z']) == {'x': 50.0, 'z': 100.0}
