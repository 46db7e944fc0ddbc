"""Masks as runs give the pixels of masks as pictures."""

import numpy as np
import pytest
from mask_support import random_mask

from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.evaluation.functional.run_mask import Box, RunMask
from egoexo.formats.rle import encode_mask, rle_box, rle_runs


def masks(number: int = 80, seed: int = 0, longest: int = 60) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [random_mask(rng, *rng.integers(1, longest, 2)) for _ in range(number)]


@pytest.mark.parametrize('mask', masks())
def test_area_box_and_pixels(mask: np.ndarray) -> None:
    rle = encode_mask(mask)
    for runs in (RunMask.from_array(mask), RunMask.from_runs(mask.shape, rle_runs(rle))):
        assert runs.size == mask.shape and runs.area == mask.sum() and runs.box == rle_box(rle)
        np.testing.assert_array_equal(runs.pixels(), mask)


def test_empty_runs_are_dropped() -> None:
    mask = RunMask.from_runs((3, 2), np.array([0, 2, 1, 0, 3]))
    assert mask.starts.tolist() == [0] and mask.ends.tolist() == [2] and mask.box == Box(0, 0, 0, 1)


@pytest.mark.parametrize('seed', range(4))
def test_resize(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for mask in masks(40, seed, 90):
        shape = tuple(rng.integers(1, 120, 2).tolist())
        resized, expected = RunMask.from_array(mask).resize(shape), nearest_resize(mask, shape)
        assert resized.size == shape and resized.area == expected.sum()
        np.testing.assert_array_equal(resized.pixels(), expected)


def test_resize_of_a_large_mask() -> None:
    rows, columns = np.ogrid[:2160, :3840]
    mask = (rows - 700)**2 + (columns - 3000)**2 < 401**2
    resized = RunMask.from_array(mask).resize((270, 480))
    np.testing.assert_array_equal(resized.pixels(), nearest_resize(mask, (270, 480)))


def test_same_size_is_the_same_mask() -> None:
    mask = RunMask.from_array(np.eye(4))
    assert mask.resize((4, 4)) is mask


def test_windows() -> None:
    rng = np.random.default_rng(0)
    for mask in masks(60, 1, 30):
        left, top = rng.integers(-9, 25, 2).tolist()
        box = Box(left, top, left + int(rng.integers(0, 40)), top + int(rng.integers(0, 40)))
        padded = np.pad(mask, 70)
        expected = padded[70 + box.top:71 + box.bottom, 70 + box.left:71 + box.right]
        np.testing.assert_array_equal(RunMask.from_array(mask).window(box), expected.T)


def test_window_of_the_box() -> None:
    mask = np.zeros((20, 30), bool)
    mask[3:9, 4:7] = mask[8, 4:12] = True
    runs = RunMask.from_array(mask)
    assert runs.box == Box(4, 3, 11, 8)
    np.testing.assert_array_equal(runs.window(runs.box), mask[3:9, 4:12].T)
