"""Rows of lists put together: order, duplicates, groups of protocols and decodings, keys."""

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.anticipation import anticipation_scores
from egoexo.evaluation.functional.anticipation_groups import anticipation_groups
from egoexo.evaluation.functional.clip_groups import (
    ClipRow,
    by_list,
    group_scalars,
    score_table,
    video_intervals,
    video_members,
)
from egoexo.evaluation.functional.planning import best_distances, planning_scores
from egoexo.evaluation.functional.planning_decoding import decode
from egoexo.evaluation.functional.planning_groups import JOINT, Sampling, planning_groups
from egoexo.evaluation.protocols import anticipation, planning

RNG = np.random.default_rng(0)


def actions(num: int = 12, subset: str = 'ego_val') -> list[ClipRow]:
    targets = (RNG.random((num, 7)) < 0.3).astype(np.float32)
    targets[0] = 0
    return [ClipRow(f's{index}', f'v{index % 3}', subset, target, RNG.standard_normal(7).astype(np.float32))
            for index, target in enumerate(targets)]


def plans(num: int = 12, sequences: bool = False) -> list[ClipRow]:
    targets = RNG.integers(0, 6, (num, 4))
    targets[0] = -1
    return [ClipRow(f's{index}', f'v{index % 3}', 'exo_val', target, RNG.standard_normal((4, 6)).astype(np.float32),
                    RNG.integers(0, 6, (3, 4)) if sequences else None) for index, target in enumerate(targets)]


def test_rows_are_put_into_list_order() -> None:
    rows = [ClipRow(str(order), 'v', 'ego_val', np.zeros(2), order=order) for order in (2, 0, 1)]
    assert [row.order for row in by_list(rows)['ego_val']] == [0, 1, 2]


