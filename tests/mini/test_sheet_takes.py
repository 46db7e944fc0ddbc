"""The contact sheet of takes: all cameras of one moment side by side."""

import dataclasses
import itertools

import cv2
import numpy as np
import pytest

from egoexo.mini.presets import get_preset
from egoexo.mini.request import Request
from egoexo.mini.sheet_takes import draw_take_sheet
from egoexo.mini.take_family import _record, plan_jobs
from egoexo.mini.video import write_mp4

LEVELS = (60, 100, 140, 180, 220)


@pytest.fixture(scope='module')
def records(tmp_path_factory) -> list:
    """Two takes whose cameras show one grey level each."""
    jobs = plan_jobs(tmp_path_factory.mktemp('grey'), Request(get_preset('tiny'), 0))[:2]
    records = [_record(job) for job in jobs]
    for record in records:
        for level, (cam_id, path) in zip(LEVELS, record.video_paths.items(), strict=True):
            size = (160, 160) if cam_id == 'aria01' else (160, 90)
            frames = np.full((record.state.num_frames, size[1], size[0], 3), level, np.uint8)
            write_mp4(path, [frames], 30.0, size)
    return records


def test_sheet_shows_every_camera_and_is_the_same_each_time(records, tmp_path):
    first, second = draw_take_sheet(records, tmp_path / 'a.png'), draw_take_sheet(records, tmp_path / 'b.png')
    assert first.read_bytes() == second.read_bytes()
    picture = cv2.imread(str(first))
    assert picture.shape[1] == 1600
    # Left to right, whatever the row: head camera, then cam01 .. cam04.
    places = [int(np.median(np.nonzero((np.abs(picture.astype(int) - level) <= 5).all(axis=2))[1])) for level in LEVELS]
    assert places == sorted(places)
    assert np.diff(places).min() > 200


def test_masks_are_outlined_in_every_camera(records, tmp_path):
    """Grey videos: saturated colours inside a picture come from outlines; each camera has several of them."""
    picture = cv2.imread(str(draw_take_sheet(records, tmp_path / 'a.png'))).astype(int)
    bare = [dataclasses.replace(record, masks={name: {} for name in record.masks}) for record in records]
    plain = cv2.imread(str(draw_take_sheet(bare, tmp_path / 'b.png'))).astype(int)
    changed = (np.abs(picture - plain).max(axis=2) > 60) & (np.ptp(picture, axis=2) > 60)
    columns = np.flatnonzero(changed.any(axis=0))
    bounds = np.linspace(40, 1560, 11)
    assert sum(((columns >= low) & (columns < high)).any() for low, high in itertools.pairwise(bounds)) >= 5
    assert changed.sum() > 500
