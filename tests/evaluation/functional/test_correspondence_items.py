"""One frame under each protocol: the numbers of whole masks, from boxes and runs."""

import dataclasses
import math

import numpy as np
import pytest
from mask_support import official, random_mask, slow_contour

from egoexo.evaluation.functional.correspondence import bounding_center, iou, location_error
from egoexo.evaluation.functional.correspondence_boundary import boundary_f
from egoexo.evaluation.functional.correspondence_items import (
    ItemScores,
    describe_item,
    is_counted,
    score_item,
    score_masks,
)
from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.evaluation.functional.run_mask import RunMask
from egoexo.evaluation.protocols.correspondence import CorrespondenceProtocol, get_protocols

PROTOCOLS = {protocol.name: protocol for protocol in get_protocols('all')}
PLACE = ('ego2exo_val', 'take', 'cup_0', 'aria01', 'cam01', '30', 7)


def ellipse(height: int, width: int, row: float, column: float, radius: float) -> np.ndarray:
    rows, columns = np.ogrid[:height, :width]
    return (rows - row)**2 + ((columns - column) / 1.3)**2 <= radius**2


def registered_contour(prediction: np.ndarray, target: np.ndarray) -> float:
    """Windows cut out of widely padded masks."""
    pad, cuts, sides = max(target.shape), [], []
    for mask in (prediction, target):
        places = np.argwhere(mask)
        sides.append(np.ptp(places, axis=0) + 1 if places.size else (0, 0))
    half_height, half_width = np.max(sides, axis=0) // 2
    for mask in (prediction, target):
        x, y = (side + pad for side in bounding_center(mask))
        cuts.append(np.pad(mask, pad)[y - half_height:y + half_height + 1, x - half_width:x + half_width + 1])
    return boundary_f(*cuts)


def test_random_masks() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        prediction, target = (random_mask(rng, *size) for size in [rng.integers(1, 70, 2)] * 2)
        runs = [RunMask.from_array(mask) for mask in (prediction, target)]
        plain, moved = score_masks(*runs), score_masks(*runs, registered=True, location_unit=2.0)
        assert plain[:3] == (iou(prediction, target), boundary_f(prediction, target),
                             location_error(prediction, target))
        assert moved[:3] == (plain.iou, registered_contour(prediction, target),
                             location_error(prediction, target, 2.0))
        assert plain[3:] == moved[3:] == (target.sum(), prediction.sum(), target.shape)


def test_contour_from_all_distances() -> None:
    rng = np.random.default_rng(1)
    for _ in range(15):
        prediction, target = (random_mask(rng, 30, 30) for _ in range(2))
        scores = score_masks(RunMask.from_array(prediction), RunMask.from_array(target))
        assert scores.contour == slow_contour(prediction, target)


def test_sizes_have_to_be_equal() -> None:
    with pytest.raises(ValueError, match=r'masks of one size are needed, got \(2, 2\) and \(2, 3\).'):
        score_masks(RunMask.from_array(np.eye(2)), RunMask.from_array(np.ones((2, 3))))


def test_official_size() -> None:
    target, prediction = ellipse(540, 960, 200, 500, 90), ellipse(270, 480, 104, 252, 43)
    at_size = nearest_resize(target, (270, 480))
    scores = score_item(target, prediction, 0.51, PROTOCOLS['official'])
    assert scores[:2] == (True, True) and scores.problem == ''
    assert scores.masks == (iou(prediction, at_size), boundary_f(prediction, at_size),
                            location_error(prediction, at_size), at_size.sum(), prediction.sum(), (270, 480))


@pytest.mark.parametrize(('confidence', 'visible'), [(0.5, False), (0.5000001, True), (0.0, False), (3.0, True)])
def test_confidence_alone_decides_visibility(confidence: float, visible: bool) -> None:
    for prediction in (np.zeros((480, 480)), np.ones((480, 480))):
        scores = score_item(np.eye(480), prediction, confidence, PROTOCOLS['official'])
        assert scores.pred_visible == visible and scores.masks is not None


def test_an_invisible_object_has_no_mask_scores() -> None:
    assert score_item(None, np.ones((7, 7)), 0.9, PROTOCOLS['official']) == ItemScores(False, True, None)


def test_wrong_size() -> None:
    target, prediction = ellipse(270, 480, 100, 250, 40), ellipse(480, 480, 180, 250, 60)
    strict = score_item(target, prediction, 0.9, PROTOCOLS['official'])
    assert strict == ItemScores(True, True, None, 'a mask of 480x480 for 270x480')
    nearest = score_item(target, prediction, 0.9, PROTOCOLS['official_nearest'])
    assert nearest.masks.iou == iou(nearest_resize(prediction, (270, 480)), target)


def test_size_of_the_prediction() -> None:
    target, prediction = ellipse(500, 400, 200, 200, 90), ellipse(700, 700, 280, 350, 120)
    masks = score_item(target, prediction, 0.9, PROTOCOLS['pred_size']).masks
    at_size = nearest_resize(target, (700, 700))
    assert masks.size == (700, 700) and masks.iou == iou(prediction, at_size)
    assert masks.contour == boundary_f(prediction, at_size)
    assert masks.location == location_error(prediction, at_size, math.hypot(700, 700))


