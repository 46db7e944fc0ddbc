"""One video: frames at the right rate, labels on the frames that show them, boxes beside them."""

import csv
import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from egoexo.mini import epic_job
from egoexo.mini.camera import video_camera
from egoexo.mini.epic_boxes import find_boxes
from egoexo.mini.epic_family import plan_jobs
from egoexo.mini.epic_job import TPV_FPS, EpicJob, make_interaction_map, make_video, simulate_video, video_folder
from egoexo.mini.presets import get_preset
from egoexo.mini.render import render_frames
from egoexo.mini.request import Request

PRESET = get_preset('tiny')
SHORT = dataclasses.replace(PRESET, max_steps=1, num_uncut=0, ego_size=32, ego_focal=16.0, exo_size=(48, 26))


def jobs(folder: Path, preset=PRESET) -> tuple[EpicJob, EpicJob]:
    """The first ego and the first exo video."""
    planned = plan_jobs(folder, Request(preset, 0))
    return planned[0], next(job for job in planned if job.plan.view == 'exo')


def read(path: Path) -> np.ndarray:
    return cv2.imread(str(path)).astype(float)


def test_frames_show_the_state_of_their_time(epic_root):
    for job, template, first in zip(jobs(epic_root), ('frame_{:010d}.jpg', 'img_{:05d}.jpg'), (1, 0), strict=True):
        state, folder = simulate_video(job), video_folder(job)
        assert len(list(folder.iterdir())) == state.num_frames
        camera = video_camera(state, PRESET)
        for index in (0, 60, state.num_frames - 1):
            (picture,) = render_frames(state, camera, index, index + 1)
            assert np.abs(read(folder / template.format(first + index)) - picture).mean() < 6


def test_both_views_repeat_population_a_at_their_own_rates(tmp_path):
    ego, exo = jobs(tmp_path)
    states = [simulate_video(ego), simulate_video(exo)]
    assert [state.fps for state in states] == [50.0, TPV_FPS]
    assert exo.plan.uid == exo.plan.world_uid == states[1].uid
    assert video_folder(ego) == tmp_path / 'rgb_frames/P01/rgb_frames/P01_101'
    assert video_folder(exo) == tmp_path / 'lemma/frames/001_task1'


def seconds(timestamp: str) -> float:
    hours, minutes, rest = timestamp.split(':')
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


def test_a_label_lies_on_the_frame_that_shows_it(epic_root):
    """An object falls into pieces in the middle of a cut: the stored pictures show it at the time of the table."""
    with open(epic_root / 'annotations/EPIC_100_train.csv', newline='') as file:
        rows = [row for row in csv.DictReader(file) if row['verb'] in ('cut', 'chop', 'slice')]
    states = {job.plan.uid: simulate_video(job) for job in plan_jobs(epic_root, Request(PRESET, 0))[:2]}
    assert len(rows) >= 2
    for row in rows:
        time = (seconds(row['start_timestamp']) + seconds(row['stop_timestamp'])) / 2
        label = max(1, int(time * 50))
        first = first_in_pieces(epic_root, row['video_id'], states[row['video_id']], range(label - 6, label + 9))
        assert abs(first - (1 + time * 50)) <= 1  # the first frame lies at second 0
        assert 0 <= first - label <= 2  # the official rule is up to a frame early


def first_in_pieces(root: Path, video_id: str, state, numbers: range) -> int:
    """First frame file that is nearer to a picture with the object in pieces than to one with it whole."""
    folder = root / 'rgb_frames' / video_id[:3] / 'rgb_frames' / video_id
    span = slice(numbers[0] - 1, numbers[-1])
    changing = np.flatnonzero(np.ptp(state.object_cut[span].astype(int), axis=0))
    assert len(changing) == 1
    distances = []
    for is_cut in (False, True):
        cut = state.object_cut.copy()
        cut[:, changing] = is_cut
        painted = dataclasses.replace(state, object_cut=cut)
        pictures = render_frames(painted, video_camera(painted, PRESET), span.start, span.stop)
        distances.append([np.abs(read(folder / f'frame_{number:010d}.jpg') - picture).mean()
                          for number, picture in zip(numbers, pictures, strict=True)])
    in_pieces = np.subtract(*distances) > 0
    assert 0 < in_pieces.sum() == in_pieces[in_pieces.argmax():].size
    return numbers[int(in_pieces.argmax())]


def test_a_finished_folder_is_kept(tmp_path, monkeypatch):
    job = jobs(tmp_path, SHORT)[0]
    frames = make_video(job)
    assert frames == simulate_video(job).num_frames == len(list(video_folder(job).iterdir()))
    monkeypatch.setattr(epic_job, 'simulate_video', lambda job: pytest.fail('made again'))
    assert make_video(job) == 0


@pytest.mark.parametrize(('view', 'size'), [(0, (32, 24)), (1, (48, 26))])
def test_portrait_pictures_are_turned(view, size, tmp_path):
    job = dataclasses.replace(jobs(tmp_path, SHORT)[view], portrait=True)
    make_video(job)
    first = min(video_folder(job).iterdir())
    assert read(first).shape[:2] == size
    state = simulate_video(job)
    (plain,) = render_frames(state, video_camera(state, SHORT), 0, 1)
    turned = np.rot90(plain)
    left = (turned.shape[1] - size[1]) // 2
    assert np.abs(read(first) - turned[:, left:left + size[1]]).mean() < 12


def test_an_ego_video_has_a_map_with_an_entry_per_frame(epic_root):
    ego, exo = jobs(epic_root)
    files = {path.stem: path for path in (epic_root / 'interaction_maps').iterdir()}
    assert set(files) == {path.name for path in epic_root.glob('rgb_frames/*/rgb_frames/*')}
    assert exo.plan.uid not in files
    content = np.load(files[ego.plan.uid], allow_pickle=True)  # made by the fixture
    assert len(content) == 1 + len(list(video_folder(ego).iterdir()))
    state = simulate_video(ego)
    for column, boxes in enumerate(find_boxes(state, video_camera(state, PRESET))):
        found = [pair[column] for pair in content]
        np.testing.assert_array_equal(np.concatenate([rows for rows in found if rows is not None]), boxes.rows)
        counts = [0 if rows is None else len(rows) for rows in found]
        np.testing.assert_array_equal(np.repeat(np.arange(len(found)), counts), boxes.frames + 1)


def test_maps_are_the_same_bytes_each_time(epic_root, tmp_path):
    job = jobs(tmp_path)[0]
    make_interaction_map(job, simulate_video(job))
    name = f'interaction_maps/{job.plan.uid}.npy'
    assert (tmp_path / name).read_bytes() == (epic_root / name).read_bytes()


def test_the_map_of_turned_pictures_lies_inside_them(tmp_path):
    job = dataclasses.replace(jobs(tmp_path, SHORT)[0], portrait=True)
    make_interaction_map(job, simulate_video(job))
    content = np.load(tmp_path / 'interaction_maps' / f'{job.plan.uid}.npy', allow_pickle=True)  # written here
    hands = np.concatenate([pair[1] for pair in content if pair[1] is not None])
    assert hands[:, 2].max() <= 23 < hands[:, 3].max() <= 31
