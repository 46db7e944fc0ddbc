"""The contact sheet: size, bytes, colours and which steps it shows."""

import dataclasses

import cv2
import numpy as np
import pytest

from egoexo.mini.motion import simulate
from egoexo.mini.presets import get_preset, plan_videos
from egoexo.mini.record import VideoRecord
from egoexo.mini.sheet import _shown_steps, draw_sheet
from egoexo.mini.video import write_mp4


@pytest.fixture(scope='module')
def records(tmp_path_factory) -> list[VideoRecord]:
    """Four videos of one grey level each, brighter by the frame."""
    folder = tmp_path_factory.mktemp('sheet')
    preset = dataclasses.replace(get_preset('tiny'), ego_splits=(1, 1, 1), exo_splits=(1, 1, 1), max_steps=3)
    made = []
    for plan in plan_videos(preset, 0):
        state = simulate(plan, preset, 0)
        size = (64, 64) if plan.view == 'ego' else (96, 54)
        levels = np.arange(state.num_frames) // 8 % 200 + 20
        frames = np.broadcast_to(levels[:, None, None, None], (len(levels), size[1], size[0], 3)).astype(np.uint8)
        write_mp4(folder / f'{plan.uid}.mp4', [frames], 25.0, size)
        gaze = np.tile([0.5, 0.5, 1.0], (2000, 1)) if plan.view == 'ego' else None
        made.append(VideoRecord(plan, state, gaze, folder / f'{plan.uid}.mp4', {}, size))
    return made


def test_sheet_is_1600_pixels_wide_and_the_same_each_time(records, tmp_path):
    first, second = draw_sheet(records, tmp_path / 'a.png'), draw_sheet(records, tmp_path / 'sub' / 'b.png')
    picture = cv2.imread(str(first))
    assert picture.shape[1] == 1600
    assert 900 < picture.shape[0] < 1700
    assert first.read_bytes() == second.read_bytes()
    # Gaze is drawn on ego pictures: a white ring that the grey videos do not have.
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 200


def test_sheet_of_the_tiny_world(mini_root):
    assert cv2.imread(str(mini_root / 'contact_sheet.png')).shape[1] == 1600


def test_each_class_is_shown_before_one_is_shown_twice(world):
    plan, state = world[0]
    shown = _shown_steps(VideoRecord(plan, state))
    assert len(shown) == 9
    assert [step.start_sec for step in shown] == sorted(step.start_sec for step in shown)
    assert len({step.class_id for step in shown}) == min(9, len({step.class_id for step in state.steps}))
