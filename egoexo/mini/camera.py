"""Pinhole cameras on paths: the head camera, the cameraman of population A, the four static cameras of population B.

World: metres, z up. Camera axes are those of the stored picture: x right, y down, z forward.
"""

from dataclasses import dataclass

import numpy as np

from egoexo.mini.paths import low_pass, unit
from egoexo.mini.presets import MiniPreset
from egoexo.mini.seeding import rng
from egoexo.mini.state import TakeState

__all__ = ['CameraPath', 'ego_camera', 'exo_camera', 'look_at', 'static_exo_cameras', 'take_cameras',
           'video_camera']

EGO_CAMERA = 'aria01'
# Degrees left and right of the actor's front, before noise.
STATIC_AZIMUTHS = (-60.0, -20.0, 25.0, 65.0)


@dataclass(frozen=True)
class CameraPath:
    """A pinhole camera per frame: ``X_cam = R (X - C)``, pixel = focal * xy / z + centre.

    Pixel centres lie on integers, so the optical axis meets ``((W - 1) / 2, (H - 1) / 2)``.

    Args:
        view (str): ``'ego'`` or ``'exo'``; decides what of the body is drawn.
        rotation (np.ndarray): Rows right, down, forward; (T, 3, 3).
        center (np.ndarray): (T, 3).
        focal (float): Pixels.
        width (int): Pixels.
        height (int): Pixels.
        gain (float): Brightness factor.
        cast (tuple[float, float, float]): Colour cast, BGR.
    """

    view: str
    rotation: np.ndarray
    center: np.ndarray
    focal: float
    width: int
    height: int
    gain: float
    cast: tuple[float, float, float]

    @property
    def principal_point(self) -> np.ndarray:
        """Pixel of the optical axis, (2,)."""
        return np.array([(self.width - 1) / 2, (self.height - 1) / 2])

    def crop(self, start: int, stop: int, step: int = 1) -> 'CameraPath':
        """The same camera for frames ``start`` to ``stop`` (exclusive).

        Args:
            start (int): First frame.
            stop (int): One past the last frame.
            step (int): Frames from one to the next.

        Returns:
            CameraPath: With one pose per frame.
        """
        frames = slice(start, stop, step)
        return CameraPath(self.view, self.rotation[frames], self.center[frames], self.focal, self.width, self.height,
                          self.gain, self.cast)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World to camera coordinates.

        Args:
            points (np.ndarray): (T, N, ..., 3), or (N, 3) for points that do not move.

        Returns:
            np.ndarray: (T, N, ..., 3).
        """
        num_frames = len(self.center)
        if points.ndim == 2:
            points = np.broadcast_to(points, (num_frames, *points.shape))
        flat = points.reshape(num_frames, -1, 3) - self.center[:, None]
        return (flat @ self.rotation.transpose(0, 2, 1)).reshape(points.shape)

    def to_pixels(self, points: np.ndarray) -> np.ndarray:
        """Camera coordinates to pixels; points behind the camera give meaningless finite numbers.

        Args:
            points (np.ndarray): (..., 3).

        Returns:
            np.ndarray: (..., 2).
        """
        depth = points[..., 2:]
        depth = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        return self.focal * points[..., :2] / depth + self.principal_point

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """World points to pixels and depths.

        Args:
            points (np.ndarray): (T, N, ..., 3), or (N, 3) for points that do not move.

        Returns:
            tuple[np.ndarray, np.ndarray]: Pixels (T, N, ..., 2) and depths (T, N, ...) in metres, negative behind.
        """
        in_camera = self.to_camera(points)
        return self.to_pixels(in_camera), in_camera[..., 2]


def look_at(direction: np.ndarray) -> np.ndarray:
    """Rotations of upright cameras.

    Args:
        direction (np.ndarray): Unit viewing directions, never vertical, (T, 3).

    Returns:
        np.ndarray: Rows right, down, forward; (T, 3, 3).
    """
    right = unit(np.cross(direction, (0.0, 0.0, 1.0)))
    return np.stack([right, np.cross(direction, right), direction], axis=1)


def ego_camera(state: TakeState, preset: MiniPreset) -> CameraPath:
    """The head camera.

    Args:
        state (TakeState): Any population.
        preset (MiniPreset): Picture sizes.

    Returns:
        CameraPath: One pose per frame; for population B the stored (upright) picture, see ``egoexo.mini.calibration``.
    """
    size, focal = preset.ego_size, preset.ego_focal
    if state.population == 'B':
        size, focal = preset.take_ego_size, preset.take_ego_focal
    rotation = look_at(state.head_direction)
    center = state.head_position + 0.10 * state.head_direction - 0.04 * rotation[:, 1]
    return CameraPath('ego', rotation, center, focal, size, size, state.style.gain, state.style.cast)


def exo_camera(state: TakeState, preset: MiniPreset) -> CameraPath:
    """The cameraman of population A, who follows the actor from the other side of the counter.

    Args:
        state (TakeState): Exo video.
        preset (MiniPreset): Picture sizes and zoom.

    Returns:
        CameraPath: One pose per frame.
    """
    draw = rng(state.seed, state.uid, 'camera')
    azimuth, distance, height = draw.uniform((-70, 1.5, 1.35), (70, 2.1, 1.9))
    target = np.full((state.num_frames, 3), (0, .45, 1.05))
    target[:, 0] = low_pass(state.body_x, 1.5, state.fps)
    width, rows = preset.exo_size
    return _aim(target, azimuth, distance, height, preset.exo_zoom * width, (width, rows), state.style.gain,
                state.style.cast)


def static_exo_cameras(state: TakeState, preset: MiniPreset) -> list[CameraPath]:
    """The four fixed cameras of a synchronised take, ``cam01`` .. ``cam04``.

    Args:
        state (TakeState): Take of population B.
        preset (MiniPreset): Picture sizes and zoom.

    Returns:
        list[CameraPath]: Each with the same pose in all frames.
    """
    draw = rng(state.seed, state.uid, 'camera')
    middle = (state.body_x.min() + state.body_x.max()) / 2
    width, rows = preset.take_exo_size
    cameras = []
    for azimuth in STATIC_AZIMUTHS:
        noise, height, gain = draw.normal(0, 5), draw.uniform(1.5, 1.9), draw.uniform(.95, 1.05)
        target = np.broadcast_to((middle, .45, 1.05), (state.num_frames, 3))
        cameras.append(_aim(target, azimuth + noise, 2.0, height, preset.take_exo_zoom * width, (width, rows),
                            .95 * gain, state.style.cast))
    return cameras


def take_cameras(state: TakeState, preset: MiniPreset) -> dict[str, CameraPath]:
    """All cameras of a synchronised take under their official names.

    Args:
        state (TakeState): Take of population B.
        preset (MiniPreset): Picture sizes and zoom.

    Returns:
        dict[str, CameraPath]: ``'aria01'``, the head camera as its picture is stored (upright), then ``'cam01'`` ..
        ``'cam04'``.
    """
    exo = {f'cam{number:02d}': path for number, path in enumerate(static_exo_cameras(state, preset), 1)}
    return {EGO_CAMERA: ego_camera(state, preset), **exo}


def video_camera(state: TakeState, preset: MiniPreset) -> CameraPath:
    """The camera of a video of population A or C, chosen by its view.

    Args:
        state (TakeState): Its state.
        preset (MiniPreset): Picture sizes.

    Returns:
        CameraPath: Head camera or cameraman.
    """
    return ego_camera(state, preset) if state.view == 'ego' else exo_camera(state, preset)


def _aim(target: np.ndarray, azimuth: float, distance: float, height: float, focal: float, size: tuple[int, int],
         gain: float, cast: tuple[float, float, float]) -> CameraPath:
    """Camera at ``distance`` (on the ground) from the target, ``azimuth`` degrees off the actor's front."""
    angle = np.deg2rad(azimuth)
    center = target + distance * np.array([np.sin(angle), np.cos(angle), 0])
    center[:, 2] = height
    return CameraPath('exo', look_at(unit(target - center)), center, focal, *size, gain, cast)
