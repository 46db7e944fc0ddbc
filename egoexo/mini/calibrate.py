"""Whitening constants of the features, estimated once on a world of their own and shipped with the package."""

import os
import tempfile
from pathlib import Path

import numpy as np
from rich.progress import track

from egoexo.mini import camera, motion, render
from egoexo.mini.descriptors import Descriptors, describe, shrink
from egoexo.mini.features import CALIBRATION, FEATURES, project
from egoexo.mini.job import one_thread
from egoexo.mini.presets import VideoPlan, get_preset, plan_videos
from egoexo.mini.video import read_mp4, write_mp4

__all__ = ['calibrate']

CALIBRATION_SEED = 20240322
VIDEOS_PER_VIEW = 6


def calibrate(path: str | Path = CALIBRATION) -> Path:
    """Estimate mean and standard deviation of every feature dimension, both views together, and store them.

    The calibration world has its own seed, so no video of a user's world takes part; labels are not used.

    Args:
        path (str | Path): Target ``.npz``; keys ``<name>_mean`` and ``<name>_sd``, float32.

    Returns:
        Path: The written file.
    """
    plans = plan_videos(get_preset('default'), CALIBRATION_SEED)
    chosen = [plan for view in ('ego', 'exo') for plan in [p for p in plans if p.view == view][:VIDEOS_PER_VIEW]]
    with one_thread():
        videos = [_describe(plan) for plan in track(chosen, description='calibration videos')]
        constants = {}
        for name in FEATURES:
            rows = np.concatenate([project(d, fps, name, whiten=False) for d, fps in videos]).astype(np.float64)
            constants[f'{name}_mean'] = rows.mean(axis=0).astype(np.float32)
            constants[f'{name}_sd'] = rows.std(axis=0).astype(np.float32)
    path = Path(path)
    part = path.with_name(path.stem + '.part.npz')
    np.savez_compressed(part, **constants)
    os.replace(part, path)
    return path


def _describe(plan: VideoPlan) -> tuple[Descriptors, float]:
    """Descriptors of one calibration video, through an mp4 like all others."""
    preset = get_preset('default')
    state = motion.simulate(plan, preset, CALIBRATION_SEED)
    view = camera.video_camera(state, preset)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'video.mp4'
        write_mp4(path, render.iter_frames(state, view), state.fps, (view.width, view.height))
        (small,) = shrink(read_mp4(path))
    return describe(small, state.fps), state.fps
