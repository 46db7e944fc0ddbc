import numpy as np
import pytest

from egoexo.datasets.transforms.center_crop_frames import CenterCropFrames
from egoexo.errors import ConfigError


@pytest.mark.parametrize(('shape', 'top', 'left'), [((4, 9), 0, 2), ((7, 4), 2, 0), ((5, 4), 0, 0)])
def test_the_middle(shape: tuple[int, int], top: int, left: int) -> None:
    frames = np.arange(2 * shape[0] * shape[1] * 3).reshape(2, *shape, 3)
    cut = CenterCropFrames(4)(dict(frames=frames))['frames']
    np.testing.assert_array_equal(cut, frames[:, top:top + 4, left:left + 4])


def test_too_small() -> None:
    with pytest.raises(ConfigError, match='expected frames of at least 4x4, found 3x9. Put ResizeShortSide in front'):
        CenterCropFrames(4)(dict(frames=np.zeros((1, 3, 9, 3))))
