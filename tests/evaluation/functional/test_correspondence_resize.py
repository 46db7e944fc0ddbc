"""Sizes, nearest-neighbour maps, padding to a square and back."""

import cv2
import numpy as np
import pytest

from egoexo.evaluation.functional.correspondence_resize import (
    evaluation_shape,
    nearest_indices,
    nearest_resize,
    pad_square,
    unpad_window,
)


@pytest.mark.parametrize(('size', 'expected'), [
    ((1408, 1408), (480, 480)), ((2160, 3840), (270, 480)), ((3840, 2160), (480, 270)), ((201, 201), (479, 479)),
    ((1520, 2704), (269, 480)), ((704, 704), (480, 480)), ((1440, 1920), (360, 480)), ((1, 1000), (0, 480)),
])
def test_evaluation_shape(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert evaluation_shape(*size) == expected


def test_number_of_squares_that_become_smaller() -> None:
    shapes = [evaluation_shape(side, side) for side in range(200, 5000)]
    assert set(shapes) == {(479, 479), (480, 480)} and shapes.count((479, 479)) == 879


def test_longest_side_may_be_chosen() -> None:
    assert evaluation_shape(540, 960, longest=240) == (135, 240)


@pytest.mark.parametrize('channels', [(), (1,), (3,)])
def test_resize_is_that_of_opencv(channels: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        old, new = rng.integers(1, 400, 2).tolist(), rng.integers(1, 400, 2).tolist()
        array = rng.integers(0, 256, (*old, *channels), dtype=np.uint8)
        expected = cv2.resize(array, new[::-1], interpolation=cv2.INTER_NEAREST)
        np.testing.assert_array_equal(nearest_resize(array, tuple(new)), expected.reshape(*new, *channels))


@pytest.mark.parametrize(('source', 'target'), [(70_000, 480), (480, 70_000), (2**20, 3), (3, 3), (256, 255)])
def test_indices_of_long_lines(source: int, target: int) -> None:
    indices = nearest_indices(source, target)
    expected = np.minimum(np.floor(np.arange(target) * (1 / (target / source))), source - 1)
    np.testing.assert_array_equal(indices, expected)
    assert not indices.flags.writeable


@pytest.mark.parametrize(('source', 'target'), [(0, 4), (4, 0), (2**24 + 1, 4)])
def test_impossible_lines(source: int, target: int) -> None:
    with pytest.raises(ValueError, match=f'a line of {source} pixels cannot be resized to {target}.'):
        nearest_indices(source, target)


@pytest.mark.parametrize(('size', 'place'), [
    ((4, 4), (slice(0, 4), slice(0, 4))), ((2, 6), (slice(2, 4), slice(0, 6))), ((6, 2), (slice(0, 6), slice(2, 4))),
    ((5, 6), (slice(0, 5), slice(0, 6))), ((6, 3), (slice(0, 6), slice(1, 4))),  # odd differences
])
@pytest.mark.parametrize('channels', [(), (3,)])
def test_pad_square(size: tuple[int, int], place: tuple[slice, slice], channels: tuple[int, ...]) -> None:
    array = np.arange(1, 1 + np.prod(size + channels), dtype=np.uint8).reshape(size + channels)
    square = pad_square(array)
    assert square.shape == (max(size), max(size), *channels) and square.dtype == np.uint8
    np.testing.assert_array_equal(square[place], array)
    assert np.count_nonzero(square) == array.size


@pytest.mark.parametrize(('original', 'rows', 'columns'), [
    ((540, 960), (105, 375), (0, 480)), ((960, 540), (0, 480), (105, 375)), ((704, 704), (0, 480), (0, 480)),
    ((1520, 2704), (105, 375), (0, 480)), ((205, 205), (0, 480), (0, 480)),
])
def test_unpad_window(original: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]) -> None:
    assert unpad_window(480, original) == (slice(*rows), slice(*columns))


def test_padding_comes_off_again() -> None:
    mask = np.random.default_rng(0).random((48, 96)) < 0.5
    square = nearest_resize(pad_square(mask), (48, 48))
    np.testing.assert_array_equal(square[unpad_window(48, mask.shape)], nearest_resize(mask, (24, 48)))
