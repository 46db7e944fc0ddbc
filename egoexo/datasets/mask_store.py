"""Masks of many takes in a few arrays, which the worker processes of a loader share."""

from array import array

import numpy as np

from egoexo.formats.rle import Rle

__all__ = ['MaskStore']


class MaskStore:
    """Run lengths one after the other in one block of bytes, a row for each mask.

    The training takes have a million masks; as dicts they need gigabytes, which every worker would copy in the end,
    because Python counts the users of each one.
    """

    def __init__(self) -> None:
        self._counts = bytearray()
        self._ends = array('q', [0])
        self._sizes = array('i')
        self._frames = array('i')

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def num_bytes(self) -> int:
        """Memory of the run lengths."""
        return len(self._counts)

    @property
    def frames(self) -> np.ndarray:
        """Frame number of each row, int32, (N,). No row can be added while it is in use."""
        return np.frombuffer(self._frames, dtype=np.int32)

    @property
    def is_null(self) -> np.ndarray:
        """Rows whose mask could not be decoded when the take was prepared, bool, (N,)."""
        ends = np.frombuffer(self._ends, dtype=np.int64)
        return ends[1:] == ends[:-1]

    def add(self, frame: int, rle: Rle | None) -> int:
        """Add a mask.

        Args:
            frame (int): Number of its frame.
            rle (Rle | None): The mask; None for one that could not be decoded.

        Returns:
            int: Its row.
        """
        if rle is not None:
            self._counts += rle['counts'].encode('ascii')
        self._ends.append(len(self._counts))
        self._sizes.extend((0, 0) if rle is None else rle['size'])
        self._frames.append(frame)
        return len(self._frames) - 1

    def rle(self, row: int) -> Rle | None:
        """A mask.

        Args:
            row (int): See :meth:`add`; -1 for none.

        Returns:
            Rle | None: Its own copy; None if it could not be decoded.
        """
        if row < 0 or self._ends[row] == self._ends[row + 1]:
            return None
        counts = bytes(self._counts[self._ends[row]:self._ends[row + 1]])
        return dict(size=[self._sizes[2 * row], self._sizes[2 * row + 1]], counts=counts.decode('ascii'))

    def size(self, row: int) -> tuple[int, int]:
        """Height and width of the mask of a row; 0, 0 if it could not be decoded."""
        return self._sizes[2 * row], self._sizes[2 * row + 1]
