"""Midpoints of the largest contours."""

import math

import numpy as np
import pytest

from egoexo.evaluation.functional.correspondence_midpoints import contour_midpoint, midpoint_bin, midpoint_distance


def box(top: int, left: int, side: int = 5) -> np.ndarray:
    mask = np.zeros((30, 40), bool)
    mask[top:top + side, left:left + side] = True
    return mask


def test_largest_contour_counts() -> None:
    mask = box(20, 30) | box(1, 1, 3)
    assert contour_midpoint(mask).tolist() == [32, 22]
    assert contour_midpoint(np.zeros((4, 4))) is None


def test_distance() -> None:
    assert midpoint_distance(box(2, 2), box(5, 6)) == 5
    assert midpoint_distance(box(2, 2), box(5, 6), normalise=True) == 5 / math.hypot(30, 40)
    assert midpoint_distance(box(2, 2), np.zeros((30, 40))) == -1
    assert midpoint_distance(np.zeros((30, 40)), box(2, 2), normalise=True) == -1 / 50


@pytest.mark.parametrize(('first', 'second', 'expected'), [
    (box(3, 3), box(5, 7), 1), (box(3, 3), box(8, 3), 0), (box(3, 3), box(3, 8), 0),
    (box(3, 3), np.zeros((30, 40)), -1), (np.zeros((30, 40)), np.zeros((30, 40)), -1),
])
def test_bins(first: np.ndarray, second: np.ndarray, expected: int) -> None:
    assert midpoint_bin(first, second) == midpoint_bin(second, first) == expected


def test_size_of_bins() -> None:
    assert midpoint_bin(box(3, 3), box(8, 3), bin_size=20) == 1
