"""The coming steps of a procedure: truth above prediction, the likeliest classes of each step below.

Letters: Z coming steps, C classes, H past steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from egoexo.evaluation.functional.planning import best_distances, planning_scores
from egoexo.visualization.fit_text import cut_text, text_width, wrap_text
from egoexo.visualization.palette import VIEW_COLORS, class_color, display_name, ink_on
from egoexo.visualization.timeline_parts import FONT, INK, MUTED, Page

__all__ = ['FutureSteps', 'draw_future_steps', 'step_scores']

_LEFT, _RIGHT, _TITLE, _CELL, _PAST, _GAP, _BAR, _TICKS, _ROW_GAP = 0.66, 0.1, 0.22, 0.3, 0.22, 0.03, 0.128, 0.16, 0.16
_SMALL, _MARGIN, _MAX_PAST = 5.6, 0.04, 8
_HIT, _MISS = '✓', '✗'
_PLATE = {'facecolor': 'white', 'linewidth': 0, 'boxstyle': 'round,pad=0.2'}


@dataclass(frozen=True)
class FutureSteps:
    """One sample of a figure.

    Args:
        sample_id (str): Of the list.
        view (str): ``'ego'``, ``'exo'`` or empty.
        truth (np.ndarray | None): Class id of each coming step, int64 (Z,), -1 for none; ``None`` draws the prediction
            alone.
        probabilities (np.ndarray | None): Class probabilities of each coming step, (Z, C); ``None`` draws the truth
            alone.
        past (Sequence[int]): Class ids of the steps already done, oldest first.
        note (str): Shown after the id, e.g. ``'ego_val'``.
        scores (Mapping[str, float] | None): Shown at the right; ``None`` takes :func:`step_scores`.
    """

    sample_id: str
    view: str
    truth: np.ndarray | None
    probabilities: np.ndarray | None = None
    past: Sequence[int] = ()
    note: str = ''
    scores: Mapping[str, float] | None = None

    @property
    def argmax(self) -> np.ndarray | None:
        """Likeliest class of each step, int64 (Z,)."""
        return None if self.probabilities is None else np.asarray(self.probabilities).argmax(1)

    def shown_scores(self) -> Mapping[str, float]:
        """Scores by name; empty without truth or prediction."""
        if self.scores is not None or self.truth is None or self.probabilities is None:
            return self.scores or {}
        return step_scores(self.argmax, np.asarray(self.truth))


def step_scores(prediction: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Edit distances of one predicted sequence.

    Args:
        prediction (np.ndarray): Class ids, int64 (Z,).
        truth (np.ndarray): Class ids, int64 (Z,).

    Returns:
        dict[str, float]: ``'ED@1'``, ``'ED@<Z>'`` (distance of the first z steps divided by z) and ``'1-AUED'``.

    Examples:
        >>> step_scores(np.array([1, 2]), np.array([1, 3]))
        {'ED@1': 0.0, 'ED@2': 0.5, '1-AUED': 0.75}
    """
    scores = planning_scores(best_distances(prediction[None, None], truth[None]))
    names = dict.fromkeys(('ED@1', f'ED@{len(truth)}'))
    return {name: scores[name] for name in (*names, '1-AUED')}


def _color(class_id: int) -> str:
    """The palette's colour: class k of planning is action k + 1 of segmentation, where 0 is background."""
    return class_color(class_id + 1)


def _light(color: str) -> str:
    return to_hex([0.45 * value + 0.55 for value in to_rgb(color)])


def _name(class_id: int, class_names: Sequence[str]) -> str:
    return display_name(class_names[class_id]) if class_id < len(class_names) else f'class {class_id}'


