import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from egoexo.mini.camera import ego_camera
from egoexo.mini.sensors import gaze_samples, imu_samples, trajectory_samples


def test_gaze_is_at_30_hz_in_units_of_the_picture(ego_states, preset):
    state = ego_states[0]
    camera = ego_camera(state, preset)
    samples = gaze_samples(state, camera)
    assert samples.shape == (int(state.duration_sec * 30), 3)
    # Sample 6 k and frame 5 k fall on the same moment.
    pixels = camera.project(state.gaze_point[:, None])[0][:, 0]
    frames = np.arange(0, state.num_frames - 5, 5)
    np.testing.assert_allclose(samples[frames * 6 // 5, :2], (pixels[frames] + .5) / 128, atol=1e-9)
    assert set(samples[:, 2]) == {0.0, 1.0}


def test_blinks_take_two_percent_in_spells_of_a_tenth_to_three_tenths(ego_states, preset):
    closed, spells = [], []
    for state in ego_states:
        valid = gaze_samples(state, ego_camera(state, preset))[:, 2]
        closed.append(1 - valid.mean())
        edges = np.flatnonzero(np.diff(np.concatenate([[1], valid, [1]])))
        spells += (edges[1::2] - edges[::2]).tolist()
    assert np.mean(closed) == pytest.approx(0.02, abs=0.01)
    assert 3 <= np.median(spells) <= 9
    assert np.mean(np.array(spells) > 10) < 0.1


def test_points_far_outside_are_invalid(ego_states, preset):
    state = ego_states[0]
    camera = ego_camera(state, preset)
    state.gaze_point.setflags(write=False)
    behind = type(state)(**{**vars(state), 'gaze_point': state.gaze_point - np.array([0, 20.0, 0])})
    samples = gaze_samples(behind, camera)
    assert not samples[:, 2].any()
    assert np.isfinite(samples).all() and np.abs(samples).max() <= 2


def test_imu_at_rest_measures_gravity_and_its_turns_add_up(takes, preset):
    state = takes[0]
    camera = ego_camera(state, preset)
    imu = imu_samples(state, camera)
    assert len(imu.times) == int(state.times[-1] * 800) + 1
    orientation = Rotation.from_matrix(camera.rotation.transpose(0, 2, 1))
    # Mean specific force in the world is gravity upwards plus the mean acceleration.
    frames = np.arange(0, state.num_frames - 1, 3)
    rows = np.searchsorted(imu.times, state.times[frames])
    force = orientation[frames].apply(imu.accelerometer[rows])
    assert force.mean(0) == pytest.approx([0, 0, 9.81], abs=0.35)
    # Integrate the gyroscope over half a second of head motion.
    first, last = 60, 75
    turned = Rotation.identity()
    inside = (imu.times >= first / 30) & (imu.times < last / 30)
    for omega in imu.gyroscope[inside]:
        turned = turned * Rotation.from_rotvec(omega / 800)
    truth = orientation[first].inv() * orientation[last]
    assert (truth.inv() * turned).magnitude() < 0.02
    assert truth.magnitude() > 0.005


def test_trajectory_passes_through_the_frames(takes, preset):
    state = takes[1]
    camera = ego_camera(state, preset)
    times, position, quaternion = trajectory_samples(state, camera)
    np.testing.assert_allclose(np.diff(times), .001)
    np.testing.assert_allclose(position[100], camera.center[3])  # 0.1 s = frame 3 at 30 fps
    np.testing.assert_allclose(Rotation.from_quat(quaternion[100]).as_matrix(), camera.rotation[3].T, atol=1e-9)
