"""The same object in two views: the given mask in one, the predicted and the true one in the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from egoexo.visualization.fit_text import cut_text, text_width
from egoexo.visualization.mask_overlay import MaskedPicture, draw_close_up, draw_masked_picture, outline_handles
from egoexo.visualization.palette import VIEW_COLORS
from egoexo.visualization.timeline_parts import FONT, INK, MUTED, Page

__all__ = ['RIGHT_COLOR', 'WRONG_COLOR', 'MaskPair', 'check_pairs', 'draw_legend_line', 'draw_mask_pairs',
           'draw_view_chip', 'visibility_note']

RIGHT_COLOR, WRONG_COLOR = '#2a7f62', '#b3541e'
_SIDE, _GAP, _BETWEEN, _HEAD, _CAPTION, _BELOW, _TITLE, _LEGEND = 0.1, 0.06, 0.28, 0.2, 0.19, 0.17, 0.28, 0.2
_MAX_HEIGHT = 2.6
_MARKS = 'visible 0.98: predicted probability of being visible, yes above 0.5;  ✓ right, ✗ wrong answer'
_SINGLE_COLUMN = 2


@dataclass(frozen=True)
class MaskPair:
    """One object at one moment, in the view where its mask is given and in the view where it is looked for.

    Args:
        query_image (np.ndarray): RGB, uint8 (H, W, 3), of the view with the given mask.
        target_image (np.ndarray): RGB, uint8 (H', W', 3), of the other view.
        query_mask (np.ndarray | None): Given mask, nonzero on the object; any size, stretched onto the picture.
        target_mask (np.ndarray | None): True mask; ``None`` if there is none.
        pred_mask (np.ndarray | None): Predicted mask.
        visible (bool | None): Whether the object is visible in the target view; ``None`` if nobody looked.
        confidence (float | None): Predicted probability that it is; above 0.5 the answer is yes.
        iou (float | None): Of the predicted with the true mask, as it is scored.
        object_name (str): What it is.
        direction (str): ``'ego2exo'``, ``'exo2ego'`` or empty.
        query_camera (str): Name of the camera of the given mask.
        target_camera (str): Name of the other one.
        frame (str): Frame number.
        note (str): Take, list and the like.
    """

    query_image: np.ndarray
    target_image: np.ndarray
    query_mask: np.ndarray | None = None
    target_mask: np.ndarray | None = None
    pred_mask: np.ndarray | None = None
    visible: bool | None = None
    confidence: float | None = None
    iou: float | None = None
    object_name: str = ''
    direction: str = ''
    query_camera: str = ''
    target_camera: str = ''
    frame: str = ''
    note: str = ''

    @property
    def views(self) -> tuple[str, str]:
        """Names of the query and the target view; empty where unknown."""
        query, _, target = self.direction.partition('2')
        return query, target

    @property
    def says_visible(self) -> bool | None:
        """The model's answer; None without a prediction."""
        return None if self.confidence is None else self.confidence > 0.5

    def pictures(self) -> tuple[MaskedPicture, MaskedPicture]:
        """What is drawn of the query and of the target view."""
        return (MaskedPicture(self.query_image, given=self.query_mask),
                MaskedPicture(self.target_image, annotated=self.target_mask, predicted=self.pred_mask,
                              hidden=self.says_visible is False))


def visibility_note(pair: MaskPair) -> tuple[str, str]:
    """The visibility decision in words.

    Args:
        pair (MaskPair): With or without prediction and truth.

    Returns:
        tuple[str, str]: Text and its colour; an empty text without a prediction.

    Examples:
        >>> picture = np.zeros((4, 4, 3), np.uint8)
        >>> visibility_note(MaskPair(picture, picture, confidence=0.98, visible=True))[0]
        '✓ visible 0.98'
    """
    if pair.says_visible is None:
        return '', INK
    text = f'{"visible" if pair.says_visible else "not visible"} {pair.confidence:.2f}'
    if pair.visible is None:
        return text, INK
    right = pair.says_visible == pair.visible
    return f'{"✓" if right else "✗"} {text}', RIGHT_COLOR if right else WRONG_COLOR


