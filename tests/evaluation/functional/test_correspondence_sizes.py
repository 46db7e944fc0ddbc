"""Scores by object size."""

import numpy as np
import pytest

from egoexo.evaluation.functional.correspondence_items import ItemRow, ItemScores, MaskScores
from egoexo.evaluation.functional.correspondence_sizes import SIZE_EDGES, size_records, size_table
from egoexo.evaluation.protocols.correspondence import get_protocols

OFFICIAL = get_protocols('official')


def make_rows(areas: list[int]) -> list[ItemRow]:
    """Pictures of 100 x 100; IoU rises with the place in the list; odd places are not seen."""
    rows = [ItemRow('ego2exo_val', 'take', 'cup', 'aria', 'cam', str(order), order, (ItemScores(
        True, order % 2 == 0, MaskScores(order / 100, 0.5, 0.25, area, 7, (100, 100))),))
        for order, area in enumerate(areas)]
    return [*rows, rows[0]._replace(frame='999', order=999, scores=(ItemScores(False, True, None),))]


def test_fixed_edges() -> None:
    records = [record for record in size_records(make_rows([0, 4, 5, 100, 249, 250, 10_000]), OFFICIAL)
               if record['bins'] == 'edges']
    assert [(record['low'], record['high'], record['frames']) for record in records] == [
        (0.0, 0.05, 2), (0.05, 0.1, 1), (1.0, 2.5, 2), (2.5, 5.0, 1), (5.0, 100.0, 1)]
    assert records[0] == {
        'protocol': 'official', 'subset': 'ego2exo_val', 'bins': 'edges', 'low': 0.0, 'high': 0.05, 'frames': 2,
        'iou': 0.005, 'contour_acc': 0.5, 'location_error': 0.25, 'visible_recall': 0.5}
    assert SIZE_EDGES[0] == 0 and SIZE_EDGES[-1] == 100


def test_quantiles_hold_equally_many() -> None:
    records = [record for record in size_records(make_rows([*range(100, 200)]), OFFICIAL, num_quantiles=4)
               if record['bins'] == 'quantiles']
    assert [record['frames'] for record in records] == [25] * 4
    assert [record['iou'] for record in records] == pytest.approx([0.12, 0.37, 0.62, 0.87])
    assert (records[0]['low'], records[-1]['high']) == (1.0, 1.99)


def test_equal_sizes_make_one_bin() -> None:
    record, = [record for record in size_records(make_rows([70] * 9), OFFICIAL) if record['bins'] == 'quantiles']
    assert (record['low'], record['high'], record['frames']) == (0.7, 0.7, 9)


def test_all_frames_are_in_one_bin_each() -> None:
    areas = np.random.default_rng(0).integers(0, 10_001, 300).tolist()
    for bins in ('edges', 'quantiles'):
        assert sum(record['frames'] for record in size_records(make_rows(areas), OFFICIAL)
                   if record['bins'] == bins) == 300


def test_no_visible_object() -> None:
    assert size_records(make_rows([1])[-1:], OFFICIAL) == []


def test_table() -> None:
    table = size_table(size_records(make_rows([100, 100]), OFFICIAL))
    assert table == [['Protocol', 'List', 'Object, % of picture', 'Frames', 'iou', 'contour_acc', 'location_error',
                      'visible_recall'],
                     ['official', 'ego2exo_val', '1 to 2.5', '2', '0.0050', '0.5000', '0.2500', '0.5000']]
