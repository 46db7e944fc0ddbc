"""Segments of videos as people write them down: a CSV file with seconds and class names."""

import csv
import difflib
import io
import itertools
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError, explain
from egoexo.formats.video_names import video_uid

__all__ = ['BACKGROUND', 'AnnotatedVideo', 'Segment', 'collect_classes', 'frame_labels', 'read_class_list',
           'read_segments', 'require_known_classes', 'row_ranges', 'write_segments']

#: Name of class 0, the time that no segment covers.
BACKGROUND = 'background'
_REQUIRED = ('video', 'start_sec', 'end_sec', 'label')
_OPTIONAL = ('view',)
_VIEWS = ('', 'ego', 'exo')
_SLACK_SEC = 1e-6  # two segments that touch may overlap by a rounding error


@dataclass(frozen=True)
class Segment:
    """One stretch of time, ``start_sec <= t < end_sec``.

    Args:
        start_sec (float): Seconds from the first frame of the video.
        end_sec (float): Greater than ``start_sec``.
        label (str): Name of its class.
        line (int): Line of the file that it was read from, 0 if from none.
    """

    start_sec: float
    end_sec: float
    label: str
    line: int = 0


@dataclass(frozen=True)
class AnnotatedVideo:
    """The segments of one video.

    Args:
        uid (str): :func:`egoexo.formats.video_names.video_uid` of what the file names.
        view (str): ``'ego'``, ``'exo'`` or ``''`` (not stated).
        segments (tuple[Segment, ...]): In order of time; empty where nothing happens.
        line (int): First line that names the video.
    """

    uid: str
    view: str
    segments: tuple[Segment, ...]
    line: int = 0


def read_segments(path: str | os.PathLike) -> dict[str, AnnotatedVideo]:
    """Read ``video,start_sec,end_sec,label`` with a head line; a column ``view`` may follow.

    Lines may come in any order. A line that names a video and leaves the other fields empty stands for a video in
    which nothing happens. Segments of one video may touch, not overlap.

    Args:
        path (str | os.PathLike): CSV file, UTF-8, separated by commas.

    Returns:
        dict[str, AnnotatedVideo]: By uid, in the order of their first lines.

    Raises:
        AnnotationError: If the file is missing or malformed; names the line.
    """
    rows = csv.reader(io.StringIO(_read_text(path)), strict=True)
    columns: list[str] = []
    segments: dict[str, list[Segment]] = {}
    first: dict[str, tuple[str, int]] = {}  # uid -> view and line
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            where = f'{path} line {rows.line_num}'
            if not columns:
                columns = _columns([cell.strip() for cell in row], where)
                continue
            if len(row) != len(columns):
                raise AnnotationError(explain(where, f'{len(columns)} fields ({",".join(columns)})', len(row),
                                              'Put a name that holds a comma into double quotes.'))
            cells = dict(zip(columns, (cell.strip() for cell in row), strict=True))
            uid = _note_video(cells, where, rows.line_num, first)
            segments.setdefault(uid, [])
            if cells['start_sec'] or cells['end_sec'] or cells['label']:
                segments[uid].append(_segment(cells, where, rows.line_num))
    except csv.Error as error:
        raise AnnotationError(explain(f'{path} line {rows.line_num}', 'a line of a CSV file', error,
                                      'Close every double quote.')) from error
    if not segments:
        raise AnnotationError(explain(path, 'a head line and at least one line below it',
                                      'a head line alone' if columns else 'an empty file', 'Add the segments.'))
    return {uid: AnnotatedVideo(uid, first[uid][0], _in_order(items, path, uid), first[uid][1])
            for uid, items in segments.items()}


def _read_text(path: str | os.PathLike) -> str:
    try:
        return Path(path).read_text(encoding='utf-8-sig')  # spreadsheets write a mark in front
    except OSError as error:
        raise AnnotationError(explain(path, 'an annotation file', error.strerror,
                                      'Check data_root and ann_file.')) from error
    except UnicodeDecodeError as error:
        raise AnnotationError(explain(path, 'UTF-8 text', error, 'Save it as UTF-8 CSV.')) from error


