import pytest

from egoexo.datasets.transforms import ThreeCropClip
from egoexo.errors import ConfigError


@pytest.mark.parametrize(('options', 'shape', 'corners'), [
    (dict(), (256, 456), [[0, 0], [0, 100], [0, 200]]), (dict(size=280), (256, 456), [[0, 0], [0, 109], [0, 218]]),
    (dict(size=256), (456, 256), [[0, 0], [100, 0], [200, 0]]),
    (dict(size=224, short_side=256), (256, 256), [[16, 0], [16, 16], [16, 32]])])
def test_three_places(options: dict, shape: tuple[int, int], corners: list[list[int]]) -> None:
    found = ThreeCropClip(**options)(dict(frame_shape=shape))
    assert found['crops'].tolist() == corners and found['flip'] is False
    assert found['short_side'] == (options.get('short_side') or options.get('size') or 256)


def test_crops_that_do_not_fit() -> None:
    with pytest.raises(ConfigError, match='ThreeCropClip, size: expected 1 to 224'):
        ThreeCropClip(size=256, short_side=224)
