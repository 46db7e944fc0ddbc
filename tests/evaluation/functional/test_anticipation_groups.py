"""Rows of anticipation by list and protocol."""

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.anticipation import anticipation_scores
from egoexo.evaluation.functional.anticipation_groups import anticipation_groups
from egoexo.evaluation.functional.clip_groups import ClipRow
from egoexo.evaluation.protocols.anticipation import get_protocols


def rows(subset: str, count: int) -> list[ClipRow]:
    rng = np.random.default_rng(count)
    return [ClipRow(f'v{index % 3}|{index}', f'v{index % 3}', subset, (rng.random(8) < 0.4) * np.float32(index > 0),
                    rng.standard_normal(8).astype(np.float32)) for index in range(count)]


LISTS = {'ego_val': rows('ego_val', 9), 'exo_val': rows('exo_val', 5)}
ROWS = [row for members in LISTS.values() for row in members]


def test_each_list_is_scored_on_its_own_rows() -> None:
    groups = anticipation_groups(ROWS, get_protocols('clean'))
    assert [group.prefixes for group in groups] == [('ego_val',), ('exo_val',)]
    for group in groups:
        members = LISTS[group.subset]
        arrays = [np.stack([getattr(row, name) for row in members]) for name in ('logits', 'target')]
        assert group.scores == anticipation_scores(*arrays, 5)
        assert (group.num_samples, group.num_videos) == (len(members), 3)


def test_a_protocol_may_leave_rows_out_and_names_its_keys() -> None:
    kept = anticipation_groups(ROWS, get_protocols('no_invalid'))
    assert [(group.prefixes[0], group.num_samples) for group in kept] == [
        ('no_invalid/ego_val', 8), ('no_invalid/exo_val', 4)]


def test_a_row_counts_once() -> None:
    with pytest.raises(PredictionError):
        anticipation_groups([*ROWS, ROWS[0]], get_protocols('clean'))
