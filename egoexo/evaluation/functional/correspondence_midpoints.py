"""Distance of the middles of contours: helpers of the official code that no table reports."""

import math

import numpy as np

__all__ = ['BIN', 'contour_midpoint', 'midpoint_bin', 'midpoint_distance']

#: Side of the bins in pixels.
BIN = 5


def contour_midpoint(mask: np.ndarray) -> np.ndarray | None:
    """Mean point of the outer contour that encloses the largest area.

    Args:
        mask (np.ndarray): bool or 0 and 1, shape (H, W).

    Returns:
        np.ndarray | None: x and y, float64 (2,); None for an empty mask.
    """
    import cv2

    contours, _ = cv2.findContours(np.ascontiguousarray(mask, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max(contours, key=cv2.contourArea).reshape(-1, 2).mean(axis=0) if contours else None


def midpoint_distance(prediction: np.ndarray, target: np.ndarray, normalise: bool = False) -> float:
    """Distance of the two midpoints.

    Args:
        prediction (np.ndarray): Shape (H, W).
        target (np.ndarray): The truth, of the same shape.
        normalise (bool): Divide by the diagonal of the masks.

    Returns:
        float: In pixels or diagonals; -1 if a mask is empty, which ``normalise`` divides as well.

    Examples:
        >>> midpoint_distance(np.eye(3)[:, :2] > 2, np.eye(3)[:, :2] > 0)
        -1.0
    """
    ends = contour_midpoint(prediction), contour_midpoint(target)
    distance = -1.0 if any(end is None for end in ends) else float(np.linalg.norm(ends[0] - ends[1]))
    return distance / math.hypot(*target.shape) if normalise else distance


def midpoint_bin(prediction: np.ndarray, target: np.ndarray, bin_size: int = BIN) -> int:
    """Whether the two midpoints, rounded to pixels, lie in the same bin of a grid.

    Args:
        prediction (np.ndarray): Shape (H, W).
        target (np.ndarray): The truth, of the same shape.
        bin_size (int): Side of a bin in pixels.

    Returns:
        int: 1 if they do, 0 if not, -1 if a mask is empty.
    """
    ends = contour_midpoint(prediction), contour_midpoint(target)
    if any(end is None for end in ends):
        return -1
    first, second = (np.round(end).astype(np.int64) // bin_size for end in ends)
    return int((first == second).all())
