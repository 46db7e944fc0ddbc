import numpy as np
import pytest

from egoexo.mini.camera import (
    CameraPath,
    ego_camera,
    exo_camera,
    look_at,
    static_exo_cameras,
    take_cameras,
    video_camera,
)


def _camera(direction, center=(0, 0, 0), focal=64.0, size=(128, 128)):
    rotation = look_at(np.array([direction], float) / np.linalg.norm(direction))
    return CameraPath('ego', rotation, np.array([center], float), focal, *size, 1.0, (1, 1, 1))


def test_projection_of_known_points():
    camera = _camera((0, 1, 0))
    pixels, depth = camera.project(np.array([[0, 2.0, 0], [1, 2, 0], [0, 2, 1], [0, -1, 0]]))
    np.testing.assert_allclose(depth, [[2, 2, 2, -1]])
    np.testing.assert_allclose(pixels[0, :3], [[63.5, 63.5], [95.5, 63.5], [63.5, 31.5]])


def test_rotation_rows_are_right_down_forward():
    rotation = _camera((0, 1, -1)).rotation[0]
    np.testing.assert_allclose(rotation[0], (1, 0, 0), atol=1e-12)
    np.testing.assert_allclose(rotation[2], np.array([0, 1, -1]) / np.sqrt(2))
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)


def test_moving_and_static_points_agree(ego_states, preset):
    state = ego_states[0]
    camera = ego_camera(state, preset)
    static = np.array([[0, .55, 1.0], [1, .55, 1.0]])
    moving = np.broadcast_to(static, (state.num_frames, 2, 3))
    np.testing.assert_array_equal(camera.project(static)[0], camera.project(moving)[0])
    nested = camera.project(state.hands)[0]
    np.testing.assert_allclose(nested[:, 1], camera.project(state.hands[:, 1])[0])
    np.testing.assert_allclose(camera.crop(10, 12).project(static)[0], camera.project(static)[0][10:12])
    np.testing.assert_allclose(camera.crop(0, 12, 5).project(static)[0], camera.project(static)[0][0:12:5])


def test_ego_camera_sees_the_hands_and_the_gaze(ego_states, preset):
    for state in ego_states[::6]:
        camera = ego_camera(state, preset)
        assert (camera.width, camera.height, camera.focal) == (128, 128, 64.0)
        labels = state.step_labels() > 0
        pixels = camera.project(state.wrists)[0][labels, 0]
        assert ((pixels > 0) & (pixels < 127)).all(1).mean() > 0.9
        gaze = camera.project(state.gaze_point[:, None])[0][:, 0]
        assert ((gaze > 0) & (gaze < 127)).all(1).mean() > 0.95


def test_exo_camera_follows_from_the_other_side(exo_states, preset):
    distances = []
    for state in exo_states:
        camera = exo_camera(state, preset)
        assert camera.focal == pytest.approx(1.15 * 160)
        assert (camera.center[:, 1] > 0.9).all()
        neck = camera.project(state.joints[:, 5:7].mean(1, keepdims=True))[0][:, 0]
        assert ((neck[:, 0] > 0) & (neck[:, 0] < 159)).mean() > 0.92
        distances.append(np.hypot(camera.center[0, 0] - state.body_x[0], camera.center[0, 1] - .45))
    assert min(distances) > 1.3 and max(distances) < 2.6


def test_four_static_cameras_see_the_actor_and_differ_in_gain(takes, preset):
    for state in takes[:5]:
        cameras = static_exo_cameras(state, preset)
        azimuth = [np.degrees(np.arctan2(*(camera.center[0, :2] - (0, .45)))) for camera in cameras]
        assert azimuth == sorted(azimuth)
        assert len({camera.gain for camera in cameras}) == 4
        for camera in cameras:
            assert np.ptp(camera.center, axis=0).max() == 0
            wrists = camera.project(state.wrists)[0]
            assert ((wrists > 0) & (wrists < (159, 89))).all(-1).mean() > 0.8


def test_video_camera_chooses_by_view(ego_states, exo_states, preset):
    assert video_camera(ego_states[0], preset).view == 'ego'
    assert video_camera(exo_states[0], preset).view == 'exo'


def test_cameras_of_a_take_have_their_official_names(takes, preset):
    cameras = take_cameras(takes[0], preset)
    assert list(cameras) == ['aria01', 'cam01', 'cam02', 'cam03', 'cam04']
    assert [camera.view for camera in cameras.values()] == ['ego'] + ['exo'] * 4
    exo = static_exo_cameras(takes[0], preset)
    assert all(np.array_equal(cameras[f'cam0{number}'].center, camera.center) for number, camera in enumerate(exo, 1))
