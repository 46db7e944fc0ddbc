"""One video from state to feature files: frames, labels and rows stand at the same time."""

import dataclasses
import inspect
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.mini import camera, motion
from egoexo.mini.descriptors import gaze_boxes
from egoexo.mini.features import extract
from egoexo.mini.job import VideoJob, feature_paths, make_video, one_thread, video_gaze, video_path, write_tensor
from egoexo.mini.presets import MiniPreset, VideoPlan, get_preset, plan_videos
from egoexo.mini.state import TakeState
from egoexo.mini.video import read_mp4
from egoexo.mini.vocabulary import COOKING_CLASSES

LABELS = 'temporal_action_segmentation_benchmark/tas_annotation/gts_fps25'
BOTH = ('clip', 'i3d')


@dataclasses.dataclass
class World:
    """The tiny world on disk and its plans."""

    root: Path
    preset: MiniPreset
    seed: int
    plans: list[VideoPlan]

    def state(self, plan: VideoPlan) -> TakeState:
        return motion.simulate(plan, self.preset, self.seed)

    def frames(self, plan: VideoPlan) -> np.ndarray:
        return np.concatenate(list(read_mp4(self.root / 'videos' / f'{plan.uid}.mp4')))

    def labels(self, plan: VideoPlan) -> np.ndarray:
        """Class per frame as names in the official file, read without any reader of ours."""
        return np.array((self.root / LABELS / f'{plan.uid}.txt').read_bytes().decode().split('\r\n'))

    def feature(self, name: str, plan: VideoPlan) -> np.ndarray:
        return torch.load(self.root / 'features' / name / f'{plan.uid}.pt', weights_only=True).numpy()


@pytest.fixture(scope='module')
def disk(mini_root) -> World:
    summary = json.loads((mini_root / 'mini.json').read_text())
    preset = get_preset(summary['preset']['name'])
    plans = plan_videos(preset, summary['seed'])
    return World(mini_root / 'egoexolearn', preset, summary['seed'], plans)


def test_every_video_has_one_frame_per_label(disk):
    for plan in disk.plans:
        num_frames = sum(len(block) for block in read_mp4(disk.root / 'videos' / f'{plan.uid}.mp4'))
        assert num_frames == len(disk.labels(plan)) == disk.state(plan).num_frames


@pytest.mark.parametrize('view', ['ego', 'exo'])
@pytest.mark.parametrize('folder', ['', '_gaze'])
def test_features_are_those_of_the_written_frames(disk, view, folder):
    plan = next(plan for plan in disk.plans if plan.view == view)
    state, frames = disk.state(plan), disk.frames(plan)
    boxes = None
    if folder and view == 'ego':
        gaze = video_gaze(state, plan, disk.preset, disk.seed)
        boxes = gaze_boxes(gaze, len(frames), 25.0, frames.shape[2:0:-1])
    with one_thread():
        again = extract([frames], 25.0, boxes)
    np.testing.assert_allclose(disk.feature(f'clip_5fps{folder}', plan), again['clip'], atol=1e-6)
    stored = disk.feature(f'i3d_rgb_25fps{folder}', plan)
    assert stored.dtype == np.float16
    np.testing.assert_allclose(stored, again['i3d'], rtol=1e-3, atol=1e-3)


def test_gaze_folder_holds_crops_for_ego_and_plain_features_for_exo(disk):
    for plan in disk.plans:
        path = disk.root / 'features' / 'clip_5fps_gaze' / f'{plan.uid}.pt'
        assert path.exists() == (plan.has_gaze or plan.view == 'exo')
        if path.exists():
            same = np.array_equal(disk.feature('clip_5fps_gaze', plan), disk.feature('clip_5fps', plan))
            assert same == (plan.view == 'exo')


def test_cut_food_leaves_the_board_in_the_frame_where_cooking_begins(disk):
    """A cooking step moves what was cut into the pan: a sharp change of pixels at a label that the file states."""
    delays = []
    for plan in disk.plans:
        if plan.view == 'exo':
            state = disk.state(plan)
            starts = np.flatnonzero(np.diff(state.step_labels())) + 1
            named = np.flatnonzero(disk.labels(plan)[1:] != disk.labels(plan)[:-1]) + 1
            np.testing.assert_array_equal(named, starts)
            frames = disk.frames(plan).astype(np.int16)
            delays += [_delay(state, frames, *event, disk.preset) for event in _moves_to_pan(state)]
    assert len(delays) >= 4
    assert np.median(delays) == 0
    assert np.mean(np.abs(delays) <= 1) >= 0.8


def _moves_to_pan(state: TakeState) -> list[tuple[int, int]]:
    """(frame, object) of cut food that lies free and is put into the pan when a cooking step starts."""
    events = []
    for step in state.steps:
        frame = math.ceil(step.start_sec * state.fps - 1e-9)
        if step.class_id in COOKING_CLASSES and 12 <= frame < state.num_frames - 12:
            near = slice(frame - 8, frame + 8)
            moved = np.linalg.norm(state.object_position[frame + 6] - state.object_position[frame - 2], axis=1) > 0.3
            free = ~state.object_holder[near].any(axis=0) & state.object_cut[frame - 1]
            events += [(frame, index) for index in np.flatnonzero(moved & free)]
    return events


