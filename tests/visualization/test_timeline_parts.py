import numpy as np
import pytest

from egoexo.visualization.timeline_parts import Page, draw_thumbnails, thumbnail_height


def test_page_places_axes_in_inches_from_the_top():
    page = Page(4, 2)
    box = page.axes(1, 2, 0.5).get_position()
    assert (box.x0, box.x1) == (0.25, 0.75)
    assert (box.y1, box.y0) == (pytest.approx(1 - 0.06 / 2), pytest.approx(1 - 0.56 / 2))
    assert page.cursor == pytest.approx(0.56)


@pytest.mark.parametrize(('shape', 'expected'), [((10, 20), 0.5), ((100, 20), 0.62)])
def test_thumbnails_keep_their_shape(shape, expected):
    page, pictures = Page(4, 2), [np.zeros((*shape, 3), np.uint8)] * 4
    before = page.cursor
    draw_thumbnails(page, pictures, 0, 4)
    assert page.cursor - before == pytest.approx(expected + 0.03) == pytest.approx(thumbnail_height(pictures, 4))
    box = page.figure.axes[0].get_position()
    assert box.width * 4 / (box.height * 2) == pytest.approx(shape[1] / shape[0])
    assert page.figure.axes[3].get_position().x1 <= 1


def test_no_thumbnails_take_no_room():
    page = Page(4, 2)
    draw_thumbnails(page, [], 0, 4)
    assert (page.cursor, thumbnail_height([], 4), page.figure.axes) == (0.06, 0, [])
