import cv2
import numpy as np
import pytest

from egoexo.datasets.square_mask import square_mask
from egoexo.errors import AnnotationError
from egoexo.evaluation.functional.correspondence_resize import nearest_resize, pad_square
from egoexo.formats.rle import decode_rle, encode_mask

SIZES = [(1, 1), (1, 7), (7, 1), (2, 3), (3, 2), (48, 64), (64, 48), (90, 160), (91, 160), (160, 91), (96, 96),
         (135, 240), (181, 107), (352, 352), (479, 481), (540, 960), (720, 405)]


def masks_of(size: tuple[int, int], seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    height, width = size
    touching = np.zeros(size, np.uint8)
    touching[:, width // 3:] = 1  # one run over many columns
    blobs = cv2.GaussianBlur(rng.random(size), (0, 0), 4) > 0.5
    return [np.zeros(size, np.uint8), np.ones(size, np.uint8), touching, touching.T[:height] if height == width else
            1 - touching, (rng.random(size) < 0.5).astype(np.uint8), (rng.random(size) < 0.01).astype(np.uint8),
            blobs.astype(np.uint8)]


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('side', [480, 96, 17])
def test_equals_decoding_padding_and_resizing(size: tuple[int, int], side: int) -> None:
    for mask in masks_of(size, sum(size)):
        rle = encode_mask(mask)
        square = square_mask(rle, side)
        assert square.dtype == np.uint8 and square.flags.writeable
        assert np.array_equal(square, nearest_resize(pad_square(decode_rle(rle)), (side, side)))
        assert np.array_equal(square, cv2.resize(pad_square(mask), (side, side), interpolation=cv2.INTER_NEAREST))


def test_values_of_a_small_mask() -> None:
    mask = np.array([[1, 0, 0, 1]], np.uint8)
    assert square_mask(encode_mask(mask), 4).tolist() == [[0] * 4, [1, 0, 0, 1], [0] * 4, [0] * 4]
    assert square_mask(encode_mask(mask), 2).tolist() == [[0, 0], [0, 0]]
    assert square_mask(encode_mask(np.ones((2, 1), np.uint8)), 4).tolist() == [[1, 1, 0, 0]] * 4


def test_empty_runs_of_other_writers() -> None:
    # 0 zeros, 2 ones, 0 zeros, 1 one, 1 zero: the second and third run touch.
    rle = dict(size=[2, 2], counts='020O1')
    assert decode_rle(rle).tolist() == square_mask(rle, 2).tolist()


def test_damaged_mask_is_named() -> None:
    with pytest.raises(AnnotationError, match='mask of the cup counts: expected run lengths that add up to 4 x 4 = 16'):
        square_mask(dict(size=[4, 4], counts='5'), 8, 'mask of the cup')
