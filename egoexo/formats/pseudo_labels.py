"""Pseudo-label files of LaGTran: a class id for each segment or image of a target training list.

The released files (ViLab-UCSD/LaGTran, ``src/pseudo_labels``) hold ``id label`` per line, separated by one space. Ours
may hold the confidence of the classifier as a third column.
"""

import math
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain, printable
from egoexo.files import read_text
from egoexo.formats.whole_file import write_whole

__all__ = ['PseudoLabels', 'pseudo_label_name', 'read_pseudo_labels', 'write_pseudo_labels']

#: Largest file that is read; the largest released one (GeoPlaces, 187,426 images) has 2.7 MB.
MAX_BYTES = 256 * 2**20
_MAX_ID = 2**63 - 1
_NUMBER = r'(?:[0-9]{1,3}(?:\.[0-9]{1,30})?(?:e-[0-9]{1,3})?)'
_LINE = re.compile(rf'([0-9]{{1,19}}) ([0-9]{{1,9}})(?: ({_NUMBER}))?')
_TWO_COLUMNS = re.compile(r'(?:[0-9]{1,18} [0-9]{1,9}\n)+')
_EXAMPLES = 5
_WHAT = 'a pseudo-label file'


class PseudoLabels(NamedTuple):
    """Content of a file.

    Args:
        labels (dict[int, int]): Class id by segment or image id, in file order.
        confidences (dict[int, float]): From 0 to 1, by the same ids; empty if the file has two columns.
    """

    labels: dict[int, int]
    confidences: dict[int, float]


def pseudo_label_name(dataset: str, source: str, target: str) -> str:
    """Name of a released file; the labels are those of the target's training list.

    Args:
        dataset (str): Any case.
        source (str): Domain of which the labels were known.
        target (str): Domain that is labelled.

    Examples:
        >>> pseudo_label_name('Ego2Exo', 'ego', 'exo')
        'ego2exo_ego_exo.txt'
    """
    return f'{dataset.lower()}_{source}_{target}.txt'


def read_pseudo_labels(path: str | os.PathLike, expected_ids: Collection[int] | None = None,
                       num_classes: int | None = None) -> PseudoLabels:
    """Read ``id label`` or ``id label confidence`` per line, with any line end and no head line.

    Args:
        path (str | os.PathLike): ASCII file.
        expected_ids (Collection[int], optional): Ids that the file has to label, all of them and no other.
        num_classes (int, optional): Class ids run from 0 to ``num_classes - 1``.

    Returns:
        PseudoLabels: At least one row.

    Raises:
        AnnotationError: If the file is missing, empty, or anything in it does not fit: one message that counts
            malformed lines, duplicate ids, labels out of range, missing ids and extra ids, with examples of each.

    Examples:
        >>> write_pseudo_labels('ego2exo_ego_exo.txt', [7, 3], [1, 0])
        >>> read_pseudo_labels('ego2exo_ego_exo.txt', expected_ids={3, 7}, num_classes=24).labels
        {7: 1, 3: 0}
    """
    text = read_text(path, AnnotationError, _WHAT, MAX_BYTES)
    if '\r' in text:
        text = text.replace('\r\n', '\n').replace('\r', '\n')
    if not text.strip():
        raise AnnotationError(explain(path, _WHAT, 'an empty file', 'Write or fetch it again.'))
    faults: dict[str, list[str]] = {}
    content = _read_plain(text) or _read_lines(text, faults)
    labels = content.labels
    if num_classes is not None and max(labels.values(), default=0) >= num_classes:
        faults['labels out of range'] = [f'{label} of id {key}' for key, label in labels.items()
                                         if label >= num_classes]
    if expected_ids is not None:
        wanted = dict.fromkeys(expected_ids)
        if labels.keys() != wanted.keys():
            faults['missing ids'] = [str(key) for key in wanted if key not in labels]
            faults['extra ids'] = [str(key) for key in labels if key not in wanted]
    _refuse(path, faults, expected_ids, num_classes)
    return content