def draw_mask_pairs(pairs: Sequence[MaskPair], *, title: str = '', columns: int | None = None,
                    width_in: float = 7.16) -> Figure:
    """Draw pairs of pictures; an object that is small in its picture gets a close-up in a corner.

    Args:
        pairs (Sequence[MaskPair]): In reading order.
        title (str): Head line.
        columns (int | None): Pairs side by side; ``None`` is one for up to two pairs, else two.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: Free of pyplot; ``figure.savefig('x.pdf')`` writes it.

    Raises:
        ValueError: If there is no pair, ``columns`` is less than 1, or an array has a shape that is no picture or mask.
    """
    check_pairs(pairs)
    columns = columns if columns is not None else 1 if len(pairs) <= _SINGLE_COLUMN else 2
    if columns < 1:
        raise ValueError(f'draw_mask_pairs: columns must be at least 1, got {columns}.')
    width = (width_in - 2 * _SIDE - (columns - 1) * _BETWEEN) / columns
    rows = [pairs[start:start + columns] for start in range(0, len(pairs), columns)]
    heights = [max(_picture_height(pair, width) for pair in row) for row in rows]
    page = Page(width_in, 0.1 + (_TITLE if title else 0) + _LEGEND
                + sum(height + _HEAD + _CAPTION + _BELOW for height in heights))
    if title:
        page.text(_SIDE, 0.1, title, fontsize=FONT + 2, weight='bold', color=INK, ha='left')
        page.cursor += _TITLE
    for row, height in zip(rows, heights, strict=True):
        start = page.cursor
        for place, pair in enumerate(row):
            page.cursor = start
            _draw_pair(page, pair, _SIDE + place * (width + _BETWEEN), width)
        page.cursor = start + _HEAD + _CAPTION + height + _BELOW
    draw_legend_line(page, pairs, _SIDE, width_in - 2 * _SIDE)
    return page.figure


def check_pairs(pairs: Sequence[MaskPair]) -> None:
    """Refuse what cannot be drawn.

    Args:
        pairs (Sequence[MaskPair]): To be drawn.

    Raises:
        ValueError: If there is no pair, or an array has a shape that is no picture or mask.
    """
    if not pairs:
        raise ValueError('a figure of mask pairs needs at least one pair, got none.')
    for pair in pairs:
        name = pair.object_name or 'a pair'
        for what in ('query_image', 'target_image'):
            image = getattr(pair, what)
            if image.ndim != 3 or image.shape[2] != 3 or not image.size or image.dtype != np.uint8:
                raise ValueError(f'{what} of {name} is {image.dtype} {image.shape}, expected uint8 (H, W, 3).')
        for what in ('query_mask', 'target_mask', 'pred_mask'):
            mask = getattr(pair, what)
            if mask is not None and (mask.ndim != 2 or not mask.size):
                raise ValueError(f'{what} of {name} has shape {mask.shape}, expected (H, W).')


def _picture_height(pair: MaskPair, width: float) -> float:
    """Height of both pictures in inches: side by side they fill the width."""
    aspects = sum(image.shape[1] / image.shape[0] for image in (pair.query_image, pair.target_image))
    return min((width - _GAP) / aspects, _MAX_HEIGHT)


