"""One job of the generator: all that one synchronised take costs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini import motion, render
from egoexo.mini.camera import take_cameras
from egoexo.mini.descriptors import describe, shrink
from egoexo.mini.features import project
from egoexo.mini.job import write_tensor
from egoexo.mini.layouts import egoexo4d_names as names
from egoexo.mini.layouts.egoexo4d_sensors import write_sensors
from egoexo.mini.layouts.files import link_file
from egoexo.mini.video import read_mp4, write_mp4

if TYPE_CHECKING:
    from egoexo.mini.camera import CameraPath
    from egoexo.mini.presets import MiniPreset, VideoPlan
    from egoexo.mini.state import TakeState

__all__ = ['DONE', 'TakeJob', 'make_take', 'take_duration']

BLOCK = 128
DONE = 'eye_gaze/general_eye_gaze_2d.csv'  # the file of a take that is written last


@dataclass(frozen=True)
class TakeJob:
    """What one worker is asked to make.

    Args:
        plan (VideoPlan): Which take.
        preset (MiniPreset): Sizes and knobs.
        seed (int): Seed of the world.
        folder (Path): Root of the layout, e.g. ``data/mini/egoexo4d``.
    """

    plan: 'VideoPlan'
    preset: 'MiniPreset'
    seed: int
    folder: Path


def make_take(job: TakeJob) -> int:
    """Simulate a take once, film it with all cameras, extract features from the written files; kept if finished.

    Args:
        job (TakeJob): The take.

    Returns:
        int: Number of frames of each video, 0 when everything existed.
    """
    done = names.take_folder(job.folder, job.plan) / DONE
    if done.is_file():
        return 0
    state = motion.simulate(job.plan, job.preset, job.seed)
    cameras = take_cameras(state, job.preset)
    for cam_id, camera in cameras.items():
        _film(job, state, cam_id, camera)
    write_sensors(job.folder, job.plan, state, cameras)
    return state.num_frames


def take_duration(state: 'TakeState') -> float:
    """``duration_sec`` of a take: official code gets the number of frames back with ``int(duration_sec * 30)``.

    Args:
        state (TakeState): The take.

    Returns:
        float: Seconds, the next microsecond after the last frame.
    """
    return (int(state.num_frames / state.fps * 1e6 + 1e-6) + 1) / 1e6


def _film(job: TakeJob, state: 'TakeState', cam_id: str, camera: 'CameraPath') -> None:
    """Video, its second name and its features, which see the decoded frames and nothing else."""
    path = names.video_path(job.folder, job.plan, cam_id)
    write_mp4(path, render.iter_frames(state, camera, BLOCK), state.fps, (camera.width, camera.height))
    link_file(path, names.small_video_path(job.folder, job.plan, cam_id))
    (small,) = shrink(read_mp4(path, BLOCK))
    rows = project(describe(small, state.fps), state.fps, 'omnivore')
    write_tensor(names.feature_path(job.folder, job.plan, cam_id), rows[:, None])
