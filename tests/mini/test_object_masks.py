"""What each camera sees of each object: masks of the painter's id images, once per second."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest
from pycocotools.mask import decode

from egoexo.mini.camera import take_cameras
from egoexo.mini.object_masks import MIN_AREA, sampled_frames, see_objects
from egoexo.mini.render import render_ids
from egoexo.mini.vocabulary import OBJECTS


@pytest.fixture(scope='module')
def seen(takes, preset) -> list:
    """(state, cameras, masks) of some takes of preset default."""
    worlds = []
    for state in takes[:8]:
        cameras = take_cameras(state, preset)
        worlds.append((state, cameras, see_objects(state, cameras)))
    return worlds


def shown(mask, camera) -> np.ndarray:
    return decode({'size': [camera.height, camera.width], 'counts': mask.counts.encode()}).astype(bool)


def test_every_thirtieth_frame_is_sampled():
    assert sampled_frames(91) == [0, 30, 60, 90]
    assert sampled_frames(90) == [0, 30, 60]


def test_masks_are_the_visible_pixels_of_the_single_frames(seen):
    state, cameras, masks = seen[2]
    assert set(masks) <= set(state.object_names)
    for cam_id, camera in cameras.items():
        for frame in sampled_frames(state.num_frames)[::4]:
            ids = render_ids(state, camera, frame, frame + 1)[0]
            for name in state.object_names:
                expected = ids == OBJECTS[name].instance_id
                mask = masks.get(name, {}).get(cam_id, {}).get(frame)
                assert (mask is not None) == (expected.sum() >= MIN_AREA)
                if mask is not None:
                    np.testing.assert_array_equal(shown(mask, camera), expected)
                    rows, columns = np.nonzero(expected)
                    assert mask.area == expected.sum()
                    assert mask.box == (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)
                    assert expected[mask.point[1], mask.point[0]]


def test_pieces_belong_to_one_mask(seen):
    parts = []
    for state, cameras, masks in seen:
        for index in np.flatnonzero(state.object_cut.any(axis=0)):
            for frame, mask in masks[state.object_names[index]].get('cam02', {}).items():
                if state.object_cut[frame, index]:
                    parts.append(cv2.connectedComponents(shown(mask, cameras['cam02']).astype(np.uint8))[0] - 1)
    assert len(parts) > 20
    assert max(parts) >= 3


def test_hands_hide_what_is_behind_them(seen):
    state, cameras, masks = seen[0]
    bare = see_objects(replace(state, hands=state.hands - 50, wrists=state.wrists - 50, joints=state.joints - 50),
                       cameras)
    smaller = sum(frame not in masks.get(name, {}).get('aria01', {})
                  or masks[name]['aria01'][frame].area < mask.area
                  for name, views in bare.items() for frame, mask in views.get('aria01', {}).items())
    assert smaller > 5


def test_cameras_and_objects_that_are_never_seen_are_left_out(seen):
    state, cameras, _ = seen[0]
    away = state.object_position.copy()
    away[:, 0] = -50.0
    masks = see_objects(replace(state, object_position=away), cameras)
    assert state.object_names[0] not in masks
    assert all(frames for views in masks.values() for frames in views.values())


def test_objects_are_seen_in_both_views_about_as_often_as_designed(seen):
    """Designed: in both 65 %, in exo alone 24 %, in ego alone 7 %."""
    counts, areas = Counter(), {'ego': [], 'exo': []}
    for state, cameras, masks in seen:
        for name in state.object_names:
            views = masks.get(name, {})
            for cam_id in list(cameras)[1:]:
                for frame in sampled_frames(state.num_frames):
                    counts[frame in views.get('aria01', {}), frame in views.get(cam_id, {})] += 1
            for cam_id, frames in views.items():
                camera = cameras[cam_id]
                areas[camera.view] += [mask.area / (camera.width * camera.height) for mask in frames.values()]
    total = counts.total()
    assert .4 < counts[True, True] / total < .8
    assert .08 < counts[False, True] / total < .35
    assert .02 < counts[True, False] / total < .2
    assert .004 < np.mean(areas['ego']) < .012
    assert .003 < np.mean(areas['exo']) < .010
