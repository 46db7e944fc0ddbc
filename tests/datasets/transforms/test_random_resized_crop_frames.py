import random

import numpy as np
import pytest

from egoexo.datasets.transforms.random_resized_crop_frames import RandomResizedCropFrames
from egoexo.errors import ConfigError


@pytest.fixture(autouse=True)
def _seeded() -> None:
    random.seed(0)


def test_boxes_keep_to_the_ranges() -> None:
    crop = RandomResizedCropFrames(224, scale=(0.5, 1.0))
    boxes = np.array([crop.box(300, 400) for _ in range(2000)])
    top, left, high, wide = boxes.T
    assert (top >= 0).all() and (left >= 0).all()
    assert (top + high <= 300).all() and (left + wide <= 400).all()
    shares, ratios = high * wide / 120000, wide / high
    assert 0.49 < shares.min() < 0.52 and 0.95 < shares.max() <= 1.0
    assert 0.74 < ratios.min() < 0.78 and 1.3 < ratios.max() < 1.35
    assert len(set(map(tuple, boxes))) > 1900


def test_mean_area_is_that_of_a_uniform_draw() -> None:
    crop = RandomResizedCropFrames(224, scale=(0.1, 0.5))  # every draw fits
    shares = [high * wide / 90000 for _, _, high, wide in (crop.box(300, 300) for _ in range(3000))]
    assert np.mean(shares) == pytest.approx(0.3, abs=0.01)
    assert np.std(shares) == pytest.approx(0.4 / 12 ** 0.5, abs=0.01)


@pytest.mark.parametrize(('shape', 'expected'), [((10, 100), (0, 44, 10, 13)), ((100, 10), (44, 0, 13, 10))])
def test_what_never_fits_is_cut_in_the_middle(shape: tuple[int, int], expected: tuple[int, ...]) -> None:
    crop = RandomResizedCropFrames(8, scale=(1.0, 1.0))
    top, left, high, wide = crop.box(*shape)
    assert (high, wide) == expected[2:]
    assert (top, left) == ((shape[0] - high) // 2, (shape[1] - wide) // 2)


def test_all_frames_are_cut_alike() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    frames = RandomResizedCropFrames(16)(dict(frames=np.stack([frame, frame])))['frames']
    assert frames.shape == (2, 16, 16, 3) and frames.dtype == np.uint8
    np.testing.assert_array_equal(frames[0], frames[1])


@pytest.mark.parametrize('options', [dict(scale=(0, 1)), dict(scale=(0.5, 2)), dict(ratio=(2, 1))])
def test_empty_ranges(options: dict) -> None:
    with pytest.raises(ConfigError, match=r'expected ranges \(low, high\) above 0, scale up to 1, found scale='):
        RandomResizedCropFrames(8, **options)