def _columns(found: list[str], where: str) -> list[str]:
    unknown = [name for name in found if name not in _REQUIRED + _OPTIONAL]
    if set(found) >= set(_REQUIRED) and not unknown and len(set(found)) == len(found):
        return found
    advice = 'Separate the columns by commas.' if len(found) == 1 else 'Name the columns like this, each once.'
    raise AnnotationError(explain(where, f'the head line {",".join(_REQUIRED)} (and view, if wanted)',
                                  ','.join(found), advice))


def _note_video(cells: Mapping[str, str], where: str, line: int, first: dict[str, tuple[str, int]]) -> str:
    name, view = cells['video'], cells.get('view', '')
    if not name:
        raise AnnotationError(explain(where, 'the name of a video', 'an empty field', 'Write it on every line.'))
    if view not in _VIEWS:
        raise AnnotationError(explain(where, "the view 'ego' or 'exo', or nothing", repr(view), 'Correct the line.'))
    uid = video_uid(name)
    view_before, line_before = first.setdefault(uid, (view, line))
    if view != view_before:
        raise AnnotationError(explain(where, f'the view {view_before!r} of {name} in line {line_before}', repr(view),
                                      'State one view per video.'))
    return uid


def _segment(cells: Mapping[str, str], where: str, line: int) -> Segment:
    times = []
    for column in ('start_sec', 'end_sec'):
        try:
            times.append(float(cells[column]))
        except ValueError:
            times.append(math.nan)
        if not math.isfinite(times[-1]) or times[-1] < 0:
            raise AnnotationError(explain(where, f'{column} in seconds, 0 or more', repr(cells[column]),
                                          'Write a number such as 12.5.'))
    if times[1] <= times[0]:
        raise AnnotationError(explain(where, f'end_sec after start_sec {times[0]:g}', f'{times[1]:g}',
                                      'Correct the line.'))
    if not cells['label']:
        raise AnnotationError(explain(where, 'the name of a class', 'an empty label', 'Name it, or remove the line.'))
    return Segment(times[0], times[1], cells['label'], line)


def _in_order(segments: Iterable[Segment], path: str | os.PathLike, uid: str) -> tuple[Segment, ...]:
    ordered = sorted(segments, key=lambda segment: (segment.start_sec, segment.end_sec))
    for before, after in itertools.pairwise(ordered):
        if after.start_sec < before.end_sec - _SLACK_SEC:
            twice = (before.start_sec, before.end_sec, before.label) == (after.start_sec, after.end_sec, after.label)
            raise AnnotationError(explain(
                f'{path} line {after.line}', f'segments of {uid} that do not overlap',
                f'the segment of line {before.line} a second time' if twice else
                f'{after.start_sec:g} to {after.end_sec:g} s, while line {before.line} lasts until '
                f'{before.end_sec:g} s', 'Remove one of the two lines.' if twice else
                'Cut one of the two; a moment has one class.'))
    return tuple(ordered)


def write_segments(path: str | os.PathLike, videos: Iterable[AnnotatedVideo]) -> None:
    """Write what :func:`read_segments` reads; seconds keep their last digit.

    Args:
        path (str | os.PathLike): CSV file; its folder is made.
        videos (Iterable[AnnotatedVideo]): A column ``view`` is written when one of them states it.
    """
    videos = list(videos)
    columns = [*_REQUIRED, *(['view'] if any(video.view for video in videos) else [])]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(columns)
    for video in videos:
        lines = [(video.uid, repr(item.start_sec), repr(item.end_sec), item.label) for item in video.segments]
        writer.writerows([*line, video.view][:len(columns)] for line in lines or [(video.uid, '', '', '')])
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(stream.getvalue(), encoding='utf-8')


