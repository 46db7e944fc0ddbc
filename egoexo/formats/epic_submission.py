"""The file for the action recognition challenge of EPIC-KITCHENS-100: a zip archive with ``test.json`` in it."""

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from egoexo.errors import ConfigError, PredictionError, explain, printable
from egoexo.files import check_file, parse_json
from egoexo.formats.recognition_results import ClassScores, id_problems
from egoexo.formats.whole_file import open_whole

__all__ = ['NUM_CLASSES', 'check_submission', 'read_submission', 'write_submission']

#: Verbs and nouns of EPIC-KITCHENS-100.
NUM_CLASSES = (97, 300)
_MEMBER = 'test.json'
_LEVELS = range(6)  # of supervision: 0 to 5
#: The 13,092 segments of the test list have 140 MB as JSON.
_MAX_BYTES = 2**30
_WHAT = 'a submission to the action recognition challenge'
_ADVICE = 'Write it again with tools/make_submission.py recognition.'


def check_submission(ids: Sequence[str], verb: np.ndarray, noun: np.ndarray, expected_ids: Sequence[str] | None = None,
                     num_classes: Sequence[int] = NUM_CLASSES, where: object = 'submission') -> None:
    """Look for everything that the evaluation server would refuse.

    Args:
        ids (Sequence[str]): Narration ids, N.
        verb (np.ndarray): Scores, (N, 97).
        noun (np.ndarray): Scores, (N, 300).
        expected_ids (Sequence[str], optional): Narration ids of the list; None does not compare.
        num_classes (Sequence[int]): Numbers of verbs and nouns.
        where (object): Name of the file of scores, for messages.

    Raises:
        PredictionError: If a segment is missing, twice or unknown, or the number of rows or classes is wrong, or a
            score is no finite number; names all of these with their counts.
    """
    problems = id_problems(ids, ids if expected_ids is None else expected_ids)
    if not len(ids):
        problems.append('no segment')
    for task, scores, number in (('verb', verb, num_classes[0]), ('noun', noun, num_classes[1])):
        if np.ndim(scores) != 2 or len(scores) != len(ids):
            problems.append(f'{task} scores of the shape {np.shape(scores)} for {len(ids):,} segments')
            continue
        if scores.shape[1] != number:
            problems.append(f'{scores.shape[1]} {task} classes in place of {number}')
        bad = [ids[row] for row in np.flatnonzero(~np.isfinite(scores).all(axis=1))]
        if bad:
            problems.append(f'{len(bad):,} with a {task} score of NaN or infinity ({printable(", ".join(bad[:5]))})')
    if problems:
        count = len(ids if expected_ids is None else expected_ids)
        raise PredictionError(explain(
            where, f'finite scores of {num_classes[0]} verbs and {num_classes[1]} nouns for {count:,} segments',
            '; '.join(problems), 'Predict the whole test list again, and nothing else.'))


def write_submission(path: str | os.PathLike, ids: Sequence[str], verb: np.ndarray, noun: np.ndarray, sls_pt: int = 2,
                     sls_tl: int = 3, sls_td: int = 4, num_classes: Sequence[int] = NUM_CLASSES) -> None:
    """Write a submission as the official script does, to the last character of its JSON.

    Args:
        path (str | os.PathLike): Target, ``.zip``; it is there whole or not at all.
        ids (Sequence[str]): Narration ids, N.
        verb (np.ndarray): Scores, (N, 97).
        noun (np.ndarray): Scores, (N, 300).
        sls_pt (int): Level of supervision of the pre-training, 0 to 5; the challenge explains them.
        sls_tl (int): Level of the training labels.
        sls_td (int): Level of the training data.
        num_classes (Sequence[int]): Numbers of verbs and nouns.

    Raises:
        PredictionError: See :func:`check_submission`.
        ConfigError: If a level is none.
        OSError: If it cannot be written.
    """
    levels = {'sls_pt': sls_pt, 'sls_tl': sls_tl, 'sls_td': sls_td}
    for name, level in levels.items():
        if isinstance(level, bool) or not isinstance(level, int) or level not in _LEVELS:
            raise ConfigError(explain(name, 'a level of supervision from 0 to 5', repr(level), 'Set one of them.'))
    check_submission(ids, verb, noun, num_classes=num_classes, where=path)
    head = json.dumps({'version': '0.2', 'challenge': 'action_recognition', **levels})
    verbs, nouns = (', '.join(f'"{number}": %r' for number in range(count)) for count in num_classes)
    row = f'"verb": {{{verbs}}}, "noun": {{{nouns}}}'
    verb, noun = np.asarray(verb, np.float64), np.asarray(noun, np.float64)
    # A member that is opened by name is dated 1980, so the same scores give the same bytes.
    with (open_whole(path, binary=True) as stream,
          zipfile.ZipFile(stream, 'w', zipfile.ZIP_DEFLATED, compresslevel=5) as archive,
          archive.open(_MEMBER, 'w') as member):
        member.write(f'{head[:-1]}, "results": {{'.encode())
        for number, name in enumerate(ids):
            text = row % (*verb[number].tolist(), *noun[number].tolist())  # faster than json, the same text
            member.write(f'{", " if number else ""}{json.dumps(name)}: {{{text}}}'.encode())
        member.write(b'}}')


