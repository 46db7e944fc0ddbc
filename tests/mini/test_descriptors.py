"""Descriptors against slow straightforward formulas and against pictures whose answer is plain."""

import numpy as np
import pytest

from egoexo.errors import VideoError
from egoexo.mini import descriptors
from egoexo.mini.descriptors import describe, gaze_boxes, shrink

RED, GREEN, GREY = (20, 20, 210), (20, 210, 20), (120, 120, 120)
RED_BIN, GREEN_BIN = 0, 4  # of the twelve strong hues


def clip(num_frames: int, color=GREY) -> np.ndarray:
    return np.tile(np.array(color, np.uint8), (num_frames, 48, 48, 1))


def test_gaze_boxes_follow_valid_points_and_stay_inside():
    gaze = np.array([
        [0.9, 0.9, 0],  # invalid before any valid sample: centre
        [0.5, 0.25, 1],
        [0.1, 0.1, 0],  # invalid: the last one stays
        [1.3, -0.2, 1],  # outside: clamped
    ])
    boxes = gaze_boxes(gaze, 5, 25.0, (128, 96), gaze_fps=25.0)
    np.testing.assert_array_equal(boxes, [[40, 24, 48], [40, 0, 48], [40, 0, 48], [80, 0, 48], [80, 0, 48]])


def test_gaze_is_read_by_time_not_by_frame_number():
    gaze = np.stack([np.linspace(0, 1, 31), np.full(31, 0.5), np.ones(31)], axis=1)  # one second at 30 Hz
    boxes = gaze_boxes(gaze, 25, 25.0, (1000, 1000))
    centres = (boxes[:, 0] + 250) / 1000
    expected = np.rint(np.arange(25) * 30 / 25) / 30
    inside = (expected > 0.25) & (expected < 0.75)
    np.testing.assert_allclose(centres[inside], expected[inside], atol=1e-3)


def test_shrink_cuts_the_window_it_is_given():
    frames = np.zeros((3, 96, 128, 3), np.uint8)
    frames[:, 10:58, 60:108] = RED
    boxes = np.array([[60, 10, 48]] * 3)
    whole, crop = shrink([frames[:1], frames[1:]], (None, boxes))
    np.testing.assert_array_equal(crop, clip(3, RED))
    assert whole.shape == (3, 48, 48, 3)
    assert 0 < (whole == RED).all(axis=-1).mean() < 0.3


@pytest.mark.parametrize(('num_boxes', 'found'), [(2, 'decoded 3'), (4, 'decoded 3')])
def test_shrink_refuses_windows_for_other_frames(num_boxes, found):
    with pytest.raises(VideoError, match=rf'{found} frames, expected {num_boxes}'):
        shrink([np.zeros((3, 96, 128, 3), np.uint8)], (np.array([[0, 0, 48]] * num_boxes),))


def test_shrink_refuses_an_empty_video():
    with pytest.raises(VideoError, match='decoded 0 frames'):
        shrink([])


def test_color_table_is_a_soft_assignment():
    table = descriptors._color_table().numpy()
    np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-6)
    for color, wanted in ((RED, RED_BIN), (GREEN, GREEN_BIN), ((16, 16, 16), 16), ((240, 240, 240), 19)):
        blue, green, red = (channel >> 4 for channel in color)
        assert table[blue << 8 | green << 4 | red].argmax() == wanted


def test_pooling_equals_the_slow_formula_across_chunks():
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (descriptors.CHUNK + 5, 48, 48, 3), dtype=np.uint8)
    cells, motion, weight, grey = descriptors._pool(small)
    table = descriptors._color_table().numpy()
    codes = (small[..., 0] // 16).astype(int) * 256 + (small[..., 1] // 16) * 16 + small[..., 2] // 16
    luma = np.rint(small @ np.array([0.114, 0.587, 0.299]))
    for index in (0, descriptors.CHUNK - 1, descriptors.CHUNK, len(small) - 1):
        colors = table[codes[index]]
        np.testing.assert_allclose(cells[index], colors.reshape(12, 4, 12, 4, 20).sum((1, 3)).reshape(144, 20), 1e-4)
        neighbours = [luma[n] for n in (index - 1, index + 1) if 0 <= n < len(small)]
        moved = np.maximum(np.max([np.abs(luma[index] - other) for other in neighbours], axis=0) - 6, 0)
        by_quadrant = moved.reshape(2, 24, 2, 24)
        np.testing.assert_allclose(weight[index], by_quadrant.sum((1, 3)).reshape(4), rtol=0.01)
        expected = (moved[..., None] * colors).reshape(2, 24, 2, 24, 20).sum((1, 3)).reshape(4, 20)
        np.testing.assert_allclose(motion[index], expected, rtol=0.02)
        np.testing.assert_allclose(grey[index], luma[index].reshape(8, 6, 8, 6).mean((1, 3)), atol=0.5)


def test_shapes_and_zero_mean_of_the_color_part():
    d = describe(clip(30, RED), 25.0)
    assert (d.color.shape, d.moving.shape, d.rhythm.shape) == ((30, 460), (30, 100), (30, 68))
    np.testing.assert_allclose(d.color.mean(axis=1), 0, atol=1e-6)
    assert d.color[0, :20].argmax() == RED_BIN


def test_centre_histogram_sees_the_centre_and_grids_their_place():
    frames = clip(5)
    frames[:, 20:28, 20:28] = RED
    frames[:, :12, :12] = GREEN
    color = describe(frames, 25.0).color[0].reshape(23, 20)
    assert color[1, RED_BIN] > color[0, RED_BIN] > color[3, RED_BIN]
    grids = color[7:].reshape(4, 4, 20)[..., GREEN_BIN]
    assert np.unravel_index(grids.argmax(), grids.shape) == (0, 0)


def test_moving_part_names_the_color_of_what_moves():
    frames = clip(40)
    frames[:, 2:10, 2:10] = GREEN  # stands still
    for index in range(40):
        frames[index, 30:38, 4 + index // 2 : 12 + index // 2] = RED
    moving = describe(frames, 25.0).moving
    assert moving[20, :20].argmax() in (RED_BIN, 17)  # the square and the background it uncovers
    assert moving[20, RED_BIN] > 10 * moving[20, GREEN_BIN]
    assert describe(frames[:1].repeat(40, 0), 25.0).moving.max() == 0


@pytest.mark.parametrize(('hertz', 'band'), [(10.0, 0), (2.5, 2), (0.8, 3)])
def test_rhythm_sorts_flicker_into_bands(hertz, band):
    t = np.arange(200) / 25.0
    frames = (120 + 40 * np.sin(2 * np.pi * hertz * t))[:, None, None, None] + np.zeros((200, 48, 48, 3))
    assert describe(frames.astype(np.uint8), 25.0).rhythm[100, :4].argmax() == band


def test_temporal_widths_scale_with_the_frame_rate():
    t25, t50 = np.arange(100) / 25.0, np.arange(200) / 50.0

    def flicker(t: np.ndarray) -> np.ndarray:
        return ((120 + 40 * np.sin(2 * np.pi * t))[:, None, None, None] + np.zeros((1, 48, 48, 3))).astype(np.uint8)

    slow, fast = describe(flicker(t25), 25.0).rhythm, describe(flicker(t50), 50.0).rhythm
    np.testing.assert_allclose(fast[::2][20:80], slow[20:80], atol=0.25)
