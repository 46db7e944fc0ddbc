import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from egoexo.mini.calibration import (
    FISHEYE624_COEFFICIENTS,
    KB3_COEFFICIENTS,
    extrinsics,
    fisheye_intrinsics,
    project_fisheye,
    sensor_rotation,
    sensor_to_stored,
    stored_to_sensor,
    world_pose,
)
from egoexo.mini.camera import ego_camera, static_exo_cameras
from egoexo.mini.render import render_frames


@pytest.mark.parametrize(('coefficients', 'focal', 'degrees', 'bound'), [
    (FISHEYE624_COEFFICIENTS, 66, 30, .0001), (FISHEYE624_COEFFICIENTS, 66, 45, .0035),
    (FISHEYE624_COEFFICIENTS, 66, 50, .019), (FISHEYE624_COEFFICIENTS, 66, 55, .084),
    (KB3_COEFFICIENTS, 136, 30, .0015), (KB3_COEFFICIENTS, 136, 35, .0065), (KB3_COEFFICIENTS, 136, 40, .030)])
def test_the_tan_series_lands_on_the_pinhole(coefficients, focal, degrees, bound):
    around = np.linspace(0, 2 * np.pi, 12)
    angle = np.deg2rad(degrees)
    rays = np.stack([np.sin(angle) * np.cos(around), np.sin(angle) * np.sin(around), np.full(12, np.cos(angle))], 1)
    pinhole = focal * rays[:, :2] / rays[:, 2:] + 79.5
    error = np.linalg.norm(project_fisheye(rays, focal, (79.5, 79.5), coefficients) - pinhole, axis=1)
    assert error.max() <= bound
    assert error.max() >= bound / 3 or bound <= .0001  # the bound is the truncation, not slack


def test_the_kannala_brandt_model_is_that_of_opencv():
    rays = np.random.default_rng(0).uniform((-.5, -.5, 1), (.5, .5, 2), (20, 3))
    matrix = np.array([[136.0, 0, 79.5], [0, 136, 44.5], [0, 0, 1]])
    expected, _ = cv2.fisheye.projectPoints(rays[:, None], np.zeros(3), np.zeros(3), matrix, np.array(KB3_COEFFICIENTS))
    np.testing.assert_allclose(project_fisheye(rays, 136, (79.5, 44.5), KB3_COEFFICIENTS), expected[:, 0], atol=1e-9)


def test_the_axis_itself_projects_to_the_centre():
    pixel = project_fisheye(np.array([[0, 0, 1.0]]), 66, (3, 4), FISHEYE624_COEFFICIENTS)
    np.testing.assert_array_equal(pixel, [[3, 4]])


def test_intrinsics_lists(takes, preset):
    ego, exo = ego_camera(takes[0], preset), static_exo_cameras(takes[0], preset)[0]
    fisheye = fisheye_intrinsics(ego, 'FISHEYE624')
    assert (len(fisheye), fisheye[:4]) == (15, [66.0, 79.5, 79.5, 1 / 3])
    assert fisheye_intrinsics(exo, 'KANNALA_BRANDT_K3')[:5] == [136.0, 136.0, 79.5, 44.5, 1 / 3]


def test_a_sensor_pixel_lands_where_the_stored_camera_sees_the_point(takes, preset):
    state = takes[0]
    camera = ego_camera(state, preset)
    n = camera.width
    points = state.hands[:, 0]
    stored = camera.project(points)[0]
    pose = extrinsics(sensor_rotation(camera.rotation), camera.center)
    in_sensor = np.einsum('tij,tpj->tpi', pose[..., :3], points) + pose[:, None, :, 3]
    sensor = camera.focal * in_sensor[..., :2] / in_sensor[..., 2:] + (n - 1) / 2
    np.testing.assert_allclose(sensor_to_stored(sensor, n), stored, atol=1e-9)
    np.testing.assert_allclose(stored_to_sensor(stored, n), sensor, atol=1e-9)


def test_rotating_the_stored_picture_counter_clockwise_gives_the_sensor_picture(takes, preset):
    """A marker in the stored mp4, found again in ``np.rot90`` of the picture at the sensor pixel."""
    picture = render_frames(takes[0], ego_camera(takes[0], preset), 0, 1)[0].copy()
    picture[20, 130] = (1, 2, 3)
    picture[picture.shape[0] // 2, 5] = (1, 2, 4)
    sensor = np.rot90(picture)
    for column, row, color in ((130, 20, (1, 2, 3)), (5, 80, (1, 2, 4))):
        x, y = stored_to_sensor(np.array([column, row]), 160)
        np.testing.assert_array_equal(sensor[y, x], color)


def test_world_pose_inverts_the_extrinsics(takes, preset):
    camera = ego_camera(takes[1], preset)
    pose = world_pose(camera.rotation[:5], camera.center[:5])
    matrix = extrinsics(camera.rotation[:5], camera.center[:5])
    points = np.random.default_rng(0).normal(size=(5, 3))
    in_camera = np.einsum('nij,nj->ni', matrix[..., :3], points) + matrix[..., 3]
    back = Rotation.from_quat(pose[:, 3:]).apply(in_camera) + pose[:, :3]
    np.testing.assert_allclose(back, points, atol=1e-12)
