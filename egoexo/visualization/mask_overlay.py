"""A picture with outlines of masks over it, cut to a window, with a close-up of an object that is small in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import contourpy
import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import ConnectionPatch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

__all__ = ['ANNOTATED_COLOR', 'PREDICTED_COLOR', 'MaskedPicture', 'Window', 'draw_close_up', 'draw_masked_picture',
           'mask_box', 'outline_handles', 'window_around']

#: What was annotated is blue, what was predicted orange: the pair that colour-blind readers tell apart best
#: (Okabe and Ito, 2008); the kind of line says it once more.
ANNOTATED_COLOR, PREDICTED_COLOR = '#56b4e9', '#f0a30a'
_DASHES, _HALO = (0, (3.2, 1.6)), '#10151c'
_PIXELS_PER_INCH = 300
_SMALL, _CLOSE_UP_SHARE, _MIN_CLOSE_UP = 0.18, 0.46, 0.42
_MIN_WINDOW = 12
_SPECKS = 80  # pieces of a mask above which their borders would cover the picture
_FULL_LINE, _THIN = 0.4, 0.5  # inches of an object that gets the full line, and the least part of it

#: Left, top, right and bottom edge in pixels of the picture.
Window = tuple[float, float, float, float]


@dataclass(frozen=True)
class MaskedPicture:
    """What is shown of one view. Masks may have another size than the picture; they are stretched onto it.

    Args:
        image (np.ndarray): RGB, uint8 (H, W, 3).
        given (np.ndarray | None): Mask that the model was given, nonzero on the object, (h, w).
        annotated (np.ndarray | None): True mask that it had to find.
        predicted (np.ndarray | None): Mask that it found.
        hidden (bool): The model says that the object is not visible, so its mask is drawn thin.
    """

    image: np.ndarray
    given: np.ndarray | None = None
    annotated: np.ndarray | None = None
    predicted: np.ndarray | None = None
    hidden: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self.image.shape[:2]

    def box(self) -> Window | None:
        """Bounding box of the object in pixels of the picture: of the true mask, else of the predicted one."""
        for mask in (self.given, self.annotated, self.predicted):
            box = None if mask is None else mask_box(mask, self.size)
            if box is not None:
                return box
        return None


def mask_box(mask: np.ndarray, size: tuple[int, int]) -> Window | None:
    """Bounding box of a mask, stretched onto a picture.

    Args:
        mask (np.ndarray): Nonzero on the object, (h, w).
        size (tuple[int, int]): Height and width of the picture.

    Returns:
        tuple[float, float, float, float] | None: Left, top, right, bottom edge in pixels; None for an empty mask.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    down, across = size[0] / mask.shape[0], size[1] / mask.shape[1]
    return (float(columns[0] * across), float(rows[0] * down), float((columns[-1] + 1) * across),
            float((rows[-1] + 1) * down))


def window_around(box: Window, size: tuple[int, int], aspect: float, room: float = 1.6) -> Window:
    """Part of a picture that shows a box with some of what surrounds it.

    Args:
        box (tuple[float, float, float, float]): Left, top, right, bottom edge in pixels.
        size (tuple[int, int]): Height and width of the picture.
        aspect (float): Width by height of the window.
        room (float): Size of the window in sizes of the box.

    Returns:
        tuple[float, float, float, float]: Inside the picture; smaller than asked for where the picture ends.
    """
    height = max((box[3] - box[1]) * room, (box[2] - box[0]) * room / aspect, _MIN_WINDOW)
    height = min(height, size[0], size[1] / aspect)
    width = height * aspect
    left = min(max((box[0] + box[2] - width) / 2, 0.0), size[1] - width)
    top = min(max((box[1] + box[3] - height) / 2, 0.0), size[0] - height)
    return left, top, left + width, top + height


