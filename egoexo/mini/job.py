"""One job of the generator: everything about one video that costs time."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from egoexo.mini import camera, motion, render, sensors
from egoexo.mini.descriptors import describe, gaze_boxes, shrink
from egoexo.mini.features import project
from egoexo.mini.layouts.files import link_file
from egoexo.mini.video import read_mp4, write_mp4

if TYPE_CHECKING:
    from egoexo.mini.presets import MiniPreset, VideoPlan
    from egoexo.mini.state import TakeState

__all__ = ['FEATURE_FOLDERS', 'VideoJob', 'feature_paths', 'make_video', 'one_thread', 'use_one_thread',
           'video_gaze', 'video_path', 'write_tensor']

FEATURE_FOLDERS = {'clip': 'clip_5fps', 'i3d': 'i3d_rgb_25fps'}
GAZE_SUFFIX = '_gaze'
BLOCK = 128


@dataclass(frozen=True)
class VideoJob:
    """What one worker is asked to make.

    Args:
        plan (VideoPlan): Which video.
        preset (MiniPreset): Sizes and knobs.
        seed (int): Seed of the world.
        folder (Path): Root of the layout family, e.g. ``data/mini/egoexolearn``.
        features (tuple[str, ...]): Keys of :data:`FEATURE_FOLDERS` made from whole frames.
        gaze_features (tuple[str, ...]): Those made from gaze crops too.
        float32 (bool): Store I3D-like features as float32 instead of float16.
    """

    plan: 'VideoPlan'
    preset: 'MiniPreset'
    seed: int
    folder: Path
    features: tuple[str, ...]
    gaze_features: tuple[str, ...]
    float32: bool


def make_video(job: VideoJob) -> int:
    """Simulate, film, encode, decode again and extract features; files that are already there are kept.

    Args:
        job (VideoJob): The video.

    Returns:
        int: Number of frames, 0 when everything existed.
    """
    path, targets = video_path(job), feature_paths(job)
    if path.is_file() and all(target.is_file() for target in targets.values()):
        return 0
    state = motion.simulate(job.plan, job.preset, job.seed)
    view = camera.video_camera(state, job.preset)
    write_mp4(path, render.iter_frames(state, view, BLOCK), state.fps, (view.width, view.height))
    crops = _describe_crops(job, state, path, (view.width, view.height))
    for (name, crop), target in _split_names(targets).items():
        if crop == GAZE_SUFFIX and crop not in crops:
            link_file(targets[FEATURE_FOLDERS[name]], target)
            continue
        rows = project(crops[crop], state.fps, name)
        write_tensor(target, rows if name != 'i3d' or job.float32 else rows.astype(np.float16))
    return state.num_frames


def video_path(job: VideoJob) -> Path:
    """Where the mp4 of a job goes.

    Args:
        job (VideoJob): The video.

    Returns:
        Path: ``<folder>/videos/<uid>.mp4``.
    """
    return job.folder / 'videos' / f'{job.plan.uid}.mp4'


def feature_paths(job: VideoJob) -> dict[str, Path]:
    """Feature files that belong to a video.

    The gaze folders hold crops for ego videos and the plain features for exo videos, as released; an ego video
    without gaze is absent there.

    Args:
        job (VideoJob): The video.

    Returns:
        dict[str, Path]: Folder name, e.g. ``'i3d_rgb_25fps_gaze'``, to file.
    """
    folders = [FEATURE_FOLDERS[name] for name in job.features]
    if job.plan.has_gaze or job.plan.view == 'exo':
        folders += [FEATURE_FOLDERS[name] + GAZE_SUFFIX for name in job.gaze_features]
    return {name: job.folder / 'features' / name / f'{job.plan.uid}.pt' for name in folders}


def video_gaze(state: 'TakeState', plan: 'VideoPlan', preset: 'MiniPreset', seed: int) -> np.ndarray | None:
    """Gaze samples of a video.

    Args:
        state (TakeState): State of the video.
        plan (VideoPlan): Its plan.
        preset (MiniPreset): Sizes and knobs.
        seed (int): Seed of the world.

    Returns:
        np.ndarray | None: (N, 3) at 30 Hz, or ``None`` when the video has no gaze.
    """
    if not plan.has_gaze:
        return None
    return sensors.gaze_samples(state, camera.video_camera(state, preset), seed)


def write_tensor(path: Path, array: np.ndarray) -> None:
    """Save an array as a bare tensor, the same bytes for the same values under any name.

    Args:
        path (Path): Target ``.pt``; its folder is made when absent.
        array (np.ndarray): The values.
    """
    # Saved through memory because a file's own name would become part of its bytes.
    buffer = io.BytesIO()
    torch.save(torch.from_numpy(np.ascontiguousarray(array)), buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + '.part')
    part.write_bytes(buffer.getvalue())
    os.replace(part, path)


def use_one_thread() -> None:
    """Keep the libraries of a worker to one thread: the pool already uses every core, and sums keep their order."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)


@contextmanager
def one_thread() -> Iterator[None]:
    """:func:`use_one_thread` for a while, in a process that goes on with other work."""
    threads = cv2.getNumThreads(), torch.get_num_threads()
    use_one_thread()
    try:
        yield
    finally:
        cv2.setNumThreads(threads[0])
        torch.set_num_threads(threads[1])


def _describe_crops(job: VideoJob, state: 'TakeState', path: Path, size: tuple[int, int]) -> dict:
    """Descriptors of the whole frame ('') and, when wanted, of the gaze crop, from one decoding pass."""
    boxes = {'': None}
    gaze = video_gaze(state, job.plan, job.preset, job.seed) if job.gaze_features else None
    if gaze is not None:
        boxes[GAZE_SUFFIX] = gaze_boxes(gaze, state.num_frames, state.fps, size)
    small = shrink(read_mp4(path, BLOCK), tuple(boxes.values()))
    return {crop: describe(frames, state.fps) for crop, frames in zip(boxes, small, strict=True)}


def _split_names(targets: dict[str, Path]) -> dict[tuple[str, str], Path]:
    """Folder names as (feature, crop suffix), plain ones first so that links find their target."""
    names = {folder: name for name, folder in FEATURE_FOLDERS.items()}
    pairs = {}
    for folder, path in sorted(targets.items(), key=lambda item: item[0].endswith(GAZE_SUFFIX)):
        crop = GAZE_SUFFIX if folder.endswith(GAZE_SUFFIX) else ''
        pairs[names[folder.removesuffix(GAZE_SUFFIX)], crop] = path
    return pairs
