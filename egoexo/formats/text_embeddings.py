"""Tables of sentences and their embeddings, computed once and looked up while training."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError, explain
from egoexo.files import check_file
from egoexo.formats.npz_file import NpzFile

__all__ = ['TextEmbeddings', 'read_text_embeddings', 'write_text_embeddings']

#: An array may be so many times as large as the file: a crafted archive of a megabyte unpacks to a gigabyte.
_MAX_RATIO = 64
_SPARE_BYTES = 2**20
_WHAT = 'a table of text embeddings'
_ADVICE = 'Make it again with tools/data/embed_narrations.py.'


class TextEmbeddings:
    """Rows of numbers by sentence.

    Args:
        texts (Sequence[str]): n distinct sentences.
        rows (np.ndarray): float32, (n, D).
        path (str | os.PathLike): Where they come from, for messages.

    Examples:
        >>> table = TextEmbeddings(['cut onion', 'wash pan'], np.eye(2, dtype=np.float32))
        >>> table['wash pan']
        array([0., 1.], dtype=float32)
    """

    def __init__(self, texts: Sequence[str], rows: np.ndarray, path: str | os.PathLike = 'memory') -> None:
        self.rows, self.path = rows, path
        self._places = {text: place for place, text in enumerate(texts)}

    @property
    def dim(self) -> int:
        """Numbers per row, D."""
        return self.rows.shape[1]

    @property
    def texts(self) -> list[str]:
        """Sentences, in the order of the rows."""
        return list(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, text: str) -> bool:
        return text in self._places

    def __getitem__(self, text: str) -> np.ndarray:
        """Row of a sentence, float32 (D,).

        Raises:
            AnnotationError: If there is none; names the sentence and the command.
        """
        place = self._places.get(text)
        if place is None:
            raise AnnotationError(explain(self.path, f'a row for the narration {text!r}', f'none among {len(self):,}',
                                          'Make it with: python tools/data/embed_narrations.py --ann '
                                          'TRAIN.csv --pairs PAIRS.json --out THIS.npz'))
        return self.rows[place]


def read_text_embeddings(path: str | os.PathLike) -> TextEmbeddings:
    """Read a table.

    Args:
        path (str | os.PathLike): ``.npz`` with ``texts`` (n,) of text and ``rows`` (n, D) float32.

    Returns:
        TextEmbeddings: The table.

    Raises:
        AnnotationError: If the file is missing or malformed, a sentence comes twice, or a number is not finite.
    """
    size = check_file(path, AnnotationError, _WHAT)
    file = NpzFile(path, AnnotationError, _WHAT, _MAX_RATIO * size + _SPARE_BYTES)
    if sorted(file.names) != ['rows', 'texts']:
        raise AnnotationError(explain(path, f'{_WHAT} with the arrays rows and texts', ', '.join(sorted(file.names)),
                                      _ADVICE))
    texts, rows = file.read('texts'), file.read('rows')
    if texts.dtype.kind != 'U' or texts.ndim != 1 or rows.dtype != np.float32 or rows.ndim != 2 or \
            len(texts) != len(rows) or not rows.size:
        raise AnnotationError(explain(path, 'n texts and (n, D) rows of float32', f'{texts.dtype} {texts.shape} and '
                                      f'{rows.dtype} {rows.shape}', _ADVICE))
    if not np.isfinite(rows).all():
        raise AnnotationError(explain(path, 'finite numbers', f'{int((~np.isfinite(rows)).sum()):,} others', _ADVICE))
    table = TextEmbeddings(texts.tolist(), rows, path)
    if len(table) != len(rows):
        raise AnnotationError(explain(path, 'each text once', f'{len(rows) - len(table):,} repeated ones', _ADVICE))
    return table


def write_text_embeddings(path: str | os.PathLike, texts: Sequence[str], rows: np.ndarray) -> None:
    """Write a table in one step: a reader sees the old one or the new one.

    Args:
        path (str | os.PathLike): The ``.npz``; missing folders are made.
        texts (Sequence[str]): n distinct sentences, none with a NUL at its end.
        rows (np.ndarray): (n, D).

    Raises:
        AnnotationError: If the two do not fit each other.
        OSError: If the folder cannot be written or the disk is full.
    """
    rows = np.asarray(rows, dtype=np.float32)
    if rows.ndim != 2 or len(texts) != len(rows) or len(set(texts)) != len(texts):
        raise AnnotationError(explain(path, 'distinct texts and a row for each', f'{len(texts)} texts, '
                                      f'{len(set(texts))} of them distinct, and rows {rows.shape}', 'Correct them.'))
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name[:100]}.', suffix='.part')
    try:
        with os.fdopen(handle, 'wb') as stream:
            np.savez(stream, texts=np.array(texts, dtype=np.str_), rows=rows)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(draft, 0o644)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
