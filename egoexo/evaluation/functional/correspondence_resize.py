"""Sizes and nearest-neighbour resizing of correspondence, to the pixel as OpenCV does them."""

from functools import lru_cache

import numpy as np

__all__ = ['evaluation_shape', 'nearest_indices', 'nearest_resize', 'pad_square', 'unpad_window']


def evaluation_shape(height: int, width: int, longest: int = 480) -> tuple[int, int]:
    """Size at which a mask is scored: the longer side becomes ``longest``, the proportions stay.

    The order of the floating-point operations is that of the official evaluator, whose rounding makes the longer side
    of many sizes one pixel shorter (a square of 201 becomes one of 479).

    Args:
        height (int): H of the annotated mask.
        width (int): W of the annotated mask.
        longest (int): Longer side.

    Returns:
        tuple[int, int]: Height and width; a side of an extremely narrow picture can be 0.

    Examples:
        >>> evaluation_shape(2160, 3840), evaluation_shape(201, 201)
        ((270, 480), (479, 479))
    """
    ratio = (1.0 / height) * longest if height > width else (1.0 / width) * longest
    return int(height * ratio), int(width * ratio)


@lru_cache(maxsize=4096)
def nearest_indices(source: int, target: int) -> np.ndarray:
    """Which pixel of a line each pixel of the resized line is copied from.

    A ramp of numbers goes through OpenCV itself, in two bytes apiece, so that the answer is that of the installed
    version by construction.

    Args:
        source (int): Pixels of the line.
        target (int): Pixels of the resized line.

    Returns:
        np.ndarray: int64, shape (target,), never falling, read-only.

    Raises:
        ValueError: If a length is not positive or ``source`` is above 2**24.
    """
    import cv2

    if not (0 < source <= 2**24 and target > 0):
        raise ValueError(f'a line of {source} pixels cannot be resized to {target}.')
    ramp = np.arange(source)
    indices = np.zeros(target, np.int64)
    for shift in (0, 8, 16):
        if source >> shift:
            part = (ramp >> shift & 255).astype(np.uint8)[None]
            indices |= cv2.resize(part, (target, 1), interpolation=cv2.INTER_NEAREST)[0].astype(np.int64) << shift
    indices.flags.writeable = False
    return indices


def nearest_resize(array: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize a mask or picture exactly as ``cv2.resize`` with ``INTER_NEAREST``.

    Args:
        array (np.ndarray): Shape (H, W) or (H, W, C), of any type.
        shape (tuple[int, int]): Height and width wanted.

    Returns:
        np.ndarray: Shape (h, w) or (h, w, C); a channel axis of length 1 is kept.

    Raises:
        ValueError: If a side is empty.

    Examples:
        >>> nearest_resize(np.array([[1, 2, 3, 4]]), (1, 2))
        array([[1, 3]])
    """
    rows, columns = (nearest_indices(old, new) for old, new in zip(array.shape, shape, strict=False))
    return array[rows][:, columns]


def pad_square(array: np.ndarray) -> np.ndarray:
    """Put a mask or picture into the middle of a black square.

    The official code fails where the sides differ by an odd number; here the larger margin is then at the end.

    Args:
        array (np.ndarray): Shape (H, W) or (H, W, C).

    Returns:
        np.ndarray: Shape (N, N) or (N, N, C) with N the longer side; the array itself if it is a square.

    Examples:
        >>> pad_square(np.ones((1, 4), int)).sum(axis=1).tolist()
        [0, 4, 0, 0]
    """
    height, width = array.shape[:2]
    if height == width:
        return array
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side, *array.shape[2:]), array.dtype)
    square[top:top + height, left:left + width] = array
    return square


def unpad_window(size: int, original_hw: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a padded, resized square that show the picture.

    As in the official code the cut is the same on both sides, so that one row or column of padding stays where the
    margins differ (270 rows of a 2704x1520 picture, which has 269).

    Args:
        size (int): Side of the square.
        original_hw (tuple[int, int]): Height and width of the picture before padding.

    Returns:
        tuple[slice, slice]: Rows and columns; all of a square picture, of which the official code leaves nothing.

    Examples:
        >>> unpad_window(480, (540, 960))
        (slice(105, 375, None), slice(0, 480, None))
    """
    height, width = original_hw
    ratio = (1.0 / width) * size if width > height else (1.0 / height) * size
    new_height, new_width = int(height * ratio), int(width * ratio)
    if new_width > new_height:
        cut = (size - new_height) // 2
        return slice(cut, size - cut), slice(0, size)
    cut = (size - new_width) // 2
    return slice(0, size), slice(cut, size - cut)
