"""Binary masks as runs of pixels: sizes, boxes and resizing without ever drawing the picture."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from egoexo.evaluation.functional.correspondence_resize import nearest_indices, nearest_resize

__all__ = ['Box', 'RunMask']


class Box(NamedTuple):
    """Smallest box around a mask; all four are pixels inside it."""

    left: int
    top: int
    right: int
    bottom: int


class RunMask:
    """A mask as the places where its runs of ones begin and end.

    Args:
        size (tuple[int, int]): Height and width.
        starts (np.ndarray): First pixel of each run, int64 (n,), rising; pixels are counted down the columns.
        ends (np.ndarray): Pixel behind the last of each run, int64 (n,), above its start.

    Examples:
        >>> mask = RunMask.from_runs((2, 3), np.array([2, 2, 2]))  # the middle column
        >>> mask.area, mask.box
        (2, Box(left=1, top=0, right=1, bottom=1))
    """

    def __init__(self, size: tuple[int, int], starts: np.ndarray, ends: np.ndarray) -> None:
        self.size, self.starts, self.ends = size, starts, ends
        self._box: Box | None = None

    @classmethod
    def from_runs(cls, size: tuple[int, int], runs: np.ndarray) -> 'RunMask':
        """Take over run lengths.

        Args:
            size (tuple[int, int]): Height and width.
            runs (np.ndarray): int64 (n,), zeros first, down the columns, adding up to height times width; what
                ``egoexo.formats.rle.rle_runs`` returns.
        """
        edges = np.cumsum(runs)
        ends = edges[1::2]
        return cls._kept(size, edges[:2 * ends.size:2], ends)

    @classmethod
    def from_array(cls, mask: np.ndarray) -> 'RunMask':
        """Find the runs of a mask.

        Args:
            mask (np.ndarray): Shape (H, W); what is not 0 belongs to the object.
        """
        flat = np.zeros(mask.size + 2, np.int8)
        flat[1:-1] = (np.asarray(mask) != 0).T.reshape(-1)
        steps = np.diff(flat)
        return cls(mask.shape, np.flatnonzero(steps == 1), np.flatnonzero(steps == -1))

    @classmethod
    def _kept(cls, size: tuple[int, int], starts: np.ndarray, ends: np.ndarray) -> 'RunMask':
        kept = ends > starts
        return cls(size, starts, ends) if kept.all() else cls(size, starts[kept], ends[kept])

    @property
    def area(self) -> int:
        """Number of pixels of the object."""
        return int(self.ends.sum() - self.starts.sum())

    @property
    def box(self) -> Box | None:
        """Smallest box around the object; None if it has no pixel."""
        if self._box is None and self.starts.size:
            height, last = self.size[0], self.ends - 1
            first_column, last_column = self.starts // height, last // height
            if (first_column != last_column).any():  # such a run goes on at the top of the next column
                top, bottom = 0, height - 1
            else:
                top = int((self.starts - first_column * height).min())
                bottom = int((last - last_column * height).max())
            self._box = Box(int(first_column[0]), top, int(last_column[-1]), bottom)
        return self._box

    def resize(self, shape: tuple[int, int]) -> 'RunMask':
        """Resize as ``cv2.resize`` with ``INTER_NEAREST``: runs shrink to the pixels that are copied from them.

        Args:
            shape (tuple[int, int]): Height and width wanted.

        Returns:
            RunMask: The mask itself if it has that size.
        """
        if shape == self.size:
            return self
        (row_rank, _), (column_rank, copies) = (_ranks(old, new) for old, new in zip(self.size, shape, strict=True))
        if copies.max() > 1:  # a run would have to appear twice
            return RunMask.from_array(nearest_resize(self.pixels(), shape))
        height = self.size[0]

        def copied_before(edges: np.ndarray) -> np.ndarray:
            column = edges // height
            row = edges - column * height
            return column_rank[column] * shape[0] + copies[column] * row_rank[row]

        return self._kept(shape, copied_before(self.starts), copied_before(self.ends))

    def window(self, box: Box) -> np.ndarray:
        """Draw a part of the mask; zeros where it goes beyond the picture.

        Args:
            box (Box): The part.

        Returns:
            np.ndarray: bool, shape (width, height): columns first, as runs are.
        """
        height, own = self.size[0], self.box
        columns, rows = box.right - box.left + 1, box.bottom - box.top + 1
        if own is None:
            return np.zeros((columns, rows), bool)
        inside = own.left >= box.left and own.top >= box.top and own.right <= box.right and own.bottom <= box.bottom
        if inside and own.bottom - own.top + 1 < height:  # no run goes on in the next column: leave out the other rows
            column = self.starts // height
            shift = column * (rows - height) - (box.left * rows + box.top)
            return _draw(self.starts + shift, self.ends + shift, columns * rows).reshape(columns, rows)
        picture = _draw(self.starts, self.ends, height * self.size[1]).reshape(-1, height)
        out = np.zeros((columns, rows), bool)
        left, top = max(box.left, 0), max(box.top, 0)
        part = picture[left:max(box.right + 1, 0), top:max(box.bottom + 1, 0)]
        out[left - box.left:left - box.left + part.shape[0], top - box.top:top - box.top + part.shape[1]] = part
        return out

    def pixels(self) -> np.ndarray:
        """Draw the whole mask.

        Returns:
            np.ndarray: bool, shape (H, W).
        """
        return self.window(Box(0, 0, self.size[1] - 1, self.size[0] - 1)).T


@lru_cache(maxsize=4096)
def _ranks(source: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of a line, and the place behind it: copied pixels in front of it, and its own copies."""
    copies = np.bincount(nearest_indices(source, target), minlength=source + 1)
    return np.cumsum(copies) - copies, copies


def _draw(starts: np.ndarray, ends: np.ndarray, length: int) -> np.ndarray:
    edges = np.empty(2 * starts.size + 2, np.int64)
    edges[0], edges[1:-1:2], edges[2:-1:2], edges[-1] = 0, starts, ends, length
    values = np.zeros(edges.size - 1, bool)
    values[1::2] = True
    return np.repeat(values, np.diff(edges))
