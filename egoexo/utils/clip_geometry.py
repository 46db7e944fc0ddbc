"""Where a clip lies in its video and in its pictures: numbers only, drawn in the official order."""

import math
import random
from collections.abc import Sequence

import numpy as np

__all__ = ['centre_crop', 'clip_starts', 'draw_crop', 'draw_short_side', 'draw_start', 'resized_shape', 'three_crops',
           'view_frames']


def draw_start(num_frames: int, span: int) -> int:
    """Draw the first frame of a training clip, from Python's global generator.

    Args:
        num_frames (int): Frames of the segment, L.
        span (int): Frames from the first to the last of a clip, C.

    Returns:
        int: From 0 to L - C, both included; from L - C to 0 where the segment is shorter than the clip.
    """
    return random.randint(min(num_frames - span, 0), max(num_frames - span, 0))


def clip_starts(num_frames: int, span: int, num_views: int) -> list[int]:
    """First frames of clips that are spread evenly over a segment.

    Args:
        num_frames (int): Frames of the segment.
        span (int): Frames from the first to the last of a clip.
        num_views (int): Clips; a single one lies in the middle.

    Returns:
        list[int]: One each, rounded, halves to the even neighbour.

    Examples:
        >>> clip_starts(100, 63, 10)
        [0, 4, 8, 12, 16, 21, 25, 29, 33, 37]
    """
    room = max(num_frames - span, 0)
    if num_views == 1:
        return [round(room / 2)]
    gap = room / (num_views - 1)
    return [round(gap * view) for view in range(num_views)]


def view_frames(starts: Sequence[int], first: int, num_frames: int, clip_len: int, interval: int) -> np.ndarray:
    """Frame numbers of clips; what lies outside the segment is replaced by its first or last frame.

    Args:
        starts (Sequence[int]): Where each clip begins, from the begin of the segment; V of them.
        first (int): First frame of the segment.
        num_frames (int): Frames of the segment.
        clip_len (int): Frames of a clip, T.
        interval (int): From one frame to the next.

    Returns:
        np.ndarray: int64, (V, T).
    """
    steps = np.asarray(starts, dtype=np.int64)[:, None] + interval * np.arange(clip_len, dtype=np.int64)
    return first + steps.clip(0, num_frames - 1)


def draw_short_side(scale: Sequence[int], inverse: bool = False) -> int:
    """Draw the length of the shorter side, from numpy's global generator.

    Args:
        scale (Sequence[int]): Least and largest length in pixels.
        inverse (bool): Uniform in 1 / length instead of in length.

    Returns:
        int: The length.
    """
    low, high = scale
    if inverse:
        return round(1.0 / np.random.uniform(1.0 / high, 1.0 / low))  # noqa: NPY002 the official order of draws
    return round(np.random.uniform(low, high))  # noqa: NPY002


def resized_shape(height: int, width: int, short_side: int | None) -> tuple[int, int]:
    """Shape of a picture whose shorter side gets a length; the longer one is rounded down.

    Args:
        height (int): Of the picture.
        width (int): Of the picture.
        short_side (int | None): None leaves the picture as it is.

    Returns:
        tuple[int, int]: Height and width.

    Examples:
        >>> resized_shape(256, 456, 280), resized_shape(1920, 1080, 256)
        ((280, 498), (455, 256))
    """
    if short_side is None or min(height, width) == short_side:
        return height, width
    # Divided first: the order decides about the last pixel.
    if width < height:
        return math.floor(height / width * short_side), short_side
    return short_side, math.floor(width / height * short_side)


def draw_crop(height: int, width: int, size: int) -> tuple[int, int]:
    """Draw the place of a square, from numpy's global generator: first top, then left, each only where there is room.

    The last possible place is never drawn, as officially.

    Args:
        height (int): Of the picture, at least ``size``.
        width (int): Of the picture, at least ``size``.
        size (int): Side of the square.

    Returns:
        tuple[int, int]: Top and left.
    """
    top = int(np.random.randint(0, height - size)) if height > size else 0  # noqa: NPY002
    left = int(np.random.randint(0, width - size)) if width > size else 0  # noqa: NPY002
    return top, left


def centre_crop(height: int, width: int, size: int) -> tuple[int, int]:
    """Top and left of the central square of a picture, rounded up."""
    return math.ceil((height - size) / 2), math.ceil((width - size) / 2)


def three_crops(height: int, width: int, size: int) -> list[tuple[int, int]]:
    """Top and left of the squares at both ends of the longer side and in its middle.

    Args:
        height (int): Of the picture, at least ``size``.
        width (int): Of the picture, at least ``size``.
        size (int): Side of the squares.

    Returns:
        list[tuple[int, int]]: From the top, or from the left where the picture is not higher than wide.

    Examples:
        >>> three_crops(256, 456, 256), three_crops(498, 280, 280)
        ([(0, 0), (0, 100), (0, 200)], [(0, 0), (109, 0), (218, 0)])
    """
    top, left = centre_crop(height, width, size)
    if height > width:
        return [(0, left), (top, left), (height - size, left)]
    return [(top, 0), (top, left), (top, width - size)]
