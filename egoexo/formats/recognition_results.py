"""Scores of action recognition: our ``.npz``, the results of the EPIC-KITCHENS challenge and those of PySlowFast."""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from egoexo.errors import PredictionError, explain, printable
from egoexo.files import read_bytes
from egoexo.formats.npz_file import NpzFile
from egoexo.formats.plain_pickle import PickleRefusal, parse_pickle, shown
from egoexo.formats.torch_pickle import TORCH_NAMES, parse_torch
from egoexo.formats.whole_file import open_whole

__all__ = ['ClassScores', 'align_scores', 'id_problems', 'read_scores', 'write_scores']

_WHAT = 'scores of verbs and nouns'
_ADVICE = 'Predict again, for example with tools/test.py --dump.'
#: The scores of the longest list, 67,217 segments, have 213 MB as float64.
_MAX_BYTES = 2**30
_KEYS = ('narration_id', 'verb_output', 'noun_output')
_ARRAYS = ('ids', 'verb', 'noun')
_ID = re.compile(r'[^\x00-\x1f\x7f/\\]{1,100}')


class ClassScores(NamedTuple):
    """Scores of the segments of a list.

    Args:
        ids (list[str]): Narration ids, in the order of the file.
        verb (np.ndarray): (N, number of verbs), float32 or float64, finite.
        noun (np.ndarray): (N, number of nouns).
    """

    ids: list[str]
    verb: np.ndarray
    noun: np.ndarray


def read_scores(path: str | os.PathLike, ids: Sequence[str] | None = None, subset: str | None = None) -> ClassScores:
    """Read scores.

    Args:
        path (str | os.PathLike): ``.npz`` with ``ids``, ``verb`` and ``noun``, or ``<list>/ids`` and so on, as
            ``tools/test.py --dump`` writes it; ``.pt`` or ``.pkl`` as the evaluation script of EPIC-KITCHENS-100 takes
            it: a list of ``{'narration_id', 'verb_output', 'noun_output'}``, or one such dictionary of arrays; or the
            ``.pkl`` of PySlowFast, ``([verb labels, noun labels], [verb scores, noun scores])``. Nothing in a pickle is
            executed; neither torch nor pandas is needed.
        ids (Sequence[str], optional): Narration ids of the list that was predicted, for a file that holds none
            (PySlowFast). Other files keep their own.
        subset (str, optional): List to take from an ``.npz`` of several.

    Returns:
        ClassScores: In the order of the file.

    Raises:
        PredictionError: If the file is missing, damaged or of another kind, a score is NaN or infinite (names the
            narration id), or ids are needed and ``ids`` does not fit.
    """
    path = Path(path)
    if path.suffix == '.npz':
        return _read_npz(path, subset)
    data = read_bytes(path, PredictionError, _WHAT, _MAX_BYTES)
    try:
        # What is no pickle of its own begins as torch.save begins, whatever the file is called.
        content = parse_torch(data) if path.suffix == '.pt' or data.startswith(b'PK') else parse_pickle(
            data, TORCH_NAMES)[0]
    except PickleRefusal as refusal:
        raise PredictionError(explain(path, f'{_WHAT}, a pickle of arrays, numbers and text', refusal,
                                      'Nothing of it was executed. Save arrays of numpy again.')) from refusal
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return _of_rows(content, path, len(data))
    if isinstance(content, dict):
        return _of_arrays(content, path, len(data))
    return _of_meter(content, path, len(data), ids)


