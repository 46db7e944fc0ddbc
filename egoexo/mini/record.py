"""What a layout writer gets to know about one rendered video."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from egoexo.mini.state import TakeState

if TYPE_CHECKING:
    from egoexo.mini.presets import VideoPlan

__all__ = ['VideoRecord']


@dataclass(frozen=True)
class VideoRecord:
    """One finished video; writers read annotations off the state and never look at pixels.

    Writers use the scalars, the steps, the actions and the events of the state, so per-frame arrays may be dropped
    before many records are held at once.

    Args:
        plan (VideoPlan): uid, view, task, split, whether there is gaze.
        state (TakeState): What happened.
        gaze (np.ndarray, optional): (N, 3) x/W, y/H, validity at 30 Hz; None without gaze.
        video_path (Path, optional): The mp4 file.
        feature_paths (dict[str, Path]): Folder name under ``features/``, e.g. ``'i3d_rgb_25fps'``, to the file.
        size (tuple[int, int], optional): Width and height of the video in pixels.
    """

    plan: 'VideoPlan'
    state: TakeState
    gaze: np.ndarray | None = None
    video_path: Path | None = None
    feature_paths: dict[str, Path] = field(default_factory=dict)
    size: tuple[int, int] | None = None
