"""The classes of a coming action, likeliest first, the true ones marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from egoexo.visualization.fit_text import cut_text, text_width, wrap_text
from egoexo.visualization.palette import VIEW_COLORS, display_name
from egoexo.visualization.timeline_parts import FONT, INK, MUTED, Page

__all__ = ['HIT_COLOR', 'MISS_COLOR', 'ClassRanking', 'bars_height', 'draw_bars', 'draw_class_rankings', 'names_width']

#: Colour of true classes in every figure of anticipation and transfer.
HIT_COLOR = '#2a7f62'
#: Of true classes that are not among the likeliest ones.
MISS_COLOR = '#b3541e'
_OTHER = '#c3c8cf'
_SIDE, _BETWEEN, _TITLE, _LINE, _RULE, _ROW_GAP = 0.1, 0.3, 0.24, 0.15, 0.07, 0.2
_MIN_NAMES, _MAX_NAMES = 0.88, 2.0
_MAX_MISSED, _TEXT_LINES, _TEXT_LINE = 4, 2, 0.115


@dataclass(frozen=True)
class ClassRanking:
    """One sample of a figure.

    Args:
        sample_id (str): Of the list.
        view (str): ``'ego'``, ``'exo'`` or empty.
        probabilities (np.ndarray | None): Class probabilities, (C,); ``None`` lists the true classes alone.
        truth (Sequence[int] | None): Ids of the true classes, at least one where it is known; ``None`` where it is
            not.
        note (str): Shown after the id.
        text (str): What was said about the sample, shown below in two lines at most.
        summary (str | None): Words at the right; None counts the true classes that were found.
    """

    sample_id: str
    view: str
    probabilities: np.ndarray | None = None
    truth: Sequence[int] | None = None
    note: str = ''
    text: str = ''
    summary: str | None = None

    def lines(self, top: int) -> list[tuple[int, int, bool]]:
        """``(class id, rank from 1, whether it is true)``: the likeliest classes, then the missed ones by rank."""
        true = set(self.truth or ())
        if self.probabilities is None:
            return [(class_id, 0, True) for class_id in sorted(true)]
        order = np.argsort(-np.asarray(self.probabilities), kind='stable').tolist()
        ranked = [(class_id, rank, class_id in true) for rank, class_id in enumerate(order, 1)]
        return [line for line in ranked if line[1] <= top or line[2]][:top + _MAX_MISSED]


def _summary(sample: ClassRanking, top: int) -> str:
    if sample.summary is not None:
        return sample.summary
    if not sample.truth or sample.probabilities is None:
        return '' if sample.truth or sample.truth is None else 'no true class'
    found = sum(true for _, rank, true in sample.lines(top) if rank <= top)
    return f'{found} of {len(set(sample.truth))} found'


def _class_name(class_id: int, class_names: Sequence[str]) -> str:
    return display_name(class_names[class_id]) if class_id < len(class_names) else f'class {class_id}'


def names_width(samples: Sequence[ClassRanking], class_names: Sequence[str], top: int) -> float:
    """Room for the class names in inches: as much as the longest needs, within bounds.

    Args:
        samples (Sequence[ClassRanking]): Samples of a figure.
        class_names (Sequence[str]): Names by class id.
        top (int): Classes per sample.
    """
    shown = {_class_name(class_id, class_names) for sample in samples for class_id, _, _ in sample.lines(top)}
    longest = max((text_width(f'✓ {name}', FONT - 0.5, 'bold') for name in shown), default=0.0)
    return min(max(longest + 0.13, _MIN_NAMES), _MAX_NAMES)


def draw_bars(axes: Axes, sample: ClassRanking, class_names: Sequence[str], top: int, scale: float, inches: float,
              names: float) -> None:
    """Draw one bar per line; the missed classes follow below a dashed rule.

    Args:
        axes (Axes): As high as :func:`bars_height` says.
        sample (ClassRanking): What to draw.
        class_names (Sequence[str]): Names by class id.
        top (int): Classes before the rule.
        scale (float): Probability that is as long as the axes is wide.
        inches (float): Width of the axes.
        names (float): Room for the class names at its left, in inches.
    """
    down = 0.0
    style = {'va': 'center', 'fontsize': FONT - 0.5}
    for class_id, rank, true in sample.lines(top):
        missed = rank > top
        if rank and missed and down <= top * _LINE:
            axes.plot([0, 1], [down + _RULE / 2] * 2, color='#a9a9a9', linewidth=0.6, linestyle=(0, (3, 2)),
                      gid='rule')
            down += _RULE
        name = _class_name(class_id, class_names)
        weight = 'bold' if true else 'normal'
        mark = '' if not true else '✗ ' if missed else '✓ '
        color = INK if not true else MISS_COLOR if missed else HIT_COLOR
        text = cut_text(mark + name, names - 0.1, FONT - 0.5, weight)
        axes.text(-0.05 / inches, down + _LINE / 2, text, ha='right', weight=weight, color=color, **style)
        if sample.probabilities is not None:
            share = float(sample.probabilities[class_id])
            face = color if true else _OTHER
            axes.add_patch(Rectangle((0, down + 0.025), share / scale, _LINE - 0.05, linewidth=0, facecolor=face,
                                     gid=f'bar_{class_id}'))
            text = f'{100 * share:.1f} %' + (f'   rank {rank}' if missed else '')
            axes.text(share / scale + 0.04 / inches, down + _LINE / 2, text, ha='left', color=MUTED, **style)
        down += _LINE
    axes.set(xlim=(0, 1), ylim=(bars_height(sample, top), 0), xticks=[], yticks=[])
    axes.spines[['top', 'right', 'bottom']].set_visible(False)
    axes.spines['left'].set(color='#9a9a9a', linewidth=0.6, visible=sample.probabilities is not None)


def bars_height(sample: ClassRanking, top: int) -> float:
    """Height of the bars of a sample in inches.

    Args:
        sample (ClassRanking): What to draw.
        top (int): Classes before the rule.
    """
    lines = sample.lines(top)
    return max(len(lines), 1) * _LINE + (_RULE if any(rank > top for _, rank, _ in lines) else 0)


def _said(sample: ClassRanking, width: float) -> list[str]:
    """Lines of the text of a sample."""
    return wrap_text(f'“{sample.text}”', width, FONT - 1, _TEXT_LINES).split('\n') if sample.text else []


def _height(sample: ClassRanking, top: int, width: float) -> float:
    said = len(_said(sample, width))
    return _TITLE + (said * _TEXT_LINE + 0.05 if said else 0) + bars_height(sample, top)


def _draw_sample(page: Page, sample: ClassRanking, class_names: Sequence[str], top: int, left: float, width: float,
                 scale: float, names: float) -> None:
    indent = 0.0
    if sample.view:
        page.text(left + 0.04, 0.1, sample.view.upper(), fontsize=FONT - 1, weight='bold', color='white', ha='left',
                  bbox={'boxstyle': 'round,pad=0.25', 'facecolor': VIEW_COLORS.get(sample.view, MUTED), 'linewidth': 0})
        indent = 0.38
    shown = _summary(sample, top)
    page.text(left + width, 0.1, shown, fontsize=FONT, weight='bold', color=INK, ha='right')
    title = f'{sample.sample_id}   {sample.note}' if sample.note else sample.sample_id
    room = width - indent - text_width(shown, FONT, 'bold') - 0.12
    page.text(left + indent, 0.1, cut_text(title, room, FONT - 0.5), fontsize=FONT - 0.5, color=MUTED, ha='left')
    page.cursor += _TITLE
    said = _said(sample, width)
    for line in said:
        page.text(left, _TEXT_LINE / 2 - 0.01, line, fontsize=FONT - 1, style='italic', color=INK, ha='left')
        page.cursor += _TEXT_LINE
    page.cursor += 0.05 if said else 0
    inches = width - names
    axes = page.axes(left + names, inches, bars_height(sample, top))
    draw_bars(axes, sample, class_names, top, scale, inches, names)
    axes.set_gid(sample.sample_id)


def draw_class_rankings(samples: Sequence[ClassRanking], class_names: Sequence[str], *, title: str = '', top: int = 5,
                        columns: int = 2, width_in: float = 7.16) -> Figure:
    """Draw the likeliest classes of several samples, ego at the left or in front, with one scale for all bars.

    Args:
        samples (Sequence[ClassRanking]): Order is kept inside a view.
        class_names (Sequence[str]): Names by class id.
        title (str): Head line of the figure.
        top (int): Classes per sample; true classes behind them follow, with their rank.
        columns (int): Samples side by side.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: Free of pyplot; ``figure.savefig('x.pdf')`` writes it.

    Raises:
        ValueError: If there is no sample, one has nothing to draw, or ``top`` or ``columns`` is less than 1.
    """
    _check(samples, top, columns)
    lines = _arrange(samples, columns)
    width = (width_in - 2 * _SIDE - (columns - 1) * _BETWEEN) / columns
    names = names_width(samples, class_names, top)
    # The longest bar leaves room for its number, also for that of a missed class.
    longest = max((float(np.max(sample.probabilities)) for sample in samples if sample.probabilities is not None),
                  default=1.0)
    scale = longest / (1 - 0.5 / (width - names))
    key = any(sample.probabilities is not None and sample.truth for sample in samples)
    heights = [max(_height(sample, top, width) for sample in line if sample is not None) for line in lines]
    page = Page(width_in, 0.1 + (0.26 if title else 0) + sum(heights) + len(lines) * _ROW_GAP + (0.12 if key else 0))
    if title:
        page.text(_SIDE, 0.1, title, fontsize=FONT + 2, weight='bold', color=INK, ha='left')
        page.cursor += 0.26
    for line, height in zip(lines, heights, strict=True):
        start = page.cursor
        for place, sample in enumerate(line):
            if sample is None:
                continue
            page.cursor = start
            _draw_sample(page, sample, class_names, top, _SIDE + place * (width + _BETWEEN), width, scale, names)
        page.cursor = start + height + _ROW_GAP
    if key:
        page.text(_SIDE, 0.0, f'✓ true class among the {top} likeliest;  ✗ true class behind them, with its rank.  '
                  'Bars: softmax over all classes, one scale for the figure.', fontsize=FONT - 1, color=MUTED,
                  ha='left')
    return page.figure


def _arrange(samples: Sequence[ClassRanking], columns: int) -> list[list[ClassRanking | None]]:
    """Samples by line: two views in two columns get one each, else ego comes before exo."""
    ego = [sample for sample in samples if sample.view == 'ego']
    rest = [sample for sample in samples if sample.view != 'ego']
    if columns == 2 and ego and rest and {sample.view for sample in rest} == {'exo'}:
        return [list(pair) for pair in zip_longest(ego, rest)]
    rows = ego + rest
    return [rows[start:start + columns] for start in range(0, len(rows), columns)]


def _check(samples: Sequence[ClassRanking], top: int, columns: int) -> None:
    if not samples:
        raise ValueError('draw_class_rankings needs at least one sample, got none.')
    if top < 1 or columns < 1:
        raise ValueError(f'draw_class_rankings: top and columns must be at least 1, got {top} and {columns}.')
    for sample in samples:
        if sample.probabilities is None and sample.truth is None:
            raise ValueError(f"sample '{sample.sample_id}' has neither truth nor prediction; give at least one.")
        if sample.probabilities is not None and (np.ndim(sample.probabilities) != 1 or not len(sample.probabilities)):
            raise ValueError(f"probabilities of sample '{sample.sample_id}' have shape "
                             f'{np.shape(sample.probabilities)}, expected (C,) with C >= 1.')
