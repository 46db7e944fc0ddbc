"""Pieces of a timeline figure: a page measured in inches, strips of segments, marks of errors, the time axis."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from egoexo.evaluation.functional.segmentation import run_starts
from egoexo.visualization.palette import class_color, ink_on

__all__ = ['FONT', 'INK', 'MUTED', 'Page', 'draw_errors', 'draw_strip', 'draw_thumbnails', 'draw_time_axis',
           'thumbnail_height']

FONT, INK, MUTED = 7.0, '#1a1a1a', '#5a5a5a'
_ERROR_COLOR = '#202020'
_THUMBNAIL_MAX, _GAP = 0.62, 0.03


def draw_strip(axes: Axes, labels: np.ndarray, fps: float, kind: str, inches: float) -> None:
    """Fill an axes with one rectangle per run of ``labels``; ids are written into those that are wide enough.

    Args:
        axes (Axes): Where to draw.
        labels (np.ndarray): Class ids, int64 (G,).
        fps (float): Frames per second.
        kind (str): Name at the left, and gid of the rectangles.
        inches (float): Width of the axes.
    """
    starts = np.asarray(run_starts(labels))
    widths = np.diff(np.append(starts, len(labels)))
    ids = labels[starts]
    bars = axes.broken_barh(list(zip(starts / fps, widths / fps, strict=True)), (0, 1), linewidth=0, antialiased=False,
                            facecolors=[class_color(int(index)) for index in ids])
    bars.set_gid(kind)
    wide = (widths * inches / len(labels) >= 0.14) & (ids != 0)
    for start, width, index in zip(starts[wide], widths[wide], ids[wide], strict=True):
        axes.text((start + width / 2) / fps, 0.46, str(index), ha='center', va='center', fontsize=5.5,
                  color=ink_on(class_color(int(index))))
    axes.set(xlim=(0, len(labels) / fps), ylim=(0, 1), xticks=[], yticks=[])
    axes.spines[:].set(linewidth=0.4, color=MUTED)
    axes.set_ylabel(kind, rotation=0, ha='right', va='center', fontsize=FONT, color=INK, labelpad=4)


def draw_errors(axes: Axes, wrong: np.ndarray, fps: float) -> None:
    """Mark the frames where the prediction differs from the truth.

    Args:
        axes (Axes): Where to draw.
        wrong (np.ndarray): bool (G,).
        fps (float): Frames per second.
    """
    starts = np.asarray(run_starts(wrong))
    widths = np.diff(np.append(starts, len(wrong)))
    keep = wrong[starts]
    bars = axes.broken_barh(list(zip(starts[keep] / fps, widths[keep] / fps, strict=True)), (0, 1), linewidth=0,
                            antialiased=False, facecolors=_ERROR_COLOR)
    bars.set_gid('error')
    axes.set(xlim=(0, len(wrong) / fps), ylim=(0, 1), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_facecolor('#f6f6f6')
    axes.set_ylabel('error', rotation=0, ha='right', va='center', fontsize=FONT - 1.5, color=MUTED, labelpad=4)


def draw_time_axis(axes: Axes, duration_sec: float, unit: str) -> None:
    """Put ticks in seconds, or in minutes and seconds, below a strip.

    Args:
        axes (Axes): The lowest strip.
        duration_sec (float): Length of the video.
        unit (str): ``'s'``, ``'min'``, or ``'auto'``: minutes above three minutes.
    """
    minutes = unit == 'min' or (unit == 'auto' and duration_sec > 180)
    if minutes:
        steps = (15, 30, 60, 120, 300, 600, 1200)
        step = next((value for value in steps if duration_sec / value <= 10), 3600)
        axes.xaxis.set_major_locator(MultipleLocator(step))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{int(value) // 60}:{int(value) % 60:02d}'))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
    axes.tick_params(axis='x', length=2, width=0.4, pad=1.5, labelsize=FONT - 1, colors=MUTED)
    axes.annotate('min:s' if minutes else 's', (0, 0), (-12 if minutes else -7, -3), xycoords='axes fraction',
                  textcoords='offset points', fontsize=FONT - 1, color=MUTED, ha='right', va='top')


class Page:
    """A figure whose axes are placed in inches from the top left corner.

    Args:
        width (float): Inches.
        height (float): Inches.
    """

    def __init__(self, width: float, height: float) -> None:
        self.figure = Figure(figsize=(width, height), facecolor='white')
        self.width, self.height = width, height
        self.cursor = 0.06

    def axes(self, left: float, width: float, height: float) -> Axes:
        """Add axes at the cursor and move the cursor below them."""
        bottom = self.height - self.cursor - height
        self.cursor += height
        return self.figure.add_axes((left / self.width, bottom / self.height, width / self.width,
                                     height / self.height))

    def text(self, left: float, down: float, string: str, **style: object) -> None:
        """Write text with its centre ``down`` inches below the cursor."""
        self.figure.text(left / self.width, 1 - (self.cursor + down) / self.height, string,
                         va='center', **style)


def _thumbnail_size(pictures: Sequence[np.ndarray], width: float) -> tuple[float, float]:
    rows, columns = pictures[0].shape[:2]
    height = min(width / len(pictures) * rows / columns, _THUMBNAIL_MAX)
    return height * columns / rows, height


def thumbnail_height(pictures: Sequence[np.ndarray], width: float) -> float:
    """Height in inches that :func:`draw_thumbnails` uses, 0 without pictures.

    Args:
        pictures (Sequence[np.ndarray]): RGB, uint8 (H, W, 3), all of one size.
        width (float): Width of the row in inches.
    """
    return _thumbnail_size(pictures, width)[1] + _GAP if len(pictures) else 0.0


def draw_thumbnails(page: Page, pictures: Sequence[np.ndarray], left: float, width: float) -> None:
    """Show pictures centred in equal cells of the time axis.

    Args:
        page (Page): Its cursor is moved below them.
        pictures (Sequence[np.ndarray]): RGB, uint8 (H, W, 3), all of one size; may be empty.
        left (float): Left edge in inches.
        width (float): Width of the row in inches.
    """
    if not len(pictures):
        return
    picture_width, height = _thumbnail_size(pictures, width)
    cell = width / len(pictures)
    top = page.cursor
    for number, picture in enumerate(pictures):
        page.cursor = top
        axes = page.axes(left + number * cell + (cell - picture_width) / 2, picture_width, height)
        axes.imshow(picture, aspect='auto')
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_gid('thumbnail')
    page.cursor = top + height + _GAP