def test_square() -> None:
    target, prediction = ellipse(270, 480, 100, 250, 40), ellipse(480, 480, 180, 250, 60)
    masks = score_item(target, prediction, 0.1, PROTOCOLS['square_stretch'])
    assert masks.visible and masks.pred_visible  # by pixels, not by confidence
    assert masks.masks.iou == iou(prediction, nearest_resize(target, (480, 480)))
    empty = score_item(np.zeros((270, 480)), np.zeros((480, 480)), 0.9, PROTOCOLS['square_stretch'])
    assert empty[:2] == (False, False) and empty.masks[:3] == (1, 1, 0)


def test_registered_contour() -> None:
    target, prediction = ellipse(300, 480, 100, 250, 40), ellipse(300, 480, 190, 120, 40)
    plain, moved = (score_item(target, prediction, 0.9, PROTOCOLS[name]).masks for name in ('official', 'registered'))
    assert (plain.contour, moved.contour) == (0, 1)
    assert plain._replace(contour=1.0) == moved


def test_missing_prediction() -> None:
    target = ellipse(480, 480, 100, 250, 40)
    assert score_item(target, None, 0.0, PROTOCOLS['official']) == ItemScores(True, False, None, 'no prediction')
    assert score_item(None, None, 0.0, PROTOCOLS['official']).problem == 'no prediction'
    for protocol in get_protocols('all', missing='empty'):
        scores = score_item(target, None, 0.9, protocol)
        assert scores[:2] == (True, False) and scores.masks[:2] == (0, 0) and scores.masks.pred_area == 0
    assert score_item(None, None, 0.9, official(missing='empty')) == ItemScores(False, False, None)


def test_a_true_mask_without_pixels() -> None:
    vanished = np.zeros((4000, 4000), bool)
    vanished[1, 1] = True
    scores = score_item(vanished, np.zeros((480, 480)), 0.9, PROTOCOLS['official'])
    assert scores.visible and scores.masks[:4] == (1, 1, 0, 0)
    narrow = score_item(np.ones((1, 1000)), np.ones((1, 480)), 0.9, PROTOCOLS['official'])
    assert narrow.problem == 'a true mask of 1x1000, which has no pixel at 0x480'


@pytest.mark.parametrize('protocol', PROTOCOLS.values(), ids=PROTOCOLS)
def test_sizes_that_no_picture_has(protocol: CorrespondenceProtocol) -> None:
    line, picture = RunMask.from_runs((2**25, 1), np.array([7, 2**25 - 7])), RunMask.from_array(np.eye(480))
    for masks in ((line, picture), (picture, line)):
        assert score_item(*masks, 0.9, protocol).problem == 'a mask of 33554432x1, more than 65,536 pixels in a line'


@pytest.mark.parametrize(('is_annotated', 'has_mask', 'expected'), [
    (True, True, 'annotated both masks'), (True, False, 'annotated'), (False, True, 'masks'), (False, False, ''),
    (None, True, 'annotated both masks'), (None, False, ''),
])
def test_frames_that_count(is_annotated: bool | None, has_mask: bool, expected: str) -> None:
    counted = [frames for frames in ('annotated', 'both', 'masks')
               if is_counted(official(frames=frames), is_annotated, has_mask)]
    assert ' '.join(counted) == expected


def test_row_of_several_protocols() -> None:
    target, prediction = ellipse(480, 480, 100, 250, 40), ellipse(480, 480, 110, 250, 40)
    row = describe_item(PLACE, target, prediction, 0.9, True, [*PROTOCOLS.values()])
    assert row.name == 'take//cup_0//aria01//cam01//30' and row[:7] == PLACE
    assert row.scores == tuple(score_item(target, prediction, 0.9, protocol) for protocol in PROTOCOLS.values())
    row = describe_item(PLACE, None, prediction, 0.9, True, [*PROTOCOLS.values()])
    assert [name for name, scores in zip(PROTOCOLS, row.scores, strict=True) if scores is None] == [
        'both_annotated', 'square_stretch']
    assert describe_item(PLACE, None, prediction, 0.9, False, [*PROTOCOLS.values()]).scores == (None,) * 7


def test_bad_prediction_is_bad_under_every_protocol() -> None:
    row = describe_item(PLACE, np.eye(480), None, 0.0, True, get_protocols('all', missing='empty'), 'a bad mask')
    assert set(row.scores) == {ItemScores(True, False, None, 'a bad mask')}


def test_equal_ways_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from egoexo.evaluation.functional import correspondence_items

    calls = []
    monkeypatch.setattr(correspondence_items, 'score_masks', lambda *args: calls.append(args) or score_masks(*args))
    same = [dataclasses.replace(PROTOCOLS['official'], every=every) for every in (1, 2, 3)]
    describe_item(PLACE, np.eye(480), np.eye(480), 0.9, True, [*same, PROTOCOLS['registered']])
    assert len(calls) == 2