def _draw_cells(axes: Axes, ids: Sequence[int], class_names: Sequence[str], kind: str, inches: float,
                marks: Sequence[str] = (), first: int = 0) -> None:
    """One coloured cell per step with its name; ``marks`` are put into their corners."""
    for place, class_id in enumerate(ids, first):
        color = '#ffffff' if class_id < 0 else _color(class_id)
        axes.add_patch(Rectangle((place + 0.015, 0), 0.97, 1, facecolor=color, linewidth=0.4,
                                 edgecolor='#b5b5b5' if class_id < 0 else MUTED,
                                 hatch='//////' if class_id < 0 else None, gid=f'{kind}_{place - first}'))
        room = inches - 2 * _MARGIN - (0.08 if marks else 0)
        text = 'none' if class_id < 0 else wrap_text(_name(class_id, class_names), room, _SMALL)
        size = _SMALL if text.count('\n') < 2 else _SMALL - 0.8
        axes.text(place + 0.5 - (0.04 / inches if marks else 0), 0.48, text, ha='center', va='center', fontsize=size,
                  linespacing=1.05, color=INK if class_id < 0 else ink_on(color), bbox=_PLATE if class_id < 0 else None)
        if marks:
            axes.text(place + 0.965, 0.93, marks[place - first], ha='right', va='top', fontsize=6.5, weight='bold',
                      color=ink_on(color))
    axes.set(ylim=(0, 1), xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.patch.set_visible(False)
    axes.set_ylabel(kind, rotation=0, ha='right', va='center', fontsize=FONT, color=INK, labelpad=4)


def _rows_of_step(probabilities: np.ndarray, truth: int | None, top: int) -> list[tuple[int, int]]:
    """``(line, class id)`` of the bars of one step: the likeliest ones, then the true one if it is not among them."""
    order = np.argsort(-probabilities, kind='stable')[:top].tolist()
    rows = list(enumerate(order))
    if truth is not None and 0 <= truth < len(probabilities) and truth not in order:
        rows.append((top, truth))
    return rows


def _shorten(name: str, mark: str, inches: float, weight: str) -> str:
    """``Prep. green ve…`` for ``Prepare green vegetable``: the first word gives way before the others."""
    size = _SMALL - 0.4
    first, _, rest = name.partition(' ')
    if rest and len(first) > 5 and text_width(mark + name, size, weight) > inches:
        name = f'{first[:4]}. {rest}'
    return cut_text(mark + name, inches, size, weight)


def _draw_bars(axes: Axes, sample: FutureSteps, class_names: Sequence[str], top: int, inches: float) -> None:
    """Probability of the likeliest classes of each step, as bars that carry their names."""
    probabilities = np.asarray(sample.probabilities, dtype=float)
    for place, row in enumerate(probabilities):
        true = None if sample.truth is None else int(sample.truth[place])
        axes.add_patch(Rectangle((place + 0.015, 0), 0.97, top + 1, facecolor='#f7f7f7', linewidth=0))
        for line, class_id in _rows_of_step(row, true, top):
            hit = class_id == true
            axes.add_patch(Rectangle((place + 0.015, line + 0.08), 0.97 * row[class_id], 0.84, linewidth=0,
                                     facecolor=_light(_color(class_id)), gid=f'bar_{place}_{class_id}'))
            percent = 100 * row[class_id]
            share = f'{percent:.0f}' if percent >= 1 or percent == 0 else '<1'
            weight = 'bold' if hit else 'normal'
            room = inches - text_width(share, _SMALL - 0.4, weight) - 0.08
            name = _shorten(_name(class_id, class_names), f'{_HIT} ' if hit else '', room, weight)
            style = {'va': 'center', 'fontsize': _SMALL - 0.4, 'weight': weight, 'color': INK}
            axes.text(place + 0.015 + 0.025 / inches, line + 0.5, name, ha='left', **style)
            axes.text(place + 0.985 - 0.02 / inches, line + 0.5, share, ha='right', **style)
    axes.set(ylim=(top + 1, 0), yticks=[])
    axes.set_ylabel('likeliest\nclasses, %', rotation=0, ha='right', va='center', fontsize=FONT - 1, color=MUTED,
                    labelpad=4, linespacing=1.1)
    axes.spines[:].set_visible(False)
    axes.patch.set_visible(False)


def _height(sample: FutureSteps, top: int) -> float:
    height = _TITLE + _TICKS + (_PAST + 2 * _GAP if len(sample.past) else 0)
    height += _CELL + _GAP if sample.truth is not None else 0
    return height + (_CELL + 2 * _GAP + (top + 1) * _BAR if sample.probabilities is not None else 0)


def _draw_title(page: Page, sample: FutureSteps, width: float) -> None:
    indent = 0.0
    if sample.view:
        page.text(_LEFT, 0.1, sample.view.upper(), fontsize=FONT - 1, weight='bold', color='white', ha='left', bbox={
            'boxstyle': 'round,pad=0.25', 'facecolor': VIEW_COLORS.get(sample.view, MUTED), 'linewidth': 0})
        indent = 0.34
    shown = '   '.join(f'{name} {value:.2f}' for name, value in sample.shown_scores().items())
    page.text(_LEFT + width, 0.1, shown, fontsize=FONT + 0.5, weight='bold', color=INK, ha='right')
    title = f'{sample.sample_id}   {sample.note}' if sample.note else sample.sample_id
    room = width - indent - text_width(shown, FONT + 0.5, 'bold') - 0.15
    page.text(_LEFT + indent, 0.1, cut_text(title, room, FONT), fontsize=FONT, color=MUTED, ha='left')
    page.cursor += _TITLE


def _draw_past(page: Page, past: Sequence[int], class_names: Sequence[str], columns: int, width: float) -> None:
    """The last steps done, ending at the right edge, where the coming ones begin anew on the next line."""
    shown = list(past)[-_MAX_PAST:][-columns:]
    axes = page.axes(_LEFT, width, _PAST)
    first = columns - len(shown)
    _draw_cells(axes, shown, class_names, 'done', width / columns, first=first)
    axes.set(xlim=(0, columns))
    if len(past) > len(shown):
        earlier = f'… {len(past) - len(shown)} earlier'
        axes.set_ylabel(f'done\n{earlier}', rotation=0, ha='right', va='center', fontsize=FONT - 1, color=INK,
                        labelpad=4)
    page.cursor += 2 * _GAP


def _draw_sample(page: Page, sample: FutureSteps, class_names: Sequence[str], top: int, width: float) -> None:
    _draw_title(page, sample, width)
    known = sample.truth if sample.truth is not None else sample.probabilities
    columns, argmax = len(known), sample.argmax
    inches = width / columns
    if len(sample.past):
        _draw_past(page, sample.past, class_names, columns, width)
    rows = []
    if sample.truth is not None:
        rows.append(page.axes(_LEFT, width, _CELL))
        _draw_cells(rows[-1], np.asarray(sample.truth).tolist(), class_names, 'truth', inches)
        page.cursor += _GAP
    if argmax is not None:
        marks = [] if sample.truth is None else [_HIT if one == other else _MISS
                                                 for one, other in zip(argmax, sample.truth, strict=True)]
        rows.append(page.axes(_LEFT, width, _CELL))
        _draw_cells(rows[-1], argmax.tolist(), class_names, 'predicted', inches, marks)
        page.cursor += 2 * _GAP
        rows.append(page.axes(_LEFT, width, (top + 1) * _BAR))
        _draw_bars(rows[-1], sample, class_names, top, inches)
    for axes in rows:
        axes.set(xlim=(0, columns))
    rows[-1].set_xticks(np.arange(columns) + 0.5, [f'step +{number}' for number in range(1, columns + 1)],
                        fontsize=FONT - 1, color=MUTED)
    rows[-1].tick_params(axis='x', length=0, pad=1.5)
    page.cursor += _TICKS


def _check(samples: Sequence[FutureSteps], top: int) -> None:
    if not samples:
        raise ValueError('draw_future_steps needs at least one sample, got none.')
    if top < 1:
        raise ValueError(f'draw_future_steps shows the likeliest classes of each step: top must be at least 1, got '
                         f'{top}.')
    for sample in samples:
        truth, probabilities = sample.truth, sample.probabilities
        if truth is None and probabilities is None:
            raise ValueError(f"sample '{sample.sample_id}' has neither truth nor prediction; give at least one.")
        for name, array, dims in (('truth', truth, 1), ('probabilities', probabilities, 2)):
            if array is not None and (np.ndim(array) != dims or np.size(array) == 0):
                raise ValueError(f"{name} of sample '{sample.sample_id}' have shape {np.shape(array)}, expected "
                                 f'{"(Z,)" if dims == 1 else "(Z, C)"} with Z >= 1.')
        if truth is not None and probabilities is not None and len(truth) != len(probabilities):
            raise ValueError(f"sample '{sample.sample_id}' has {len(truth)} true steps and {len(probabilities)} "
                             'predicted ones; expected as many. Check that model.head and the data set have the same '
                             'horizon.')


def draw_future_steps(samples: Sequence[FutureSteps], class_names: Sequence[str], *, title: str = '', top: int = 3,
                      width_in: float = 7.16) -> Figure:
    """Draw the coming steps of several samples, ego rows above exo rows.

    Args:
        samples (Sequence[FutureSteps]): Order is kept inside a view.
        class_names (Sequence[str]): Names by class id, without a background class.
        title (str): Head line of the figure.
        top (int): Bars per step; the true class gets one more where it is not among them.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: Free of pyplot; ``figure.savefig('x.pdf')`` writes it.

    Raises:
        ValueError: If there is no sample, one has nothing to draw, or truth and prediction differ in length.
    """
    _check(samples, top)
    rows = sorted(samples, key=lambda sample: sample.view != 'ego')
    width = width_in - _LEFT - _RIGHT
    key = any(sample.probabilities is not None and sample.truth is not None for sample in rows)
    page = Page(width_in, 0.1 + (0.26 if title else 0) + (0.26 if key else 0)
                + sum(_height(sample, top) + _ROW_GAP for sample in rows))
    if title:
        page.text(_RIGHT, 0.1, title, fontsize=FONT + 2, weight='bold', color=INK, ha='left')
        page.cursor += 0.26
    for sample in rows:
        _draw_sample(page, sample, class_names, top, width)
        page.cursor += _ROW_GAP
    if key:
        style = {'fontsize': FONT - 1, 'color': MUTED, 'ha': 'left'}
        page.text(_LEFT, 0.02, f'{_HIT} equals the truth, {_MISS} does not. Bars: probability of the {top} likeliest '
                  'classes of the step; below them the true class where it is not one of them.', **style)
        page.text(_LEFT, 0.14, 'Edit distances (ED) and 1-AUED at the right are those of the predicted row alone.',
                  **style)
    return page.figure
