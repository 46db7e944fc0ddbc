"""The contact sheet of synchronised takes: the head camera and the four static ones at the same moments."""

import colorsys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from egoexo.mini.object_masks import sampled_frames
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
OUTLINED = 6  # objects with an outline in the row of masks
GAP = 8


def draw_take_sheet(records: 'Sequence[TakeRecord]', path: str | Path) -> Path:
    """Draw one take over time, its masks at one moment and a moment of some others, all cameras side by side.

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
        page = Page(round(2 * MARGIN + 60 + 30 + (len(steps) + 1 + len(others)) * (row + 30) + 110))
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
        _masks(page, first)
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
    _pictures(page, record, middle_frame(record.state, step), caption, class_color(step.class_id), {})


def _masks(page: Page, record: 'TakeRecord') -> None:
    """The objects that most cameras see at one moment, outlined in all of them."""
    frame = spread(sampled_frames(record.state.num_frames), 3)[1]
    areas = {name: [views[cam_id][frame].area for cam_id in views if frame in views[cam_id]]
             for name, views in record.masks.items()}
    names = sorted(areas, key=lambda name: (-len(areas[name]), -sum(areas[name]), name))[:OUTLINED]
    colors = {name: colorsys.hsv_to_rgb(rank / len(names), .9, 1.0) for rank, name in enumerate(names)}
    words = ', '.join(name.replace('_', ' ') for name in names)
    caption = f'Object masks, {frame / record.state.fps:.1f} s: {words}'
    _pictures(page, record, frame, caption, class_color(0), colors)


def _pictures(page: Page, record: 'TakeRecord', frame: int, caption: str, edge: tuple[float, float, float],
              outlines: dict[str, tuple[float, float, float]]) -> None:
    """One frame of all cameras, with the outlines of some objects in their colours."""
    from pycocotools.mask import decode

    page.text(MARGIN, caption, down=6, fontsize=11)
    page.y += 20
    height, x = _row_height(record), MARGIN
    for ratio, (cam_id, path) in zip(_ratios(record), record.video_paths.items(), strict=True):
        (picture,) = read_frames(path, [frame])
        axes = page.axes(x, ratio * height, height)
        draw_picture(axes, picture, edge)
        for name, color in outlines.items():
            mask = record.masks[name].get(cam_id, {}).get(frame)
            if mask is not None:
                inside = decode([{'size': list(picture.shape[:2]), 'counts': mask.counts.encode()}])[..., 0]
                axes.contour(np.asarray(inside), levels=[.5], colors=[color], linewidths=1.6)
        x += ratio * height + GAP
    page.y += height + 10
