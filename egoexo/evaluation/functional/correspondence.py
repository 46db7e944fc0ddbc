"""Formulas of correspondence (Ego-Exo4D relations, ``correspondence/evaluation`` of the official code).

Whole masks in, numbers out; :mod:`egoexo.evaluation.functional.correspondence_items` gives the same numbers from runs.
"""

import math
from collections.abc import Sequence

import numpy as np

from egoexo.evaluation.functional.run_mask import Box

__all__ = ['LOCATION_UNIT', 'METRICS', 'balanced_accuracy', 'bounding_center', 'box_center', 'center_distance', 'iou',
           'location_error', 'overlap']

#: Names of the metrics in keys: the official ``TOTAL IOU``, ``SHAPE ACC``, ``LOCATION SCORE``, ``EXISTENCE BALANCED
#: ACC``. All are fractions; the location error is better when it is lower.
METRICS = ('iou', 'contour_acc', 'location_error', 'visibility_acc')
#: What distances are divided by: the diagonal of a square of 480, whatever the shape of the masks.
LOCATION_UNIT = math.hypot(480, 480)
_EPSILON = 1e-7


def overlap(intersection: int, union: int) -> float:
    """IoU of two pixel counts; 1 for two empty masks."""
    return intersection / (union + _EPSILON) if union else 1.0


def iou(prediction: np.ndarray, target: np.ndarray) -> float:
    """Intersection over union, with 1e-7 added to the union: a perfect mask of A pixels scores A / (A + 1e-7).

    Args:
        prediction (np.ndarray): bool or 0 and 1, shape (H, W).
        target (np.ndarray): The truth, of the same shape.

    Returns:
        float: From 0 to 1.

    Examples:
        >>> round(iou(np.array([[1, 1, 0]]), np.array([[0, 1, 1]])), 6), iou(np.zeros((1, 1)), np.zeros((1, 1)))
        (0.333333, 1.0)
    """
    prediction, target = np.asarray(prediction, bool), np.asarray(target, bool)
    return overlap(int(np.count_nonzero(prediction & target)), int(np.count_nonzero(prediction | target)))


def box_center(box: Box | None, size: tuple[int, int]) -> tuple[int, int]:
    """Middle of a box in whole pixels.

    Args:
        box (Box | None): Box of the object; None for an empty mask.
        size (tuple[int, int]): Height and width of the mask.

    Returns:
        tuple[int, int]: x and y. Of an empty mask (height // 2, width // 2), the two exchanged as in the official
        code, which matters where the sides differ.
    """
    if box is None:
        return size[0] // 2, size[1] // 2
    return (box.left + box.right) // 2, (box.top + box.bottom) // 2


def bounding_center(mask: np.ndarray) -> tuple[int, int]:
    """Middle of the bounding box of a mask; see :func:`box_center`.

    Args:
        mask (np.ndarray): Shape (H, W).

    Examples:
        >>> bounding_center(np.eye(5)), bounding_center(np.zeros((270, 480)))
        ((2, 2), (135, 240))
    """
    rows, columns = (np.flatnonzero(np.any(mask, axis=axis)) for axis in (1, 0))
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])) if rows.size else None
    return box_center(box, mask.shape)


def center_distance(first: tuple[int, int], second: tuple[int, int], unit: float = LOCATION_UNIT) -> float:
    """Distance of two places.

    Args:
        first (tuple[int, int]): x and y.
        second (tuple[int, int]): x and y.
        unit (float): What it is divided by.
    """
    return math.sqrt((first[0] - second[0])**2 + (first[1] - second[1])**2) / unit


def location_error(prediction: np.ndarray, target: np.ndarray, unit: float = LOCATION_UNIT) -> float:
    """Distance of the middles of the two bounding boxes (lower is better).

    Args:
        prediction (np.ndarray): Shape (H, W).
        target (np.ndarray): The truth, of the same shape.
        unit (float): What the distance in pixels is divided by.

    Returns:
        float: 0 for the same place.
    """
    return center_distance(bounding_center(prediction), bounding_center(target), unit)


def balanced_accuracy(target: Sequence[bool], prediction: Sequence[bool]) -> float:
    """Mean of the recalls of "visible" and "not visible"; a kind that the truth does not hold is left out.

    Args:
        target (Sequence[bool]): Whether the object is visible.
        prediction (Sequence[bool]): Whether it is predicted to be.

    Returns:
        float: From 0 to 1.

    Raises:
        ValueError: If there is nothing to score or the lengths differ.

    Examples:
        >>> balanced_accuracy([True, True, False], [True, False, False])
        0.75
    """
    target, prediction = np.asarray(target, bool), np.asarray(prediction, bool)
    if not target.size or target.shape != prediction.shape:
        raise ValueError(f'visibility needs two lists of one length above 0, got {target.size} and {prediction.size}.')
    correct = target == prediction
    recalls = [np.count_nonzero(correct & kind) / np.count_nonzero(kind) for kind in (~target, target) if kind.any()]
    return float(np.mean(recalls))
