import pytest

from egoexo.datasets.transforms import CenterCropClip
from egoexo.errors import ConfigError


@pytest.mark.parametrize(('options', 'shape', 'short', 'corner'), [
    (dict(), (256, 456), 256, [0, 100]), (dict(size=224, short_side=256), (256, 456), 256, [16, 116]),
    (dict(size=280), (456, 256), 280, [109, 0]), (dict(size=10), (11, 11), 10, [0, 0])])
def test_the_middle(options: dict, shape: tuple[int, int], short: int, corner: list[int]) -> None:
    found = CenterCropClip(**options)(dict(frame_shape=shape))
    assert (found['short_side'], found['crops'].tolist(), found['flip']) == (short, [corner], False)


def test_a_crop_that_does_not_fit() -> None:
    with pytest.raises(ConfigError, match='CenterCropClip, size: expected 1 to 224'):
        CenterCropClip(size=256, short_side=224)