def _read_npz(path: Path, subset: str | None) -> ClassScores:
    archive = NpzFile(path, PredictionError, f'an .npz with {", ".join(_ARRAYS)}', _MAX_BYTES)
    lists = sorted({name.rpartition('/')[0] for name in archive.names})
    if subset is None and len(lists) == 1:
        subset = lists[0]
    wanted = [f'{subset}/{name}' if subset else name for name in _ARRAYS]
    if subset is None or not set(wanted) <= set(archive.names):
        expected = 'one list of segments' if subset is None else f'the arrays {", ".join(wanted)}'
        raise PredictionError(explain(path, expected, printable(', '.join(archive.names) or 'none'),
                                      _ADVICE if subset is not None or not lists else 'Name the list that you mean.'))
    names, verb, noun = map(archive.read, wanted)
    is_text = names.dtype.kind == 'U' and names.ndim == 1 and (
        not names.size or names.astype(names.dtype.newbyteorder('=')).view(np.uint32).max() < 0x110000)
    if not is_text:  # numpy crashes when it makes a text of a number that is no character
        raise PredictionError(explain(f'{path} array {wanted[0]}', 'narration ids as text, (N,)',
                                      f'{names.dtype} {names.shape}', _ADVICE))
    return _scores(names.tolist(), verb, noun, path, verb.nbytes + noun.nbytes)


def _of_rows(rows: list, path: Path, num_bytes: int) -> ClassScores:
    for number, row in enumerate(rows):
        if not isinstance(row, dict) or not set(_KEYS) <= set(row):
            raise PredictionError(explain(f'{path} entry {number}', f'a dictionary with {", ".join(_KEYS)}',
                                          _keys(row), _ADVICE))
    return _scores(*([row[key] for row in rows] for key in _KEYS), path, num_bytes)


def _of_arrays(content: Mapping, path: Path, num_bytes: int) -> ClassScores:
    if not set(_KEYS) <= set(content):
        raise PredictionError(explain(path, f'a dictionary with {", ".join(_KEYS)}', _keys(content), _ADVICE))
    names, verb, noun = (content[key] for key in _KEYS)
    if isinstance(names, np.ndarray) and names.ndim == 1:
        names = names.tolist()
    if not isinstance(names, list | tuple):
        raise PredictionError(explain(f'{path} narration_id', 'a list of narration ids', shown(names), _ADVICE))
    return _scores(list(names), verb, noun, path, num_bytes)


def _of_meter(content: object, path: Path, num_bytes: int, ids: Sequence[str] | None) -> ClassScores:
    parts = content if isinstance(content, tuple | list) and len(content) == 2 else ()
    if not parts or not all(isinstance(part, tuple | list) and len(part) == 2 for part in parts):
        raise PredictionError(explain(
            path, f'{_WHAT}: a list of dictionaries, a dictionary of arrays, or labels and scores of PySlowFast',
            f'{shown(content)}' + ' of other things' * isinstance(content, tuple | list), _ADVICE))
    verb, noun = parts[1]
    if ids is None or not hasattr(verb, '__len__') or len(ids) != len(verb):
        found = f'{len(verb) if hasattr(verb, "__len__") else 0:,} rows'
        raise PredictionError(explain(
            path, 'narration ids' if ids is None else f'a row for each of the {len(ids):,} segments of the list',
            f'{found} without ids, as PySlowFast writes them' if ids is None else found,
            'Name the list that was predicted, in the order in which it was predicted.'))
    return _scores(list(ids), verb, noun, path, num_bytes)


def _keys(value: object) -> str:
    return printable(f'the keys {", ".join(map(shown, list(value)[:5]))}') if isinstance(value, dict) else shown(value)


def _scores(names: Sequence[object], verb: object, noun: object, path: Path, num_bytes: int) -> ClassScores:
    """Checked scores of any of the forms."""
    for number, name in enumerate(names):
        if not isinstance(name, str) or not _ID.fullmatch(name):
            raise PredictionError(explain(f'{path} row {number}', 'a narration id', shown(name), _ADVICE))
    verb, noun = (_matrix(rows, names, f'{path} {task}', num_bytes) for task, rows in (('verb', verb), ('noun', noun)))
    for task, scores in (('verb', verb), ('noun', noun)):
        bad = np.flatnonzero(~np.isfinite(scores).all(axis=1))
        if bad.size:
            raise PredictionError(explain(
                f'{path} {task} scores of {names[bad[0]]}', 'finite numbers',
                f'NaN or infinity ({bad.size:,} of {len(names):,} segments)',
                'Check the checkpoint and the clip; one NaN makes the official accuracy of all actions 0. '
                'Predict again.'))
    return ClassScores(list(names), verb, noun)


