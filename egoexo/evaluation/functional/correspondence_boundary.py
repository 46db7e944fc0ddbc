"""Contour accuracy of masks (Perazzi et al., 2016, boundary F of DAVIS), counted on whole numbers of many bits.

A mask is written into one Python integer, one bit per pixel, column after column with a gap as wide as the radius.
A shift moves the whole mask, so that a disk costs a few dozen operations whatever the object looks like.
"""

import math
from functools import lru_cache

import numpy as np

__all__ = ['BOUND_TH', 'boundary_f', 'boundary_map', 'boundary_radius', 'contour_f', 'disk_half_widths',
           'matched_counts']

#: Radius as a share of the diagonal.
BOUND_TH = 0.008


def boundary_radius(height: int, width: int, bound_th: float = BOUND_TH) -> int:
    """Distance in pixels up to which two contours agree.

    Args:
        height (int): Of the masks.
        width (int): Of the masks.
        bound_th (float): The radius itself from 1 on, below a share of the diagonal.

    Examples:
        >>> boundary_radius(480, 480), boundary_radius(270, 480), boundary_radius(270, 480, 2)
        (6, 5, 2)
    """
    return math.ceil(bound_th if bound_th >= 1 else bound_th * np.linalg.norm((height, width)))


def boundary_map(mask: np.ndarray) -> np.ndarray:
    """Pixels whose neighbour to the right, below, or right below is of the other kind.

    In the last row only the neighbour to the right counts, in the last column only the one below; the last pixel is
    never part of it.

    Args:
        mask (np.ndarray): bool, shape (H, W).

    Returns:
        np.ndarray: bool, shape (H, W).
    """
    line, width = np.ravel(mask), mask.shape[1]  # as one line, which is several times faster than row by row
    inside = max(line.size - width - 1, 0)
    here, boundary = line[:inside], np.zeros(line.size, bool)
    found = boundary[:inside]
    for offset in (1, width, width + 1):
        found |= here ^ line[offset:offset + inside]
    boundary = boundary.reshape(mask.shape)
    boundary[:-1, -1] = mask[:-1, -1] ^ mask[1:, -1]
    boundary[-1, :-1] = mask[-1, :-1] ^ mask[-1, 1:]
    boundary[-1, -1] = False
    return boundary


@lru_cache(maxsize=256)
def disk_half_widths(radius: int) -> tuple[int, ...]:
    """Half the width of a disk (all offsets with dx² + dy² <= r²) at each distance 0..r from its middle line.

    Args:
        radius (int): r in pixels.

    Examples:
        >>> disk_half_widths(5)
        (5, 4, 4, 4, 3, 0)
    """
    return tuple(math.isqrt(radius * radius - step * step) for step in range(radius + 1))


def _bits(mask: np.ndarray, gap: int) -> int:
    """Rows of a bool array one behind the other, ``gap`` zeros after each."""
    lines, width = mask.shape
    apart = np.zeros((lines, width + gap), bool)
    apart[:, :width] = mask
    return int.from_bytes(np.packbits(apart, bitorder='little').tobytes(), 'little')


def _dilate(bits: int, stride: int, radius: int) -> int:
    """Every pixel at most ``radius`` away from one of ``bits``; what leaves a line lands in the gap."""
    half_widths = disk_half_widths(radius)
    wanted = set(half_widths)
    lines, line = {0: bits}, bits
    for width in range(1, max(wanted) + 1):
        line |= line << 1 | line >> 1
        if width in wanted:
            lines[width] = line
    dilated = lines[half_widths[0]]
    for step in range(1, radius + 1):
        line, shift = lines[half_widths[step]], step * stride
        dilated |= line << shift | line >> shift
    return dilated


def matched_counts(first: np.ndarray, second: np.ndarray, radius: int) -> tuple[int, int]:
    """How many pixels of each boundary lie within a distance of the other boundary.

    Args:
        first (np.ndarray): bool boundary map, shape (H, W).
        second (np.ndarray): The same of the other mask.
        radius (int): Distance in pixels.

    Returns:
        tuple[int, int]: Matched pixels of the first and of the second.
    """
    stride = first.shape[1] + radius
    one, other = _bits(first, radius), _bits(second, radius)
    return ((one & _dilate(other, stride, radius)).bit_count(), (other & _dilate(one, stride, radius)).bit_count())


def contour_f(prediction: np.ndarray, target: np.ndarray, radius: int) -> float:
    """F of two boundary maps.

    Args:
        prediction (np.ndarray): bool boundary map, shape (H, W).
        target (np.ndarray): The same of the truth.
        radius (int): Distance in pixels up to which they agree.

    Returns:
        float: From 0 to 1; 1 for two empty ones, 0 for one empty one.
    """
    predicted, true = int(np.count_nonzero(prediction)), int(np.count_nonzero(target))
    if not predicted or not true:
        return float(predicted == true)
    matched_prediction, matched_target = matched_counts(prediction, target, radius)
    precision, recall = matched_prediction / predicted, matched_target / true
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def boundary_f(prediction: np.ndarray, target: np.ndarray, bound_th: float = BOUND_TH) -> float:
    """Contour accuracy of a whole mask.

    Args:
        prediction (np.ndarray): bool or 0 and 1, shape (H, W).
        target (np.ndarray): The truth, of the same shape.
        bound_th (float): See :func:`boundary_radius`.

    Returns:
        float: From 0 to 1.

    Raises:
        ValueError: If the shapes differ.
    """
    if prediction.shape != target.shape:
        raise ValueError(f'masks of one shape are needed, got {prediction.shape} and {target.shape}.')
    maps = (boundary_map(np.asarray(mask, bool)) for mask in (prediction, target))
    return contour_f(*maps, boundary_radius(*target.shape, bound_th))