def read_submission(path: str | os.PathLike, member: str = _MEMBER) -> ClassScores:
    """Read a submission back.

    Args:
        path (str | os.PathLike): ``.zip`` with ``test.json``, written by :func:`write_submission` or by the official
            script.
        member (str): Name of the file in the archive.

    Returns:
        ClassScores: float64, in the order of the file.

    Raises:
        PredictionError: If the file is missing or malformed; names the narration id.
    """
    where = f'{path} {member}'
    content = _json(Path(path), member)
    results = content.get('results') if isinstance(content, dict) else None
    if not isinstance(results, dict) or not results or content.get('challenge') != 'action_recognition':
        raise PredictionError(explain(where, "the challenge 'action_recognition' and its results",
                                      'none' if isinstance(content, dict) else f'a {type(content).__name__}', _ADVICE))
    widths = [len(task) if isinstance(task, dict) else 0 for task in _tasks(next(iter(results.values())), where)]
    # A row of another length is refused before memory is taken for it; the sum is not above that of the text.
    scores = [np.empty((len(results), width)) for width in widths]
    for number, (name, row) in enumerate(results.items()):
        for array, values in zip(scores, _tasks(row, f'{where} {name}'), strict=True):
            array[number] = _numbers(values, array.shape[1], f'{where} {name}')
    return ClassScores(list(results), *scores)


def _json(path: Path, member: str) -> object:
    check_file(path, PredictionError, _WHAT, _MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if names == [member]:
                info = archive.getinfo(member)
                if info.file_size > _MAX_BYTES:
                    raise ValueError(f'a file of {info.file_size:,} bytes in it')
                return parse_json(archive.read(info))
    except RecursionError:
        raise PredictionError(explain(path, _WHAT, 'lists or objects nested a thousand deep', _ADVICE)) from None
    except Exception as cause:  # zlib, zip and JSON errors: all mean that the file is damaged or foreign
        reason = printable(str(cause), 200) or type(cause).__name__
        raise PredictionError(explain(path, f'{_WHAT}, a zip archive with {member}', f'one that cannot be read '
                                      f'({reason})', _ADVICE)) from cause
    raise PredictionError(explain(path, f'a zip archive with {member} alone', printable(', '.join(names)) or 'none',
                                  _ADVICE))


def _tasks(row: object, where: str) -> list[object]:
    if not isinstance(row, dict) or set(row) != {'verb', 'noun'}:
        raise PredictionError(explain(where, 'scores called verb and noun', 'other ones', _ADVICE))
    return [row['verb'], row['noun']]


def _numbers(values: Mapping[str, object], width: int, where: str) -> list[float]:
    found = [values.get(str(number)) for number in range(width)] if isinstance(values, dict) else []
    if not found or len(values) != width or not all(
            isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 for value in found):
        expected = f'numbers for the classes 0 to {width - 1}' if width else 'a number for each class'
        raise PredictionError(explain(where, expected, 'other ones', _ADVICE))
    return found
