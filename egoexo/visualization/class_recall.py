"""Recall of each class in both views, as one line per class with a mark per list."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from egoexo.visualization.fit_text import text_width
from egoexo.visualization.palette import VIEW_COLORS, display_name
from egoexo.visualization.timeline_parts import FONT, INK, MUTED

__all__ = ['draw_class_recall']

_LINE, _TOP, _BOTTOM, _RIGHT, _LEGEND = 0.165, 0.1, 0.38, 0.12, 0.26
_SPARE = ('#2f7d5b', '#6a48a8', '#8a8a00', '#6b6b6b')
_MARKS = {'ego': 'o', 'exo': '^'}


def draw_class_recall(recalls: Mapping[str, np.ndarray], class_names: Sequence[str], *,
                      supports: Mapping[str, np.ndarray] | None = None, title: str = '', chance: float | None = None,
                      colors: Mapping[str, str] | None = None, width_in: float = 7.16) -> Figure:
    """Draw one line per class, the best one of the first list on top, and a mark for each list or run.

    Args:
        recalls (Mapping[str, np.ndarray]): Percent by name of a list or run, (C,); NaN for classes that do not occur.
        class_names (Sequence[str]): C names.
        supports (Mapping[str, np.ndarray] | None): Positives of each class by name, (C,), written behind the names.
        title (str): Head line.
        chance (float | None): Percent that a constant prediction reaches on average, drawn as a line.
        colors (Mapping[str, str] | None): Colour by name, instead of our own.
        width_in (float): Width in inches.

    Returns:
        matplotlib.figure.Figure: The marks of each name carry it as gid.

    Raises:
        ValueError: If there is nothing to draw or the sizes differ.
    """
    if not recalls:
        raise ValueError('draw_class_recall needs the recall of at least one list, got none.')
    sizes = {name: len(values) for name, values in (*recalls.items(), *(supports or {}).items())}
    if set(sizes.values()) != {len(class_names)}:
        raise ValueError(f'recalls and supports have {sizes} classes, expected {len(class_names)} from the class '
                         'names.')
    first = np.nan_to_num(np.asarray(next(iter(recalls.values())), dtype=float), nan=-1)
    order = np.argsort(-first, kind='stable')
    labels = [display_name(class_names[index]) for index in order]
    if supports:
        labels = [f'{label}  ({" / ".join(f"{int(values[index]):,}" for values in supports.values())})'
                  for label, index in zip(labels, order, strict=True)]
    left = max(text_width(label, FONT - 0.5) for label in labels) + 0.2
    top = _TOP + _LEGEND + (0.24 if title else 0)
    height = top + _LINE * len(order) + _BOTTOM
    figure = Figure(figsize=(width_in, height), facecolor='white')
    axes = figure.add_axes((left / width_in, _BOTTOM / height, (width_in - left - _RIGHT) / width_in,
                            _LINE * len(order) / height))
    rows = np.arange(len(order))
    values = np.stack([np.asarray(item, dtype=float)[order] for item in recalls.values()])
    known = ~np.isnan(values).all(0)
    axes.hlines(rows[known], np.nanmin(values[:, known], 0), np.nanmax(values[:, known], 0), color='#c9ced6',
                linewidth=1.6, zorder=1)
    spare = iter(_SPARE * len(recalls))
    seen: set[str] = set()
    for name, row in zip(recalls, values, strict=True):
        view = name.partition('_')[0]
        own = VIEW_COLORS[view] if view in VIEW_COLORS and view not in seen else next(spare)
        color = colors[name] if colors else own
        size = max(34 - 16 * len(seen), 8)  # marks at one place stay visible, the later ones on top
        seen.add(view if view in VIEW_COLORS else name)
        axes.scatter(row, rows, s=size, color=color, marker=_MARKS.get(view, 'o'), linewidths=0, zorder=3, label=name,
                     gid=name)
    if chance is not None:
        axes.axvline(chance, color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)), zorder=2, gid='chance',
                     label=f'mean of any constant prediction, {chance:.1f}')
    axes.set_yticks(rows, labels, fontsize=FONT - 0.5, color=INK)
    axes.set(ylim=(len(order) - 0.4, -0.6), xlim=(-1.5, 101.5))
    axes.set_xlabel('recall in percent', fontsize=FONT, color=MUTED, labelpad=2)
    axes.tick_params(axis='both', length=0, pad=3)
    axes.tick_params(axis='x', labelsize=FONT - 0.5, colors=MUTED)
    axes.grid(axis='x', color='#ececec', linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    figure.legend(*axes.get_legend_handles_labels(), fontsize=FONT, frameon=False, ncols=4, loc='center left',
                  bbox_to_anchor=((left - 0.12) / width_in, 1 - (top - 0.12) / height), handletextpad=0.3,
                  columnspacing=1.4, borderpad=0)
    if title:
        figure.text(0.1 / width_in, 1 - 0.15 / height, title, fontsize=FONT + 2, weight='bold', color=INK, va='center')
    return figure
