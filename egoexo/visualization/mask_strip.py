"""One object over time: a column per frame, the view of the given mask above the view where it is looked for."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egoexo.visualization.fit_text import cut_text, text_width
from egoexo.visualization.mask_overlay import (
    PREDICTED_COLOR,
    MaskedPicture,
    Window,
    draw_masked_picture,
    mask_box,
    window_around,
)
from egoexo.visualization.mask_pair import (
    RIGHT_COLOR,
    WRONG_COLOR,
    MaskPair,
    check_pairs,
    draw_legend_line,
    draw_view_chip,
)
from egoexo.visualization.timeline_parts import FONT, INK, MUTED, Page

__all__ = ['draw_mask_strips', 'strip_summary']

_SIDE, _NAMES, _GAP, _ROW_GAP = 0.1, 0.62, 0.04, 0.05
_HEAD, _CHIPS, _FRAMES, _LINE, _BELOW, _TITLE, _LEGEND = 0.2, 0.2, 0.15, 0.145, 0.16, 0.28, 0.22
_MIN_COLUMNS, _MIN_SHARE, _ROOM = 4, 0.2, 1.5
_HIDDEN_INK = '#7a818c'


def strip_summary(pairs: Sequence[MaskPair]) -> str:
    """What a track is scored, in words: mean IoU and how many visibility decisions are right.

    Args:
        pairs (Sequence[MaskPair]): Frames of the track.

    Returns:
        str: Empty where nothing is known.
    """
    scores = [pair.iou for pair in pairs if pair.iou is not None]
    asked = [pair for pair in pairs if pair.visible is not None and pair.says_visible is not None]
    parts = [f'mean IoU {np.mean(scores):.2f}'] if scores else []
    if asked:
        right = sum(pair.visible == pair.says_visible for pair in asked)
        parts.append(f'visibility right in {right} of {len(asked)}')
    return ',  '.join(parts)


def draw_mask_strips(strips: Sequence[Sequence[MaskPair]], *, title: str = '', width_in: float = 7.16) -> Figure:
    """Draw tracks: pictures over time, cut to the surroundings of the object, and below them truth and decision.

    All frames of a row are cut alike, to a window that holds the object in each of them, so that its movement is seen.

    Args:
        strips (Sequence[Sequence[MaskPair]]): Frames in order of time, of one object and two cameras each.
        title (str): Head line.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: Free of pyplot; ``figure.savefig('x.pdf')`` writes it.

    Raises:
        ValueError: If there is no strip, one is empty, or an array has a shape that is no picture or mask.
    """
    if not strips:
        raise ValueError('draw_mask_strips needs at least one strip, got none.')
    for strip in strips:
        check_pairs(strip)
    columns = max(_MIN_COLUMNS, *(len(strip) for strip in strips))
    cell = (width_in - 2 * _SIDE - _NAMES - (columns - 1) * _GAP) / columns
    heights = [[cell * image.shape[0] / image.shape[1] for image in (strip[0].query_image, strip[0].target_image)]
               for strip in strips]
    page = Page(width_in, 0.1 + (_TITLE if title else 0) + _LEGEND + sum(
        sum(rows) + _ROW_GAP + _HEAD + _CHIPS + _FRAMES + _LINE * len(_decision_rows(strip)) + _BELOW
        for strip, rows in zip(strips, heights, strict=True)))
    if title:
        page.text(_SIDE, 0.1, title, fontsize=FONT + 2, weight='bold', color=INK, ha='left')
        page.cursor += _TITLE
    for strip, rows in zip(strips, heights, strict=True):
        _draw_strip(page, strip, cell, rows)
        page.cursor += _BELOW
    draw_legend_line(page, [pair for strip in strips for pair in strip], _SIDE, width_in - 2 * _SIDE,
                     '● visible, ○ not visible, – unknown;  probability: visible above 0.5;  ✓ right, ✗ wrong')
    return page.figure


def _draw_strip(page: Page, strip: Sequence[MaskPair], cell: float, heights: Sequence[float]) -> None:
    first, full = strip[0], page.width - 2 * _SIDE
    summary = strip_summary(strip)
    name = cut_text(first.object_name or 'object', full - text_width(summary, FONT, 'bold') - 0.2, FONT, 'bold')
    page.text(_SIDE, _HEAD / 2, name, fontsize=FONT, weight='bold', color=INK, ha='left', parse_math=False)
    page.text(_SIDE + full, _HEAD / 2, summary, fontsize=FONT, weight='bold', color=INK, ha='right')
    used = text_width(name, FONT, 'bold') + 0.1
    room = full - used - text_width(summary, FONT, 'bold') - 0.1
    if first.note and room > 0.5:
        page.text(_SIDE + used, _HEAD / 2, cut_text(first.note, room, FONT - 0.5), fontsize=FONT - 0.5, color=MUTED,
                  ha='left', parse_math=False)
    page.cursor += _HEAD
    half = full / 2
    draw_view_chip(page, _SIDE, _CHIPS / 2 - 0.02, first.views[0], f'above: query {first.query_camera}', half, '')
    draw_view_chip(page, _SIDE + half, _CHIPS / 2 - 0.02, first.views[1], f'below: target {first.target_camera}',
                   half, '')
    page.cursor += _CHIPS
    lefts = [_SIDE + _NAMES + place * (cell + _GAP) for place in range(len(strip))]
    _write_row(page, 'frame', [(pair.frame, MUTED) for pair in strip], lefts, cell)
    page.cursor += _FRAMES
    rows = list(zip(*(pair.pictures() for pair in strip), strict=True))
    for name, pictures, height in zip(('query', 'target'), rows, heights, strict=True):
        top = page.cursor
        scale, windows = _windows(pictures)
        page.text(_SIDE, height / 2 - (0.06 if scale > 1.05 else 0), name, fontsize=FONT, color=INK, ha='left')
        if scale > 1.05:
            page.text(_SIDE, height / 2 + 0.07, f'× {scale:.1f}', fontsize=FONT - 1, color=MUTED, ha='left')
        for pair, picture, window, left in zip(strip, pictures, windows, lefts, strict=True):
            page.cursor = top
            axes = page.axes(left, cell, height)
            draw_masked_picture(axes, picture, cell, window, 1.0)
            if name == 'target':
                _mark_target(axes, pair, picture, window)
        page.cursor = top + height + _ROW_GAP
    page.cursor += 0.02 - _ROW_GAP
    for name, cells in _decision_rows(strip):
        _write_row(page, name, cells, lefts, cell)
        page.cursor += _LINE


def _mark_target(axes: Axes, pair: MaskPair, picture: MaskedPicture, window: Window | None) -> None:
    """A dashed frame where the object is not there, and a word where the predicted mask is not in sight."""
    if pair.visible is False:
        axes.spines[:].set(linewidth=1.2, color=_HIDDEN_INK, linestyle=(0, (2, 1.5)))
        axes.set_gid('not visible')
    box = None if picture.predicted is None or window is None else mask_box(picture.predicted, picture.size)
    if box is not None and (box[2] <= window[0] or box[0] >= window[2] or box[3] <= window[1] or box[1] >= window[3]):
        axes.text(0.5, 0.04, 'mask elsewhere', transform=axes.transAxes, ha='center', va='bottom', fontsize=FONT - 2,
                  color=PREDICTED_COLOR, bbox={'boxstyle': 'round,pad=0.2', 'facecolor': '#10151c', 'alpha': 0.75,
                                               'linewidth': 0})


def _decision_rows(strip: Sequence[MaskPair]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Lines below the pictures, each with a text and its colour per frame."""
    marks = {True: '●', False: '○', None: '–'}
    rows = []
    if any(pair.visible is not None for pair in strip):
        rows.append(('annotated', [(marks[pair.visible], INK) for pair in strip]))
    if any(pair.confidence is not None for pair in strip):
        rows.append(('predicted', [_decision(pair, marks) for pair in strip]))
    if any(pair.iou is not None for pair in strip):
        rows.append(('IoU', [('–' if pair.iou is None else f'{pair.iou:.2f}', INK) for pair in strip]))
    return rows


