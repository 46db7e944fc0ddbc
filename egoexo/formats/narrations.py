"""What people said about short pieces of video: the narration tables of EPIC-Kitchens-100 and EgoExoLearn."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.formats.clip_list import ClassLists
from egoexo.formats.csv_table import read_csv_columns, read_csv_table, require
from egoexo.formats.epic_actions import clock_seconds

__all__ = ['Narration', 'read_egoexolearn_narrations', 'read_epic_narrations', 'read_narration_classes']

_SECONDS = re.compile(r'[0-9]{1,9}(?:\.[0-9]{1,20})?(?:e-[0-9]{1,2})?')
_NUMBER = re.compile(r'[0-9]{1,6}')
_WHAT = 'a narration table'
_NAME_COLUMNS = ('key', 'label')


class Narration(NamedTuple):
    """One sentence.

    Args:
        narration_id (str): Official id, ``P01_11_0`` or ``hIOL2zPZ``.
        video (str): Official id of the video.
        start_sec (float): Begin of the action.
        end_sec (float): End of the action.
        text (str): The sentence, in English.
        verbs (tuple[int, ...]): Class ids of its verbs; one in EPIC-Kitchens, any number in EgoExoLearn.
        nouns (tuple[int, ...]): Class ids of its nouns; the first one in EPIC-Kitchens.
    """

    narration_id: str
    video: str
    start_sec: float
    end_sec: float
    text: str
    verbs: tuple[int, ...]
    nouns: tuple[int, ...]


def read_epic_narrations(path: str | os.PathLike) -> list[Narration]:
    """Read ``EPIC_100_train.csv`` or ``EPIC_100_validation.csv``.

    Args:
        path (str | os.PathLike): The table, as released.

    Returns:
        list[Narration]: In file order.

    Raises:
        AnnotationError: If the file is missing or malformed; names the line.
    """
    columns = ('narration_id', 'video_id', 'start_timestamp', 'stop_timestamp', 'narration', 'verb_class', 'noun_class')
    rows = []
    for where, (name, video, start, stop, text, verb, noun) in _rows(path, columns):
        times = [clock_seconds(cell) for cell in (start, stop)]
        require(None not in times, where, 'start_timestamp and stop_timestamp as HH:MM:SS.ss', f'{start!r}, {stop!r}')
        require(_NUMBER.fullmatch(verb) and _NUMBER.fullmatch(noun), where, 'numbers as verb_class and noun_class',
                f'{verb!r}, {noun!r}')
        rows.append(Narration(name, video, *times, text, (int(verb),), (int(noun),)))
    return rows


def read_egoexolearn_narrations(path: str | os.PathLike, text: str = 'narration_en') -> list[Narration]:
    """Read ``ego_train.csv`` or ``exo_train.csv`` of the association benchmark.

    Args:
        path (str | os.PathLike): The table, as released; some sentences run over several lines.
        text (str): Column of the sentence: ``'narration_en'``, or with other words for the hands
            ``'narration_en_hand_prompt'``, or without them ``'narration_en_no_hand_prompt'``.

    Returns:
        list[Narration]: In file order.

    Raises:
        AnnotationError: If the file is missing or malformed; names the line.
    """
    columns = ('annotation_id', 'video_uid', 'start_sec', 'end_sec', text, 'verb', 'noun')
    lists = ClassLists(repeats=True)
    rows = []
    for where, (name, video, start, end, sentence, verb, noun) in _rows(path, columns):
        require(_SECONDS.fullmatch(start) and _SECONDS.fullmatch(end), where, 'start_sec and end_sec as numbers',
                f'{start!r}, {end!r}')
        require(lists[verb] is not None and lists[noun] is not None, where, 'lists of class ids as verb and noun',
                f'{verb!r}, {noun!r}')
        rows.append(Narration(name, video, float(start), float(end), sentence, lists[verb], lists[noun]))
    return rows


def read_narration_classes(path: str | os.PathLike) -> tuple[str, ...]:
    """Read the names of classes: ``EPIC_100_verb_classes.csv``, ``narration_verb_taxonomy.csv`` and their like.

    Args:
        path (str | os.PathLike): The table; the name stands in its column ``key`` (EPIC-Kitchens, with ``id`` beside
            it) or ``label`` (EgoExoLearn, where the line is the id).

    Returns:
        tuple[str, ...]: Names by class id.

    Raises:
        AnnotationError: If the file is missing or malformed.
    """
    head, rows = read_csv_table(path, _WHAT)
    column = next((name for name in _NAME_COLUMNS if name in head), None)
    if column is None:
        raise AnnotationError(explain(f'{path} line 1', 'a column key or label', ','.join(head)[:200],
                                      'Take a class table of EPIC-Kitchens-100 or EgoExoLearn.'))
    names = []
    for line, row in rows:
        number = row[head.index('id')] if 'id' in head else str(len(names))
        require(number == str(len(names)), f'{path} line {line}', f'class {len(names)}, in order', number)
        names.append(row[head.index(column)])
    return tuple(names)


def _rows(path: str | os.PathLike, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Place and wanted cells of each row; the first of them is an id, and ids are distinct."""
    seen: set[str] = set()
    for where, cells in read_csv_columns(path, _WHAT, columns):
        require(cells[0] and cells[0] not in seen, where, 'an id that no other row has', repr(cells[0]))
        seen.add(cells[0])
        yield where, cells
