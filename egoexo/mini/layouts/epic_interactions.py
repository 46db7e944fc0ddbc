"""Interaction maps in the form of Ego-Exo: an array of objects per video, a pair (objects, hands) per frame."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from egoexo.mini.layouts.files import write_array

if TYPE_CHECKING:
    from egoexo.mini.epic_boxes import FrameBoxes

__all__ = ['write_interaction_map']


def write_interaction_map(path: Path, objects: 'FrameBoxes', hands: 'FrameBoxes', num_frames: int) -> None:
    """Write the boxes of one video; entry f belongs to the frame numbered f, so the first one is empty.

    Args:
        path (Path): ``<video>.npy``.
        objects (FrameBoxes): Touched objects.
        hands (FrameBoxes): Hands.
        num_frames (int): Length of the video.
    """
    content = np.empty(1 + num_frames, object)
    content[0] = (None, None)
    content[1:] = list(zip(objects.per_frame(num_frames), hands.per_frame(num_frames), strict=True))
    write_array(path, content)
