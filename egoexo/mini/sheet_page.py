"""Parts of the contact sheets: a page filled from top to bottom, pictures, the time line, the colours of classes."""

import colorsys
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from egoexo.mini.video import read_mp4
from egoexo.mini.vocabulary import COARSE_CLASSES

if TYPE_CHECKING:
    from egoexo.mini.state import CoarseStep, TakeState

__all__ = ['FAINT', 'INK', 'MARGIN', 'WIDTH', 'Page', 'class_color', 'draw_picture', 'draw_timeline', 'middle_frame',
           'read_frames', 'sheet_style', 'spread']

WIDTH, MARGIN, DPI = 1600, 40, 100  # pixels, pixels, dots per inch
INK, PAPER, FAINT = '#22262e', '#ffffff', '#8a909c'
# First and last hue, lightness: what is prepared is green to blue, cut yellow, cooked red, the rest violet.
_FAMILIES = ((range(1, 12), 0.27, 0.62, 0.50), (range(12, 19), 0.07, 0.17, 0.50),
             (range(19, 25), 0.90, 1.03, 0.55), (range(25, 28), 0.70, 0.82, 0.58))


@contextmanager
def sheet_style() -> Iterator[None]:
    """Fixed font and no style of the user's: the same world gives the same bytes.

    Yields:
        None: Draw and save inside.
    """
    with matplotlib.rc_context({'font.family': 'DejaVu Sans', 'text.color': INK, 'axes.edgecolor': FAINT}):
        yield


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


class Page:
    """A figure that is filled from top to bottom, in pixels; ``y`` is the current line.

    Args:
        height (int): Height of the page in pixels.
    """

    def __init__(self, height: int) -> None:
        self.height, self.y = height, MARGIN
        self.figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)

    def axes(self, x: float, width: float, height: float, down: float = 0) -> Axes:
        """Axes whose upper left corner is ``down`` pixels below the current line.

        Args:
            x (float): Left edge in pixels.
            width (float): Pixels.
            height (float): Pixels.
            down (float): Pixels.

        Returns:
            Axes: Empty axes.
        """
        top = self.y + down + height
        return self.figure.add_axes((x / WIDTH, 1 - top / self.height, width / WIDTH, height / self.height))

    def text(self, x: float, text: str, down: float = 0, **style: object) -> None:
        """Text whose middle is ``down`` pixels below the current line.

        Args:
            x (float): Left edge in pixels.
            text (str): The text.
            down (float): Pixels.
            style (object): Arguments of Matplotlib's ``text``.
        """
        self.figure.text(x / WIDTH, 1 - (self.y + down) / self.height, text, va='center', **style)

    def save(self, path: Path) -> Path:
        """Write the picture atomically, without a date in it.

        Args:
            path (Path): Target ``.png``.

        Returns:
            Path: The same.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + '.part')
        self.figure.savefig(part, format='png', metadata={'Software': None})
        os.replace(part, path)
        return path


def draw_timeline(axes: Axes, state: 'TakeState') -> None:
    """Coarse steps as coloured bars with names where they fit, fine actions as white ticks, seconds below.

    Args:
        axes (Axes): Where to draw, as wide as the page.
        state (TakeState): Its steps and actions are drawn.
    """
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


def draw_picture(axes: Axes, frame: np.ndarray, color: tuple[float, float, float]) -> None:
    """An image in a frame of the class colour.

    Args:
        axes (Axes): Where to draw.
        frame (np.ndarray): BGR, (H, W, 3) uint8.
        color (tuple[float, float, float]): RGB in 0..1.
    """
    axes.imshow(frame[..., ::-1], interpolation='lanczos', aspect='auto')
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(edgecolor=color, linewidth=3)


def spread(items: Sequence, count: int) -> list:
    """At most ``count`` items at even distances.

    Args:
        items (Sequence): All.
        count (int): Wanted.

    Returns:
        list: In order.
    """
    index = np.linspace(0, len(items) - 1, min(count, len(items)))
    return [items[i] for i in np.rint(index).astype(int)]


def middle_frame(state: 'TakeState', step: 'CoarseStep') -> int:
    """Frame in the middle of a step.

    Args:
        state (TakeState): The video.
        step (CoarseStep): One of its steps.

    Returns:
        int: Frame number.
    """
    return min(round((step.start_sec + step.end_sec) / 2 * state.fps), state.num_frames - 1)


def read_frames(path: Path, indices: list[int]) -> list[np.ndarray]:
    """Decoded frames of a video by number.

    Args:
        path (Path): The mp4.
        indices (list[int]): Frame numbers.

    Returns:
        list[np.ndarray]: BGR pictures in the order of ``indices``.
    """
    wanted, position, found = set(indices), 0, {}
    for block in read_mp4(path):
        for index in wanted & set(range(position, position + len(block))):
            found[index] = block[index - position]
        position += len(block)
        if position > max(indices):
            break
    return [found[index] for index in indices]
