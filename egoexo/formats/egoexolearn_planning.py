"""Official files of EgoExoLearn's action planning benchmark, read and written unchanged."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.formats.clip_list import SECONDS, ClassLists, KnownVideos, read_rows, write_rows

__all__ = ['HORIZON', 'LIST_FOLDER', 'NUM_CLASSES', 'PlannedSteps', 'list_name', 'read_planning_list',
           'write_planning_list']

NUM_CLASSES = 27
#: Coming steps of a row.
HORIZON = 8
LIST_FOLDER = 'annotation'
_PLANNED = re.compile(rf'([^|]{{1,200}})\|({SECONDS})\|(\[[^|\]]{{0,1000}}\])')


class PlannedSteps(NamedTuple):
    """What comes after one step of a video.

    Args:
        uid (str): Official video uid.
        end_text (str): End of the step in seconds, as printed in the file.
        end_sec (float): The same.
        labels (tuple[int, ...]): Class ids of the coming steps, in order.
    """

    uid: str
    end_text: str
    end_sec: float
    labels: tuple[int, ...]


def list_name(view: str, split: str, gaze: bool = False) -> str:
    """File name of a released list, e.g. ``'val_ego_gaze_anno_list.txt'``."""
    return f'{split}_{view}{"_gaze" if gaze else ""}_anno_list.txt'


def read_planning_list(path: str | os.PathLike, num_classes: int = NUM_CLASSES,
                       horizon: int = HORIZON) -> list[PlannedSteps]:
    """Read a list, ``uid|end|[y1, ..., y8]`` per line.

    Args:
        path (str | os.PathLike): UTF-8 file without a head line.
        num_classes (int): Class ids run from 0 to ``num_classes - 1``.
        horizon (int): Class ids per row.

    Returns:
        list[PlannedSteps]: In file order, at least one.

    Raises:
        AnnotationError: If the file is missing, empty or malformed, or a class id is unknown; names the line.

    Examples:
        >>> write_planning_list('a.txt', [PlannedSteps('u', '58', 58.0, (18, 24, 10, 18, 18, 24, 18, 18))])
        >>> read_planning_list('a.txt')[0].end_text
        '58'
    """
    lists, videos = ClassLists(num_classes, repeats=True), KnownVideos()
    rows = []
    for number, line in enumerate(read_rows(path, 'a planning list'), start=1):
        match = _PLANNED.fullmatch(line)
        if match is None:
            raise AnnotationError(explain(f'{path} line {number}', 'uid|end|[class ids]', repr(line),
                                          'Correct the line or fetch the file again.'))
        uid, end, text = match.groups()
        labels = lists[text]
        if labels is None or len(labels) != horizon or not videos[uid]:
            raise AnnotationError(explain(
                f'{path} line {number}', f'a video uid and {horizon} class ids from 0 to {num_classes - 1}',
                f'the uid {uid!r} and the classes {text}', 'Correct the line.'))
        rows.append(PlannedSteps(uid, end, float(end), labels))
    return rows


def write_planning_list(path: str | os.PathLike, rows: Iterable[PlannedSteps]) -> None:
    """Write a list as released: LF, no newline at the end.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        rows (Iterable[PlannedSteps]): In order; the texts of the seconds are written as they are.
    """
    write_rows(path, (f'{row.uid}|{row.end_text}|{list(row.labels)}' for row in rows))
