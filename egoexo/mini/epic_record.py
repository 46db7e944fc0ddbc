"""What a layout writer gets to know about one video of the EPIC-Kitchens layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from egoexo.mini.presets import VideoPlan
    from egoexo.mini.state import TakeState

__all__ = ['EpicRecord']


@dataclass(frozen=True)
class EpicRecord:
    """One finished video.

    Args:
        plan (VideoPlan): uid, view, task, split.
        state (TakeState): Steps and actions; its long arrays may have been emptied to save memory.
        folder (Path): Its frames.
        size (tuple[int, int]): Width and height of the frames in pixels.
        body_boxes (np.ndarray, optional): (T, 4) int x1, y1, x2, y2 in pixels round the actor; None for ego videos.
    """

    plan: 'VideoPlan'
    state: 'TakeState'
    folder: Path
    size: tuple[int, int]
    body_boxes: np.ndarray | None = None
