import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from egoexo.visualization.mask_overlay import (
    ANNOTATED_COLOR,
    PREDICTED_COLOR,
    MaskedPicture,
    draw_close_up,
    draw_masked_picture,
    mask_box,
    outline_handles,
    window_around,
)


def box_mask(size, left, top, right, bottom):
    mask = np.zeros(size, dtype=np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def draw(picture, window=None, inches=3.0):
    height, width = picture.size
    figure = Figure(figsize=(inches, inches * height / width))
    axes = figure.add_axes((0, 0, 1, 1))
    draw_masked_picture(axes, picture, inches, window)
    return figure, axes


def patches(axes):
    return {patch.get_gid(): patch for patch in axes.patches}


def test_box_is_stretched_onto_the_picture():
    assert mask_box(box_mask((20, 40), 10, 5, 20, 15), (200, 200)) == (50, 50, 100, 150)
    assert mask_box(np.zeros((4, 4)), (8, 8)) is None


@pytest.mark.parametrize(('box', 'aspect', 'window'), [
    ((40, 40, 60, 60), 1.0, (30, 30, 70, 70)), ((0, 0, 20, 20), 1.0, (0, 0, 40, 40)),
    ((90, 40, 100, 60), 2.0, (20, 30, 100, 70)), ((0, 0, 100, 100), 1.0, (0, 0, 100, 100)),
    ((50, 50, 51, 51), 1.0, (44.5, 44.5, 56.5, 56.5))])
def test_window_stays_inside_the_picture(box, aspect, window):
    assert window_around(box, (100, 100), aspect, room=2.0) == pytest.approx(window)


def test_kinds_of_outline_differ_in_colour_and_line():
    mask = box_mask((10, 10), 2, 2, 6, 6)
    picture = MaskedPicture(np.zeros((20, 40, 3), np.uint8), mask, mask, mask)
    found = patches(draw(picture)[1])
    assert list(found) == ['given', 'given outline', 'predicted', 'annotated']
    assert to_hex(found['predicted'].get_edgecolor()) == PREDICTED_COLOR
    assert to_hex(found['annotated'].get_edgecolor()) == ANNOTATED_COLOR
    assert found['predicted'].get_linestyle() == 'solid' and found['annotated'].get_linestyle() != 'solid'


def test_outline_follows_the_border_with_holes_and_at_the_edge():
    mask = box_mask((10, 10), 0, 0, 6, 6)
    mask[2:4, 2:4] = 0
    path = patches(draw(MaskedPicture(np.zeros((20, 40, 3), np.uint8), predicted=mask))[1])['predicted'].get_path()
    assert path.get_extents().extents.tolist() == pytest.approx([0, 0, 24, 12])
    assert sum(code == path.MOVETO for code in path.codes) == 2


def test_given_mask_is_filled_but_for_its_holes():
    mask = box_mask((10, 10), 0, 0, 10, 10)
    mask[4:6, 4:6] = 0
    figure, _ = draw(MaskedPicture(np.zeros((100, 100, 3), np.uint8), given=mask))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    blue = np.asarray(canvas.buffer_rgba())[..., 2]
    height, width = blue.shape
    assert blue[height // 5, width // 5] > 80 and blue[height // 2, width // 2] == 0


def test_mask_of_an_object_that_is_said_to_be_hidden_is_thin():
    mask = box_mask((10, 10), 2, 2, 6, 6)
    image = np.zeros((20, 20, 3), np.uint8)
    widths = [patches(draw(MaskedPicture(image, predicted=mask, hidden=hidden))[1])['predicted'].get_linewidth()
              for hidden in (False, True)]
    assert widths[1] < widths[0]


def test_speckled_mask_leaves_the_picture_in_sight():
    mask = np.zeros((40, 40), np.uint8)
    mask[::4, ::4] = 1
    image = np.zeros((40, 40, 3), np.uint8)
    speckled, plain = (patches(draw(MaskedPicture(image, predicted=value))[1])['predicted']
                       for value in (mask, np.ones_like(mask)))
    assert speckled.get_linewidth() < plain.get_linewidth()
    assert not speckled.get_path_effects() and plain.get_path_effects()


def test_empty_masks_are_no_outline():
    picture = MaskedPicture(np.zeros((20, 20, 3), np.uint8), None, None, np.zeros((5, 5), bool))
    assert not draw(picture)[1].patches and picture.box() is None


@pytest.mark.parametrize('side', [4, 160, 1408])
def test_pictures_of_any_size_have_the_pixels_that_are_printed(side):
    _, axes = draw(MaskedPicture(np.full((side, 2 * side, 3), 9, np.uint8)))
    assert axes.images[0].get_array().shape == (450, 900, 3)
    assert axes.images[0].get_extent() == [0, 2 * side, side, 0]


def test_window_is_cut_out():
    image = np.zeros((100, 100, 3), np.uint8)
    image[50:, 50:] = 255
    _, axes = draw(MaskedPicture(image), (60.0, 60.0, 80.0, 80.0))
    assert axes.images[0].get_array().min() == 255 and axes.get_xlim() == (60, 80) and axes.get_ylim() == (80, 60)


@pytest.mark.parametrize(('box', 'answer', 'corner'), [
    ((10, 10, 14, 14), 'bottom', (1, 0)), ((180, 80, 186, 90), 'top', (0, 1)), ((180, 10, 186, 16), 'bottom', (0, 0)),
    ((10, 80, 16, 86), 'top', (1, 1))])
def test_close_up_is_in_the_farthest_corner(box, answer, corner):
    picture = MaskedPicture(np.zeros((100, 200, 3), np.uint8), given=box_mask((100, 200), *box))
    figure, axes = draw(picture)
    assert draw_close_up(figure, axes, picture, 3.0) == answer
    close = figure.axes[1].get_position()
    assert figure.axes[1].get_gid() == 'close-up' and close.height == pytest.approx(0.46)
    assert (close.x1 == pytest.approx(1), close.y1 == pytest.approx(1)) == corner
    assert 'close-up window' in patches(axes) and len(figure.artists) == 2


@pytest.mark.parametrize('box', [None, (20, 20, 80, 80), (95, 45, 105, 55)])
def test_no_close_up_without_need_or_room(box):
    mask = np.zeros((100, 200)) if box is None else box_mask((100, 200), *box)
    picture = MaskedPicture(np.zeros((100, 200, 3), np.uint8), given=mask)
    figure, axes = draw(picture)
    shown = draw_close_up(figure, axes, picture, 0.8 if box and box[0] == 95 else 3.0)
    assert shown == '' and len(figure.axes) == 1


def test_legend_entries():
    names = [handle.get_label() for handle in outline_handles(('given', 'predicted', 'annotated'))]
    assert names == ['given mask', 'predicted', 'annotated']
