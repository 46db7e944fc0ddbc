"""Clocks, trajectory, camera calibration and gaze of one take, as the files of Ego-Exo4D state them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from egoexo.mini.calibration import KB3_COEFFICIENTS, sensor_rotation, stored_to_sensor, world_pose
from egoexo.mini.camera import EGO_CAMERA, CameraPath
from egoexo.mini.layouts.egoexo4d_names import capture_name, stream_of, take_folder
from egoexo.mini.layouts.files import write_bytes, write_csv
from egoexo.mini.seeding import make_uid, rng
from egoexo.mini.sensors import gaze_samples, trajectory_samples

if TYPE_CHECKING:
    from egoexo.mini.presets import VideoPlan
    from egoexo.mini.state import TakeState

__all__ = ['POST_ROWS', 'start_row', 'timesync_span', 'write_sensors']

GOPRO_SIZE = (3840, 2160)  # official readers assume this size and scale the calibration to the video they open
GOPRO_FPS, ALIGNED_FPS = 60, 30
POST_ROWS = 17  # rows of the capture after the take


def start_row(plan: 'VideoPlan', seed: int) -> int:
    """``timesync_start_idx``: what was recorded of the capture before the take, in rows of 1/30 s.

    Args:
        plan (VideoPlan): The take.
        seed (int): Seed of the world.

    Returns:
        int: Frame k of the take is row ``start_row + 1 + k``.
    """
    return int(rng(seed, plan.uid, 'timesync').integers(20, 90))


def timesync_span(plan: 'VideoPlan', seed: int, num_frames: int) -> tuple[int, int]:
    """Rows of the capture between which the take lies.

    Args:
        plan (VideoPlan): The take.
        seed (int): Seed of the world.
        num_frames (int): Its frames.

    Returns:
        tuple[int, int]: ``timesync_start_idx`` and ``timesync_end_idx``, both exclusive.
    """
    start = start_row(plan, seed)
    return start, start + num_frames + 1


def write_sensors(root: Path, plan: 'VideoPlan', state: 'TakeState', cameras: dict[str, CameraPath]) -> None:
    """Write ``timesync.csv``, both files of ``trajectory/`` and the 10 Hz gaze of a take.

    The device frame is that of the rgb camera in sensor (landscape) orientation: its pose needs no further transform.

    Args:
        root (Path): Root of the layout.
        plan (VideoPlan): The take.
        state (TakeState): With all its paths.
        cameras (dict[str, CameraPath]): Cameras of the take by name.
    """
    folder = take_folder(root, plan)
    clocks = {cam_id: _clock(state.seed, plan, cam_id) for cam_id in cameras}
    write_csv(root / 'captures' / capture_name(plan) / 'timesync.csv', *_timesync(plan, state, clocks))
    ego = cameras[EGO_CAMERA]
    _write_trajectory(folder / 'trajectory' / 'closed_loop_trajectory.csv', plan, state, ego, clocks[EGO_CAMERA])
    write_csv(folder / 'trajectory' / 'gopro_calibs.csv', *_gopro_table(plan, state, cameras))
    write_csv(folder / 'eye_gaze' / 'general_eye_gaze_2d.csv', ['tracking_timestamp_us', 'x', 'y'],
              _gaze_rows(state, ego, clocks[EGO_CAMERA]))


def _clock(seed: int, plan: 'VideoPlan', cam_id: str) -> int:
    """Nanoseconds on the clock of a device when the take starts; devices were switched on at different times."""
    return int(rng(seed, plan.uid, f'clock:{cam_id}').integers(10**12, 10**13)) // 10**6 * 10**6


def _timesync(plan: 'VideoPlan', state: 'TakeState', clocks: dict[str, int]) -> tuple[list[str], Iterable[list]]:
    """Header and rows of the capture, one row per 1/30 s; GoPros count at 60 frames per second."""
    start, end = timesync_span(plan, state.seed, state.num_frames)
    prefixes = {cam_id: f'{cam_id}_{stream_of(cam_id)[1]}' for cam_id in clocks}
    header = [f'{prefix}_{field}' for prefix in prefixes.values()
              for field in ('pts', 'frame_number', 'capture_timestamp_ns')]

    def rows() -> Iterable[list]:
        for row in range(end + POST_ROWS):
            cells = []
            for cam_id, clock in clocks.items():
                step = 1 if cam_id == EGO_CAMERA else GOPRO_FPS // ALIGNED_FPS
                nanoseconds = clock + round((row - start - 1) * 1e9 / state.fps)
                cells += [row * step * 512, row * step, nanoseconds]
            yield cells

    return header, rows()


def _write_trajectory(path: Path, plan: 'VideoPlan', state: 'TakeState', ego: CameraPath, clock: int) -> None:
    """1 kHz pose of the device in the world."""
    sensor = replace(ego, rotation=sensor_rotation(ego.rotation))
    times, position, quaternion = trajectory_samples(state, sensor)
    graph = make_uid(state.seed, 'B-graph', plan.index)[:8]
    header = ['graph_uid', 'tracking_timestamp_us', *(f't{axis}_world_device' for axis in 'xyz'),
              *(f'q{axis}_world_device' for axis in 'xyzw'), *(f'gravity_{axis}_world' for axis in 'xyz'),
              'quality_score']
    microseconds = (clock // 1000 + np.rint(times * 1e6).astype(np.int64)).tolist()
    poses = np.concatenate([position, quaternion], axis=1).tolist()
    row = graph + ',%d' + ',%.5f' * 3 + ',%.7f' * 4 + ',0,0,-9.81,1.0\n'
    text = ','.join(header) + '\n' + ''.join([row % (moment, *pose)
                                              for moment, pose in zip(microseconds, poses, strict=True)])
    write_bytes(path, text.encode())


def _gopro_table(plan: 'VideoPlan', state: 'TakeState',
                 cameras: dict[str, CameraPath]) -> tuple[list[str], list[list[object]]]:
    """Pose and KANNALABRANDTK3 intrinsics of each static camera, for its raw video of 3840 x 2160 pixels."""
    header = ['cam_uid', 'graph_uid', *(f't{axis}_world_cam' for axis in 'xyz'),
              *(f'q{axis}_world_cam' for axis in 'xyzw'), 'image_width', 'image_height', 'intrinsics_type',
              *(f'intrinsics_{index}' for index in range(8)), 'start_frame_idx', 'end_frame_idx', 'quality']
    graph = make_uid(state.seed, 'B-graph', plan.index)
    rows = []
    for cam_id, camera in cameras.items():
        if cam_id == EGO_CAMERA:
            continue
        scale = GOPRO_SIZE[0] / camera.width
        pose = world_pose(camera.rotation[:1], camera.center[:1])[0]
        lens = [camera.focal * scale] * 2 + (camera.principal_point * scale).tolist() + list(KB3_COEFFICIENTS)
        rows.append([cam_id, graph, *_rounded(pose.tolist()), *GOPRO_SIZE, 'KANNALABRANDTK3', *_rounded(lens), 0, -1,
                     1.0])
    return header, rows


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 9) for value in values]


def _gaze_rows(state: 'TakeState', ego: CameraPath, clock: int) -> list[list[object]]:
    """10 Hz gaze in sensor pixels: each row stands for three frames, the first one for two, its second and third."""
    share = gaze_samples(state, ego)[:, :2]
    frames = np.minimum(np.arange(-(-(state.num_frames + 1) // 3)) * 3, len(share) - 1)
    pixels = stored_to_sensor(share[frames] * (ego.width, ego.height) - 0.5, ego.width)
    moments = clock // 1000 + np.arange(len(frames)) * 100_000
    return [[moment, round(x, 3), round(y, 3)]
            for moment, (x, y) in zip(moments.tolist(), pixels.tolist(), strict=True)]
