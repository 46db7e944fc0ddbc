"""Saved predictions of anticipation, planning and transfer: one ``.npz`` with ids and logits per list."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.offline.predictions import first_five
from egoexo.formats.npz_file import NpzFile

__all__ = ['ClipPredictions', 'ListPredictions']

_WHAT = 'an .npz with <list>/ids and <list>/logits'
_HOW = 'Predict with tools/test.py --dump.'
_KINDS = ('ids', 'logits', 'samples')


class ListPredictions(NamedTuple):
    """Predictions of one list.

    Args:
        ids (list[str]): One per sample, each once.
        logits (np.ndarray | None): (n, C) or (n, Z, C) float32.
        samples (np.ndarray | None): Planned sequences, (n, K, Z) int64.
    """

    ids: list[str]
    logits: np.ndarray | None
    samples: np.ndarray | None


class ClipPredictions:
    """Predictions of several lists, read list by list.

    Args:
        path (str | os.PathLike): ``.npz`` with ``<list>/ids`` (n,) text and ``<list>/logits`` (n, C) or (n, Z, C), and
            perhaps ``<list>/samples`` (n, K, Z); or a folder with such a file called ``predictions.npz``.
        ndim (int): Dimensions of the logits: 2 in anticipation and transfer, 3 in planning.

    Attributes:
        subsets (list[str]): The lists, in file order.

    Raises:
        PredictionError: If the file is missing or damaged, or an array is missing, foreign or there twice.
    """

    def __init__(self, path: str | os.PathLike, ndim: int) -> None:
        path = Path(path)
        self.path = path / 'predictions.npz' if path.is_dir() else path
        self.ndim = ndim
        self._archive = NpzFile(self.path, PredictionError, _WHAT)  # the longest list has 30 MB of ids, half the limit
        names = self._archive.names
        foreign = [name for name in names if name.rpartition('/')[2] not in _KINDS or '/' not in name]
        if foreign or not names:
            raise PredictionError(explain(
                self.path, f'arrays called <list>/{{{",".join(_KINDS)}}}, e.g. ego_val/logits',
                f'other ones: {first_five(foreign)}' if foreign else 'no array', _HOW))
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise PredictionError(explain(self.path, 'each array once', f'two of {first_five(twice)}',
                                          'Keep one of each.'))
        self.subsets = list(dict.fromkeys(name.rpartition('/')[0] for name in names))
        for subset in self.subsets:
            if f'{subset}/ids' not in names or not {f'{subset}/logits', f'{subset}/samples'} & set(names):
                present = [name for name in names if name.rpartition('/')[0] == subset]
                raise PredictionError(explain(self.path, f'{subset}/ids and {subset}/logits',
                                              f'only {", ".join(present)}', _HOW))

    def read(self, subset: str) -> ListPredictions:
        """Read one list.

        Args:
            subset (str): One of :attr:`subsets`.

        Returns:
            ListPredictions: Shapes agree, ids are unique, numbers are finite.

        Raises:
            PredictionError: If one of these is not so.
        """
        ids = self._ids(subset)
        names = self._archive.names
        logits = self._numbers(subset, 'logits', self.ndim, np.floating, ids) if f'{subset}/logits' in names else None
        if logits is not None:
            bad = np.flatnonzero(~np.isfinite(logits).all(axis=tuple(range(1, logits.ndim))))
            if bad.size:
                raise PredictionError(explain(
                    f'{self.path} array {subset}/logits', 'finite numbers', f'NaN or infinity for {bad.size} of '
                    f'{len(ids)} samples: {first_five([ids[index] for index in bad])}',
                    'Check the features and the checkpoint that predicted them.'))
            logits = logits.astype(np.float32, copy=False)
        samples = self._numbers(subset, 'samples', 3, np.integer, ids) if f'{subset}/samples' in names else None
        return ListPredictions(ids, logits, samples if samples is None else samples.astype(np.int64, copy=False))

    def _ids(self, subset: str) -> list[str]:
        array, where = self._archive.read(f'{subset}/ids'), f'{self.path} array {subset}/ids'
        if array.ndim != 1 or array.dtype.kind != 'U' or not array.size:
            raise PredictionError(explain(where, 'the sample ids as text, shape (n,) with n >= 1',
                                          f'{array.dtype} {array.shape}', _HOW))
        codes = np.frombuffer(array.astype(array.dtype.newbyteorder('=')).tobytes(), np.uint32)
        if codes.size and codes.max() > sys.maxunicode:  # numpy crashes on these when it makes a text
            raise PredictionError(explain(where, 'the sample ids as text', 'bytes that are none', _HOW))
        ids = array.tolist()
        seen: set[str] = set()
        twice = list(dict.fromkeys(name for name in ids if name in seen or seen.add(name)))
        if twice:
            raise PredictionError(explain(where, 'each sample once', f'{len(twice)} that come twice: '
                                          f'{first_five(twice)}', 'Keep one prediction of each sample.'))
        return ids

    def _numbers(self, subset: str, kind: str, ndim: int, dtype: type, ids: list[str]) -> np.ndarray:
        array, where = self._archive.read(f'{subset}/{kind}'), f'{self.path} array {subset}/{kind}'
        legend = {'samples': 'integers (n, K, Z)'}.get(kind, 'floating numbers (n, C)' if ndim == 2 else
                                                       'floating numbers (n, Z, C)')
        if array.ndim != ndim or not np.issubdtype(array.dtype, dtype) or not array.size:
            raise PredictionError(explain(where, legend, f'{array.dtype} {array.shape}',
                                          'Check that the file is of this benchmark, with tools/test.py --dump.'))
        if len(array) != len(ids):
            raise PredictionError(explain(where, f'{len(ids)} rows, one for each of {subset}/ids', str(len(array)),
                                          _HOW))
        return array