def _matrix(rows: object, names: Sequence[str], where: str, num_bytes: int) -> np.ndarray:
    """Scores as one array; sizes are compared first, because a file may refer to one row a million times."""
    fits = isinstance(rows, list | tuple) or (isinstance(rows, np.ndarray) and rows.ndim == 2)
    if not fits or not names or len(rows) != len(names):
        found = f'shape {rows.shape}' if isinstance(rows, np.ndarray) else (
            f'{len(rows):,} rows' if fits else shown(rows))
        raise PredictionError(explain(where, f'a row of scores for each of the {len(names):,} segments', found,
                                      _ADVICE))
    parts = [_row(row, f'{where} scores of {name}') for row, name in zip(rows, names, strict=True)]
    width = len(parts[0])
    strange = next((number for number, part in enumerate(parts) if len(part) != width), None)
    if strange is not None or not width or width * len(parts) > num_bytes:
        found = f'{len(parts[strange])}' if strange is not None else f'{width * len(parts):,} in {num_bytes:,} bytes'
        raise PredictionError(explain(f'{where} scores of {names[strange or 0]}', f'{width or "some"} numbers', found,
                                      _ADVICE))
    dtype = np.float64 if any(part.dtype == np.float64 for part in parts) else np.float32
    return np.array(parts, dtype=dtype)


def _row(row: object, where: str) -> np.ndarray:
    if isinstance(row, list | tuple) and all(isinstance(value, int | float | np.number) for value in row):
        row = np.array(row, dtype=np.float64)
    if not isinstance(row, np.ndarray) or row.ndim != 1 or row.dtype.kind not in 'fiu':
        found = f'{row.dtype} {row.shape}' if isinstance(row, np.ndarray) else shown(row)
        raise PredictionError(explain(where, 'a list of numbers', found, _ADVICE))
    return row


def write_scores(path: str | os.PathLike, scores: ClassScores) -> None:
    """Write what :func:`read_scores` reads; the same scores give the same bytes.

    Args:
        path (str | os.PathLike): ``.npz``; it is there whole or not at all.
        scores (ClassScores): Of one list.

    Raises:
        OSError: If it cannot be written.
    """
    with open_whole(path, binary=True) as stream:
        np.savez(stream, ids=np.array(scores.ids, dtype=np.str_), verb=scores.verb, noun=scores.noun)


def align_scores(scores: ClassScores, ids: Sequence[str], where: object = 'scores') -> ClassScores:
    """Bring scores into the order of a list.

    Args:
        scores (ClassScores): In any order.
        ids (Sequence[str]): Narration ids of the list, each once.
        where (object): Name of the file of scores, for messages.

    Returns:
        ClassScores: One row for each of ``ids``.

    Raises:
        PredictionError: If a segment is missing, stands there twice, or is none of the list; counts each.
    """
    if scores.ids == list(ids):
        return scores
    problems = id_problems(scores.ids, ids)
    if problems:
        raise PredictionError(explain(where, f'scores of the {len(ids):,} segments of the list, each once',
                                      '; '.join(problems), 'Predict the list that the ids are taken from.'))
    places = {name: place for place, name in enumerate(scores.ids)}
    order = [places[name] for name in ids]
    return ClassScores(list(ids), scores.verb[order], scores.noun[order])


def id_problems(found: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Say how the ids of scores differ from those of a list.

    Args:
        found (Sequence[str]): Narration ids of the scores.
        ids (Sequence[str]): Narration ids of the list.

    Returns:
        list[str]: For each kind of difference a number and the first five; empty if there is none.

    Examples:
        >>> id_problems(['P01_1', 'P01_1', 'P01_7'], ['P01_1', 'P01_2'])
        ['1 twice (P01_1)', '1 missing (P01_2)', '1 of no segment of the list (P01_7)']
    """
    counts = Counter(found)
    wanted = set(ids)
    kinds = {'twice': [name for name, count in counts.items() if count > 1],
             'missing': [name for name in ids if name not in counts],
             'of no segment of the list': [name for name in counts if name not in wanted]}
    return [f'{len(names):,} {kind} ({printable(", ".join(names[:5]))})' for kind, names in kinds.items() if names]
