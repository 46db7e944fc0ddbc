"""Turned pictures: to the left, cut to 3:4; boxes move with what they surround."""

import numpy as np
import pytest

from egoexo.mini.epic_portrait import turn_boxes, turn_pictures, turned_columns


@pytest.mark.parametrize(('width', 'height', 'columns'), [(32, 32, (4, 28)), (48, 26, (0, 26)), (40, 36, (3, 33))])
def test_columns_in_the_middle_are_kept(width, height, columns):
    assert turned_columns(width, height) == columns


def test_the_right_side_comes_up():
    picture = np.arange(12).reshape(1, 3, 4)
    assert turn_pictures(picture).tolist() == [[[3, 7, 11], [2, 6, 10], [1, 5, 9], [0, 4, 8]]]
    colours = np.stack([picture, -picture], -1)
    assert turn_pictures(colours)[..., 1].tolist() == (-turn_pictures(picture)).tolist()


@pytest.mark.parametrize('shape', [(32, 32), (26, 48)])
def test_boxes_follow_their_pixels(shape):
    picture = np.zeros((1, *shape), np.uint8)
    picture[0, 8:12, 5:19] = 1
    (turned,) = turn_pictures(picture)
    y, x = np.nonzero(turned)
    boxes = turn_boxes(np.array([[5.0, 8.0, 18.0, 11.0]]), shape[1], shape[0])
    assert boxes.tolist() == [[x.min(), y.min(), x.max(), y.max()]]
