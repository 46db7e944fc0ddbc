"""Official camera conventions: tan-series distortion, the rotated Aria picture, extrinsics.

The renderer is a pinhole while the official models are fish-eye lenses. A pinhole has ``th_d = tan(th)``, so the odd
Taylor coefficients of the tangent, written as distortion, describe our pictures in the official models: official
undistortion code runs unchanged and lands on our pixels. Truncation errors: FISHEYE624 at f = 66 below .0001 px at
30 degrees and .083 px at 55; KANNALA_BRANDT_K3 at f = 136 below .03 px at 40 degrees.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from egoexo.mini.camera import CameraPath

__all__ = ['FISHEYE624_COEFFICIENTS', 'KB3_COEFFICIENTS', 'extrinsics', 'fisheye_intrinsics', 'project_fisheye',
           'sensor_rotation', 'sensor_to_stored', 'stored_to_sensor', 'world_pose']

FISHEYE624_COEFFICIENTS = (1 / 3, 2 / 15, 17 / 315, 62 / 2835, 1382 / 155925, 21844 / 6081075)
KB3_COEFFICIENTS = FISHEYE624_COEFFICIENTS[:4]
# Intrinsics of the undistorted 512 x 512 ego picture as released.
ARIA_UNDISTORTED = ((150.0, 0.0, 255.5), (0.0, 150.0, 255.5), (0.0, 0.0, 1.0))


def project_fisheye(points: np.ndarray, focal: float, center: tuple[float, float],
                    coefficients: tuple[float, ...]) -> np.ndarray:
    """Radial part of FISHEYE624 and KANNALA_BRANDT_K3 (their other terms are zero here).

    Args:
        points (np.ndarray): Camera coordinates with z > 0, (..., 3).
        focal (float): Pixels.
        center (tuple[float, float]): Principal point.
        coefficients (tuple[float, ...]): k0, k1, ...

    Returns:
        np.ndarray: Pixels, (..., 2).
    """
    xy = points[..., :2] / points[..., 2:]
    radius = np.linalg.norm(xy, axis=-1, keepdims=True)
    angle = np.arctan(radius)
    square = angle ** 2
    series = np.zeros_like(square)
    for k in reversed(coefficients):
        series = (series + k) * square
    distorted = angle * (1 + series)
    return focal * xy * np.where(radius > 1e-12, distorted / np.maximum(radius, 1e-12), 1.0) + np.asarray(center)


def fisheye_intrinsics(camera: CameraPath, model: str) -> list[float]:
    """Parameters of the official model for a camera of ours.

    Args:
        camera (CameraPath): Ego (sensor) or static exo camera.
        model (str): ``'FISHEYE624'`` (f, cx, cy, k0..k5, p0, p1, s0..s3) or ``'KANNALA_BRANDT_K3'``
            (fx, fy, cx, cy, k0..k3).

    Returns:
        list[float]: 15 or 8 numbers. Square pictures have the same centre in sensor and stored orientation.
    """
    center = camera.principal_point.tolist()
    if model == 'FISHEYE624':
        return [camera.focal, *center, *FISHEYE624_COEFFICIENTS, *([0.0] * 6)]
    return [camera.focal, camera.focal, *center, *KB3_COEFFICIENTS]


def sensor_rotation(rotation: np.ndarray) -> np.ndarray:
    """Rotation of the landscape Aria sensor from that of the stored upright picture.

    Sensor x is the stored "down", sensor y the stored "left".

    Args:
        rotation (np.ndarray): Rows right, down, forward of the stored picture, (..., 3, 3).

    Returns:
        np.ndarray: (..., 3, 3).
    """
    right, down, forward = (rotation[..., row, :] for row in range(3))
    return np.stack([down, -right, forward], axis=-2)


def sensor_to_stored(pixels: np.ndarray, size: int) -> np.ndarray:
    """Sensor pixel (x, y) to its place in the stored mp4: ``(n - 1 - y, x)``.

    Args:
        pixels (np.ndarray): (..., 2).
        size (int): Side n of the square picture.

    Returns:
        np.ndarray: (..., 2).
    """
    return np.stack([size - 1 - pixels[..., 1], pixels[..., 0]], axis=-1)


def stored_to_sensor(pixels: np.ndarray, size: int) -> np.ndarray:
    """Inverse of :func:`sensor_to_stored`.

    Args:
        pixels (np.ndarray): (..., 2).
        size (int): Side n of the square picture.

    Returns:
        np.ndarray: (..., 2).
    """
    return np.stack([pixels[..., 1], size - 1 - pixels[..., 0]], axis=-1)


def extrinsics(rotation: np.ndarray, center: np.ndarray) -> np.ndarray:
    """``[R | t]``, world to camera, as in the camera_pose files.

    Args:
        rotation (np.ndarray): (..., 3, 3).
        center (np.ndarray): (..., 3).

    Returns:
        np.ndarray: (..., 3, 4).
    """
    return np.concatenate([rotation, -rotation @ center[..., None]], axis=-1)


def world_pose(rotation: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Camera to world as ``tx, ty, tz, qx, qy, qz, qw``, as in gopro_calibs.csv.

    Args:
        rotation (np.ndarray): World to camera, (N, 3, 3).
        center (np.ndarray): (N, 3).

    Returns:
        np.ndarray: (N, 7), qw >= 0.
    """
    quaternion = Rotation.from_matrix(rotation.transpose(0, 2, 1)).as_quat(canonical=True)
    return np.concatenate([center, quaternion], axis=-1)
