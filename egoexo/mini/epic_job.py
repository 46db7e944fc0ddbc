"""One job of the generator: the frames of one video of the EPIC-Kitchens layout."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from egoexo.mini import camera, motion, render
from egoexo.mini.layouts.epic_names import FRAME, TPV_FRAME, ego_folder, tpv_folder
from egoexo.mini.pictures import write_pictures

if TYPE_CHECKING:
    from egoexo.mini.presets import MiniPreset, VideoPlan
    from egoexo.mini.state import TakeState

__all__ = ['TPV_FPS', 'EpicJob', 'make_frames', 'simulate_video', 'video_folder']

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


def make_frames(job: EpicJob) -> int:
    """Simulate and film; a folder that is already there is kept.

    Args:
        job (EpicJob): The video.

    Returns:
        int: Number of frames, 0 when everything existed.
    """
    folder = video_folder(job)
    if folder.is_dir():
        return 0
    state = simulate_video(job)
    frames = render.iter_frames(state, camera.video_camera(state, job.preset), BLOCK)
    template, first = (FRAME, 1) if job.plan.view == 'ego' else (TPV_FRAME, 0)
    return write_pictures(folder, _turn(frames) if job.portrait else frames, template, first)


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


def _turn(blocks: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """Square or landscape pictures as portrait ones."""
    for block in blocks:
        turned = np.rot90(block, axes=(1, 2))
        height = turned.shape[1]
        width = min(turned.shape[2], height * 3 // 4)
        left = (turned.shape[2] - width) // 2
        yield np.ascontiguousarray(turned[:, :, left:left + width])
