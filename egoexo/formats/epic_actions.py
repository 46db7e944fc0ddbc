"""Action segments of EPIC-Kitchens-100 and EPIC-Kitchens-55, as released: CSV files and tables pickled by pandas."""

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.formats.clip_list import ClassLists
from egoexo.formats.csv_table import read_csv_table, require
from egoexo.formats.data_frame_pickle import read_data_frame
from egoexo.formats.plain_pickle import shown

__all__ = ['EpicAction', 'clock_seconds', 'frame_rate', 'frames_of_timestamp', 'is_extension', 'read_epic_actions']

_CLOCK = re.compile(r'([0-9]{1,3}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,9})?)')
_NUMBER = re.compile(r'[0-9]{1,9}(?:\.0)?')
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]{0,99}')
_VIDEO = re.compile(r'P[0-9]{2}_([0-9]{2,3})')
_IDS = ('narration_id', 'uid')  # EPIC-Kitchens-100 and -55
_NEEDED = ('participant_id', 'video_id', 'start_frame', 'stop_frame')
_NO_NUMBER = ('', 'nan', 'NaN', 'None')


class EpicAction(NamedTuple):
    """One action segment.

    Args:
        narration_id (str): ``P01_11_0``, or the number of the row, as text, in EPIC-Kitchens-55.
        participant_id (str): ``P01``.
        video_id (str): ``P01_11``.
        start_frame (int): First frame, counted from 1.
        stop_frame (int): Last frame; belongs to the segment.
        verb_class (int): Class of the verb, -1 where the file has none.
        noun_class (int): Class of the first noun, -1 where the file has none.
        narration (str): The sentence, ``'put down plate'``; ``''`` where the file has none.
        verb (str): The verb in it, ``'put-down'``, or ``''``.
        noun (str): The first noun in it, or ``''``.
        start_sec (float | None): Begin, None where the file has no time.
        stop_sec (float | None): End, or None.
        all_noun_classes (tuple[int, ...]): Classes of all nouns, empty where the file has none.
    """

    narration_id: str
    participant_id: str
    video_id: str
    start_frame: int
    stop_frame: int
    verb_class: int = -1
    noun_class: int = -1
    narration: str = ''
    verb: str = ''
    noun: str = ''
    start_sec: float | None = None
    stop_sec: float | None = None
    all_noun_classes: tuple[int, ...] = ()


def read_epic_actions(path: str | os.PathLike, columns: Sequence[str] = ()) -> list[EpicAction]:
    """Read ``EPIC_100_train.csv`` or ``.pkl``, ``EPIC_100_test_timestamps.csv``, ``EPIC_val_action_labels.pkl`` ...

    Whether a class id exists is for the reader of the class table to say: any number from 0 passes here.

    Args:
        path (str | os.PathLike): The table, as released: ``.csv``, or ``.pkl`` of any pandas (which is not needed).
        columns (Sequence[str]): Columns that must be there beside id, participant, video and frames, such as
            ``('verb_class', 'noun_class')``.

    Returns:
        list[EpicAction]: In file order.

    Raises:
        AnnotationError: If the file is missing or malformed, an id stands in it twice, or a segment ends before it
            begins; names line or row.
    """
    if Path(path).suffix == '.pkl':
        names, rows = _pickled_rows(path)
    else:
        head, lines = read_csv_table(path, 'a table of action segments')
        names, rows = head, ((f'{path} line {line}', cells) for line, cells in lines)
    places = {name: place for place, name in enumerate(names)}
    where = path if Path(path).suffix == '.pkl' else f'{path} line 1'
    id_column = next((name for name in _IDS if name in places), None)
    wanted = (_IDS[0], *_NEEDED, *columns)
    absent = [name for name in wanted[1:] if name not in places]
    if id_column is None or absent:
        raise AnnotationError(explain(where, f'the columns {", ".join(wanted)}',
                                      f'none called {absent[0] if absent else _IDS[0]}', 'Take the released table.'))
    return list(_actions(rows, places, id_column))


def _pickled_rows(path: str | os.PathLike) -> tuple[list[str], Iterator[tuple[str, Sequence[object]]]]:
    table = read_data_frame(path)
    require(table.index, str(path), 'at least one row', 'none')
    columns = dict(table.columns)
    if not any(name in columns for name in _IDS):  # EPIC-Kitchens-55 may have lost the name of its index
        columns[table.index_name if table.index_name in _IDS else _IDS[1]] = table.index
    rows = zip(*columns.values(), strict=True)
    return list(columns), ((f'{path} row {number}', row) for number, row in enumerate(rows))


