import numpy as np
import pytest

from egoexo.mini.camera import ego_camera, video_camera
from egoexo.mini.outlines import _clip_near, project_scene
from egoexo.mini.vocabulary import OBJECTS


def test_ellipsoid_outlines_contain_every_point_and_touch_the_surface(ego_states, preset):
    """Project a dense surface: nothing lies outside the outline, something lies near each of its corners."""
    state = ego_states[0]
    camera = ego_camera(state, preset)
    scene = project_scene(state, camera, 30, 31)
    draw = np.random.default_rng(0).normal(size=(4000, 3))
    sphere = draw / np.linalg.norm(draw, axis=1, keepdims=True)
    for k, name in enumerate(state.object_names):
        if OBJECTS[name].shape != 'ellipsoid' or not scene.is_visible[0, k]:
            continue
        surface = state.object_position[30, k] + state.object_half_size[k] * sphere
        pixels = camera.crop(30, 31).project(surface)[0][0]
        outline = scene.outlines[k][0] / 8
        middle = outline.mean(0)
        radius = np.linalg.norm(outline - middle, axis=1)
        angle = np.arctan2(*(outline - middle).T[::-1])
        order = np.argsort(angle)
        away = pixels - middle
        limit = np.interp(np.arctan2(*away.T[::-1]), angle[order], radius[order], period=2 * np.pi)
        reach = np.linalg.norm(away, axis=1) / limit
        assert 0.9 < reach.max() < 1.05, name


def test_items_are_ordered_from_back_to_front_with_the_board_behind_what_lies_on_it(ego_states, preset):
    state = ego_states[0]
    scene = project_scene(state, ego_camera(state, preset), 0, 50)
    items = len(state.object_names) + len(state.distractor_position) + 2
    np.testing.assert_array_equal(np.sort(scene.order, axis=1), np.tile(np.arange(items), (50, 1)))
    place = np.argsort(scene.order, axis=1)
    board, knife = state.object_names.index('chopping_board'), state.object_names.index('knife')
    assert (place[:, board] < place[:, knife]).all()


def test_a_block_is_projected_like_its_single_frames(exo_states, preset):
    state = exo_states[0]
    camera = video_camera(state, preset)
    block, single = project_scene(state, camera, 20, 30), project_scene(state, camera, 25, 26)
    np.testing.assert_array_equal(block.hands[5], single.hands[0])
    np.testing.assert_array_equal(block.joints[5], single.joints[0])
    for first, second in zip(block.outlines, single.outlines, strict=True):
        np.testing.assert_array_equal(first[5], second[0])


def test_clipping_leaves_what_is_in_front_and_cuts_at_the_plane():
    front = np.array([[[-1, 0, 1], [1, 0, 1], [1, 0, 2], [-1, 0, 2]]], float)
    np.testing.assert_array_equal(_clip_near(front), front)
    half = front.copy()
    half[0, :2, 2] = -1
    clipped = _clip_near(half)[0]
    assert clipped.shape == (8, 3)
    assert clipped[:, 2].min() == pytest.approx(0.06)
    assert np.ptp(clipped[:, 0]) == pytest.approx(2)
    behind = np.concatenate([half, front * (1, 1, -1)])
    assert np.ptp(_clip_near(behind)[1], axis=0).max() == 0  # nothing left: a point


def test_near_plane_clipping_keeps_furniture_in_place(ego_states, preset):
    """A camera inside the kitchen has floor behind it: the clipped polygon must still cover the floor below."""
    state = ego_states[0]
    camera = ego_camera(state, preset)
    scene = project_scene(state, camera, 0, 1)
    assert scene.quads['floor'].shape[1] == 8
    below = camera.to_camera(np.array([[state.body_x[0], .1, 0.0]]))[:1, 0]
    pixel = camera.to_pixels(below)[0]
    polygon = scene.quads['floor'][0] / 8
    crossings = _winding(polygon, pixel)
    assert crossings == pytest.approx(1, abs=1e-6)


def _winding(polygon, point):
    """Number of turns a polygon makes round a point, without sign."""
    angle = np.arctan2(*(polygon - point).T[::-1])
    turn = (np.diff(np.append(angle, angle[0])) + np.pi) % (2 * np.pi) - np.pi
    return abs(turn.sum()) / (2 * np.pi)
