"""From the truth and the prediction of one frame to the numbers of a protocol.

The metric during a run and the evaluator of saved files both come through here, so that they give the same digits.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from egoexo.evaluation.functional.correspondence import LOCATION_UNIT, box_center, center_distance, overlap
from egoexo.evaluation.functional.correspondence_boundary import boundary_map, boundary_radius, contour_f
from egoexo.evaluation.functional.correspondence_resize import evaluation_shape
from egoexo.evaluation.functional.run_mask import Box, RunMask

__all__ = ['CONFIDENCE', 'ItemRow', 'ItemRules', 'ItemScores', 'MaskScores', 'describe_item', 'is_counted',
           'score_item', 'score_masks']

#: An object is predicted to be visible above this confidence.
CONFIDENCE = 0.5
_MAX_SIDE = 2**16  # no picture has more pixels in a line; a damaged mask may say so


class ItemRules(Protocol):
    """What is asked of a protocol; see ``egoexo.evaluation.protocols.correspondence``."""

    name: str
    frames: str
    size: str
    resize_pred: str
    missing: str
    location: str
    contour: str
    visible: str
    longest: int


class MaskScores(NamedTuple):
    """Numbers of two masks.

    Args:
        iou (float): Intersection over union.
        contour (float): Contour accuracy.
        location (float): Location error.
        area (int): Pixels of the truth at evaluation size.
        pred_area (int): Pixels of the prediction at evaluation size.
        size (tuple[int, int]): Evaluation size, height and width.
    """

    iou: float
    contour: float
    location: float
    area: int
    pred_area: int
    size: tuple[int, int]


class ItemScores(NamedTuple):
    """What one protocol makes of one frame.

    Args:
        visible (bool): Whether the object is in the picture.
        pred_visible (bool): Whether it is predicted to be.
        masks (MaskScores | None): None where masks are not compared, or cannot be.
        problem (str): Why the protocol cannot score the frame; empty if it can.
    """

    visible: bool
    pred_visible: bool
    masks: MaskScores | None
    problem: str = ''


class ItemRow(NamedTuple):
    """One query frame under some protocols: small, of plain values, as it travels between processes.

    Args:
        subset (str): Direction and split, e.g. ``'ego2exo_val'``.
        take_uid (str): The take.
        object_name (str): The object.
        query_camera (str): Camera in which its mask is given.
        target_camera (str): Camera in which it is looked for.
        frame (str): Number of the frame.
        order (int): Official place in its list.
        scores (tuple[ItemScores | None, ...]): One per protocol; None if the protocol does not count the frame.
    """

    subset: str
    take_uid: str
    object_name: str
    query_camera: str
    target_camera: str
    frame: str
    order: int
    scores: tuple[ItemScores | None, ...]

    @property
    def name(self) -> str:
        """``<take>//<object>//<query camera>//<target camera>//<frame>``, unique in a list."""
        return '//'.join(self[1:6])


def is_counted(protocol: ItemRules, is_annotated: bool | None, has_mask: bool) -> bool:
    """Whether a protocol counts a query frame.

    Args:
        protocol (ItemRules): The rules.
        is_annotated (bool | None): Whether the annotators looked for the object in the target view of the frame; None
            where that was not stored, then only what they found is known.
        has_mask (bool): Whether they found it.
    """
    if protocol.frames == 'masks':
        return has_mask
    looked = has_mask if is_annotated is None else is_annotated
    return looked and (has_mask or protocol.frames == 'annotated')


def score_item(target: RunMask | np.ndarray | None, prediction: RunMask | np.ndarray | None, confidence: float,
               protocol: ItemRules) -> ItemScores:
    """Score one frame by one protocol; see :func:`describe_item` for several.

    Args:
        target (RunMask | np.ndarray | None): The true mask at its annotated size, (H, W); None if the object is not
            visible. Runs of a stored mask make it fastest: ``RunMask.from_runs(rle['size'], rle_runs(rle))``.
        prediction (RunMask | np.ndarray | None): The predicted mask, padding removed; None if there is no prediction.
        confidence (float): That the object is visible.
        protocol (ItemRules): The rules.

    Returns:
        ItemScores: With a problem instead of numbers where a mask is missing or of the wrong size.
    """
    target, prediction = (RunMask.from_array(mask) if isinstance(mask, np.ndarray) else mask
                          for mask in (target, prediction))
    return _score(target, prediction, confidence, protocol, {})


def describe_item(
        place: tuple[str, str, str, str, str, str, int], target: RunMask | np.ndarray | None,
        prediction: RunMask | np.ndarray | None, confidence: float, is_annotated: bool | None,
        protocols: Sequence[ItemRules], problem: str = '') -> ItemRow:
    """Score one frame by several protocols; masks are compared once for all protocols that compare them alike.

    Args:
        place (tuple): ``subset, take_uid, object_name, query_camera, target_camera, frame, order`` of :class:`ItemRow`.
        target (RunMask | np.ndarray | None): See :func:`score_item`.
        prediction (RunMask | np.ndarray | None): See :func:`score_item`.
        confidence (float): See :func:`score_item`.
        is_annotated (bool | None): See :func:`is_counted`.
        protocols (Sequence[ItemRules]): The rules.
        problem (str): What is wrong with the prediction under every protocol, e.g. a confidence that is no number.

    Returns:
        ItemRow: The row.
    """
    target, prediction = (RunMask.from_array(mask) if isinstance(mask, np.ndarray) else mask
                          for mask in (target, prediction))
    done: dict[tuple, MaskScores | str] = {}
    bad = ItemScores(target is not None, False, None, problem) if problem else None
    return ItemRow(*place, tuple(
        bad or _score(target, prediction, confidence, protocol, done)
        if is_counted(protocol, is_annotated, target is not None) else None for protocol in protocols))


