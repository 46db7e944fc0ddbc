"""Defects of EPIC-Kitchens copies, planted on request so that each reader's report can be tested."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from egoexo.mini.layouts.epic_classes import VERB_IDS
from egoexo.mini.layouts.epic_names import FRAME

if TYPE_CHECKING:
    from egoexo.mini.epic_record import EpicRecord
    from egoexo.mini.layouts.epic_rows import EpicRow

__all__ = ['FILE_DEFECTS', 'PORTRAIT', 'ROW_DEFECTS', 'damage_rows', 'remove_frame']

PORTRAIT = 'portrait'  # planted when the frames are written
ROW_DEFECTS = ('short_segment', 'unknown_class')
FILE_DEFECTS = ('missing_frame',)
_SHORT, _UNKNOWN, _MISSING = 0, 1, 2  # the rows of the first training video they are planted in


def damage_rows(rows: Sequence['EpicRow'], defects: Sequence[str]) -> list['EpicRow']:
    """Damage rows of the first training video.

    ``'short_segment'``: the first row ends with the frame it starts with. ``'unknown_class'``: the second row has a
    verb class that the table does not hold.

    Args:
        rows (Sequence[EpicRow]): Training rows.
        defects (Sequence[str]): Names to plant; others are left to others.

    Returns:
        list[EpicRow]: All rows.
    """
    rows = list(rows)
    if 'short_segment' in defects:
        row = rows[_SHORT]
        rows[_SHORT] = replace(row, stop_timestamp=row.start_timestamp, stop_frame=row.start_frame)
    if 'unknown_class' in defects:
        rows[_UNKNOWN] = replace(rows[_UNKNOWN], verb_class=len(VERB_IDS))
    return rows


def remove_frame(rows: Sequence['EpicRow'], records: Sequence['EpicRecord'], defects: Sequence[str]) -> None:
    """Remove the middle frame of the third training row, if ``'missing_frame'`` is asked for.

    Args:
        rows (Sequence[EpicRow]): Training rows.
        records (Sequence[EpicRecord]): Videos.
        defects (Sequence[str]): Names to plant.
    """
    if 'missing_frame' in defects:
        row = rows[_MISSING]
        folder = next(record.folder for record in records if record.plan.uid == row.video_id)
        (folder / FRAME.format((row.start_frame + row.stop_frame) // 2)).unlink(missing_ok=True)