def read_class_list(path: str | os.PathLike) -> tuple[str, ...]:
    """Read one class name per line; empty lines are passed over.

    Args:
        path (str | os.PathLike): Text file, UTF-8. ``background`` may stand in its first line and is added otherwise.

    Returns:
        tuple[str, ...]: Name of each class id, ``'background'`` first.

    Raises:
        AnnotationError: If the file is missing or empty, or names a class twice.
    """
    first_line: dict[str, int] = {}
    for number, line in enumerate(_read_text(path).splitlines(), start=1):
        name = line.strip()
        if name and first_line.setdefault(name, number) != number:
            raise AnnotationError(explain(f'{path} line {number}', 'each class once', f'{name!r} as in line '
                                          f'{first_line[name]}', 'Remove one of the two lines.'))
    names = list(first_line)
    if BACKGROUND in names[1:]:
        raise AnnotationError(explain(f'{path} line {first_line[BACKGROUND]}', f'{BACKGROUND!r} in the first line or '
                                      'nowhere, because it is class 0', 'it here', 'Move or remove the line.'))
    names = [name for name in names if name != BACKGROUND]
    if not names:
        raise AnnotationError(explain(path, 'one class name per line', 'none', 'Write down the classes.'))
    return BACKGROUND, *names


def collect_classes(videos: Mapping[str, AnnotatedVideo]) -> tuple[str, ...]:
    """Classes that occur, sorted by name.

    Args:
        videos (Mapping[str, AnnotatedVideo]): Annotation of the training list.

    Returns:
        tuple[str, ...]: Name of each class id, ``'background'`` first.
    """
    found = {segment.label for video in videos.values() for segment in video.segments}
    return BACKGROUND, *sorted(found - {BACKGROUND})


def require_known_classes(videos: Mapping[str, AnnotatedVideo], classes: Sequence[str], path: str | os.PathLike,
                          source: str) -> None:
    """Refuse labels that are no class.

    Args:
        videos (Mapping[str, AnnotatedVideo]): Annotation.
        classes (Sequence[str]): Known names.
        path (str | os.PathLike): File of the annotation, for the message.
        source (str): Where the names come from, for the message.

    Raises:
        AnnotationError: Naming the first such line, how many there are, and the nearest class.
    """
    unknown = sorted((segment for video in videos.values() for segment in video.segments
                      if segment.label not in classes), key=lambda segment: segment.line)
    if unknown:
        near = difflib.get_close_matches(unknown[0].label, classes, n=1, cutoff=0.6)
        raise AnnotationError(explain(
            f'{path} line {unknown[0].line}', f'one of the {len(classes)} classes of {source}',
            f'{unknown[0].label!r} ({len(unknown)} such lines)',
            (f'Did you mean {near[0]!r}? ' if near else '') + f'Correct the lines, or add the class to {source}.'))


def frame_labels(segments: Sequence[Segment], times_sec: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Class id at some moments.

    Args:
        segments (Sequence[Segment]): In order, not overlapping, of known classes.
        times_sec (np.ndarray): Increasing seconds, (G,).
        classes (Sequence[str]): Names by id.

    Returns:
        np.ndarray: int64, (G,); 0 where there is no segment.
    """
    labels = np.zeros(len(times_sec), dtype=np.int64)
    ids = {name: index for index, name in enumerate(classes)}
    for segment, (start, stop) in zip(segments, row_ranges(segments, times_sec).tolist(), strict=True):
        labels[start:stop] = ids[segment.label]
    return labels


def row_ranges(segments: Sequence[Segment], times_sec: np.ndarray) -> np.ndarray:
    """First and past-the-end row that lie in each segment.

    Args:
        segments (Sequence[Segment]): Any.
        times_sec (np.ndarray): Increasing seconds, (G,).

    Returns:
        np.ndarray: int64, (number of segments, 2); equal numbers where no row lies in the segment.
    """
    borders = np.array([(item.start_sec, item.end_sec) for item in segments], dtype=np.float64).reshape(-1, 2)
    # A row that lies on a border, up to rounding, belongs to the segment that begins there.
    return np.searchsorted(times_sec, borders - _SLACK_SEC)