def _actions(rows: Iterable[tuple[str, Sequence[object]]], places: Mapping[str, int],
             id_column: str) -> Iterator[EpicAction]:
    """Checked rows; the cells of a CSV file are text, those of a pickle numbers, text and lists."""
    order = [places.get(name) for name in (
        id_column, 'participant_id', 'video_id', 'start_frame', 'stop_frame', 'verb_class', 'noun_class', 'narration',
        'verb', 'noun', 'start_timestamp', 'stop_timestamp', 'all_noun_classes')]
    lists = ClassLists(repeats=True)
    seen: set[str] = set()
    for where, cells in rows:
        name, participant, video, first, last, verb, noun, narration, verb_text, noun_text, start, stop, nouns = (
            None if place is None else cells[place] for place in order)
        text = name if isinstance(name, str) else str(_number(name) if _number(name) is not None else '')
        require(_NAME.fullmatch(text) and text not in seen, where, 'an id that no other row has', shown(name))
        seen.add(text)
        for value, kind in ((participant, 'participant'), (video, 'video')):
            require(isinstance(value, str) and _NAME.fullmatch(value), where, f'the name of a {kind}', shown(value))
        frames = _number(first), _number(last)
        require(None not in frames and 1 <= frames[0] <= frames[1], where,
                'start_frame and stop_frame as numbers from 1, in order', f'{shown(first)}, {shown(last)}')
        classes = [-1 if _is_missing(value) else _number(value) for value in (verb, noun)]
        require(None not in classes, where, 'numbers as verb_class and noun_class', f'{shown(verb)}, {shown(noun)}')
        times = [None if _is_missing(value) else clock_seconds(value) for value in (start, stop)]
        require(all(_is_missing(value) or time is not None for value, time in zip((start, stop), times, strict=True)),
                where, 'start_timestamp and stop_timestamp as HH:MM:SS.ss', f'{shown(start)}, {shown(stop)}')
        labels = _class_list(nouns, lists)
        require(labels is not None, where, 'a list of class ids as all_noun_classes', shown(nouns))
        yield EpicAction(text, participant, video, *frames, *classes, *map(_text, (narration, verb_text, noun_text)),
                         *times, labels)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value in _NO_NUMBER) or (
        isinstance(value, float) and math.isnan(value))


def _number(value: object) -> int | None:
    """A count, which a table with gaps may hold as a float; None for anything else."""
    if isinstance(value, str):
        return int(float(value)) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        value = getattr(value, 'item', lambda: None)()  # a number of numpy
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9 or value != int(value):
        return None
    return int(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ''


def _class_list(value: object, lists: ClassLists) -> tuple[int, ...] | None:
    if _is_missing(value):
        return ()
    if isinstance(value, str):
        return lists[value]
    numbers = [_number(item) for item in value] if isinstance(value, list | tuple) else [None]
    return None if None in numbers else tuple(numbers)


def clock_seconds(text: object) -> float | None:
    """Seconds of a time in the files.

    Args:
        text (object): ``HH:MM:SS.ss``.

    Returns:
        float | None: None if it is no such text.

    Examples:
        >>> clock_seconds('01:02:01.50')
        3721.5
    """
    time = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    return None if time is None else 3600 * int(time[1]) + 60 * int(time[2]) + float(time[3])


def is_extension(video_id: str) -> bool:
    """Whether a video was recorded for EPIC-Kitchens-100: its number has three digits.

    Args:
        video_id (str): ``P01_11`` or ``P01_101``.

    Returns:
        bool: False for the videos of EPIC-Kitchens-55.

    Raises:
        AnnotationError: If it is no name of a video of either.
    """
    match = _VIDEO.fullmatch(video_id)
    if match is None:
        raise AnnotationError(explain(f'video {shown(video_id)}', 'a name such as P01_11 or P01_101', 'another one',
                                      'Use the names of the release.'))
    return len(match[1]) == 3


def frame_rate(video_id: str) -> float:
    """Frames per second in which the frame numbers of the annotations count, whatever the camera recorded.

    Args:
        video_id (str): ``P01_11`` or ``P01_101``.

    Returns:
        float: 60.0 for videos of EPIC-Kitchens-55, 50.0 for those of the extension.

    Raises:
        AnnotationError: If it is no name of a video of either.
    """
    return 50.0 if is_extension(video_id) else 60.0


def frames_of_timestamp(text: str, video_id: str) -> int:
    """Number of the frame at a time, as the annotations count; true of every row of the validation list.

    Args:
        text (str): ``HH:MM:SS.ss``.
        video_id (str): ``P01_11`` or ``P01_101``.

    Returns:
        int: From 1.

    Raises:
        AnnotationError: If the time or the name of the video is none.

    Examples:
        >>> frames_of_timestamp('00:00:01.89', 'P01_11'), frames_of_timestamp('00:00:00.00', 'P01_101')
        (113, 1)
    """
    seconds = clock_seconds(text)
    if seconds is None:
        raise AnnotationError(explain(f'video {video_id}', 'a time as HH:MM:SS.ss', shown(text), 'Correct it.'))
    return max(1, math.floor(seconds * frame_rate(video_id)))
