"""Boxes of hands and touched objects in the frames of a clip, and how they follow its crop (Ego-Exo)."""

from collections.abc import Sequence

import numpy as np

from egoexo.utils.clip_geometry import resized_shape

__all__ = ['BOX_NUMBERS', 'crop_boxes', 'gather_boxes']

#: Numbers of a box: x1, y1, x2, y2, score, frame of the clip.
BOX_NUMBERS = 6


def gather_boxes(found: Sequence[np.ndarray | None], frames: Sequence[int], compat_alias: bool = False) -> np.ndarray:
    """Boxes of the frames of a clip, one after the other.

    Args:
        found (Sequence[np.ndarray | None]): Boxes of one kind in each frame of the clip: x1, y1, x2, y2 in pixels and
            score, (n, 5 or more), or None.
        frames (Sequence[int]): Number of each frame in its video; those of a short segment repeat.
        compat_alias (bool): Give the boxes of a frame that repeats the place of its last repetition each time, as the
            released file does, instead of one place each. Defaults to False.

    Returns:
        np.ndarray: float64, (N, 6), the last column being the place in the clip.

    Examples:
        >>> box = np.array([[1, 2, 3, 4, 0.5]])
        >>> gather_boxes([box, None, box], [7, 8, 7])[:, 5], gather_boxes([box, None, box], [7, 8, 7], True)[:, 5]
        (array([0., 2.]), array([2., 2.]))
    """
    last = {frame: place for place, frame in enumerate(frames)}
    parts = [np.empty((0, BOX_NUMBERS))]
    for place, (boxes, frame) in enumerate(zip(found, frames, strict=True)):
        if boxes is None or not len(boxes):
            continue
        part = np.empty((len(boxes), BOX_NUMBERS))
        part[:, :5] = boxes[:, :5]
        part[:, 5] = last[frame] if compat_alias else place
        parts.append(part)
    return np.concatenate(parts)


def crop_boxes(boxes: np.ndarray, shape: Sequence[int], short_side: int | None, corner: Sequence[int], size: int,
               flip: bool = False) -> np.ndarray:
    """Boxes in a crop of a resized picture, in pixels of the crop, cut off at its edges.

    One factor counts for both axes: that of the height for portrait pictures, else that of the width.

    Args:
        boxes (np.ndarray): x1, y1, x2, y2 in pixels of the stored frame, and more columns, (n, 4 or more).
        shape (Sequence[int]): Height and width of the stored frame.
        short_side (int | None): Length of the shorter side after resizing.
        corner (Sequence[int]): Top and left of the crop in the resized picture.
        size (int): Side of the crop.
        flip (bool): Whether the crop is mirrored.

    Returns:
        np.ndarray: A copy with its first four columns changed, 0 to ``size`` - 1.
    """
    height, width = shape
    new_height, new_width = resized_shape(height, width, short_side)
    factor = new_height / height if width < height else new_width / width
    result = boxes.copy()
    result[:, :4] *= factor
    result[:, [0, 2]] -= corner[1]
    result[:, [1, 3]] -= corner[0]
    if flip:
        result[:, [0, 2]] = size - result[:, [2, 0]] - 1
    result[:, :4] = result[:, :4].clip(0, size - 1)
    return result
