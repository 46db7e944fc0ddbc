"""Rows of planning by list, protocol and decoding."""

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.clip_groups import ClipRow
from egoexo.evaluation.functional.planning_groups import planning_groups
from egoexo.evaluation.protocols.planning import get_protocols


def row(index: int, certain: bool = True, **changes: object) -> ClipRow:
    target = np.full(8, -1) if index == 0 else (np.arange(8) + index) % 5
    logits = 60.0 * np.eye(5, dtype=np.float32)[np.maximum(target, 0)] * certain
    return ClipRow(**dict(sample_id=f'v{index % 2}|{index}', uid=f'v{index % 2}', subset='ego_val', target=target,
                          logits=logits) | changes)


def test_certain_and_right_rows_have_no_distance_and_rows_without_steps_have_one() -> None:
    [group] = planning_groups([row(index) for index in range(4)], get_protocols('official'))
    assert group.prefixes[0] == 'ego_val' and group.num_samples == 4
    assert group.scores['AUED'] == pytest.approx(0.25) and group.scores['1-AUED'] == pytest.approx(0.75)
    [group] = planning_groups([row(index) for index in range(4)], get_protocols('no_invalid'))
    assert group.num_samples == 3 and group.scores['1-AUED'] == 1


def test_sequences_of_the_planner_take_the_place_of_draws() -> None:
    rows = [row(index, certain=False, sequences=row(index).target[None].repeat(5, 0)) for index in range(1, 4)]
    groups = planning_groups(rows, get_protocols('official'))
    joint = next(group for group in groups if group.decoding == 'joint')
    assert joint.scores['1-AUED'] == 1 and 'ego_val' in joint.prefixes


def test_a_row_counts_once() -> None:
    with pytest.raises(PredictionError):
        planning_groups([row(1), row(1)], get_protocols('official'))
