"""Groups of frames: protocols, lists, order, intervals by take, what cannot be scored."""

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.clip_groups import group_scalars
from egoexo.evaluation.functional.correspondence_groups import correspondence_groups, item_lists, scored_items
from egoexo.evaluation.functional.correspondence_items import ItemRow, ItemScores, MaskScores
from egoexo.evaluation.protocols.correspondence import get_protocols

OFFICIAL = get_protocols('official')


def make_rows(num: int = 60, subset: str = 'ego2exo_val', seed: int = 0, protocols: int = 1) -> list[ItemRow]:
    """A third of the frames shows no object; takes of two objects and two cameras."""
    rng, rows = np.random.default_rng(seed), []
    for order in range(num):
        visible = order % 3 != 1
        masks = MaskScores(*rng.random(3).tolist(), int(rng.integers(1, 9999)), 50, (480, 480)) if visible else None
        scores = ItemScores(visible, bool(rng.random() < 0.7), masks)
        rows.append(ItemRow(subset, f'take{order // 20}', f'object{1 - order // 10 % 2}', 'aria01',
                            f'cam{2 - order // 5 % 2}', str(30 * (order % 5) + 60), order, (scores,) * protocols))
    return rows


def test_means_over_all_frames() -> None:
    rows = make_rows()
    group, = correspondence_groups(rows, OFFICIAL)
    masks = [row.scores[0].masks for row in rows if row.scores[0].visible]
    assert group.scores == {
        'iou': np.mean([mask.iou for mask in masks]), 'contour_acc': np.mean([mask.contour for mask in masks]),
        'location_error': np.mean([mask.location for mask in masks]),
        'visibility_acc': np.mean([np.mean([row.scores[0].pred_visible == kind for row in rows
                                            if row.scores[0].visible == kind]) for kind in (False, True)])}
    assert (group.num_samples, group.num_videos, group.prefixes, group.notes) == (60, 3, ('ego2exo_val',), ())


def test_no_digit_depends_on_how_rows_were_gathered() -> None:
    rows = make_rows(200)
    expected = correspondence_groups(rows, OFFICIAL, num_bootstrap=5, per_video=True)
    mixed = [rows[index] for index in np.random.default_rng(1).permutation(200)]
    assert correspondence_groups(mixed, OFFICIAL, num_bootstrap=5, per_video=True) == expected


def test_keys() -> None:
    rows = make_rows(protocols=2) + make_rows(9, 'exo2ego_val', protocols=2)
    scalars = group_scalars(correspondence_groups(rows, get_protocols(['registered', 'official'])))
    names = ('iou', 'contour_acc', 'location_error', 'visibility_acc')
    assert list(scalars) == [f'{prefix}{subset}/{name}' for prefix in ('registered/', '')
                             for subset in ('ego2exo_val', 'exo2ego_val') for name in names]


def test_every_20th_counted_frame() -> None:
    rows = [row._replace(scores=(None,)) if row.order < 7 else row for row in make_rows(50)]
    protocol, = get_protocols('every_20th')
    assert [row.order for row, _ in scored_items(rows, 0, protocol)] == [7, 27, 47]


def test_sorted_order() -> None:
    protocol, = get_protocols('pred_size')
    rows = [row for row, _ in scored_items(make_rows(40), 0, protocol)]
    places = [(row.take_uid, row.object_name, row.target_camera, row.frame) for row in rows]
    frames = ['120', '150', '180', '60', '90']  # as text
    assert places[:10] == [('take0', 'object0', camera, frame) for camera in ('cam2', 'cam1') for frame in frames]
    assert [place[1] for place in places[::10]] == ['object0', 'object1'] * 2
    assert [place[0] for place in places[::20]] == ['take0', 'take1']


def test_intervals_by_take() -> None:
    rows = make_rows(300)
    group, = correspondence_groups(rows, OFFICIAL, num_bootstrap=50, seed=3)
    for name, (low, high) in group.intervals.items():
        assert low <= group.scores[name] <= high and high - low > 0
    assert correspondence_groups(rows, OFFICIAL, num_bootstrap=50, seed=3) == [group]
    one_take, = correspondence_groups([row._replace(take_uid='t', frame=str(row.order)) for row in rows], OFFICIAL,
                                      num_bootstrap=3)
    for name, ends in one_take.intervals.items():
        assert ends == pytest.approx((one_take.scores[name],) * 2, abs=1e-12)


