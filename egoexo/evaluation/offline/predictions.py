"""Saved frame predictions: an official result folder or one ``.npz``."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from egoexo.errors import PredictionError
from egoexo.formats.egoexolearn import read_frame_prediction

__all__ = ['FramePredictions', 'first_five']


def first_five(names: list[str]) -> str:
    """The first five names and how many more there are."""
    more = f' ({len(names) - 5} more)' if len(names) > 5 else ''
    return ', '.join(names[:5]) + more


class FramePredictions:
    """Predicted class ids by video, read when asked for.

    Args:
        path (str | os.PathLike): Official result folder, one file ``<uid>`` per video, or an ``.npz`` that holds
            one integer array (P,) per uid.
        num_classes (int): Ids run from 0 to ``num_classes - 1``.

    Attributes:
        uids (list[str]): Videos, sorted.

    Raises:
        PredictionError: If there is no prediction, or a video has two.
    """

    def __init__(self, path: str | os.PathLike, num_classes: int = 28) -> None:
        self.path = Path(path)
        self.num_classes = num_classes
        self._readers = self._find_files() if self.path.is_dir() else self._open_archive()
        self.uids = sorted(self._readers)

    def read(self, uid: str) -> np.ndarray:
        """Predicted class ids of one video.

        Args:
            uid (str): One of :attr:`uids`.

        Returns:
            np.ndarray: Shape (P,), int64, P >= 1.

        Raises:
            PredictionError: If they cannot be read, or an id is unknown.
        """
        return self._readers[uid]()

    def _find_files(self) -> dict[str, Callable[[], np.ndarray]]:
        files = sorted(file for file in self.path.iterdir() if file.is_file() and not file.name.startswith('.'))
        if not files:
            folders = sorted(folder.name for folder in self.path.iterdir() if folder.is_dir())
            hint = f'it has the folders {first_five(folders)}; name one of them' if folders else 'it is empty'
            raise PredictionError(f'{self.path} holds no result file <uid>: {hint}.')
        self._refuse_twice([file.name.split('.')[0] for file in files])
        return {file.name.split('.')[0]: lambda file=file: read_frame_prediction(file, num_classes=self.num_classes)
                for file in files}

    def _open_archive(self) -> dict[str, Callable[[], np.ndarray]]:
        if not self.path.exists():
            raise PredictionError(f'{self.path} does not exist; expected a result folder or an .npz file.')
        try:
            archive = np.load(self.path, allow_pickle=False)
            uids = archive.files
        except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as cause:
            raise PredictionError(f'{self.path} is no readable .npz of one integer array per video ({cause}); give '
                                  'that or a result folder.') from cause
        if not uids:
            raise PredictionError(f'{self.path} holds no array.')
        self._refuse_twice(uids)
        return {uid: lambda uid=uid: self._from_archive(archive, uid) for uid in uids}

    def _refuse_twice(self, uids: list[str]) -> None:
        seen: set[str] = set()
        twice = sorted({uid for uid in uids if uid in seen or seen.add(uid)})
        if twice:
            raise PredictionError(f'{self.path} holds two predictions for {len(twice)} of {len(set(uids))} videos: '
                                  f'{first_five(twice)}. Keep one of each.')

    def _from_archive(self, archive: np.lib.npyio.NpzFile, uid: str) -> np.ndarray:
        try:
            labels = archive[uid]
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as cause:
            raise PredictionError(f'{self.path} array {uid} cannot be read ({cause}); save plain integers.') from cause
        if labels.ndim != 1 or not labels.size or not np.issubdtype(labels.dtype, np.integer):
            raise PredictionError(f'{self.path} array {uid} is {labels.dtype} {labels.shape}, expected integer class '
                                  'ids (P,) with P >= 1.')
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise PredictionError(f'{self.path} array {uid} has class ids from {labels.min()} to {labels.max()}, '
                                  f'expected 0 to {self.num_classes - 1}.')
        return labels.astype(np.int64, copy=False)