def _draw_pair(page: Page, pair: MaskPair, left: float, width: float) -> None:
    height = _picture_height(pair, width)
    widths = [height * image.shape[1] / image.shape[0] for image in (pair.query_image, pair.target_image)]
    full = sum(widths) + _GAP
    verdict, color = visibility_note(pair)
    score = '' if pair.iou is None else f'IoU {pair.iou:.2f}'
    page.text(left + full, _HEAD / 2, verdict, fontsize=FONT, weight='bold', color=color, ha='right')
    room = text_width(verdict, FONT, 'bold') + (0.12 if verdict else 0)
    page.text(left + full - room, _HEAD / 2, score, fontsize=FONT, weight='bold', color=INK, ha='right')
    room += text_width(score, FONT, 'bold') + 0.1
    name = cut_text(pair.object_name or 'object', max(full - room, 0.3), FONT, 'bold')
    page.text(left, _HEAD / 2, name, fontsize=FONT, weight='bold', color=INK, ha='left', parse_math=False)
    parts = [f'frame {pair.frame}' if pair.frame else '', pair.note]
    used = text_width(name, FONT, 'bold') + 0.1
    if full - room - used > 0.5:
        page.text(left + used, _HEAD / 2, cut_text(', '.join(filter(None, parts)), full - room - used, FONT - 0.5),
                  fontsize=FONT - 0.5, color=MUTED, ha='left', parse_math=False)
    page.cursor += _HEAD
    target_left = left + widths[0] + _GAP
    draw_view_chip(page, left, _CAPTION / 2, pair.views[0], pair.query_camera, widths[0], 'query')
    draw_view_chip(page, target_left, _CAPTION / 2, pair.views[1], pair.target_camera, widths[1], 'target')
    page.cursor += _CAPTION
    top = page.cursor
    for picture, start, inches in zip(pair.pictures(), (left, target_left), widths, strict=True):
        page.cursor = top
        axes = page.axes(start, inches, height)
        draw_masked_picture(axes, picture, inches)
        used = draw_close_up(page.figure, axes, picture, inches)
    if pair.visible is False:
        place, align = (0.97, 'top') if used == 'bottom' else (0.03, 'bottom')
        axes.text(0.5, place, 'not visible in this view', transform=axes.transAxes, ha='center', va=align,
                  fontsize=FONT - 0.5, color='white', gid='not visible', zorder=6,
                  bbox={'boxstyle': 'round,pad=0.3', 'facecolor': '#10151c', 'alpha': 0.75, 'linewidth': 0})


def draw_view_chip(page: Page, left: float, down: float, view: str, camera: str, width: float, role: str) -> None:
    """Write the view as a coloured label, what it is for, and the name of the camera.

    Args:
        page (Page): Its cursor stays.
        left (float): Left edge in inches.
        down (float): Middle of the line, in inches below the cursor.
        view (str): ``'ego'``, ``'exo'`` or empty.
        camera (str): Name; may be empty.
        width (float): Room in inches; where it is narrow the role is left out.
        role (str): ``'query'`` or ``'target'``.
    """
    indent = 0.0
    if view:
        page.text(left + 0.04, down, view.upper(), fontsize=FONT - 1.5, weight='bold', color='white', ha='left',
                  bbox={'boxstyle': 'round,pad=0.22', 'facecolor': VIEW_COLORS.get(view, MUTED), 'linewidth': 0})
        indent = 0.32
    room = max(width - indent, 0.1)
    text = f'{role} {camera}'.strip()
    text = camera if camera and text_width(text, FONT - 0.5) > room else text
    page.text(left + indent, down, cut_text(text, room, FONT - 0.5), fontsize=FONT - 0.5, color=MUTED, ha='left',
              parse_math=False)


def draw_legend_line(page: Page, pairs: Sequence[MaskPair], left: float, width: float, marks: str = _MARKS) -> None:
    """Say below a figure what its outlines and marks mean, as far as they occur.

    Args:
        page (Page): Its cursor is moved below the line.
        pairs (Sequence[MaskPair]): What the figure shows.
        left (float): Left edge in inches.
        width (float): Room in inches.
        marks (str): Meaning of the marks, written where there are predictions.
    """
    kinds = [kind for kind, name in (('given', 'query_mask'), ('predicted', 'pred_mask'), ('annotated', 'target_mask'))
             if any(getattr(pair, name) is not None for pair in pairs)]
    handles = outline_handles(kinds)
    if handles:
        page.figure.legend(handles=handles, fontsize=FONT - 0.5, frameon=False, ncols=len(handles), loc='lower left',
                           bbox_to_anchor=((left - 0.02) / page.width, 0.0), borderpad=0.35, handlelength=2.0,
                           handletextpad=0.5, columnspacing=1.4, labelcolor=INK)
    if any(pair.confidence is not None for pair in pairs):
        used = 0.72 * len(handles) + 0.7
        page.figure.text((left + width) / page.width, 0.122 / page.height, cut_text(marks, width - used, FONT - 1),
                         fontsize=FONT - 1, color=MUTED, ha='right', va='center')
    page.cursor += _LEGEND
