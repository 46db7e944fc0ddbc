"""The contact sheet of synchronised takes: the head camera and the four static ones at the same moments."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from egoexo.mini.sheet_page import (
    FAINT,
    MARGIN,
    WIDTH,
    Page,
    class_color,
    draw_picture,
    draw_timeline,
    middle_frame,
    read_frames,
    sheet_style,
    spread,
)
from egoexo.mini.vocabulary import COARSE_CLASSES

if TYPE_CHECKING:
    from egoexo.mini.state import CoarseStep
    from egoexo.mini.take_record import TakeRecord

__all__ = ['draw_take_sheet']

LEVELS = ('novice', 'early expert', 'intermediate expert', 'late expert')
MOMENTS, OTHERS = 4, 4  # rows of the first take, rows with one other take each
GAP = 8


def draw_take_sheet(records: 'Sequence[TakeRecord]', path: str | Path) -> Path:
    """Draw one take over time and a moment of some others, all cameras side by side.

    Args:
        records (Sequence[TakeRecord]): Finished takes.
        path (str | Path): Target ``.png``, 1600 pixels wide.

    Returns:
        Path: The written picture.
    """
    first = max(records, key=lambda record: len({step.class_id for step in record.state.steps}))
    others = spread([record for record in records if record is not first], OTHERS)
    steps = spread(first.state.steps, MOMENTS)
    row = _row_height(first)
    with sheet_style():
        page = Page(round(2 * MARGIN + 60 + 30 + len(steps) * (row + 30) + 110 + len(others) * (row + 30)))
        page.text(MARGIN, 'EgoExo-Mini', fontsize=26, weight='bold')
        minutes = sum(record.state.num_frames / record.state.fps for record in records) / 60
        page.text(MARGIN + 262, f'    ·    {len(records)} synchronised takes, {minutes:.1f} min, each filmed by a head '
                  'camera and four static cameras on one clock', down=4, fontsize=13, color=FAINT)
        page.y += 60
        page.text(MARGIN, _title(first), fontsize=15, weight='bold')
        page.y += 30
        for step in steps:
            _row(page, first, step, _caption(first, step))
        draw_timeline(page.axes(MARGIN, WIDTH - 2 * MARGIN, 46), first.state)
        page.y += 110
        for index, record in enumerate(others):
            step = record.state.steps[index % len(record.state.steps)]
            _row(page, record, step, f'{_title(record)}    ·    {_caption(record, step)}')
        return page.save(Path(path))


def _title(record: 'TakeRecord') -> str:
    level = LEVELS[record.plan.level]
    return f'take {record.plan.index + 1}, recipe {record.plan.task.removeprefix("task")}, {level}'


def _caption(record: 'TakeRecord', step: 'CoarseStep') -> str:
    return f'{COARSE_CLASSES[step.class_id]}, {middle_frame(record.state, step) / record.state.fps:.1f} s'


def _ratios(record: 'TakeRecord') -> list[float]:
    """Width over height of each camera's picture."""
    width, height = record.exo_size
    return [1.0] + [width / height] * (len(record.video_paths) - 1)


def _row_height(record: 'TakeRecord') -> float:
    """Height at which all cameras fill the width of the page."""
    ratios = _ratios(record)
    return (WIDTH - 2 * MARGIN - GAP * (len(ratios) - 1)) / sum(ratios)


def _row(page: Page, record: 'TakeRecord', step: 'CoarseStep', caption: str) -> None:
    """One moment in all cameras."""
    page.text(MARGIN, caption, down=6, fontsize=11)
    page.y += 20
    height, x, frame = _row_height(record), MARGIN, middle_frame(record.state, step)
    for ratio, path in zip(_ratios(record), record.video_paths.values(), strict=True):
        (picture,) = read_frames(path, [frame])
        draw_picture(page.axes(x, ratio * height, height), picture, class_color(step.class_id))
        x += ratio * height + GAP
    page.y += height + 10
