"""The contact sheet: one picture that shows a person what the mini world looks like."""

import colorsys
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, ConnectionPatch, Rectangle

from egoexo.mini.video import read_mp4
from egoexo.mini.vocabulary import COARSE_CLASSES

if TYPE_CHECKING:
    from egoexo.mini.record import VideoRecord
    from egoexo.mini.state import CoarseStep

__all__ = ['draw_sheet']

WIDTH, MARGIN, DPI = 1600, 40, 100  # pixels, pixels, dots per inch
COLUMNS = 9  # pictures of a procedure
INK, PAPER, FAINT = '#22262e', '#ffffff', '#8a909c'
# First and last hue, lightness: what is prepared is green to blue, cut yellow, cooked red, the rest violet.
_FAMILIES = ((range(1, 12), 0.27, 0.62, 0.50), (range(12, 19), 0.07, 0.17, 0.50),
             (range(19, 25), 0.90, 1.03, 0.55), (range(25, 28), 0.70, 0.82, 0.58))


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
    # Fixed font and no style of the user's: the same world gives the same bytes.
    with matplotlib.rc_context({'font.family': 'DejaVu Sans', 'text.color': INK, 'axes.edgecolor': FAINT}):
        page = _Page(_page_height(ego, exo, records))
        _title(page, records)
        _procedure(page, ego, 'EGO', title)
        _procedure(page, exo, 'EXO', other)
        _gallery(page, records)
        return page.save(Path(path))


def class_color(class_id: int) -> tuple[float, float, float]:
    """Colour of a coarse class; kinds of steps share a range of hues, background is grey.

    Args:
        class_id (int): 0..27.

    Returns:
        tuple[float, float, float]: RGB in 0..1.
    """
    for family, first, last, lightness in _FAMILIES:
        if class_id in family:
            place = family.index(class_id) / (len(family) - 1)
            # Neighbours in a family also alternate in depth.
            return colorsys.hls_to_rgb((first + place * (last - first)) % 1.0, lightness - 0.10 * (class_id % 2), 0.55)
    return (0.90, 0.91, 0.93)


