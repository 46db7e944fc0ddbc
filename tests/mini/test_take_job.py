"""One take from state to files: five videos on one clock, features and cameras that fit the written frames."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from egoexo.mini import motion, take_job
from egoexo.mini.calibration import KB3_COEFFICIENTS
from egoexo.mini.camera import CameraPath, take_cameras
from egoexo.mini.features import extract
from egoexo.mini.job import one_thread
from egoexo.mini.presets import get_preset, plan_takes
from egoexo.mini.render import render_frames
from egoexo.mini.state import TakeState
from egoexo.mini.take_job import TakeJob, make_take, take_duration
from egoexo.mini.video import read_mp4

CAMERAS = ('aria01', 'cam01', 'cam02', 'cam03', 'cam04')
PRESET = get_preset('tiny')


@dataclasses.dataclass
class Take:
    """A take on disk, found through ``takes.json`` as official code does, and its state."""

    root: Path
    entry: dict
    state: TakeState
    cameras: dict[str, CameraPath]

    @property
    def folder(self) -> Path:
        return self.root / self.entry['root_dir']

    def video(self, cam_id: str) -> Path:
        (stream,) = self.entry['frame_aligned_videos'][cam_id].values()
        return self.folder / stream['relative_path']

    def frames(self, cam_id: str) -> np.ndarray:
        return np.concatenate(list(read_mp4(self.video(cam_id))))

    def features(self, cam_id: str) -> torch.Tensor:
        (stream,) = self.entry['frame_aligned_videos'][cam_id]
        path = self.root / 'features' / 'omnivore_video' / f'{self.entry["take_uid"]}_{cam_id}_{stream}.pt'
        return torch.load(path, weights_only=True)

    def table(self, path: str) -> list[dict[str, str]]:
        with open(self.folder / path, newline='') as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def all_takes(takes_root) -> list[Take]:
    entries = json.loads((takes_root / 'takes.json').read_text())
    states = [motion.simulate(plan, PRESET, 0) for plan in plan_takes(PRESET, 0)]
    return [Take(takes_root, entry, state, take_cameras(state, PRESET))
            for entry, state in zip(entries, states, strict=True)]


@pytest.fixture(scope='module')
def take(all_takes) -> Take:
    return all_takes[0]


def windows(num_frames: int) -> list[int]:
    """Starts of the windows as the notebook of Ego2Exo counts them."""
    starts = []
    while 16 * len(starts) + 31 < num_frames:
        starts.append(16 * len(starts))
    return starts + [num_frames - 32] * (num_frames % 16 != 0)


def test_all_videos_of_a_take_have_the_frames_of_its_duration(all_takes):
    for take in all_takes[:4]:
        counts = {sum(len(block) for block in read_mp4(take.video(cam_id))) for cam_id in CAMERAS}
        assert counts == {take.state.num_frames} == {int(take.entry['duration_sec'] * 30)}


def test_downscaled_videos_are_second_names(all_takes):
    for take in all_takes:
        for cam_id in CAMERAS:
            path = take.video(cam_id)
            assert path.samefile(path.parent / 'downscaled' / '448' / path.name)


def test_every_camera_has_one_row_per_window(all_takes):
    for take in all_takes:
        count = len(windows(int(take.entry['duration_sec'] * 30)))
        for cam_id in CAMERAS:
            features = take.features(cam_id)
            assert (features.shape, features.dtype) == ((count, 1, 1536), torch.float32)
            assert torch.isfinite(features).all()


def test_features_are_those_of_the_written_frames(take):
    for cam_id in ('aria01', 'cam03'):
        frames = take.frames(cam_id)
        with one_thread():
            again = extract([frames], 30.0, names=('omnivore',))['omnivore']
            other = extract([frames[::-1]], 30.0, names=('omnivore',))['omnivore']
        np.testing.assert_allclose(take.features(cam_id)[:, 0].numpy(), again, atol=1e-6)
        assert np.abs(other - again).max() > 0.5


@pytest.mark.parametrize('num_frames', [96, 97, 100, 112, 123, 246])
def test_window_rule_and_duration_at_every_remainder(num_frames):
    frames = np.zeros((num_frames, 48, 48, 3), np.uint8)
    assert len(extract([frames], 30.0, names=('omnivore',))['omnivore']) == len(windows(num_frames))
    state = dataclasses.make_dataclass('State', ['num_frames', 'fps'])(num_frames, 30.0)
    assert int(take_duration(state) * 30) == num_frames
    assert take_duration(state) == pytest.approx(num_frames / 30, abs=2e-6)


@pytest.mark.parametrize('cam_id', CAMERAS)
def test_frame_i_shows_state_i_in_every_camera(all_takes, cam_id):
    """The decoded frames look most like the painted ones of the same number, hence the same moment everywhere."""
    for take in all_takes[:2]:
        start, stop = 60, 120
        painted = render_frames(take.state, take.cameras[cam_id], start - 2, stop + 2).astype(np.int16)
        decoded = take.frames(cam_id)[start:stop].astype(np.int16)
        error = [np.abs(decoded - painted[shift : shift + stop - start]).mean() for shift in range(5)]
        assert np.argmin(error) == 2
        assert 1.02 * error[2] < min(error[1], error[3])  # no tie


def test_written_static_cameras_project_like_the_painter(take):
    joints = take.state.hands.reshape(take.state.num_frames, -1, 3)
    for row in take.table('trajectory/gopro_calibs.csv'):
        camera, lens = take.cameras[row['cam_uid']], [float(row[f'intrinsics_{index}']) for index in range(8)]
        rotation = Rotation.from_quat([float(row[f'q{axis}_world_cam']) for axis in 'xyzw']).as_matrix()
        seen = (joints - [float(row[f't{axis}_world_cam']) for axis in 'xyz']) @ rotation
        # Official code scales the calibration of 3840 pixels to the video it opens.
        pixels = _kannala_brandt(seen, lens) * camera.width / float(row['image_width'])
        expected, depth = camera.project(joints)
        assert (depth > 0).all()
        inside = np.abs(seen[..., :2] / seen[..., 2:]).max(-1) < 0.5
        assert np.abs(pixels - expected)[inside].max() < 0.05
        assert lens[4:] == pytest.approx(KB3_COEFFICIENTS)


def _kannala_brandt(points: np.ndarray, lens: list[float]) -> np.ndarray:
    """The model as OpenCV's fisheye module has it."""
    ratio = points[..., :2] / points[..., 2:]
    radius = np.linalg.norm(ratio, axis=-1, keepdims=True)
    angle = np.arctan(radius)
    bent = angle * (1 + sum(k * angle ** (2 * power) for power, k in enumerate(lens[4:], 1)))
    return np.array(lens[:2]) * ratio * bent / radius + lens[2:4]