@pytest.mark.parametrize(('rows', 'message'), [
    ([], 'the evaluation: expected at least one predicted sample, found none. Check'),
    ([*actions(3), actions(3)[1]], 'found 1 of 4 rows that come a second time: ego_val/s1. Check the lists'),
    ([*plans(2), ClipRow('x', 'v', 'exo_val', np.zeros(3, int), np.zeros((3, 6)))],
     r'sample exo_val/x: expected truth of shape \(4,\), as sample exo_val/s0 has, found shape \(3,\)'),
    ([*plans(2), ClipRow('x', 'v', 'exo_val', np.zeros(4, int), None, np.zeros((5, 4), int))],
     r'expected logits of shape \(4, 6\), as sample exo_val/s0 has, found none'),
])
def test_rows_that_cannot_be_scored_together(rows: list[ClipRow], message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        by_list(rows)


def test_intervals_draw_videos() -> None:
    rows = actions()
    assert {uid: members.tolist() for uid, members in video_members(rows).items()} == {
        f'v{index}': list(range(index, 12, 3)) for index in range(3)}
    drawn = []
    video_intervals(rows, lambda weights: drawn.append(weights) or {'m': 0.0}, 20, seed=0)
    assert len(drawn) == 20 and all(weights.sum() == 12 for weights in drawn)
    assert all(len(set(weights[index::3])) == 1 for weights in drawn for index in range(3))
    assert video_intervals(rows, lambda weights: {}, 0, seed=0) == {}


def test_anticipation_groups() -> None:
    rows = actions() + actions(subset='exo_val')
    groups = anticipation_groups(rows, anticipation.get_protocols(['clean', 'no_invalid']), num_bootstrap=20,
                                 per_video=True, per_class=True)
    assert [group.prefixes for group in groups] == [('ego_val',), ('exo_val',), ('no_invalid/ego_val',),
                                                    ('no_invalid/exo_val',)]
    logits, targets = np.stack([row.logits for row in rows[:12]]), np.stack([row.target for row in rows[:12]])
    assert groups[0].scores == anticipation_scores(logits, targets)
    valid = targets.any(axis=1)
    assert not valid[0]
    assert groups[2].scores == anticipation_scores(logits[valid], targets[valid])
    low, high = groups[0].intervals['macro_recall@5']
    assert low <= high
    assert [record['uid'] for record in groups[0].videos] == ['v0', 'v1', 'v2']
    assert sum(record['positives'] for record in groups[0].videos) == targets.sum()
    scalars = group_scalars(groups, list('abcdefg'))
    assert scalars['ego_val/class_recall/c'] == 100 * groups[0].class_recall[2]
    assert scalars['no_invalid/exo_val/mAP_low'] == groups[3].intervals['mAP'][0]
    table = score_table(groups, digits=1)
    assert table[0][:5] == ['Protocol', 'List', 'Samples', 'Videos', 'macro_recall@5']
    assert table[1][4] == f'{groups[0].scores["macro_recall@5"]:.1f} [{low:.1f}, {high:.1f}]'


def test_few_classes_are_noted() -> None:
    rows = [ClipRow('a', 'v', 'ego_val', np.array([1, 0], np.float32), np.array([0, 1], np.float32))]
    group, = anticipation_groups(rows, anticipation.get_protocols('clean'))
    assert group.notes == ('only 2 classes: the top-5 set holds all of them, so recall is 100',)


def test_nan_names_the_sample() -> None:
    rows = actions()
    rows[4].logits[1] = np.nan
    with pytest.raises(PredictionError, match='sample ego_val/s4: expected finite class scores'):
        anticipation_groups(rows, anticipation.get_protocols('clean'))


def test_planning_groups() -> None:
    rows = plans()
    sampling = Sampling(('categorical', 'argmax'), seed=7, num_repeats=3)
    groups = planning_groups(rows, planning.get_protocols(['official', 'no_invalid']), sampling, num_bootstrap=20,
                             per_video=True)
    assert [group.prefixes for group in groups] == [
        ('exo_val',), ('argmax/exo_val',), ('no_invalid/exo_val',), ('no_invalid/argmax/exo_val',)]
    logits, targets = np.stack([row.logits for row in rows]), np.stack([row.target for row in rows])
    names = [row.name for row in rows]
    repeats = [planning_scores(best_distances(decode(logits, 'categorical', names, seed=seed), targets))
               for seed in (7, 8, 9)]
    assert groups[0].scores['1-AUED'] == pytest.approx(np.mean([scores['1-AUED'] for scores in repeats]))
    assert groups[0].scores['1-AUED_sd'] > 0 and '1-AUED_sd' not in groups[1].scores
    # the draws of a row are the same when others are left out, so a row of -1 is all that differs
    assert groups[2].scores['AUED'] == pytest.approx((12 * groups[0].scores['AUED'] - 1) / 11)
    assert [len(group.videos) for group in groups] == [3] * 4
    assert score_table(groups)[1][:3] == ['official', 'exo_val', 'categorical']
    assert score_table(groups)[2][-1] == '-'


def test_sequences_of_the_planner_stand_in_for_draws() -> None:
    rows = plans(sequences=True)
    groups = planning_groups(rows, planning.get_protocols('official'), Sampling(('categorical', 'beam')))
    assert [(group.decoding, group.prefixes) for group in groups] == [
        (JOINT, ('exo_val', 'joint/exo_val')), ('beam', ('beam/exo_val',))]
    sequences, targets = np.stack([row.sequences for row in rows]), np.stack([row.target for row in rows])
    assert groups[0].scores == planning_scores(best_distances(sequences, targets))
    alone = [ClipRow(row.sample_id, row.uid, row.subset, row.target, None, row.sequences) for row in rows]
    assert planning_groups(alone, planning.get_protocols('official'))[0].scores == groups[0].scores


def test_sequences_that_do_not_fit() -> None:
    protocol = planning.PROTOCOLS['official'].with_num_samples(2)
    with pytest.raises(PredictionError, match='expected at most 2 planned sequences, as the protocol says, found 3'):
        planning_groups(plans(sequences=True), (protocol,))
    nothing = [ClipRow('a', 'v', 'exo_val', np.zeros(4, int))]
    with pytest.raises(PredictionError, match='sample exo_val/a: expected logits of the coming steps or planned seq'):
        planning_groups(nothing, (protocol,))
