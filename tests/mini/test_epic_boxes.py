"""Boxes of hands and touched objects: where the painter draws them, also in turned pictures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from egoexo.mini.camera import video_camera
from egoexo.mini.epic_boxes import LOWEST_SCORE, TOUCH_METRES, FrameBoxes, find_boxes, touched_objects
from egoexo.mini.epic_family import plan_jobs
from egoexo.mini.epic_job import simulate_video
from egoexo.mini.epic_portrait import turn_pictures
from egoexo.mini.layouts.epic_classes import NOUN_IDS
from egoexo.mini.presets import get_preset
from egoexo.mini.render import HAND_IDS, render_ids
from egoexo.mini.request import Request
from egoexo.mini.vocabulary import OBJECTS

PRESET = get_preset('tiny')
OBJECT_IDS = {NOUN_IDS[name]: spec.instance_id for name, spec in OBJECTS.items()}


@pytest.fixture(scope='module')
def videos() -> list[tuple]:
    """(state, camera, boxes of objects, boxes of hands) of three videos."""
    found = []
    for job in plan_jobs(Path('somewhere'), Request(PRESET, 0))[:3]:
        state = simulate_video(job)
        camera = video_camera(state, PRESET)
        found.append((state, camera, *find_boxes(state, camera)))
    return found


def compare(row: np.ndarray, shown: np.ndarray) -> tuple[float, float]:
    """Share of the pixels of a mask inside a box, and area of the box in areas of the tightest one."""
    y, x = np.nonzero(shown)
    inside = (x > row[0] - 1) & (x < row[2] + 1) & (y > row[1] - 1) & (y < row[3] + 1)
    tight = (np.ptp(x) + 1) * (np.ptp(y) + 1)
    return inside.mean(), (row[2] - row[0] + 1) * (row[3] - row[1] + 1) / tight


def agreement(pictures: list, boxes: list, ids: dict | tuple) -> tuple[np.ndarray, int]:
    """Comparisons (n, 2) with everything that shows, and how many boxes show nothing."""
    found, hidden = [], 0
    for picture, rows in zip(pictures, boxes, strict=True):
        for row in () if rows is None else rows:
            shown = picture == ids[int(row[5])]
            hidden += not shown.any()
            if shown.sum() >= 8:
                found.append(compare(row, shown))
    return np.array(found), hidden


def test_boxes_lie_round_the_pixels(videos):
    """What covers an object makes its box larger than what shows of it; hands are in front."""
    parts = {'objects': [], 'hands': []}
    for state, camera, objects, hands in videos:
        frames = range(5, state.num_frames, 41)
        pictures = [render_ids(state, camera, frame, frame + 1)[0] for frame in frames]
        for kind, boxes, ids in (('objects', objects, OBJECT_IDS), ('hands', hands, HAND_IDS)):
            per_frame = boxes.per_frame(state.num_frames)
            found, hidden = agreement(pictures, [per_frame[frame] for frame in frames], ids)
            assert hidden <= .05 * len(found)
            parts[kind].append(found)
        for frame, picture in zip(frames, pictures, strict=True):
            rows = hands.per_frame(state.num_frames)[frame]
            known = [] if rows is None else rows[:, 5].tolist()
            assert known == [hand for hand in (0, 1) if hand in known]
            assert all(hand in known for hand in (0, 1) if (picture == HAND_IDS[hand]).sum() >= 8)
    for kind, largest in (('objects', 2.5), ('hands', 1.4)):
        inside, size = np.concatenate(parts[kind]).T
        assert len(inside) > 40
        assert inside.min() > .9
        assert inside.mean() > .99
        assert .95 < np.median(size) < 1.25
        assert np.quantile(size, .95) < largest


def test_turned_pictures_have_turned_boxes(videos):
    state, camera, *_ = videos[0]
    frames = range(5, state.num_frames, 41)
    ids = np.concatenate([render_ids(state, camera, frame, frame + 1) for frame in frames])
    turned = turn_pictures(ids)
    for boxes, values in zip(find_boxes(state, camera, portrait=True), (OBJECT_IDS, HAND_IDS), strict=True):
        assert (boxes.rows[:, :4] >= 0).all()
        assert (boxes.rows[:, :4] <= np.array([turned.shape[2], turned.shape[1]] * 2) - 1).all()
        per_frame = boxes.per_frame(state.num_frames)
        inside, size = agreement(list(turned), [per_frame[frame] for frame in frames], values)[0].T
        assert len(inside) > 5
        assert inside.min() > .9
        assert .95 < np.median(size) < 1.25


def test_corners_are_in_order_and_scores_below_one(videos):
    for state, camera, *kinds in videos:
        for boxes in kinds:
            frames, rows = boxes
            assert rows.dtype == np.float32
            assert rows.shape == (len(frames), 6)
            assert (np.diff(frames) >= 0).all()
            assert 0 <= frames.min() <= frames.max() < state.num_frames
            assert (rows[:, :2] >= 0).all()
            assert (rows[:, 2:4] - rows[:, :2] >= 1).all()
            assert (rows[:, 2:4] <= (camera.width - 1, camera.height - 1)).all()
            assert (rows[:, 4] >= LOWEST_SCORE).all()
            assert (rows[:, 4] < 1).all()
            assert np.ptp(np.quantile(rows[:, 4], (.05, .95))) > .05


def test_a_box_at_the_edge_scores_less(videos):
    _, camera, _, hands = videos[0]
    for side in (0, 1):
        cut_off = (hands.rows[:, side] == 0) | (hands.rows[:, side + 2] == camera.width - 1)
        if cut_off.sum() > 5:
            whole = hands.rows[~cut_off]
            assert hands.rows[cut_off, 4].mean() < whole[:, 4].mean()


def test_held_and_close_objects_are_touched(videos):
    state = videos[0][0]
    touched = touched_objects(state)
    assert touched[state.object_holder > 0].all()
    gap = np.abs(state.hands.reshape(state.num_frames, -1, 1, 3) - state.object_position[:, None])
    gap = np.linalg.norm(np.maximum(gap - state.object_half_size, 0), axis=-1).min(1)
    np.testing.assert_array_equal(touched, (state.object_holder > 0) | (gap <= TOUCH_METRES))


def test_what_an_action_is_about_is_touched(videos):
    """In the middle of an action, nearly always its first object; hardly ever half of the kitchen."""
    shares = []
    for state, *_ in videos:
        touched, labels = touched_objects(state), state.action_labels()
        assert .5 < touched.sum(1).mean() < 3
        for index, action in enumerate(state.actions):
            middle = np.array_split(np.flatnonzero(labels == index), 3)[1]
            shares.append(touched[middle, state.object_names.index(action.nouns[0])].mean())
    assert np.mean(shares) > .85


def test_nothing_is_touched_or_seen_far_away(videos):
    state, camera, *_ = videos[0]
    state = replace(state, hands=state.hands + np.array([0, 0, 50]), object_holder=np.zeros_like(state.object_holder))
    assert not touched_objects(state).any()
    for boxes in find_boxes(state, camera):
        assert boxes.rows.shape == (0, 6)
        assert boxes.per_frame(3) == [None] * 3


def test_boxes_per_frame():
    boxes = FrameBoxes(np.array([1, 1, 3]), np.arange(18, dtype=np.float32).reshape(3, 6))
    empty, two, none, one, last = boxes.per_frame(5)
    assert empty is none is last is None
    assert two.tolist() == boxes.rows[:2].tolist()
    assert one.tolist() == boxes.rows[2:].tolist()