def _decision(pair: MaskPair, marks: dict[bool | None, str]) -> tuple[str, str]:
    if pair.confidence is None:
        return '–', MUTED
    text = f'{marks[pair.says_visible]} {pair.confidence:.2f}'
    if pair.visible is None:
        return text, INK
    right = pair.visible == pair.says_visible
    return f'{text} {"✓" if right else "✗"}', RIGHT_COLOR if right else WRONG_COLOR


def _write_row(page: Page, name: str, cells: Sequence[tuple[str, str]], lefts: Sequence[float], cell: float) -> None:
    page.text(_SIDE, _LINE / 2, name, fontsize=FONT - 0.5, color=MUTED, ha='left')
    for (text, color), left in zip(cells, lefts, strict=True):
        page.text(left + cell / 2, _LINE / 2, text, fontsize=FONT - 0.5, color=color, ha='center',
                  parse_math=False)


def _windows(pictures: Sequence[MaskedPicture]) -> tuple[float, list[Window | None]]:
    """How much a row is enlarged, and the part of each picture that is shown: the same one where sizes agree."""
    if len({picture.size for picture in pictures}) > 1:
        return 1.0, [None] * len(pictures)
    # Where the object is in no frame at all, what was predicted is shown; else it could be anywhere.
    masks = [mask for picture in pictures for mask in (picture.given, picture.annotated) if mask is not None]
    boxes = [box for box in (mask_box(mask, pictures[0].size) for mask in masks) if box is not None]
    boxes = boxes or [box for box in (picture.box() for picture in pictures) if box is not None]
    height, width = pictures[0].size
    if not boxes:
        return 1.0, [None] * len(pictures)
    left, top = (min(box[side] for box in boxes) for side in (0, 1))
    right, bottom = (max(box[side] for box in boxes) for side in (2, 3))
    shortfall = max(_MIN_SHARE / _ROOM * height - (bottom - top), 0) / 2
    window = window_around((left, top - shortfall, right, bottom + shortfall), (height, width), width / height, _ROOM)
    return height / (window[3] - window[1]), [window] * len(pictures)
