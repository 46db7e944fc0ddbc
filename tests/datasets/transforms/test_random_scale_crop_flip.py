import numpy as np
import pytest

from egoexo.datasets.transforms import RandomScaleCropFlip
from egoexo.errors import ConfigError


def draw(seed: int, shape: tuple[int, int] = (256, 456), **options: object) -> dict:
    np.random.seed(seed)  # noqa: NPY002
    return RandomScaleCropFlip(**options)(dict(frame_shape=shape))


def test_order_of_draws() -> None:
    found = draw(5)
    np.random.seed(5)  # noqa: NPY002
    short = round(np.random.uniform(256, 320))  # noqa: NPY002
    corner = [np.random.randint(0, short - 224), np.random.randint(0, int(456 / 256 * short) - 224)]  # noqa: NPY002
    assert (found['short_side'], found['crops'].tolist()) == (short, [corner])
    assert found['flip'] == (np.random.uniform() < 0.5)  # noqa: NPY002
    assert found['crop_size'] == 224


def test_portrait_frames_are_cropped_along_their_height() -> None:
    corners = np.array([draw(seed, (456, 256), scale=(256, 256), size=256)['crops'][0] for seed in range(50)])
    assert not corners[:, 1].any() and corners[:, 0].max() > 150


def test_equal_sizes_draw_nothing_for_the_place() -> None:
    """The released function cannot do this."""
    assert draw(0, (256, 256), scale=(256, 256), size=256)['crops'].tolist() == [[0, 0]]


def test_mirrors() -> None:
    flips = [draw(seed)['flip'] for seed in range(200)]
    assert 70 < sum(flips) < 130 and set(map(type, flips)) == {bool}
    assert not any(draw(seed, flip=0)['flip'] for seed in range(20))
    assert all(draw(seed, flip=1)['flip'] for seed in range(20))


def test_inverse_draws_differ() -> None:
    plain = [draw(seed, scale=(224, 896))['short_side'] for seed in range(50)]
    inverse = [draw(seed, scale=(224, 896), inverse=True)['short_side'] for seed in range(50)]
    assert np.mean(inverse) < np.mean(plain) - 50


@pytest.mark.parametrize(('options', 'text'), [
    (dict(scale=(300, 200)), r'scale: expected least and largest length, found \(300, 200\)'),
    (dict(size=260), 'size: expected 1 to 256')])
def test_bad_options(options: dict, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        RandomScaleCropFlip(**options)