def _read_plain(text: str) -> PseudoLabels | None:
    """The usual file, read without a loop over lines; None for one that needs a closer look."""
    if not text.endswith('\n'):
        text += '\n'
    if not _TWO_COLUMNS.fullmatch(text):
        return None
    words = text.split()
    ids = list(map(int, words[::2]))
    labels = dict(zip(ids, map(int, words[1::2]), strict=True))
    return PseudoLabels(labels, {}) if len(labels) == len(ids) else None


def _read_lines(text: str, faults: dict[str, list[str]]) -> PseudoLabels:
    """Line by line; what does not fit is noted by kind."""
    labels: dict[int, int] = {}
    confidences: dict[int, float] = {}
    columns = 0
    malformed: list[str] = []
    duplicates: list[str] = []
    for number, line in enumerate(text.removesuffix('\n').split('\n'), start=1):
        match = _LINE.fullmatch(line)
        if match is None or int(match[1]) > _MAX_ID or (match[3] and float(match[3]) > 1):
            malformed.append(f'line {number}: {_short(line)}')
            continue
        found = 2 + (match[3] is not None)
        columns = columns or found
        if found != columns:
            malformed.append(f'line {number}: {found} columns instead of {columns}')
            continue
        key = int(match[1])
        if key in labels:
            duplicates.append(f'{key} in line {number}')
            continue
        labels[key] = int(match[2])
        if match[3] is not None:
            confidences[key] = float(match[3])
    faults['malformed lines'], faults['duplicate ids'] = malformed, duplicates
    return PseudoLabels(labels, confidences)


def _short(line: str) -> str:
    return repr(line if len(line) <= 40 else line[:40] + '...')


def _refuse(path: str | os.PathLike, faults: Mapping[str, Sequence[str]], expected_ids: Collection[int] | None,
            num_classes: int | None) -> None:
    """Raise one error that counts everything that was noted, if anything was."""
    kinds = [kind for kind, rows in faults.items() if rows]
    if not kinds:
        return
    expected = 'lines of an id, one space and a class id (a third column holds confidences from 0 to 1)'
    if num_classes is not None:
        expected += f' from 0 to {num_classes - 1}'
    if expected_ids is not None:
        expected += f', one for each of {len(expected_ids):,} ids'
    found = ', '.join(f'{len(faults[kind]):,} {kind}' for kind in kinds)
    examples = '; '.join(f'{kind}: {", ".join(faults[kind][:_EXAMPLES])}' for kind in kinds)
    raise AnnotationError(explain(path, expected, found, f'First {printable(examples, 2500)}. '
                                  'Check that the file belongs to this dataset, source and target, or make it again.'))


def write_pseudo_labels(path: str | os.PathLike, ids: Iterable[int], labels: Iterable[int],
                        confidences: Iterable[float] | None = None) -> None:
    """Write a file as released, in one step; with confidences it has a third column of six digits.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        ids (Iterable[int]): Segment or image ids, each once.
        labels (Iterable[int]): Class ids, as many.
        confidences (Iterable[float], optional): From 0 to 1, as many.

    Raises:
        AnnotationError: If an id comes twice, a number cannot stand in such a file, or there is none.
        ValueError: If the lists differ in length.
    """
    ids, labels = [int(key) for key in ids], [int(label) for label in labels]
    columns = [list(map(str, ids)), list(map(str, labels))]
    if confidences is not None:
        values = [float(value) for value in confidences]
        if not all(0 <= value <= 1 for value in values):  # false for NaN
            wrong = next(value for value in values if math.isnan(value) or not 0 <= value <= 1)
            raise AnnotationError(explain(path, 'confidences from 0 to 1', wrong, 'Write softmax values.'))
        columns.append([f'{value:.6f}' for value in values])
    rows = [' '.join(row) for row in zip(*columns, strict=True)]
    if not rows or len(set(ids)) < len(ids) or not 0 <= min(ids) <= max(ids) <= _MAX_ID or min(labels) < 0:
        raise AnnotationError(explain(
            path, 'at least one row, each id once, ids of 63 bits and labels not below 0',
            f'{len(ids):,} rows, {len(set(ids)):,} different ids from {min(ids, default=None)} to '
            f'{max(ids, default=None)} and labels from {min(labels, default=None)}', 'Correct the lists.'))
    write_whole(path, '\n'.join(rows) + '\n')
