"""Boundaries and their agreement within a distance."""

import cv2
import numpy as np
import pytest
from mask_support import random_mask, slow_boundary, slow_contour

from egoexo.evaluation.functional.correspondence_boundary import (
    boundary_f,
    boundary_map,
    boundary_radius,
    contour_f,
    disk_half_widths,
    matched_counts,
)


def test_boundary_by_hand() -> None:
    mask = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], bool)
    np.testing.assert_array_equal(boundary_map(mask), [[1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 1, 0]])


@pytest.mark.parametrize('value', [False, True])
def test_a_picture_of_one_kind_has_no_boundary(value: bool) -> None:
    assert not boundary_map(np.full((4, 5), value)).any()


def test_boundary_pixel_by_pixel() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        mask = random_mask(rng, *rng.integers(1, 20, 2))
        for part in (mask, mask.T):  # columns first in memory too
            np.testing.assert_array_equal(boundary_map(part), slow_boundary(part))


@pytest.mark.parametrize(('size', 'bound_th', 'radius'), [
    ((480, 480), 0.008, 6), ((270, 480), 0.008, 5), ((480, 270), 0.008, 5), ((700, 700), 0.008, 8),
    ((1600, 1600), 0.008, 19), ((9, 9), 0.05, 1), ((480, 480), 1, 1), ((480, 480), 2, 2), ((1, 1), 0.008, 1),
])
def test_radius(size: tuple[int, int], bound_th: float, radius: int) -> None:
    assert boundary_radius(*size, bound_th) == radius


@pytest.mark.parametrize(('radius', 'pixels'), [(1, 5), (2, 13), (5, 81), (6, 113)])
def test_disk(radius: int, pixels: int) -> None:
    widths = disk_half_widths(radius)
    assert 2 * widths[0] + 1 + 2 * sum(2 * width + 1 for width in widths[1:]) == pixels


def test_matches_are_those_of_opencv_dilation() -> None:
    rng = np.random.default_rng(1)
    for _ in range(150):
        height, width = rng.integers(1, 70, 2)
        radius = int(rng.integers(1, 12))
        rows, columns = np.mgrid[-radius:radius + 1, -radius:radius + 1]
        disk = (rows**2 + columns**2 <= radius**2).astype(np.uint8)
        first, second = (random_mask(rng, height, width) for _ in range(2))
        near = [cv2.dilate(mask.astype(np.uint8), disk).astype(bool) for mask in (first, second)]
        assert matched_counts(first, second, radius) == ((first & near[1]).sum(), (second & near[0]).sum())


def test_f_from_all_distances() -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        prediction, target = (random_mask(rng, 24, 37) for _ in range(2))
        assert boundary_f(prediction, target) == slow_contour(prediction, target)
        assert boundary_f(prediction, target, 3) == slow_contour(prediction, target, 3)


@pytest.mark.parametrize(('prediction', 'target', 'expected'), [(0, 0, 1.0), (3, 0, 0.0), (0, 3, 0.0), (3, 3, 1.0)])
def test_empty_boundaries(prediction: int, target: int, expected: float) -> None:
    line = np.arange(3)[None]
    assert contour_f(line < prediction, line < target, 1) == expected


def test_no_agreement_is_zero() -> None:
    first, second = np.zeros((2, 30, 30), bool)
    first[0, 0] = second[20:, 20:] = True
    assert boundary_f(first, second) == 0


def test_shapes_have_to_be_equal() -> None:
    with pytest.raises(ValueError, match=r'masks of one shape are needed, got \(2, 3\) and \(3, 2\).'):
        boundary_f(np.ones((2, 3)), np.ones((3, 2)))
