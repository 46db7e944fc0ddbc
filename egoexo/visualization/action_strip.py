"""Segments as a paper shows them: pictures of the clip, what was said, the likeliest verbs and nouns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from egoexo.visualization.class_ranking import HIT_COLOR, MISS_COLOR, ClassRanking, bars_height, draw_bars, names_width
from egoexo.visualization.fit_text import cut_text, text_width
from egoexo.visualization.palette import VIEW_COLORS, display_name
from egoexo.visualization.timeline_parts import FONT, INK, MUTED, Page

__all__ = ['ActionStrip', 'draw_action_strips']

_SIDE, _BETWEEN, _GAP, _HEAD, _SAID, _TASK, _BELOW, _TITLE, _KEY = 0.1, 0.3, 0.03, 0.2, 0.19, 0.16, 0.17, 0.28, 0.14
_MAX_HEIGHT, _PARTNER_COLOR = 0.9, VIEW_COLORS['exo']
_RIGHT, _WRONG = '✓', '✗'


@dataclass(frozen=True)
class ActionStrip:
    """One segment of a figure.

    Args:
        sample_id (str): Id of the narration.
        pictures (Sequence[np.ndarray]): In order of time, RGB, uint8 (H, W, 3), all of one size; may be empty.
        probabilities (Mapping[str, np.ndarray]): Class probabilities by task, (C,); empty without a prediction.
        truth (Mapping[str, int]): True class by task, -1 or absent where it is not known.
        narration (str): What was said.
        note (str): Shown after the id, e.g. list and times.
        view (str): ``'ego'``, or ``'tpv'`` for a third-person clip.
        labels (str): True classes in words, where there are several of a task.
        partner_pictures (Sequence[np.ndarray]): Of the third-person clip that the segment is paired with.
        partner_narration (str): What is done in it.
        partner_truth (str): Its verbs and nouns in words.
    """

    sample_id: str
    pictures: Sequence[np.ndarray]
    probabilities: Mapping[str, np.ndarray] = field(default_factory=dict)
    truth: Mapping[str, int] = field(default_factory=dict)
    narration: str = ''
    note: str = ''
    view: str = 'ego'
    labels: str = ''
    partner_pictures: Sequence[np.ndarray] = ()
    partner_narration: str = ''
    partner_truth: str = ''

    @property
    def has_partner(self) -> bool:
        """Whether there is a third-person clip."""
        return bool(len(self.partner_pictures) or self.partner_narration or self.partner_truth)

    def rankings(self) -> dict[str, ClassRanking]:
        """Likeliest classes by task, with the true one where it is known."""
        return {task: ClassRanking(self.sample_id, '', np.asarray(values, dtype=float),
                                   [self.truth[task]] if self.truth.get(task, -1) >= 0 else None)
                for task, values in self.probabilities.items()}

    def verdicts(self) -> dict[str, bool]:
        """Whether the likeliest class is the true one, by task, where both are known."""
        return {task: int(np.argmax(values)) == self.truth[task] for task, values in self.probabilities.items()
                if self.truth.get(task, -1) >= 0}


def draw_action_strips(strips: Sequence[ActionStrip], class_names: Mapping[str, Sequence[str]], *, title: str = '',
                       top: int = 5, key: str | None = None, width_in: float = 7.16) -> Figure:
    """Draw segments below each other: pictures, narration, truth, and the likeliest classes of every task.

    Args:
        strips (Sequence[ActionStrip]): In order.
        class_names (Mapping[str, Sequence[str]]): Names by class id, of every task.
        title (str): Head line of the figure.
        top (int): Classes per task; the true one follows with its rank where it is not among them.
        key (str | None): Line below the figure; ``None`` explains the marks where there are predictions.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: Free of pyplot; ``figure.savefig('x.pdf')`` writes it.

    Raises:
        ValueError: If there is no strip, ``top`` is less than 1, or pictures are none or of different sizes.
    """
    _check(strips, top)
    width = width_in - 2 * _SIDE
    judged = any(strip.verdicts() for strip in strips)
    if key is None:
        key = (f'At the right of the id: whether the likeliest class is the true one. Bars: {_RIGHT} true class among '
               f'the {top} likeliest;  {_WRONG} true class behind them, with its rank.' if judged else '')
    page = Page(width_in, 0.1 + (_TITLE if title else 0) + (_KEY if key else 0)
                + sum(_height(strip, width, top) for strip in strips))
    if title:
        page.text(_SIDE, 0.1, title, fontsize=FONT + 2, weight='bold', color=INK, ha='left', parse_math=False)
        page.cursor += _TITLE
    for strip in strips:
        _draw_strip(page, strip, class_names, top, width)
    if key:
        page.text(_SIDE, _KEY / 2 - 0.02, key, fontsize=FONT - 1, color=MUTED, ha='left')
    return page.figure


def _check(strips: Sequence[ActionStrip], top: int) -> None:
    if not strips:
        raise ValueError('draw_action_strips needs at least one segment, got none.')
    if top < 1:
        raise ValueError(f'draw_action_strips: top must be at least 1, got {top}.')
    for strip in strips:
        for pictures in (strip.pictures, strip.partner_pictures):
            wrong = [image for image in pictures
                     if image.ndim != 3 or image.shape[2] != 3 or not image.size or image.dtype != np.uint8]
            if wrong or len({image.shape for image in pictures}) > 1:
                found = ', '.join(dict.fromkeys(f'{image.dtype} {image.shape}' for image in pictures))
                raise ValueError(f"pictures of segment '{strip.sample_id}' are {found}, expected uint8 (H, W, 3) of "
                                 'one size.')
        for task, values in strip.probabilities.items():
            if np.ndim(values) != 1 or not len(values):
                raise ValueError(f"{task} probabilities of segment '{strip.sample_id}' have shape {np.shape(values)}, "
                                 'expected (C,) with C >= 1.')


def _picture_size(pictures: Sequence[np.ndarray], width: float) -> tuple[float, float]:
    """Width and height of each picture in inches: side by side they fill the page, as far as they may be so high."""
    rows, columns = pictures[0].shape[:2]
    inches = (width - (len(pictures) - 1) * _GAP) / len(pictures)
    height = min(inches * rows / columns, _MAX_HEIGHT)
    return height * columns / rows, height


def _row_height(pictures: Sequence[np.ndarray], width: float) -> float:
    return _picture_size(pictures, width)[1] + _GAP if len(pictures) else 0.0


def _height(strip: ActionStrip, width: float, top: int) -> float:
    height = _HEAD + _row_height(strip.pictures, width) + (_SAID if _said(strip) else 0) + _BELOW
    if strip.has_partner:
        height += _HEAD + _row_height(strip.partner_pictures, width)
    if strip.probabilities:
        height += _TASK + max(bars_height(row, top) for row in strip.rankings().values())
    return height


def _said(strip: ActionStrip) -> bool:
    """Whether there is a line on what was said and what is true."""
    return bool(strip.narration or strip.labels or any(value >= 0 for value in strip.truth.values()))


def _draw_strip(page: Page, strip: ActionStrip, class_names: Mapping[str, Sequence[str]], top: int,
                width: float) -> None:
    _draw_head(page, strip.view, strip.sample_id, strip.note, width, strip.verdicts())
    _draw_pictures(page, strip.pictures, width, strip.view)
    if _said(strip):
        _draw_truth(page, strip, class_names, width)
    if strip.has_partner:
        _draw_head(page, 'tpv', f'“{strip.partner_narration}”' if strip.partner_narration else '',
                   strip.partner_truth, width)
        _draw_pictures(page, strip.partner_pictures, width, 'tpv')
    if strip.probabilities:
        _draw_rankings(page, strip, class_names, top, width)
    page.cursor += _BELOW


def _draw_head(page: Page, view: str, name: str, note: str, width: float,
               verdicts: Mapping[str, bool] | None = None) -> None:
    """Chip of the view, id and note; at the right what is right and what is wrong."""
    color = VIEW_COLORS['ego'] if view == 'ego' else _PARTNER_COLOR
    page.text(_SIDE + 0.04, _HEAD / 2, view.upper(), fontsize=FONT - 1.5, weight='bold', color='white', ha='left',
              bbox={'boxstyle': 'round,pad=0.22', 'facecolor': color, 'linewidth': 0})
    right = _SIDE + width
    for task, hit in reversed((verdicts or {}).items()):
        text = f'{_RIGHT if hit else _WRONG} {task}'
        page.text(right, _HEAD / 2, text, fontsize=FONT, weight='bold', color=HIT_COLOR if hit else MISS_COLOR,
                  ha='right')
        right -= text_width(text, FONT, 'bold') + 0.12
    left = _SIDE + 0.34
    if name:
        shown = cut_text(name, right - left, FONT, 'bold')
        page.text(left, _HEAD / 2, shown, fontsize=FONT, weight='bold', color=INK, ha='left', parse_math=False)
        left += text_width(shown, FONT, 'bold') + 0.1
    if note and right - left > 0.4:
        page.text(left, _HEAD / 2, cut_text(note, right - left, FONT - 0.5), fontsize=FONT - 0.5, color=MUTED,
                  ha='left', parse_math=False)
    page.cursor += _HEAD


def _draw_pictures(page: Page, pictures: Sequence[np.ndarray], width: float, kind: str) -> None:
    if not len(pictures):
        return
    inches, height = _picture_size(pictures, width)
    top = page.cursor
    for place, picture in enumerate(pictures):
        page.cursor = top
        axes = page.axes(_SIDE + place * (inches + _GAP), inches, height)
        axes.imshow(picture, aspect='auto', interpolation='antialiased')
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_gid(f'{kind}_{place}')
    page.cursor = top + height + _GAP


def _draw_truth(page: Page, strip: ActionStrip, class_names: Mapping[str, Sequence[str]], width: float) -> None:
    """Narration at the left, true classes at the right."""
    known = '   '.join([*(f'{task}: {_name(index, class_names.get(task, ()))}'
                          for task, index in strip.truth.items() if index >= 0), *filter(None, [strip.labels])])
    known = cut_text(known, 0.7 * width, FONT, 'bold')
    page.text(_SIDE + width, _SAID / 2, known, fontsize=FONT, weight='bold', color=INK, ha='right', parse_math=False)
    if strip.narration:
        room = width - text_width(known, FONT, 'bold') - 0.15
        page.text(_SIDE, _SAID / 2, cut_text(f'“{strip.narration}”', room, FONT), fontsize=FONT, style='italic',
                  color=INK, ha='left', parse_math=False)
    page.cursor += _SAID


def _name(index: int, names: Sequence[str]) -> str:
    return display_name(str(names[index])) if index < len(names) else f'class {index}'


def _draw_rankings(page: Page, strip: ActionStrip, class_names: Mapping[str, Sequence[str]], top: int,
                   width: float) -> None:
    """The tasks side by side, with one scale for all bars of the segment."""
    rankings = strip.rankings()
    column = (width - (len(rankings) - 1) * _BETWEEN) / len(rankings)
    rooms = {task: names_width([row], class_names.get(task, ()), top) for task, row in rankings.items()}
    inches = column - max(rooms.values())
    longest = max(float(np.max(row.probabilities)) for row in rankings.values())
    ranked = any(len(row.lines(top)) > top for row in rankings.values())
    room = (0.9 if ranked else 0.5) / inches  # behind the longest bar its number finds place, with a rank if need be
    scale = max(longest, 1e-12) / max(1 - room, 0.1)
    start = page.cursor
    for place, (task, row) in enumerate(rankings.items()):
        page.cursor = start
        left = _SIDE + place * (column + _BETWEEN) + rooms[task]
        page.text(left, _TASK / 2, f'{task}, {len(row.probabilities)} classes', fontsize=FONT - 0.5, color=MUTED,
                  ha='left', parse_math=False)
        page.cursor += _TASK
        axes = page.axes(left, inches, bars_height(row, top))
        draw_bars(axes, row, class_names.get(task, ()), top, scale, inches, rooms[task])
        axes.set_gid(f'{strip.sample_id} {task}')
    page.cursor = start + _TASK + max(bars_height(row, top) for row in rankings.values())