class _Page:
    """A figure that is filled from top to bottom, in pixels."""

    def __init__(self, height: int) -> None:
        self.height, self.y = height, MARGIN
        self.figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)

    def axes(self, x: float, width: float, height: float, down: float = 0) -> Axes:
        """Axes whose upper left corner is ``down`` pixels below the current line."""
        top = self.y + down + height
        return self.figure.add_axes((x / WIDTH, 1 - top / self.height, width / WIDTH, height / self.height))

    def text(self, x: float, text: str, down: float = 0, **style: object) -> None:
        """Text whose middle is ``down`` pixels below the current line."""
        self.figure.text(x / WIDTH, 1 - (self.y + down) / self.height, text, va='center', **style)

    def save(self, path: Path) -> Path:
        """Write the picture atomically, without a date in it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + '.part')
        self.figure.savefig(part, format='png', metadata={'Software': None})
        os.replace(part, path)
        return path


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


def _title(page: _Page, records: 'Sequence[VideoRecord]') -> None:
    """Heading with the size of the set."""
    page.text(MARGIN, 'EgoExo-Mini', fontsize=26, weight='bold')
    parts = ['a simulated kitchen, one state behind every pixel and label']
    for view in ('ego', 'exo'):
        states = [record.state for record in records if record.plan.view == view]
        parts.append(f'{len(states)} {view} videos, {sum(s.num_frames / s.fps for s in states) / 60:.1f} min')
    page.text(MARGIN + 262, '    ·    '.join(parts), down=4, fontsize=13, color=FAINT)
    page.y += 60


def _procedure(page: _Page, record: 'VideoRecord', view: str, title: str) -> None:
    """A row of frames, one per shown step, above the time line of the whole video."""
    page.text(MARGIN, view, fontsize=15, weight='bold')
    page.text(MARGIN + 62, title, fontsize=13)
    page.y += 22
    steps = _shown_steps(record)
    frames = _frames(record, [_middle_frame(record, step) for step in steps])
    column, height = (WIDTH - 2 * MARGIN) / COLUMNS, _picture_height(record, COLUMNS)
    line = page.axes(MARGIN, WIDTH - 2 * MARGIN, 46, down=height + 64)
    _timeline(line, record)
    for index, (step, frame) in enumerate(zip(steps, frames, strict=True)):
        axes, color = page.axes(MARGIN + index * column + 4, column - 8, height), class_color(step.class_id)
        _picture(axes, frame, color)
        _mark_gaze(axes, record, _middle_frame(record, step), frame.shape)
        axes.set_xlabel(COARSE_CLASSES[step.class_id], fontsize=10, labelpad=4)
        # From below the caption to the moment on the time line.
        ends = (0.5, -26 / height), (_middle_frame(record, step) / record.state.fps, 1.0)
        page.figure.add_artist(ConnectionPatch(*ends, axes.transAxes, line.transData, color=color, linewidth=1.8))
    page.y += height + 200


def _shown_steps(record: 'VideoRecord') -> 'list[CoarseStep]':
    """At most nine steps in time order, each class once before any class twice."""
    steps = record.state.steps
    first = [index for index, step in enumerate(steps) if step.class_id not in {s.class_id for s in steps[:index]}]
    again = [index for index in range(len(steps)) if index not in first]
    chosen = _spread(first, COLUMNS) + _spread(again, max(COLUMNS - len(first), 0))
    return [steps[index] for index in sorted(chosen)]


def _timeline(axes: Axes, record: 'VideoRecord') -> None:
    """Coarse steps as coloured bars with names where they fit, fine actions as white ticks, seconds below."""
    state = record.state
    seconds = state.num_frames / state.fps
    axes.set(xlim=(0, seconds), ylim=(0, 1), yticks=[])
    axes.add_patch(Rectangle((0, 0), seconds, 1, color=class_color(0)))
    for step in state.steps:
        span = step.end_sec - step.start_sec
        axes.add_patch(Rectangle((step.start_sec, 0), span, 1, facecolor=class_color(step.class_id), edgecolor='white'))
        name = COARSE_CLASSES[step.class_id].replace(' ', '\n', 1)
        # About 6 pixels per character at this size.
        if max(map(len, name.split('\n'))) * 6 < span / seconds * (WIDTH - 2 * MARGIN):
            axes.text(step.start_sec + span / 2, 0.58, name, ha='center', va='center', fontsize=7.5, color='white',
                      linespacing=1.1)
    for action in state.actions:
        axes.plot([action.start_sec] * 2, [0, 0.16], color='white', linewidth=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(labelsize=10, color=FAINT, labelcolor=INK)
    text = 'seconds     grey: background     white ticks: fine-grained actions'
    axes.set_xlabel(text, fontsize=10, color=FAINT, labelpad=2)


def _gallery(page: _Page, records: 'Sequence[VideoRecord]') -> None:
    """Frames of other videos, ego above exo: the styles a model has to see through."""
    page.text(MARGIN, 'MORE', fontsize=15, weight='bold')
    page.text(MARGIN + 82, 'every cook has a kitchen, colours, an order of steps and a skill of their own', fontsize=13)
    page.y += 22
    columns = _gallery_columns(records)
    column = (WIDTH - 2 * MARGIN) / columns
    for view in ('ego', 'exo'):
        chosen = _spread([record for record in records if record.plan.view == view], columns)
        for index, record in enumerate(chosen):
            step = record.state.steps[(3 * index + 1) % len(record.state.steps)]
            (frame,) = _frames(record, [_middle_frame(record, step)])
            axes = page.axes(MARGIN + index * column + 4, column - 8, _picture_height(record, columns))
            _picture(axes, frame, class_color(step.class_id))
            axes.set_xlabel(COARSE_CLASSES[step.class_id], fontsize=8, labelpad=3)
        page.y += _picture_height(chosen[0], columns) + 28


def _picture(axes: Axes, frame: np.ndarray, color: tuple[float, float, float]) -> None:
    """An image in a frame of the class colour."""
    axes.imshow(frame[..., ::-1], interpolation='lanczos', aspect='auto')
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(edgecolor=color, linewidth=3)


def _mark_gaze(axes: Axes, record: 'VideoRecord', index: int, shape: tuple[int, ...]) -> None:
    """A ring round the point looked at."""
    if record.gaze is None:
        return
    x, y, valid = record.gaze[min(round(index / record.state.fps * 30), len(record.gaze) - 1)]
    if valid and 0 <= x <= 1 and 0 <= y <= 1:
        for radius, color in ((0.062, 'black'), (0.055, 'white')):
            center = (x * shape[1], y * shape[0])
            axes.add_patch(Circle(center, radius * shape[1], fill=False, color=color, linewidth=2))


def _spread(items: Sequence, count: int) -> list:
    """At most ``count`` items at even distances."""
    index = np.linspace(0, len(items) - 1, min(count, len(items)))
    return [items[i] for i in np.rint(index).astype(int)]


def _middle_frame(record: 'VideoRecord', step: 'CoarseStep') -> int:
    """Frame in the middle of a step."""
    return min(round((step.start_sec + step.end_sec) / 2 * record.state.fps), record.state.num_frames - 1)


def _frames(record: 'VideoRecord', indices: list[int]) -> list[np.ndarray]:
    """Decoded frames of a video by number."""
    wanted, position, found = set(indices), 0, {}
    for block in read_mp4(record.video_path):
        for index in wanted & set(range(position, position + len(block))):
            found[index] = block[index - position]
        position += len(block)
        if position > max(indices):
            break
    return [found[index] for index in indices]
