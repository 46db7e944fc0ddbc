"""Pictures padded and resized by the released code, by our transform."""

import numpy as np
import pytest
from tests_support import parity_dir

from egoexo.datasets.transforms.pad_square_resize import PadSquareResizeNearest
from egoexo.formats.rle import encode_mask

OWNS = {'correspondence': ['padsquare_image.npz']}

FIXTURE = parity_dir('correspondence') / 'padsquare_image.npz'


@pytest.mark.parametrize(('picture', 'expected'), [('img', 'out_sub'), ('img2', 'out2_sub')])
def test_pictures_of_the_released_loader(picture: str, expected: str) -> None:
    with np.load(FIXTURE, allow_pickle=False) as arrays:
        pixels, official = arrays[picture], arrays[expected]
    mask = encode_mask(pixels[..., 0] > 100)
    ours = PadSquareResizeNearest(size=480).transform(
        dict(query_picture=pixels, target_picture=pixels[:, ::-1].copy(), query_rle=mask, target_rle=None))
    assert ours['query_picture'].shape == (480, 480, 3) and ours['query_picture'].dtype == np.uint8
    assert np.array_equal(ours['query_picture'][::4, ::4], official)
    # A mask goes the way of a picture, and the padding belongs to nothing.
    assert np.array_equal(ours['query_mask'], ours['query_picture'][..., 0] > 100)
    assert ours['target_mask'].sum() == 0