def _delay(state: TakeState, frames: np.ndarray, frame: int, index: int, preset: MiniPreset) -> int:
    """Frames from the label to the largest change of the pixels round the place where the food was."""
    path = camera.video_camera(state, preset)
    place = np.broadcast_to(state.object_position[frame - 2, index], (state.num_frames, 1, 3))
    pixels = path.project(place)[0][:, 0].astype(int).clip(5, [path.width - 5, path.height - 5])
    windows = [frames[t, y - 5 : y + 5, x - 5 : x + 5] for t, (x, y) in enumerate(pixels) if abs(t - frame) <= 8]
    change = np.abs(np.diff(np.stack(windows), axis=0)).mean(axis=(1, 2, 3))
    return int(change.argmax()) + 1 - 8


def test_a_probe_on_the_state_fits_the_label_files_best_without_a_shift(disk):
    features, labels, truth = [], [], []
    for plan in disk.plans:
        if plan.view == 'ego':
            features.append(disk.feature('i3d_rgb_25fps', plan).astype(np.float32))
            truth.append(disk.state(plan).step_labels())
            labels.append(disk.labels(plan))
    names = _class_names(disk)
    predicted = [names[rows] for rows in _ridge(features, truth)]

    def accuracy(shift: int) -> float:
        """Share of frames whose prediction is the label ``shift`` frames later."""
        pairs = [(p[10:-10], np.roll(y, -shift)[10:-10]) for p, y in zip(predicted, labels, strict=True)]
        return float(np.concatenate([p == y for p, y in pairs]).mean())

    assert accuracy(0) > 0.9
    assert accuracy(0) == max(accuracy(shift) for shift in range(-5, 6))
    assert max(accuracy(-5), accuracy(5)) < accuracy(0) - 0.04


def _class_names(disk: World) -> np.ndarray:
    """Name of each class as the label files spell it."""
    names = np.full(28, '', dtype='U64')
    for plan in disk.plans:
        names[disk.state(plan).step_labels()] = disk.labels(plan)
    return names


def _ridge(features: list[np.ndarray], truth: list[np.ndarray]) -> list[np.ndarray]:
    """Class predicted for each row by a linear probe fitted to all rows."""
    rows, targets = np.concatenate(features), np.eye(28, dtype=np.float32)[np.concatenate(truth)]
    mean, prior = rows.mean(axis=0), targets.mean(axis=0)
    centred = rows - mean
    weights = np.linalg.solve(centred.T @ centred + 30 * np.eye(rows.shape[1]), centred.T @ (targets - prior))
    return [((feature - mean) @ weights + prior).argmax(axis=1) for feature in features]


@pytest.fixture
def job(tmp_path) -> VideoJob:
    """A very short exo video."""
    preset = dataclasses.replace(get_preset('tiny'), max_steps=1, num_uncut=0)
    plan = next(plan for plan in plan_videos(preset, 5) if plan.view == 'exo')
    return VideoJob(plan, preset, 5, tmp_path, BOTH, ('clip',), False)


def test_files_know_nothing_of_labels_and_names(job, tmp_path, monkeypatch):
    assert make_video(job) > 0
    simulate = motion.simulate
    nothing = {'steps': (), 'actions': (), 'events': (), 'skill': 0.0, 'task': 'task9'}
    monkeypatch.setattr(motion, 'simulate', lambda *args: dataclasses.replace(simulate(*args), **nothing))
    blind = dataclasses.replace(job, folder=tmp_path / 'blind')
    make_video(blind)
    assert video_path(blind).read_bytes() == video_path(job).read_bytes()
    for name, path in feature_paths(blind).items():
        assert path.read_bytes() == feature_paths(job)[name].read_bytes()
    assert list(inspect.signature(extract).parameters) == ['blocks', 'fps', 'boxes', 'names']


def test_finished_videos_are_kept_and_lost_files_made_again(job):
    assert make_video(job) > 0
    assert make_video(job) == 0
    lost = feature_paths(job)['i3d_rgb_25fps']
    before = lost.read_bytes()
    lost.unlink()
    assert make_video(job) > 0
    assert lost.read_bytes() == before


def test_float32_on_request(job):
    make_video(job)
    half = torch.load(feature_paths(job)['i3d_rgb_25fps'], weights_only=True)
    wide = dataclasses.replace(job, float32=True, folder=job.folder / 'wide')
    make_video(wide)
    full = torch.load(feature_paths(wide)['i3d_rgb_25fps'], weights_only=True)
    assert (half.dtype, full.dtype) == (torch.float16, torch.float32)
    assert torch.equal(full.half(), half)


def test_tensor_files_do_not_depend_on_their_name(tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    write_tensor(tmp_path / 'a.pt', values)
    write_tensor(tmp_path / 'deeper' / 'quite_another_name.pt', values)
    assert (tmp_path / 'a.pt').read_bytes() == (tmp_path / 'deeper' / 'quite_another_name.pt').read_bytes()
    assert torch.equal(torch.load(tmp_path / 'a.pt', weights_only=True), torch.from_numpy(values))
