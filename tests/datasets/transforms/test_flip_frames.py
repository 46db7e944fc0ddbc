import random

import numpy as np
import pytest

from egoexo.datasets.transforms.flip_frames import FlipFrames

FRAMES = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3)


@pytest.mark.parametrize(('prob', 'expected'), [(1.0, FRAMES[:, :, ::-1]), (0.0, FRAMES)])
def test_left_and_right_change_places(prob: float, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(FlipFrames(prob)(dict(frames=FRAMES))['frames'], expected)


def test_half_of_the_time() -> None:
    random.seed(0)
    flip = FlipFrames()
    flipped = sum(flip(dict(frames=FRAMES))['frames'][0, 0, 0, 0] > 0 for _ in range(1000))
    assert flipped == pytest.approx(500, abs=60)
