"""A defect of copies of EPIC-Kitchens: a video with pictures turned by 90 degrees, here cut to 3:4 as well."""

import numpy as np

__all__ = ['turn_boxes', 'turn_pictures', 'turned_columns']


def turned_columns(width: int, height: int) -> tuple[int, int]:
    """Which columns of a turned picture are kept.

    Args:
        width (int): Width of the picture before it is turned.
        height (int): Its height.

    Returns:
        tuple[int, int]: First column and one past the last.
    """
    kept = min(height, width * 3 // 4)
    left = (height - kept) // 2
    return left, left + kept


def turn_pictures(pictures: np.ndarray) -> np.ndarray:
    """Square or landscape pictures as portrait ones, turned to the left.

    Args:
        pictures (np.ndarray): (n, H, W) or (n, H, W, C).

    Returns:
        np.ndarray: (n, W, at most 3/4 W) or (n, W, at most 3/4 W, C).
    """
    columns = slice(*turned_columns(pictures.shape[2], pictures.shape[1]))
    return np.ascontiguousarray(np.rot90(pictures, axes=(1, 2))[:, :, columns])


def turn_boxes(boxes: np.ndarray, width: int, height: int) -> np.ndarray:
    """Boxes in turned pictures; they may reach out of them.

    Args:
        boxes (np.ndarray): x1, y1, x2, y2 in pixels, whose centres lie on integers, (n, 4).
        width (int): Width of the pictures before they are turned.
        height (int): Their height.

    Returns:
        np.ndarray: The same in turned pictures.
    """
    left = turned_columns(width, height)[0]
    x1, y1, x2, y2 = boxes.T
    return np.stack([y1 - left, width - 1 - x2, y2 - left, width - 1 - x1], 1)
