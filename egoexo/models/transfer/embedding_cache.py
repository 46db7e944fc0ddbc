"""Rows of numbers by text, in memory and, if wanted, in a file that outlives the process."""

import contextlib
import hashlib
import os
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from egoexo.errors import DataError
from egoexo.formats.npz_file import NpzFile
from egoexo.utils.file_lock import file_lock

__all__ = ['EmbeddingCache']

_DIGEST = 16
_MAX_BYTES = 2**33


class EmbeddingCache:
    """Remembers one row per distinct text.

    The file is ``<folder>/<fingerprint>.npz``: ``digests`` (n, 16) uint8 (BLAKE2 of the texts, which it does not hold),
    ``rows`` (n, D) float32 and ``check`` (16,) uint8. It is replaced in one step; what several processes add is
    merged. A damaged one is said aloud and made anew, since all of it can be computed again.

    Args:
        dim (int): Numbers per row, D.
        folder (str | Path, optional): Where the file lies; None keeps the rows in memory only.
        fingerprint (str): Name of what makes the rows: another model is another file.

    Examples:
        >>> cache = EmbeddingCache(2)
        >>> cache.missing(['cut', 'cut', 'wash'])
        ['cut', 'wash']
        >>> cache.add(['cut', 'wash'], torch.eye(2))
        >>> cache.rows(['wash', 'cut'])
        tensor([[0., 1.],
                [1., 0.]])
    """

    def __init__(self, dim: int, folder: str | Path | None = None, fingerprint: str = 'embeddings') -> None:
        self.dim = dim
        self.path = None if folder is None else Path(folder) / f'{fingerprint}.npz'
        self._matrix = torch.zeros(0, dim)  # with room behind the rows
        self._count = 0
        self._places: dict[str, int] = {}
        self._stored: dict[bytes, int] = {}
        if self.path is not None and self.path.is_file():
            digests, rows = self._read()
            self._matrix, self._count = torch.from_numpy(rows.copy()), len(rows)
            self._stored = {digest.tobytes(): place for place, digest in enumerate(digests)}

    def __len__(self) -> int:
        return self._count

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Texts without a row.

        Args:
            texts (Sequence[str]): Any number.

        Returns:
            list[str]: Each once, in order.
        """
        unknown = [text for text in dict.fromkeys(texts) if text not in self._places]
        if not self._stored:
            return unknown
        absent = []
        for text in unknown:
            place = self._stored.get(_digest(text))
            if place is None:
                absent.append(text)
            else:
                self._places[text] = place
        return absent

    def add(self, texts: Sequence[str], rows: torch.Tensor) -> None:
        """Remember rows.

        Args:
            texts (Sequence[str]): Distinct texts that are :meth:`missing`, n of them.
            rows (torch.Tensor): (n, D).
        """
        start, stop = self._count, self._count + len(texts)
        if stop > len(self._matrix):
            larger = torch.zeros(max(stop, 2 * start), self.dim)
            larger[:start] = self._matrix[:start]
            self._matrix = larger
        self._matrix[start:stop] = rows.detach().float().cpu()
        self._places.update(zip(texts, range(start, stop), strict=True))
        self._count = stop

    def rows(self, texts: Sequence[str]) -> torch.Tensor:
        """Rows of known texts.

        Args:
            texts (Sequence[str]): N of them, none of which is missing.

        Returns:
            torch.Tensor: float32 on the CPU, (N, D).
        """
        self.missing(texts)  # finds the places of those that the file brought
        return self._matrix[torch.tensor([self._places[text] for text in texts], dtype=torch.int64)]

    def save(self) -> None:
        """Bring the file up to date, if there is to be one.

        Raises:
            OSError: If the folder cannot be written.
        """
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(self.path.with_suffix('.lock')):
            digests, rows = self._read() if self.path.is_file() else _nothing(self.dim)
            known = {digest.tobytes() for digest in digests}
            fresh = {_digest(text): place for text, place in self._places.items()}
            added = [(digest, place) for digest, place in fresh.items() if digest not in known]
            if added:
                new = np.frombuffer(b''.join(digest for digest, _ in added), dtype=np.uint8).reshape(-1, _DIGEST)
                new_rows = self._matrix[torch.tensor([place for _, place in added])].numpy()
                self._write(np.concatenate([digests, new]), np.concatenate([rows, new_rows]))

    def _write(self, digests: np.ndarray, rows: np.ndarray) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f'.{self.path.name}.', suffix='.part')
        try:
            with os.fdopen(handle, 'wb') as stream:
                np.savez(stream, digests=digests, rows=rows, check=_check(digests, rows))
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, 0o644)
            os.replace(temporary, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        try:
            file = NpzFile(self.path, DataError, 'a cache of embeddings', _MAX_BYTES)
            if sorted(file.names) != ['check', 'digests', 'rows']:
                raise DataError(f'it holds {", ".join(sorted(file.names)) or "nothing"}')
            check, digests, rows = (file.read(name) for name in ('check', 'digests', 'rows'))
            fits = digests.dtype == np.uint8 and rows.dtype == np.float32 and \
                digests.shape == (len(rows), _DIGEST) and rows.shape == (len(digests), self.dim)
            if not fits or not np.array_equal(check, _check(digests, rows)) or not np.isfinite(rows).all():
                raise DataError(f'its content is not what was written ({digests.shape} digests, {rows.shape} rows)')
        except DataError as error:
            warnings.warn(f'{self.path} is damaged and made anew: {error}', stacklevel=3)
            return _nothing(self.dim)
        return digests, rows


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode('utf-8', 'surrogatepass'), digest_size=_DIGEST).digest()


def _check(digests: np.ndarray, rows: np.ndarray) -> np.ndarray:
    both = hashlib.blake2b(np.ascontiguousarray(digests), digest_size=_DIGEST)
    both.update(np.ascontiguousarray(rows))
    return np.frombuffer(both.digest(), dtype=np.uint8)


def _nothing(dim: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((0, _DIGEST), dtype=np.uint8), np.zeros((0, dim), dtype=np.float32)