def _score(target: RunMask | None, prediction: RunMask | None, confidence: float, protocol: ItemRules,
           done: dict[tuple, MaskScores | str]) -> ItemScores:
    if prediction is None and protocol.missing == 'error':
        return ItemScores(target is not None, False, None, 'no prediction')
    visible = target is not None
    pred_visible = prediction is not None and confidence > CONFIDENCE
    by_pixels = protocol.visible == 'pixels'
    if not (visible or by_pixels):
        return ItemScores(visible, pred_visible, None)
    way = protocol.size, protocol.resize_pred, protocol.location, protocol.contour, protocol.longest
    if way not in done:
        done[way] = _compare(target, prediction, *way)
    masks = done[way]
    if isinstance(masks, str):
        return ItemScores(visible, pred_visible, None, masks)
    if by_pixels:
        visible, pred_visible = masks.area > 0, masks.pred_area > 0
    return ItemScores(visible, pred_visible, masks)


def _compare(target: RunMask | None, prediction: RunMask | None, size: str, resize_pred: str, location: str,
             contour: str, longest: int) -> MaskScores | str:
    """Bring both masks to the size of the protocol and compare them, or say why that cannot be done."""
    for mask in (target, prediction):
        if mask is not None and max(mask.size) > _MAX_SIDE:
            return f'a mask of {_text(mask.size)}, more than {_MAX_SIDE:,} pixels in a line'
    if size == 'square':
        shape = (longest, longest)
    elif size == 'target' or prediction is None:
        shape = evaluation_shape(*target.size, longest)
    else:
        shape = prediction.size
    if 0 in shape:
        return f'a true mask of {_text(target.size)}, which has no pixel at {_text(shape)}'
    target, prediction = (_empty(shape) if mask is None else mask for mask in (target, prediction))
    if prediction.size != shape:
        if resize_pred == 'error':
            return f'a mask of {_text(prediction.size)} for {_text(shape)}'
        prediction = prediction.resize(shape)
    return score_masks(prediction, target.resize(shape), contour == 'registered',
                       math.hypot(*shape) if location == 'diagonal' else LOCATION_UNIT)


def _empty(size: tuple[int, int]) -> RunMask:
    return RunMask(size, np.empty(0, np.int64), np.empty(0, np.int64))


def _text(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}'


def score_masks(prediction: RunMask, target: RunMask, registered: bool = False,
                location_unit: float = LOCATION_UNIT) -> MaskScores:
    """Compare two masks of one size, looking at no more of the picture than the box around both.

    Args:
        prediction (RunMask): The prediction.
        target (RunMask): The truth.
        registered (bool): Move the middles of both boxes onto each other before contours are compared.
        location_unit (float): What the location error in pixels is divided by.

    Returns:
        MaskScores: The same digits as whole masks give.

    Raises:
        ValueError: If the sizes differ.
    """
    if prediction.size != target.size:
        raise ValueError(f'masks of one size are needed, got {prediction.size} and {target.size}.')
    size, area, pred_area = target.size, target.area, prediction.area
    centers = [box_center(mask.box, size) for mask in (prediction, target)]
    location = center_distance(*centers, location_unit)
    box = _around(prediction.box, target.box, size)
    pictures = [mask.window(box) for mask in (prediction, target)]
    common = int(np.count_nonzero(pictures[0] & pictures[1]))
    if registered:
        windows = _registered_windows(prediction.box, target.box, centers)
        pictures = [mask.window(window) for mask, window in zip((prediction, target), windows, strict=True)]
        radius = boundary_radius(*pictures[0].shape)
    else:
        radius = boundary_radius(*size)
    contour = contour_f(*map(boundary_map, pictures), radius)
    return MaskScores(overlap(common, area + pred_area - common), contour, location, area, pred_area, size)


def _around(first: Box | None, second: Box | None, size: tuple[int, int]) -> Box:
    """Box around two boxes with one pixel more on each side, which holds their whole boundary, within the picture."""
    boxes = [box for box in (first, second) if box is not None] or [Box(0, 0, 0, 0)]
    left, top = (max(min(sides) - 1, 0) for sides in ([box[0] for box in boxes], [box[1] for box in boxes]))
    right, bottom = (min(max(box[side] for box in boxes) + 1, size[3 - side] - 1) for side in (2, 3))
    return Box(left, top, right, bottom)


def _registered_windows(first: Box | None, second: Box | None, centers: Sequence[tuple[int, int]]) -> list[Box]:
    """Windows of one size around both middles, as in the official evaluation of translation."""
    boxes = [box for box in (first, second) if box is not None]
    half_width, half_height = (max((box[side + 2] - box[side] + 1 for box in boxes), default=0) // 2
                               for side in (0, 1))
    return [Box(x - half_width, y - half_height, x + half_width, y + half_height) for x, y in centers]
