"""Clocks, trajectory, calibration and gaze of one take."""

import csv
from pathlib import Path

import numpy as np
import pytest

from egoexo.mini.camera import take_cameras
from egoexo.mini.layouts.egoexo4d_sensors import POST_ROWS, timesync_span, write_sensors
from egoexo.mini.motion import simulate
from egoexo.mini.presets import get_preset, plan_takes

PRESET = get_preset('tiny')
PLAN = plan_takes(PRESET, 0)[3]


@pytest.fixture(scope='module')
def written(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('sensors')
    state = simulate(PLAN, PRESET, 0)
    write_sensors(root, PLAN, state, take_cameras(state, PRESET))
    return root


def read(root: Path, name: str) -> list[dict[str, str]]:
    (path,) = root.rglob(name)
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def test_clock_rows_run_at_30_per_second_on_every_device(written):
    state = simulate(PLAN, PRESET, 0)
    rows = read(written, 'timesync.csv')
    start, end = timesync_span(PLAN, 0, state.num_frames)
    assert len(rows) == end + POST_ROWS
    assert len(rows[start + 1 : end]) == state.num_frames
    assert len(rows[0]) == 5 * 3
    firsts = []
    for prefix, frames_per_row in (('aria01_214-1', 1), ('cam01_0', 2), ('cam04_0', 2)):
        stamps = np.array([int(row[f'{prefix}_capture_timestamp_ns']) for row in rows])
        assert np.abs(np.diff(stamps) - 1e9 / 30).max() <= 1
        numbers = np.array([int(row[f'{prefix}_frame_number']) for row in rows])
        assert set(np.diff(numbers)) == {frames_per_row}
        firsts.append(stamps[start + 1])
    assert len(set(firsts)) == 3  # clocks of their own


def test_trajectory_covers_the_take_at_1_khz(written):
    state = simulate(PLAN, PRESET, 0)
    rows = read(written, 'closed_loop_trajectory.csv')
    stamps = np.array([int(row['tracking_timestamp_us']) for row in rows])
    assert set(np.diff(stamps)) == {1000}
    start, _ = timesync_span(PLAN, 0, state.num_frames)
    first = int(read(written, 'timesync.csv')[start + 1]['aria01_214-1_capture_timestamp_ns'])
    assert stamps[0] * 1000 == first
    assert stamps[-1] - stamps[0] == pytest.approx(state.times[-1] * 1e6, abs=1000)
    norm = np.linalg.norm([[float(row[f'q{axis}_world_device']) for axis in 'xyzw'] for row in rows[::100]], axis=1)
    np.testing.assert_allclose(norm, 1, atol=1e-6)


def test_calibration_is_for_the_raw_video_of_a_gopro(written):
    rows = read(written, 'gopro_calibs.csv')
    assert [row['cam_uid'] for row in rows] == ['cam01', 'cam02', 'cam03', 'cam04']
    for row in rows:
        assert (row['image_width'], row['image_height'], row['intrinsics_type'], row['end_frame_idx'],
                row['quality']) == ('3840', '2160', 'KANNALABRANDTK3', '-1', '1.0')
        assert float(row['intrinsics_0']) == pytest.approx(0.85 * 3840)


def test_gaze_has_ten_rows_per_second(written):
    state = simulate(PLAN, PRESET, 0)
    rows = read(written, 'general_eye_gaze_2d.csv')
    assert len(rows) == -(-(state.num_frames + 1) // 3)
    assert set(np.diff([int(row['tracking_timestamp_us']) for row in rows])) == {100_000}
