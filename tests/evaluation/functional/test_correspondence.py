"""Formulas on whole masks."""

import math

import numpy as np
import pytest

from egoexo.evaluation.functional.correspondence import (
    LOCATION_UNIT,
    balanced_accuracy,
    bounding_center,
    box_center,
    center_distance,
    iou,
    location_error,
    overlap,
)
from egoexo.evaluation.functional.run_mask import Box


def square(top: int, left: int, side: int = 2, size: tuple[int, int] = (10, 12)) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    mask[top:top + side, left:left + side] = 1
    return mask


def test_iou() -> None:
    assert iou(square(0, 0), square(1, 1)) == 1 / (7 + 1e-7)
    assert iou(square(0, 0), square(0, 0)) == 4 / (4 + 1e-7) < 1
    assert iou(square(0, 0), square(5, 5)) == 0
    assert iou(np.zeros((3, 3)), np.zeros((3, 3))) == 1
    assert overlap(0, 3) == 0


def test_center_is_that_of_the_box() -> None:
    mask = square(2, 3, 3)
    mask[9, 0] = 1
    assert bounding_center(mask) == (2, 5)  # columns 0 to 5, rows 2 to 9, both halves rounded down


def test_center_of_nothing_exchanges_the_sides() -> None:
    assert bounding_center(np.zeros((270, 480))) == box_center(None, (270, 480)) == (135, 240)
    assert box_center(Box(1, 2, 4, 7), (270, 480)) == (2, 4)


def test_location_error_has_a_fixed_unit() -> None:
    assert location_error(square(0, 0), square(4, 3)) == 5 / math.sqrt(480**2 + 480**2)
    assert location_error(square(0, 0), square(4, 3), unit=10.0) == 0.5
    assert center_distance((0, 0), (480, 480)) == 1 and math.sqrt(2 * 480**2) == LOCATION_UNIT


def test_empty_prediction_of_a_wide_picture() -> None:
    target = np.zeros((270, 480), bool)
    target[130:141, 235:246] = True  # middle x 240, y 135; the middle of nothing is taken at x 135, y 240
    assert location_error(np.zeros_like(target), target) == math.hypot(105, 105) / LOCATION_UNIT


@pytest.mark.parametrize(('target', 'prediction', 'expected'), [
    ([1, 1, 0, 0], [1, 1, 0, 1], 0.75), ([1, 1], [1, 0], 0.5), ([0, 0], [0, 0], 1.0), ([1, 0], [0, 1], 0.0),
    ([1, 1, 1, 0], [1, 1, 0, 0], (2 / 3 + 1) / 2),
])
def test_balanced_accuracy(target: list[int], prediction: list[int], expected: float) -> None:
    assert balanced_accuracy(target, prediction) == pytest.approx(expected, abs=1e-15)


def test_balanced_accuracy_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip('sklearn.metrics')
    rng = np.random.default_rng(0)
    for _ in range(50):
        target, prediction = rng.random((2, rng.integers(2, 300))) < rng.random()
        if 0 < target.sum() < target.size:
            assert balanced_accuracy(target, prediction) == metrics.balanced_accuracy_score(target, prediction)


@pytest.mark.parametrize(('target', 'prediction'), [([], []), ([1], [1, 0])])
def test_balanced_accuracy_needs_equal_lists(target: list[int], prediction: list[int]) -> None:
    with pytest.raises(ValueError, match=f'two lists of one length above 0, got {len(target)} and {len(prediction)}.'):
        balanced_accuracy(target, prediction)
