"""Saved frame predictions: an official result folder or one ``.npz``."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from egoexo.errors import PredictionError, explain, printable
from egoexo.formats.egoexolearn import read_frame_prediction
from egoexo.formats.npz_file import NpzFile

__all__ = ['FramePredictions', 'first_five']

_LIST_ENDINGS = ('_train', '_val', '_test')


def first_five(names: list[str]) -> str:
    """The first five names and how many more there are."""
    more = f' ({len(names) - 5} more)' if len(names) > 5 else ''
    return ', '.join(printable(name, 100) for name in names[:5]) + more


class FramePredictions:
    """Predicted class ids by video, read when asked for.

    A prediction is named ``<uid>``, good for every list the video is in, or ``<subset>/<uid>``, for that list alone,
    as a run over several lists writes them.

    Args:
        path (str | os.PathLike): Official result folder, one file ``<uid>`` per video, or one such folder per list in
            it, ``<subset>/<uid>``; or an ``.npz`` that holds one integer array (P,) per name.
        num_classes (int): Ids run from 0 to ``num_classes - 1``.

    Attributes:
        names (list[str]): Names of the predictions, sorted.

    Raises:
        PredictionError: If there is no prediction, or a video has two.
    """

    def __init__(self, path: str | os.PathLike, num_classes: int = 28) -> None:
        self.path = Path(path)
        self.num_classes = num_classes
        self._readers = self._find_files() if self.path.is_dir() else self._open_archive()
        self.names = sorted(self._readers)
        bare = {name for name in self.names if '/' not in name}
        self._refuse_twice([*bare, *{name.rpartition('/')[2] for name in self.names if '/' in name}])

    def find(self, subset: str, uid: str) -> str | None:
        """Name of the prediction for a video of a list, None if there is none.

        Args:
            subset (str): List, e.g. ``'ego_val'``.
            uid (str): Official uid.
        """
        return next((name for name in (f'{subset}/{uid}', uid) if name in self._readers), None)

    def read(self, name: str) -> np.ndarray:
        """Predicted class ids of one video.

        Args:
            name (str): One of :attr:`names`.

        Returns:
            np.ndarray: Shape (P,), int64, P >= 1.

        Raises:
            PredictionError: If they cannot be read, or an id is unknown.
        """
        return self._readers[name]()

    def _find_files(self) -> dict[str, Callable[[], np.ndarray]]:
        folders = sorted(folder for folder in self.path.iterdir() if folder.is_dir())
        lists = [folder for folder in folders if folder.name.endswith(_LIST_ENDINGS)]
        files = {}
        for folder in (self.path, *lists):
            scope = '' if folder is self.path else f'{folder.name}/'
            found = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith('.'))
            names = [scope + file.name.split('.')[0] for file in found]
            self._refuse_twice(names)
            files.update(zip(names, found, strict=True))
        if not files:
            others = [folder.name for folder in folders]
            raise PredictionError(explain(
                self.path, 'result files <uid>',
                f'none, but the folders {first_five(others)}' if others else 'that it is empty',
                'Name one of its folders.' if others else 'Predict with tools/test.py --submission.'))
        return {name: lambda file=file: read_frame_prediction(file, num_classes=self.num_classes)
                for name, file in files.items()}

    def _open_archive(self) -> dict[str, Callable[[], np.ndarray]]:
        archive = NpzFile(self.path, PredictionError, 'a result folder or an .npz of one integer array per video')
        names = archive.names
        if not names:
            raise PredictionError(explain(self.path, 'one integer array per video', 'no array',
                                          'Predict with tools/test.py --dump.'))
        self._refuse_twice(names)
        return {name: lambda name=name: self._from_archive(archive, name) for name in names}

    def _refuse_twice(self, names: list[str]) -> None:
        seen: set[str] = set()
        twice = sorted({name for name in names if name in seen or seen.add(name)})
        if twice:
            raise PredictionError(explain(self.path, 'one prediction per video', f'two predictions for {len(twice)} of '
                                          f'{len(set(names))} videos: {first_five(twice)}', 'Keep one of each.'))

    def _from_archive(self, archive: NpzFile, name: str) -> np.ndarray:
        labels, where = archive.read(name), f'{self.path} array {name}'
        if labels.ndim != 1 or not labels.size or not np.issubdtype(labels.dtype, np.integer):
            raise PredictionError(explain(where, 'integer class ids (P,) with P >= 1', f'{labels.dtype} {labels.shape}',
                                          'Save the predicted ids, not scores.'))
        if labels.min() < 0 or labels.max() >= self.num_classes:
            raise PredictionError(explain(where, f'class ids from 0 to {self.num_classes - 1}',
                                          f'class ids from {labels.min()} to {labels.max()}',
                                          'Predict with the classes of this benchmark.'))
        return labels.astype(np.int64, copy=False)
