"""The contact sheet: one picture that shows a person what the mini world looks like."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.patches import Circle, ConnectionPatch

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
    from egoexo.mini.record import VideoRecord
    from egoexo.mini.state import CoarseStep

__all__ = ['draw_sheet']

COLUMNS = 9  # pictures of a procedure


def draw_sheet(records: 'Sequence[VideoRecord]', path: str | Path) -> Path:
    """Draw one procedure as ego and exo video over time, and one frame of further videos of both views.

    Args:
        records (Sequence[VideoRecord]): Finished videos of both views.
        path (str | Path): Target ``.png``, 1600 pixels wide.

    Returns:
        Path: The written picture.
    """
    ego, exo = _pick_pair(records)
    title = f'{_task(ego)} in the head camera of one cook, with gaze'
    other = f'the same {_task(exo)} by another cook in another kitchen, filmed from outside'
    with sheet_style():
        page = Page(_page_height(ego, exo, records))
        _title(page, records)
        _procedure(page, ego, 'EGO', title)
        _procedure(page, exo, 'EXO', other)
        _gallery(page, records)
        return page.save(Path(path))


def _page_height(ego: 'VideoRecord', exo: 'VideoRecord', records: 'Sequence[VideoRecord]') -> int:
    """Sum of what the parts of the page take."""
    rows = [_picture_height(record, COLUMNS) for record in (ego, exo)]
    gallery = [_picture_height(record, _gallery_columns(records)) for record in (ego, exo)]
    return round(2 * MARGIN + 60 + sum(rows) + 2 * 222 + 40 + sum(gallery) + 2 * 28)


def _picture_height(record: 'VideoRecord', columns: int) -> float:
    """Height of a picture, its width being a column less 8 pixels."""
    width, height = record.size
    return ((WIDTH - 2 * MARGIN) / columns - 8) * height / width


def _gallery_columns(records: 'Sequence[VideoRecord]') -> int:
    """Pictures per row of the gallery."""
    most = max(sum(record.plan.view == view for record in records) for view in ('ego', 'exo'))
    return min(max(most, 6), 12)


def _pick_pair(records: 'Sequence[VideoRecord]') -> 'tuple[VideoRecord, VideoRecord]':
    """The ego video with gaze and most kinds of steps, and the exo video of its task that shares most of them."""
    def kinds(record: 'VideoRecord') -> set[int]:
        return {step.class_id for step in record.state.steps}

    egos = [record for record in records if record.plan.view == 'ego' and record.gaze is not None]
    exos = [record for record in records if record.plan.view == 'exo']
    ego = max(egos or [r for r in records if r.plan.view == 'ego'], key=lambda record: len(kinds(record)))
    same = [record for record in exos if record.plan.task == ego.plan.task] or exos
    return ego, max(same, key=lambda record: len(kinds(record) & kinds(ego)))


def _task(record: 'VideoRecord') -> str:
    return f'recipe {record.plan.task.removeprefix("task")}'


def _title(page: Page, records: 'Sequence[VideoRecord]') -> None:
    """Heading with the size of the set."""
    page.text(MARGIN, 'EgoExo-Mini', fontsize=26, weight='bold')
    parts = ['a simulated kitchen, one state behind every pixel and label']
    for view in ('ego', 'exo'):
        states = [record.state for record in records if record.plan.view == view]
        parts.append(f'{len(states)} {view} videos, {sum(s.num_frames / s.fps for s in states) / 60:.1f} min')
    page.text(MARGIN + 262, '    ·    '.join(parts), down=4, fontsize=13, color=FAINT)
    page.y += 60


def _procedure(page: Page, record: 'VideoRecord', view: str, title: str) -> None:
    """A row of frames, one per shown step, above the time line of the whole video."""
    page.text(MARGIN, view, fontsize=15, weight='bold')
    page.text(MARGIN + 62, title, fontsize=13)
    page.y += 22
    steps = _shown_steps(record)
    frames = read_frames(record.video_path, [middle_frame(record.state, step) for step in steps])
    column, height = (WIDTH - 2 * MARGIN) / COLUMNS, _picture_height(record, COLUMNS)
    line = page.axes(MARGIN, WIDTH - 2 * MARGIN, 46, down=height + 64)
    draw_timeline(line, record.state)
    for index, (step, frame) in enumerate(zip(steps, frames, strict=True)):
        axes, color = page.axes(MARGIN + index * column + 4, column - 8, height), class_color(step.class_id)
        draw_picture(axes, frame, color)
        _mark_gaze(axes, record, middle_frame(record.state, step), frame.shape)
        axes.set_xlabel(COARSE_CLASSES[step.class_id], fontsize=10, labelpad=4)
        # From below the caption to the moment on the time line.
        ends = (0.5, -26 / height), (middle_frame(record.state, step) / record.state.fps, 1.0)
        page.figure.add_artist(ConnectionPatch(*ends, axes.transAxes, line.transData, color=color, linewidth=1.8))
    page.y += height + 200


def _shown_steps(record: 'VideoRecord') -> 'list[CoarseStep]':
    """At most nine steps in time order, each class once before any class twice."""
    steps = record.state.steps
    first = [index for index, step in enumerate(steps) if step.class_id not in {s.class_id for s in steps[:index]}]
    again = [index for index in range(len(steps)) if index not in first]
    chosen = spread(first, COLUMNS) + spread(again, max(COLUMNS - len(first), 0))
    return [steps[index] for index in sorted(chosen)]


def _gallery(page: Page, records: 'Sequence[VideoRecord]') -> None:
    """Frames of other videos, ego above exo: the styles a model has to see through."""
    page.text(MARGIN, 'MORE', fontsize=15, weight='bold')
    page.text(MARGIN + 82, 'every cook has a kitchen, colours, an order of steps and a skill of their own', fontsize=13)
    page.y += 22
    columns = _gallery_columns(records)
    column = (WIDTH - 2 * MARGIN) / columns
    for view in ('ego', 'exo'):
        chosen = spread([record for record in records if record.plan.view == view], columns)
        for index, record in enumerate(chosen):
            step = record.state.steps[(3 * index + 1) % len(record.state.steps)]
            (frame,) = read_frames(record.video_path, [middle_frame(record.state, step)])
            axes = page.axes(MARGIN + index * column + 4, column - 8, _picture_height(record, columns))
            draw_picture(axes, frame, class_color(step.class_id))
            axes.set_xlabel(COARSE_CLASSES[step.class_id], fontsize=8, labelpad=3)
        page.y += _picture_height(chosen[0], columns) + 28


def _mark_gaze(axes: Axes, record: 'VideoRecord', index: int, shape: tuple[int, ...]) -> None:
    """A ring round the point looked at."""
    if record.gaze is None:
        return
    x, y, valid = record.gaze[min(round(index / record.state.fps * 30), len(record.gaze) - 1)]
    if valid and 0 <= x <= 1 and 0 <= y <= 1:
        for radius, color in ((0.062, 'black'), (0.055, 'white')):
            center = (x * shape[1], y * shape[0])
            axes.add_patch(Circle(center, radius * shape[1], fill=False, color=color, linewidth=2))
