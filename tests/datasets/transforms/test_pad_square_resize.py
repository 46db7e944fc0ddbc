import cv2
import numpy as np
import pytest

from egoexo.datasets.transforms.pad_square_resize import PadSquareResizeNearest, fits
from egoexo.errors import AnnotationError, ConfigError, DataError
from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.formats.rle import encode_mask

SIZES = [(2, 2), (90, 160), (91, 160), (160, 91), (96, 96), (135, 240), (181, 107), (540, 960), (539, 960), (704, 704),
         (701, 405)]


def official(pixels: np.ndarray, size: int) -> np.ndarray:
    """What the released loader does, in its order: canvas, paste, resize."""
    height, width = pixels.shape[:2]
    side = max(height, width)
    canvas = np.zeros((side, side, *pixels.shape[2:]), np.uint8)
    canvas[(side - height) // 2:(side - height) // 2 + height,
           (side - width) // 2:(side - width) // 2 + width] = pixels
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_NEAREST)


@pytest.mark.parametrize('side', [480, 96])
@pytest.mark.parametrize('size', SIZES)
def test_pictures_and_masks_of_many_sizes(size: tuple[int, int], side: int) -> None:
    rng = np.random.default_rng(sum(size))
    pictures = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(2)]
    # Masks keep the resolution of the video, pictures are made smaller.
    masks = [(rng.random((2 * size[0], 2 * size[1])) < 0.4).astype(np.uint8) for _ in range(2)]
    results = PadSquareResizeNearest(side).transform(dict(
        query_picture=pictures[0], target_picture=pictures[1], query_rle=encode_mask(masks[0]),
        target_rle=encode_mask(masks[1])))
    for role, picture, mask in zip(('query', 'target'), pictures, masks, strict=True):
        assert np.array_equal(results[f'{role}_picture'], official(picture, side))
        assert np.array_equal(results[f'{role}_picture'], nearest_resize(official(picture, max(size)), (side, side)))
        assert np.array_equal(results[f'{role}_mask'], official(mask, side))


def test_one_pixel_of_padding() -> None:
    picture = np.full((3, 4, 3), 9, np.uint8)  # an odd difference, at which the released code fails
    results = PadSquareResizeNearest(4).transform(dict(
        query_picture=picture, target_picture=picture.transpose(1, 0, 2).copy(), query_rle=None, target_rle=None))
    assert results['query_picture'][..., 0].tolist() == [[9] * 4, [9] * 4, [9] * 4, [0] * 4]
    assert results['target_picture'][..., 0].tolist() == [[9, 9, 9, 0]] * 4
    assert results['query_mask'].tolist() == [[0] * 4] * 4


def test_a_shared_picture_is_resized_once() -> None:
    transform = PadSquareResizeNearest(8)
    first, second = (np.full((4, 8, 3), value, np.uint8) for value in (1, 2))
    results = [transform.transform(dict(query_picture=first, target_picture=target, query_rle=None, target_rle=None))
               for target in (second, first, first.copy())]
    assert results[0]['query_picture'] is results[1]['query_picture'] is results[1]['target_picture']
    assert results[2]['target_picture'] is not results[0]['query_picture']
    assert results[0]['target_picture'].max() == 2


def test_an_address_used_again_is_no_shared_picture() -> None:
    transform = PadSquareResizeNearest(8)
    for value in range(50):
        picture = np.full((4, 8, 3), value, np.uint8)
        results = transform.transform(dict(query_picture=picture, target_picture=picture, query_rle=None,
                                           target_rle=None))
        assert results['query_picture'].max() == value
        del picture, results


def test_mask_with_other_proportions_than_its_picture() -> None:
    picture = np.zeros((540, 960, 3), np.uint8)
    results = dict(query_picture=picture, target_picture=picture, query_rle=None, target_path='takes/x/cam01/30.jpg',
                   target_rle=encode_mask(np.ones((1408, 1408), np.uint8)))
    with pytest.raises(DataError, match=r'cam01/30\.jpg: expected the proportions of its mask, 1408x1408, found '
                                        r'960x540\. Extract the pictures again'):
        PadSquareResizeNearest().transform(results)


def test_damaged_mask_and_wrong_size() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(AnnotationError, match='query mask counts: expected run lengths that add up to 4 x 4'):
        PadSquareResizeNearest(8).transform(dict(query_picture=picture, target_picture=picture, target_rle=None,
                                                 query_rle=dict(size=[4, 4], counts='1')))
    with pytest.raises(ConfigError, match='PadSquareResizeNearest, size: expected a side of 1 to 4096 pixels, found 0'):
        PadSquareResizeNearest(0)


def test_rounded_sizes_fit() -> None:
    assert fits((1520, 2704), (380, 676)) and fits((2160, 3840), (252, 448)) and fits((3025, 3024), (448, 448))
    assert not fits((2160, 3840), (2160, 2160)) and not fits((1408, 1408), (480, 470))
