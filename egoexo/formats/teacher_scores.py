"""What a teacher network said about videos, for distillation: one row of logits per video."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError, explain
from egoexo.files import check_file
from egoexo.formats.npz_file import NpzFile
from egoexo.formats.numpy_pickle import NUMPY_NAMES
from egoexo.formats.plain_pickle import read_pickle

__all__ = ['TeacherScores', 'read_teacher_scores']

_WHAT = 'a file of teacher scores'
#: 240,000 videos of Kinetics-400 times 1,000 classes of objects are 1 GB.
_MAX_BYTES = 4 * 2**30


class TeacherScores:
    """Rows of logits by path, as the list of videos has it.

    Args:
        paths (Sequence[str]): n distinct paths.
        rows (np.ndarray): float32, (n, C).
        path (str | os.PathLike): The file they come from, for messages.

    Raises:
        AnnotationError: If a path comes twice or the rows do not fit.

    Examples:
        >>> TeacherScores(['a.mp4', 'b.mp4'], np.eye(2, dtype=np.float32))['b.mp4']
        array([0., 1.], dtype=float32)
    """

    def __init__(self, paths: Sequence[str], rows: np.ndarray, path: str | os.PathLike = 'memory') -> None:
        self.rows, self.path = rows, path
        self._places = {name: place for place, name in enumerate(paths)}
        if rows.ndim != 2 or len(rows) != len(paths) or len(self._places) != len(paths):
            raise AnnotationError(explain(
                path, 'distinct paths (n,) and rows (n, C)', f'{len(paths)} paths, {len(self._places)} distinct, and '
                f'rows {rows.shape}', 'Write the file again.'))

    @property
    def num_classes(self) -> int:
        """Numbers per row, C."""
        return self.rows.shape[1]

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, path: str) -> bool:
        return path in self._places

    def __getitem__(self, path: str) -> np.ndarray:
        """Row of a video, float32 (C,).

        Raises:
            AnnotationError: If there is none.
        """
        place = self._places.get(path)
        if place is None:
            raise AnnotationError(explain(self.path, f'scores of the video {path!r}', f'none among {len(self):,}',
                                          'Run the teacher on all videos, under the paths of the list.'))
        return self.rows[place]


def read_teacher_scores(path: str | os.PathLike) -> TeacherScores:
    """Read teacher scores.

    Args:
        path (str | os.PathLike): ``.npz`` of ``numpy.savez`` with ``paths`` (n,) of text and ``rows`` (n, C), or the
            released form, a pickled dict from path to logits; nothing in it is executed.

    Returns:
        TeacherScores: All rows.

    Raises:
        AnnotationError: If the file is missing, malformed, or holds numbers that are not finite.
    """
    if Path(path).suffix == '.npz':
        check_file(path, AnnotationError, _WHAT, _MAX_BYTES)
        archive = NpzFile(path, AnnotationError, _WHAT, max_bytes=_MAX_BYTES)
        if sorted(archive.names) != ['paths', 'rows']:
            raise AnnotationError(explain(path, 'the arrays paths and rows', ', '.join(archive.names),
                                          'Write it again with numpy.savez(file, paths=..., rows=...).'))
        paths, rows = archive.read('paths'), archive.read('rows')
        if paths.dtype.kind != 'U' or paths.ndim != 1 or rows.dtype.kind != 'f':
            raise AnnotationError(explain(path, 'paths as text (n,) and rows as floats', f'{paths.dtype} {paths.shape} '
                                          f'and {rows.dtype}', 'Write it again.'))
        names = paths.tolist()
    else:
        names, rows = read_pickle(path, AnnotationError, _WHAT, NUMPY_NAMES, finish=_rows_of, max_bytes=_MAX_BYTES)
    if not np.isfinite(rows).all():
        raise AnnotationError(explain(path, 'finite numbers', 'NaN or Inf', 'Run the teacher again.'))
    return TeacherScores(names, rows.astype(np.float32, copy=False), path)


def _rows_of(content: object) -> tuple[list[str], np.ndarray]:
    """Paths and rows of the released dict; whatever it raises means that the file holds something else."""
    if not isinstance(content, dict) or not content or not all(isinstance(name, str) for name in content):
        raise TypeError('no dict from paths to logits')
    return list(content), np.stack([np.asarray(row, dtype=np.float32).reshape(-1) for row in content.values()])
