"""Pooled features of whole lists on disk, found again by what they were made of."""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import print_log

from egoexo.datasets.feature_files import open_feature_file
from egoexo.errors import FeatureError
from egoexo.files import read_json

__all__ = ['PooledCache']

_MAX_NOTE_BYTES = 2**16


class PooledCache:
    """A folder with two files per list: ``<subset>-<key>.npy`` (N, D) and a note with its checksum and counts.

    Args:
        folder (str | Path): Made when the first list is written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @staticmethod
    def key(content: object) -> str:
        """Name of what vectors were made of.

        Args:
            content (object): Plain values.

        Returns:
            str: 20 hexadecimal digits.
        """
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]

    def path(self, subset: str, key: str) -> Path:
        """File of a list.

        Args:
            subset (str): Its name.
            key (str): See :meth:`key`.
        """
        return self.folder / f'{subset}-{key}.npy'

    def read(self, subset: str, key: str, shape: tuple[int, int]) -> tuple[torch.Tensor, dict[str, int]] | None:
        """Map the vectors of a list.

        Args:
            subset (str): Its name.
            key (str): See :meth:`key`.
            shape (tuple[int, int]): Expected, (N, D).

        Returns:
            tuple[torch.Tensor, dict[str, int]] | None: float32 (N, D), whose changes do not reach the file, and the
            counts that were stored; None if there are none or the files are damaged, which a warning says.
        """
        path = self.path(subset, key)
        if not os.path.lexists(path):
            return None
        try:
            note = read_json(path.with_suffix('.json'), FeatureError, 'the note of a cache', _MAX_NOTE_BYTES)
            rows = open_feature_file(path)
            counts = {name: int(note[name]) for name in ('num_clamped', 'num_empty')}
            intact = rows.shape == shape and rows.dtype == np.float32 and zlib.crc32(rows) == note['crc32']
        except (FeatureError, TypeError, KeyError, ValueError) as error:
            intact, reason = False, str(error)
        else:
            reason = 'another shape or checksum than expected'
        if not intact:
            print_log(f'{path}: the cached features are damaged and made again ({reason}).', 'current',
                      logging.WARNING)
            return None
        return torch.from_numpy(np.load(path, mmap_mode='c')), counts

    def write(self, subset: str, key: str, features: torch.Tensor, counts: Mapping[str, int]) -> None:
        """Keep the vectors of a list; a disk that does not take them is said and does not stop anything.

        Args:
            subset (str): Its name.
            key (str): See :meth:`key`.
            features (torch.Tensor): float32, (N, D).
            counts (Mapping[str, int]): Whole numbers to keep with them.
        """
        path, rows = self.path(subset, key), features.numpy()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _whole(path) as draft, open(draft, 'wb') as file:
                np.save(file, rows)
            with _whole(path.with_suffix('.json')) as draft:
                draft.write_text(json.dumps(dict(counts) | dict(crc32=zlib.crc32(rows))))
        except OSError as error:
            print_log(f'{path}: the features were not cached ({error.strerror}); the next run pools them again.',
                      'current', logging.WARNING)


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A draft that takes the final name when it is complete."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix='.') as folder:
        draft = Path(folder, path.name)
        yield draft
        os.replace(draft, path)
