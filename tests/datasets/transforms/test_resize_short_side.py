import numpy as np
import pytest
from PIL import Image

from egoexo.datasets.transforms.resize_short_side import ResizeShortSide, resize_frames
from egoexo.errors import ConfigError


@pytest.mark.parametrize(('shape', 'expected'), [
    ((40, 61), (20, 30)), ((61, 40), (30, 20)), ((10, 10), (20, 20)), ((20, 33), (20, 33))])
def test_the_longer_side_is_rounded_down(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    resized = ResizeShortSide(20)(dict(frames=frames))['frames']
    assert resized.shape == (2, *expected, 3) and resized.dtype == np.uint8
    for frame, made in zip(frames, resized, strict=True):
        np.testing.assert_array_equal(made, Image.fromarray(frame).resize(expected[::-1], Image.Resampling.BILINEAR))


def test_shrinking_averages_all_pixels() -> None:
    board = np.zeros((1, 16, 16, 3), np.uint8)
    board[:, ::2, ::2] = board[:, 1::2, 1::2] = 200
    assert abs(resize_frames(board, 4, 4).astype(int) - 100).max() <= 2


def test_refuses_nothing() -> None:
    with pytest.raises(ConfigError, match='ResizeShortSide, size: expected at least 1, found 0'):
        ResizeShortSide(0)
