"""Masks as run lengths."""

import numpy as np
import pytest
from pycocotools import mask as coco

from egoexo.errors import AnnotationError, PredictionError
from egoexo.formats.rle import check_rle, decode_rle, encode_mask, rle_area, rle_box, rle_runs

#: 2 rows, 3 columns; down the columns: 0 1 | 1 1 | 0 0.
MASK = np.array([[0, 1, 0], [1, 1, 0]], dtype=np.uint8)


def masks():
    rng = np.random.default_rng(3)
    for share in (0, 0.02, 0.5, 0.98, 1):
        for height, width in ((1, 1), (1, 9), (9, 1), (40, 33), (33, 40)):
            yield (rng.random((height, width)) < share).astype(np.uint8)
    yield np.ones((40, 30), dtype=np.uint8) * (np.arange(30) > 14)
    yield np.pad(np.ones((5, 4), dtype=np.uint8), ((200, 700), (300, 100)))


def test_runs_go_down_the_columns():
    rle = encode_mask(MASK)
    assert rle == {'size': [2, 3], 'counts': '132'}
    assert rle_runs(rle).tolist() == [1, 3, 2]
    assert rle_runs(rle).dtype == np.int64
    assert decode_rle(rle).tolist() == MASK.tolist()
    assert (rle_area(rle), rle_box(rle)) == (3, (0, 0, 1, 1))


@pytest.mark.parametrize('mask', list(masks()), ids=lambda mask: f'{mask.shape}-{mask.sum()}')
def test_equals_pycocotools(mask):
    rle = encode_mask(mask)
    assert np.array_equal(decode_rle(rle), mask)
    assert np.array_equal(decode_rle(rle), coco.decode(rle))
    assert rle_runs(rle).sum() == mask.size
    assert rle_area(rle) == mask.sum()
    rows, columns = np.nonzero(mask)
    expected = (columns.min(), rows.min(), columns.max(), rows.max()) if rows.size else None
    assert rle_box(rle) == expected


def test_other_types_and_values():
    rle = encode_mask(MASK)
    assert encode_mask(MASK.astype(bool)) == encode_mask(MASK * 255) == encode_mask(MASK * 0.5) == rle
    assert all(type(side) is int for side in rle['size'])
    assert decode_rle({'size': (2, 3), 'counts': '132', 'area': 3}).dtype == np.uint8


def test_empty_runs_in_the_middle_count():
    rle = {'size': [2, 3], 'counts': '1105'}  # the fourth is a difference: 5 + 1
    with pytest.raises(AnnotationError, match='found a sum of 8'):
        rle_runs(rle)
    rle = {'size': [2, 3], 'counts': '1103'}
    assert rle_runs(rle).tolist() == [1, 1, 0, 4]
    assert decode_rle(rle).tolist() == coco.decode(rle).tolist() == [[0, 1, 1], [1, 1, 1]]
    assert rle_box(rle) == (0, 0, 2, 1)


def test_check_drops_other_keys_and_leaves_the_runs():
    assert check_rle({'size': (2, 3), 'counts': '9', 'area': 3}) == {'size': [2, 3], 'counts': '9'}


@pytest.mark.parametrize(('value', 'message'), [
    (None, r"frame 3: expected a mask \{'size': \[height, width\], 'counts': text\}, found None. The mask is damaged"),
    ([1], 'found [1]'), ({'size': [2, 3]}, "found {'size'"), ({'size': 6, 'counts': '132'}, 'expected a mask'),
    ({'size': [2, 3], 'counts': b'132'}, 'expected a mask'), ({'size': [2, 3], 'counts': [1, 3, 2]}, 'expected a mask'),
    ({'size': [2], 'counts': '132'}, r'size: expected height and width of at most 67,108,864 pixels, found \[2\]'),
    ({'size': [2, 3.0], 'counts': '132'}, 'found [2, 3.0]'), ({'size': [2, True], 'counts': '132'}, 'True'),
    ({'size': [0, 3], 'counts': '132'}, r'found \[0, 3\]'), ({'size': [-2, -3], 'counts': '132'}, r'found \[-2, -3\]'),
    ({'size': [10**6, 10**6], 'counts': '132'}, '1000000'), ({'size': [2, 3], 'counts': '\u00e9'}, 'ASCII characters'),
    ({'size': [2, 3], 'counts': '0' * (2**24 + 1)}, 'at most 16,777,216 ASCII characters, found 16,777,217'),
])
def test_refuses_what_is_no_mask(value, message):
    with pytest.raises(AnnotationError, match=message.replace('[1]', r'\[1\]').replace('[2, 3.0]', r'\[2, 3.0\]')):
        check_rle(value, 'frame 3')


def test_the_class_of_the_refusal_can_be_chosen():
    with pytest.raises(PredictionError, match='pred_mask: expected a mask'):
        check_rle({}, 'pred_mask', PredictionError)


@pytest.mark.parametrize(('counts', 'message'), [
    ('', "mask counts: expected run lengths in the compressed form of COCO, found ''"),
    ('1 3', 'compressed form'), ('13p', 'compressed form'), ('13\x00', 'compressed form'),
    ('13P', 'compressed form'),  # says that the number goes on
    ('PPPPPPP1', 'numbers of at most 7 characters, found one of 8'),
    ('133', r'add up to 2 x 3 = 6 pixels, found a sum of 7'), ('13', 'found a sum of 4'),
    ('13O', 'found a negative one'), ('1' * 50, 'found a sum of'), ('oooooo3', 'found a sum of'),
])
def test_refuses_damaged_runs(counts, message):
    for function in (rle_runs, decode_rle, rle_area, rle_box):
        with pytest.raises(AnnotationError, match=message):
            function({'size': [2, 3], 'counts': counts})


@pytest.mark.parametrize('mask', [np.zeros(3), np.zeros((2, 3, 1)), np.zeros((0, 3))])
def test_encodes_one_mask_at_a_time(mask):
    with pytest.raises(AnnotationError, match=r'an array \(H, W\) of at most'):
        encode_mask(mask)