def test_a_metric_that_a_draw_lacks_has_no_interval() -> None:
    rows = make_rows(40)
    nothing = (ItemScores(False, False, None),)
    hidden = [row._replace(scores=nothing) if row.take_uid == 'take0' else row for row in rows]
    group, = correspondence_groups(hidden, OFFICIAL, num_bootstrap=50)
    assert list(group.intervals) == ['visibility_acc'] and 'iou' in group.scores


def test_records_per_take() -> None:
    rows = make_rows(45)
    group, = correspondence_groups(rows, OFFICIAL, per_video=True)
    assert [(record['uid'], record['frames'], record['visible']) for record in group.videos] == [
        ('take0', 20, 13), ('take1', 20, 14), ('take2', 5, 3)]
    alone, = correspondence_groups([row for row in rows if row.take_uid == 'take1'], OFFICIAL)
    assert {name: group.videos[1][name] for name in alone.scores} == alone.scores


def test_lists_without_a_kind() -> None:
    rows = make_rows(30)
    visible, = correspondence_groups([row for row in rows if row.scores[0].visible], OFFICIAL)
    assert visible.notes == ('the object is always visible: visibility_acc is the recall of that kind',)
    hidden, = correspondence_groups([row for row in rows if not row.scores[0].visible], OFFICIAL, per_video=True)
    assert list(hidden.scores) == ['visibility_acc'] and hidden.videos[0]['iou'] == ''
    assert hidden.notes[0] == 'no frame in which the object is visible: no mask metric'
    assert correspondence_groups([row._replace(scores=(None,)) for row in rows], OFFICIAL) == []


def test_masks_that_vanish_are_noted() -> None:
    row = make_rows(1)[0]
    empty = row.scores[0]._replace(masks=row.scores[0].masks._replace(area=0))
    group, = correspondence_groups([row._replace(scores=(empty,))], OFFICIAL)
    assert '1 of 1 true masks have no pixel at evaluation size' in group.notes


def with_problems(rows: list[ItemRow], **problems: range) -> list[ItemRow]:
    texts = dict(missing='no prediction', size='a mask of 480x480 for 270x480')
    found = {order: texts[name] for name, orders in problems.items() for order in orders}
    return [row._replace(scores=(ItemScores(True, False, None, found[row.order]),)) if row.order in found else row
            for row in rows]


def test_problems_are_counted_and_named() -> None:
    rows = with_problems(make_rows(30), missing=range(12, 18), size=range(20, 23))
    with pytest.raises(PredictionError) as caught:
        correspondence_groups(rows, OFFICIAL)
    text = str(caught.value)
    assert text.startswith('ego2exo_val under protocol official: expected a usable prediction for each of the 30 '
                           'frames that count, found 6 with no prediction, 3 with a mask of 480x480 for 270x480: '
                           'take0//object0//aria01//cam2//120, take0//object0//aria01//cam2//150, ')
    assert '(4 more)' in text and '(they are of 1 takes)' in text and '--missing empty' in text
    assert text.endswith('or let --resize-pred nearest (protocol official_nearest) do it.')


def test_problems_can_be_taken_up() -> None:
    rows = with_problems(make_rows(30), size=range(3)) + make_rows(30, 'exo2ego_val')
    refused: dict[str, str] = {}
    group, = correspondence_groups(rows, OFFICIAL, refused=refused)
    assert group.subset == 'exo2ego_val' and list(refused) == ['official/ego2exo_val']
    assert '3 with a mask of 480x480 for 270x480' in refused['official/ego2exo_val']


def test_problem_outside_of_the_protocol_does_not_matter() -> None:
    rows = with_problems(make_rows(30), missing=range(1, 19))
    group, = correspondence_groups(rows, get_protocols('every_20th'))
    assert group.num_samples == 2


@pytest.mark.parametrize(('rows', 'message'), [
    ([], 'expected at least one predicted frame, found none'),
    (make_rows(7) + make_rows(2), r'2 of 9 rows that come a second time: take0//object1//aria01//cam2//60, take0//'),
])
def test_refusals(rows: list[ItemRow], message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        item_lists(rows)
