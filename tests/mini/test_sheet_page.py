"""Parts of the contact sheets: colours, pictures by number, even choice."""

import numpy as np
import pytest

from egoexo.mini.sheet_page import (
    WIDTH,
    Page,
    class_color,
    draw_picture,
    draw_timeline,
    middle_frame,
    read_frames,
    spread,
)
from egoexo.mini.video import write_mp4


def test_colors_tell_all_classes_apart():
    colors = np.array([class_color(index) for index in range(28)])
    assert ((colors >= 0) & (colors <= 1)).all()
    distance = np.abs(colors[:, None] - colors[None]).max(axis=2)
    assert distance[~np.eye(28, dtype=bool)].min() > 0.03
    assert np.ptp(colors[0]) < 0.05  # background is grey


def test_frames_are_fetched_by_number(tmp_path):
    levels = np.arange(120) // 8 + 20
    frames = np.broadcast_to(levels[:, None, None, None], (120, 64, 64, 3)).astype(np.uint8)
    write_mp4(tmp_path / 'grey.mp4', [frames], 25.0, (64, 64))
    later, first, last = (frame.mean() for frame in read_frames(tmp_path / 'grey.mp4', [40, 0, 100]))
    assert later - first == pytest.approx(5, abs=0.8)
    assert last - first == pytest.approx(12, abs=0.8)


@pytest.mark.parametrize(('count', 'expected'), [(0, []), (1, [0]), (3, [0, 5, 10]), (20, list(range(11)))])
def testspread_is_even(count, expected):
    assert spread(list(range(11)), count) == expected


def test_a_page_is_filled_in_pixels_and_has_no_date_in_it(takes, tmp_path):
    state = takes[0]
    for name in ('a.png', 'b.png'):
        page = Page(300)
        page.text(40, 'title')
        page.y += 40
        draw_picture(page.axes(40, 60, 60), np.full((8, 8, 3), (255, 0, 0), np.uint8), class_color(1))
        draw_timeline(page.axes(40, WIDTH - 80, 46, down=80), state)
        page.save(tmp_path / name)
    assert (tmp_path / 'a.png').read_bytes() == (tmp_path / 'b.png').read_bytes()
    assert b'tIME' not in (tmp_path / 'a.png').read_bytes()


def test_the_middle_frame_lies_inside_its_step(takes):
    for state in takes[:4]:
        assert [state.step_labels()[middle_frame(state, step)] for step in state.steps] == [
            step.class_id for step in state.steps]
