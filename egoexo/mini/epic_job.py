"""One job of the generator: frames and interaction map of one video of the EPIC-Kitchens layout."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini import camera, motion, render
from egoexo.mini.epic_boxes import find_boxes
from egoexo.mini.epic_portrait import turn_pictures
from egoexo.mini.layouts.epic_interactions import write_interaction_map
from egoexo.mini.layouts.epic_names import FRAME, TPV_FRAME, ego_folder, interaction_map, tpv_folder
from egoexo.mini.pictures import write_pictures

if TYPE_CHECKING:
    from egoexo.mini.presets import MiniPreset, VideoPlan
    from egoexo.mini.state import TakeState

__all__ = ['TPV_FPS', 'EpicJob', 'make_interaction_map', 'make_video', 'simulate_video', 'video_folder']

TPV_FPS = 24.0  # of LEMMA
BLOCK = 128


@dataclass(frozen=True)
class EpicJob:
    """What one worker is asked to make.

    Args:
        plan (VideoPlan): Ego video of population C or exo video of population A.
        preset (MiniPreset): Sizes and knobs.
        seed (int): Seed of the world.
        folder (Path): Root of the layout, e.g. ``data/mini/epic``.
        portrait (bool): A defect: store the pictures turned by 90 degrees and cut to 3:4.
    """

    plan: 'VideoPlan'
    preset: 'MiniPreset'
    seed: int
    folder: Path
    portrait: bool = False


def make_video(job: EpicJob) -> int:
    """Simulate and film; a folder of frames that is already there is kept.

    Args:
        job (EpicJob): The video.

    Returns:
        int: Number of frames, 0 when everything existed.
    """
    folder, is_ego = video_folder(job), job.plan.view == 'ego'
    if folder.is_dir():
        return 0
    state = simulate_video(job)
    if is_ego:  # before the frames, whose folder says that the video is finished
        make_interaction_map(job, state)
    frames = render.iter_frames(state, camera.video_camera(state, job.preset), BLOCK)
    template, first = (FRAME, 1) if is_ego else (TPV_FRAME, 0)
    return write_pictures(folder, map(turn_pictures, frames) if job.portrait else frames, template, first)


def make_interaction_map(job: EpicJob, state: 'TakeState') -> None:
    """Write the boxes of hands and touched objects of an ego video.

    Args:
        job (EpicJob): The video.
        state (TakeState): Its state.
    """
    objects, hands = find_boxes(state, camera.video_camera(state, job.preset), job.portrait)
    write_interaction_map(interaction_map(job.folder, job.plan), objects, hands, state.num_frames)


def video_folder(job: EpicJob) -> Path:
    """Where the frames of a job go.

    Args:
        job (EpicJob): The video.

    Returns:
        Path: One folder per video.
    """
    return (ego_folder if job.plan.view == 'ego' else tpv_folder)(job.folder, job.plan)


def simulate_video(job: EpicJob) -> 'TakeState':
    """State of a video on the grid of its frames.

    Args:
        job (EpicJob): The video.

    Returns:
        TakeState: 50 frames a second for ego videos, 24 for third-person ones.
    """
    plan = job.plan if job.plan.view == 'ego' else replace(job.plan, fps=TPV_FPS)
    return motion.simulate(plan, job.preset, job.seed)