def test_written_head_poses_find_the_hands_in_the_upright_picture(all_takes):
    """Capture clock -> trajectory -> sensor pixel -> 90 degrees clockwise -> skin in the decoded frame."""
    hits, errors = [], []
    for take in all_takes[:6]:
        state, camera = take.state, take.cameras['aria01']
        poses = take.table('trajectory/closed_loop_trajectory.csv')
        stamps = np.array([int(row['tracking_timestamp_us']) for row in poses])
        with open(take.root / take.entry['capture']['root_dir'] / 'timesync.csv', newline='') as file:
            rows = list(csv.DictReader(file))[take.entry['timesync_start_idx'] + 1 : take.entry['timesync_end_idx']]
        assert len(rows) == state.num_frames
        frames, skin = take.frames('aria01'), np.array(state.style.skin) * camera.gain * camera.cast
        knuckles = state.hands[:, :, 9]
        pixels, depth = camera.project(knuckles)
        for frame in range(0, state.num_frames, 5):
            moment = int(rows[frame]['aria01_214-1_capture_timestamp_ns']) / 1000
            pose = poses[np.abs(stamps - moment).argmin()]
            rotation = Rotation.from_quat([float(pose[f'q{axis}_world_device']) for axis in 'xyzw']).as_matrix()
            seen = (knuckles[frame] - [float(pose[f't{axis}_world_device']) for axis in 'xyz']) @ rotation
            x, y = (camera.focal * seen[:, :2] / seen[:, 2:] + (camera.width - 1) / 2).T
            upright = np.stack([camera.width - 1 - y, x], axis=1)
            inside = (depth[frame] > 0.06) & ((upright > 1) & (upright < camera.width - 2)).all(axis=1)
            errors.append(np.abs(upright - pixels[frame])[inside])
            for column, row in np.rint(upright[inside]).astype(int):
                near = frames[frame, row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3)
                hits.append(np.abs(near - skin.clip(0, 255)).max(1).min() < 25)
    assert np.concatenate(errors).max() < 0.3  # 1 kHz against 30 frames per second
    assert len(hits) > 200
    assert np.mean(hits) > 0.75  # the others are behind what the hand holds


def test_gaze_rows_stand_for_three_frames_in_sensor_pixels(take):
    rows = take.table('eye_gaze/general_eye_gaze_2d.csv')
    per_frame = np.repeat([[float(row['x']), float(row['y'])] for row in rows], 3, axis=0)[1:]
    assert 0 <= len(per_frame) - take.state.num_frames <= 2
    camera = take.cameras['aria01']
    upright = np.stack([camera.width - 1 - per_frame[:, 1], per_frame[:, 0]], axis=1)
    expected = camera.project(take.state.gaze_point[:, None])[0][:, 0]
    frames = np.arange(0, take.state.num_frames, 3)
    np.testing.assert_allclose(upright[frames], expected[frames], atol=2e-3)


def test_a_finished_take_is_left_and_a_broken_one_made_again(tmp_path, monkeypatch):
    preset = dataclasses.replace(PRESET, take_steps=(1, 1), take_ego_size=64, take_exo_size=(96, 54))
    job = TakeJob(plan_takes(preset, 0)[0], preset, 0, tmp_path)
    with one_thread():
        assert make_take(job) > 60
        with monkeypatch.context() as patch:
            patch.setattr(take_job.motion, 'simulate', lambda *args: pytest.fail('simulated again'))
            assert make_take(job) == 0
        next(tmp_path.rglob('general_eye_gaze_2d.csv')).unlink()
        next(tmp_path.rglob('cam02.mp4')).unlink()
        assert make_take(job) > 60
    assert len(list(tmp_path.rglob('*.mp4'))) == 10