def _outline(mask: np.ndarray, size: tuple[int, int]) -> Path | None:
    """Border of a mask in pixels of the picture, holes included; None for an empty mask."""
    box = mask_box(mask, mask.shape)
    if box is None:
        return None
    left, top, right, bottom = map(int, box)
    level = np.pad((mask[top:bottom, left:right] != 0).astype(np.float32), 1)
    lines = contourpy.contour_generator(z=level).lines(0.5)
    scale = np.array([size[1] / mask.shape[1], size[0] / mask.shape[0]])
    return Path.make_compound_path(*(Path((line - 0.5 + (left, top)) * scale, closed=True) for line in lines))


def _fit_pixels(image: np.ndarray, inches: float) -> np.ndarray:
    """Resize to what is printed: small pictures are enlarged smoothly, large ones averaged."""
    height, width = image.shape[:2]
    scale = inches * _PIXELS_PER_INCH / width
    target = max(round(width * scale), 1), max(round(height * scale), 1)
    return cv2.resize(image, target, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def draw_masked_picture(axes: Axes, picture: MaskedPicture, inches: float, window: Window | None = None,
                        line_width: float = 1.3) -> None:
    """Show a picture, or a window of it, with its masks: given ones filled, true ones dashed, predicted ones solid.

    Args:
        axes (Axes): Where to draw; its shape should be that of the window.
        picture (MaskedPicture): Picture and masks.
        inches (float): Width of the axes.
        window (tuple[float, float, float, float] | None): Part to show; ``None`` is all of it.
        line_width (float): In points; less where the object would be hidden below it.
    """
    height, width = picture.size
    left, top, right, bottom = window or (0, 0, width, height)
    first = int(np.floor(left)), int(np.floor(top))
    last = min(int(np.ceil(right)), width), min(int(np.ceil(bottom)), height)
    pixels = picture.image[first[1]:last[1], first[0]:last[0]]
    axes.imshow(_fit_pixels(pixels, inches), extent=(first[0], last[0], last[1], first[1]), aspect='auto',
                interpolation='antialiased')
    box = picture.box()
    if box is not None:
        extent = max(box[2] - box[0], box[3] - box[1]) * inches / (right - left)
        line_width *= min(max(extent / _FULL_LINE, _THIN), 1.0)
    halo = [withStroke(linewidth=1.8 * line_width, foreground=_HALO, alpha=0.8)]
    if picture.given is not None:
        _add_outline(axes, picture.given, picture.size, 'given', facecolor=ANNOTATED_COLOR, alpha=0.45, linewidth=0)
        _add_outline(axes, picture.given, picture.size, 'given outline', facecolor='none', edgecolor=ANNOTATED_COLOR,
                     linewidth=line_width, path_effects=halo)
    if picture.predicted is not None:
        thin = 0.55 if picture.hidden else 1.0
        _add_outline(axes, picture.predicted, picture.size, 'predicted', facecolor='none', edgecolor=PREDICTED_COLOR,
                     linewidth=line_width * thin, alpha=0.8 if picture.hidden else 1.0,
                     path_effects=() if picture.hidden else halo)
    if picture.annotated is not None:
        _add_outline(axes, picture.annotated, picture.size, 'annotated', facecolor='none', linestyle=_DASHES,
                     edgecolor=ANNOTATED_COLOR, linewidth=line_width * 0.9, path_effects=halo)
    axes.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    axes.spines[:].set(linewidth=0.4, color='#8a8f98')


def _add_outline(axes: Axes, mask: np.ndarray, size: tuple[int, int], gid: str, **style: object) -> None:
    path = _outline(np.asarray(mask), size)
    if path is not None:
        if np.count_nonzero(path.codes == Path.MOVETO) > _SPECKS:  # the mask of a model that has hardly been trained
            style |= {'linewidth': style['linewidth'] * _THIN, 'path_effects': ()}
        # Not add_patch(), which goes through every corner of the path for limits that are set anyway.
        axes.add_artist(PathPatch(path, gid=gid, joinstyle='round', capstyle='butt', **style))


def draw_close_up(figure: Figure, axes: Axes, picture: MaskedPicture, inches: float, line_width: float = 1.3) -> str:
    """Enlarge an object that is small in its picture, in the corner of the picture that is farthest from it.

    Args:
        figure (Figure): Of the axes.
        axes (Axes): From :func:`draw_masked_picture`, showing the whole picture.
        picture (MaskedPicture): The same.
        inches (float): Width of the axes.
        line_width (float): In points.

    Returns:
        str: ``'top'`` or ``'bottom'``, where the close-up is; empty if the object is large enough or absent, or there
        is no room for a close-up.
    """
    height, width = picture.size
    box = picture.box()
    side = inches * min(height / width, 1.0) * _CLOSE_UP_SHARE
    if box is None or side < _MIN_CLOSE_UP or max((box[2] - box[0]) / width, (box[3] - box[1]) / height) > _SMALL:
        return ''
    window = window_around(box, picture.size, 1.0)
    right, low = box[0] + box[2] < width, box[1] + box[3] < height
    pixels = side / inches * width  # side of the close-up
    across = max(window[2] - (width - pixels), 0) if right else max(pixels - window[0], 0)
    down = max(window[3] - (height - pixels), 0) if low else max(pixels - window[1], 0)
    if (across and down) or window[2] - window[0] > 0.7 * pixels:
        return ''
    share = side / inches, side / (inches * height / width)  # of the axes
    place = axes.get_position()
    close = figure.add_axes((place.x0 + (1 - share[0]) * place.width * right,
                             place.y0 + (1 - share[1]) * place.height * (not low),
                             share[0] * place.width, share[1] * place.height), zorder=axes.get_zorder() + 2)
    draw_masked_picture(close, picture, side, window, line_width)
    close.spines[:].set(linewidth=1.0, color='white')
    close.set_gid('close-up')
    axes.add_patch(Rectangle(window[:2], window[2] - window[0], window[3] - window[1], fill=False, edgecolor='white',
                             linewidth=0.8, gid='close-up window',
                             path_effects=[withStroke(linewidth=1.8, foreground=_HALO, alpha=0.6)]))
    _connect(figure, axes, close, window, right == low)
    return 'bottom' if low else 'top'


def _connect(figure: Figure, axes: Axes, close: Axes, window: Window, falling: bool) -> None:
    """Two lines from the window to its close-up that cross neither: they touch both at the outer corners.

    ``falling`` says that the close-up lies below at the right or above at the left.
    """
    for x, y in ((1, 1), (0, 0)) if falling else ((0, 1), (1, 0)):
        start = window[0] + x * (window[2] - window[0]), window[3] - y * (window[3] - window[1])
        line = ConnectionPatch(start, (x, y), 'data', 'axes fraction', axesA=axes, axesB=close, color='white',
                               linewidth=0.6, alpha=0.85, zorder=axes.get_zorder() + 1)
        figure.add_artist(line)


def outline_handles(kinds: Sequence[str], line_width: float = 1.3) -> list[Line2D | Rectangle]:
    """Legend entries of the outlines.

    Args:
        kinds (Sequence[str]): Of ``'given'``, ``'annotated'`` and ``'predicted'``.
        line_width (float): In points.

    Returns:
        list[Line2D | Rectangle]: In the order of ``kinds``.
    """
    halo = [withStroke(linewidth=line_width + 1.1, foreground=_HALO, alpha=0.8)]
    made = {
        'given': Rectangle((0, 0), 1, 1, facecolor=ANNOTATED_COLOR, alpha=0.6, label='given mask'),
        'annotated': Line2D([], [], color=ANNOTATED_COLOR, linestyle=_DASHES, linewidth=line_width * 0.9,
                            path_effects=halo, label='annotated'),
        'predicted': Line2D([], [], color=PREDICTED_COLOR, linewidth=line_width, path_effects=halo,
                            label='predicted'),
    }
    return [made[kind] for kind in kinds]
