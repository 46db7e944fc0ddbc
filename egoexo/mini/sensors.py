"""What the head-worn device measures besides pictures: gaze samples, IMU, trajectory."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, Slerp

from egoexo.mini.camera import CameraPath
from egoexo.mini.seeding import rng
from egoexo.mini.state import TakeState

__all__ = ['ImuSamples', 'gaze_samples', 'imu_samples', 'trajectory_samples']

GAZE_RATE, IMU_RATE, TRAJECTORY_RATE = 30.0, 800.0, 1000.0
BLINK_SHARE, BLINK_SEC, OUTSIDE = 0.02, (0.1, 0.3), 0.2
GRAVITY = np.array([0.0, 0.0, -9.81])


@dataclass(frozen=True)
class ImuSamples:
    """Inertial samples in camera axes (right, down, forward).

    Args:
        times (np.ndarray): Seconds, (N,).
        accelerometer (np.ndarray): Specific force in m/s2, (N, 3); a camera at rest measures 9.81 upwards.
        gyroscope (np.ndarray): Angular velocity in rad/s, (N, 3).
    """

    times: np.ndarray
    accelerometer: np.ndarray
    gyroscope: np.ndarray


def gaze_samples(state: TakeState, camera: CameraPath, seed: int | None = None) -> np.ndarray:
    """Gaze in the picture at 30 Hz, as the gaze files of EgoExoLearn store it.

    Args:
        state (TakeState): World.
        camera (CameraPath): Head camera of the same take.
        seed (int | None): Seed of the blinks; None = that of the state.

    Returns:
        np.ndarray: (N, 3) float64: x / W, y / H, valid. Valid is 0 in blinks and where the point lies more than 20 %
        of the picture outside it; x and y stay finite there, within -1..2.
    """
    pixels, depth = camera.project(state.gaze_point[:, None])
    share = (pixels[:, 0] + 0.5) / (camera.width, camera.height)
    behind = depth[:, 0] <= 0.06
    share = np.clip(np.where(behind[:, None], 2.0, share), -1, 2)
    count = int(state.duration_sec * GAZE_RATE)
    times = np.arange(count) / GAZE_RATE
    samples = np.stack([np.interp(times, state.times, share[:, axis]) for axis in (0, 1)], 1)
    outside = ((samples < -OUTSIDE) | (samples > 1 + OUTSIDE)).any(1)
    blinks = _draw_blinks(times, rng(state.seed if seed is None else seed, state.uid, 'blinks'))
    return np.column_stack([samples, ~(outside | blinks)])


def _draw_blinks(times: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Blinks of 0.1 to 0.3 s that cover 2 % of the samples on average, at least one in a video, (N,) bool."""
    closed = np.zeros(len(times), bool)
    if len(times) == 0:
        return closed
    duration = len(times) / GAZE_RATE
    count = max(1, int(draw.poisson(BLINK_SHARE * duration / np.mean(BLINK_SEC))))
    for start, length in zip(draw.uniform(0, duration, count), draw.uniform(*BLINK_SEC, count), strict=True):
        closed |= (times >= start) & (times < start + length)
    return closed


def imu_samples(state: TakeState, camera: CameraPath, rate: float = IMU_RATE) -> ImuSamples:
    """Accelerometer and gyroscope at the head camera.

    Args:
        state (TakeState): World.
        camera (CameraPath): Head camera of the same take.
        rate (float): Samples per second.

    Returns:
        ImuSamples: With noise of 0.05 m/s2 and 0.01 rad/s.
    """
    draw = rng(state.seed, state.uid, 'imu')
    times = np.arange(int(state.times[-1] * rate) + 1) / rate
    acceleration = CubicSpline(state.times, camera.center)(times, 2) - GRAVITY
    orientation = _orientation(camera)
    accelerometer = Slerp(state.times, orientation)(times).inv().apply(acceleration)
    # Rotation between two frames, seen in the camera, belongs to the middle between them.
    turn = (orientation[:-1].inv() * orientation[1:]).as_rotvec() * state.fps
    middle = (state.times[:-1] + state.times[1:]) / 2
    gyroscope = np.stack([np.interp(times, middle, turn[:, axis]) for axis in range(3)], 1)
    return ImuSamples(times, accelerometer + draw.normal(0, .05, accelerometer.shape),
                      gyroscope + draw.normal(0, .01, gyroscope.shape))


def trajectory_samples(state: TakeState, camera: CameraPath,
                       rate: float = TRAJECTORY_RATE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pose of a camera at a high rate: position linear, orientation by slerp between frames.

    Args:
        state (TakeState): World.
        camera (CameraPath): Camera of the same take.
        rate (float): Samples per second.

    Returns:
        tuple[np.ndarray, np.ndarray, np.ndarray]: Times (N,) in seconds, positions (N, 3), camera-to-world quaternions
        x, y, z, w (N, 4).
    """
    times = np.arange(int(state.times[-1] * rate) + 1) / rate
    position = np.stack([np.interp(times, state.times, camera.center[:, axis]) for axis in range(3)], 1)
    return times, position, Slerp(state.times, _orientation(camera))(times).as_quat(canonical=True)


def _orientation(camera: CameraPath) -> Rotation:
    return Rotation.from_matrix(camera.rotation.transpose(0, 2, 1))
