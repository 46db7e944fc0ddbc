import pytest

from egoexo.datasets.transforms.clip_crop import check_sides, set_crops
from egoexo.errors import ConfigError


def test_what_is_noted() -> None:
    found = set_crops(dict(a=1), 256, [(0, 5)], 224, True)
    assert found['crops'].tolist() == [[0, 5]] and found['crops'].dtype == 'int64'
    assert (found['a'], found['short_side'], found['crop_size'], found['flip']) == (1, 256, 224, True)


@pytest.mark.parametrize('size', [0, 257])
def test_crops_that_do_not_fit(size: int) -> None:
    with pytest.raises(ConfigError, match=f'X, size: expected 1 to 256, the shorter side after resizing, found {size}'):
        check_sides('X', size, 256)
