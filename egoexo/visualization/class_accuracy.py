"""Accuracy of each class for several models or label sources, as bars side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from egoexo.visualization.fit_text import text_width
from egoexo.visualization.palette import display_name
from egoexo.visualization.timeline_parts import FONT, INK, MUTED

__all__ = ['MAX_CLASSES', 'draw_class_accuracy']

#: More cannot be read in one picture.
MAX_CLASSES = 120

_BAR, _BETWEEN, _TOP, _BOTTOM, _RIGHT, _LEGEND_LINE = 0.078, 0.075, 0.1, 0.38, 0.32, 0.19
#: Told apart by lightness too, for readers and printers without colours.
_COLORS = ('#b9c0c9', '#d98c2b', '#1b4f8f', '#5aa27f', '#8d4697', '#6b6b6b')
_ROW_COLOR = '#f5f6f8'


def draw_class_accuracy(accuracies: Mapping[str, np.ndarray], class_names: Sequence[str], *,
                        supports: np.ndarray | None = None, title: str = '', colors: Mapping[str, str] | None = None,
                        width_in: float = 7.16) -> Figure:
    """Draw a group of bars per class, the most frequent class on top, and the mean of each model as a line.

    Args:
        accuracies (Mapping[str, np.ndarray]): Percent by name of a model or label source, (C,); NaN for classes that
            do not occur, which get no bar and are left out of the mean that the legend gives.
        class_names (Sequence[str]): C names.
        supports (np.ndarray | None): Segments of each class, (C,), written behind the names; they order the classes.
            Without them the first model does, its best class on top.
        title (str): Head line.
        colors (Mapping[str, str] | None): Colour by name, instead of our own.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: The bars of each model carry its name as gid.

    Raises:
        ValueError: If there is nothing to draw, the sizes differ, or there are more than :data:`MAX_CLASSES`.
    """
    values = _checked(accuracies, class_names, supports)
    weight = supports if supports is not None else np.nan_to_num(next(iter(values.values())), nan=-1)
    order = np.argsort(-np.asarray(weight, dtype=float), kind='stable')
    labels = [display_name(class_names[index]) for index in order]
    if supports is not None:
        labels = [f'{label}  ({int(supports[index]):,})' for label, index in zip(labels, order, strict=True)]
    left = max(text_width(label, FONT - 0.5) for label in labels) + 0.2
    legend = [f'{name}  (mean {np.nanmean(row):.1f})' for name, row in values.items()]
    columns = _columns(legend, width_in)
    row = _BAR * len(values) + _BETWEEN
    top = _TOP + _LEGEND_LINE * -(-len(legend) // columns) + 0.05 + (0.24 if title else 0)
    height = top + row * len(order) + _BOTTOM
    figure = Figure(figsize=(width_in, height), facecolor='white')
    axes = figure.add_axes((left / width_in, _BOTTOM / height, (width_in - left - _RIGHT) / width_in,
                            row * len(order) / height))
    for place, (name, percents) in enumerate(values.items()):
        color = colors[name] if colors else _COLORS[place % len(_COLORS)]
        _draw_bars(axes, percents[order], (_BETWEEN / 2 + _BAR * (place + 0.5)) / row, _BAR / row, color, legend[place],
                   name)
    _finish(axes, labels)
    figure.legend(*axes.get_legend_handles_labels(), fontsize=FONT, frameon=False, ncols=columns, loc='lower left',
                  bbox_to_anchor=(0.08 / width_in, 1 - (top - 0.08) / height), handlelength=1.0,
                  handletextpad=0.4, columnspacing=1.6, borderpad=0, labelspacing=0.35)
    if title:
        figure.text(0.1 / width_in, 1 - 0.15 / height, title, fontsize=FONT + 2, weight='bold', color=INK, va='center')
    return figure


def _checked(accuracies: Mapping[str, np.ndarray], class_names: Sequence[str],
             supports: np.ndarray | None) -> dict[str, np.ndarray]:
    if not accuracies:
        raise ValueError('draw_class_accuracy needs the accuracies of at least one model, got none.')
    sizes = {name: len(values) for name, values in accuracies.items()}
    sizes |= {} if supports is None else {'supports': len(supports)}
    if set(sizes.values()) != {len(class_names)}:
        raise ValueError(f'accuracies and supports have {sizes} classes, expected {len(class_names)} from the class '
                         'names.')
    if len(class_names) > MAX_CLASSES:
        raise ValueError(f'{len(class_names)} classes are too many for one picture; expected at most {MAX_CLASSES}.')
    values = {name: np.asarray(row, dtype=float) for name, row in accuracies.items()}
    empty = [name for name, row in values.items() if np.isnan(row).all()]
    if empty:
        raise ValueError(f'no class has an accuracy for {", ".join(empty)}; expected at least one scored segment.')
    return values


def _columns(legend: Sequence[str], width_in: float) -> int:
    """Entries that fit into one line of the legend."""
    widest = max(text_width(text, FONT) for text in legend) + 0.42
    return max(1, min(len(legend), int((width_in - 0.2) / widest)))


def _draw_bars(axes: Axes, percents: np.ndarray, offset: float, thickness: float, color: str, label: str,
               name: str) -> None:
    """Bars of one model, one per class; a class without segments gets a dash instead."""
    rows = np.arange(len(percents)) + offset
    bars = axes.barh(rows, np.nan_to_num(percents), thickness, color=color, linewidth=0, zorder=3, label=label)
    for bar in bars:
        bar.set_gid(name)
    axes.axvline(float(np.nanmean(percents)), color=color, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2,
                 gid=f'{name} mean')
    for row, percent in zip(rows, percents, strict=True):
        text, place = ('–', 0.0) if np.isnan(percent) else (f'{percent:.0f}', percent)
        axes.annotate(text, (place, row), (2, -0.3), textcoords='offset points', va='center', ha='left', fontsize=4.8,
                      color=MUTED, zorder=4, path_effects=[withStroke(linewidth=1.6, foreground='white')])


def _finish(axes: Axes, labels: Sequence[str]) -> None:
    for row in range(0, len(labels), 2):
        axes.axhspan(row, row + 1, color=_ROW_COLOR, linewidth=0, zorder=0)
    axes.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=FONT - 0.5, color=INK)
    axes.set(ylim=(len(labels), 0), xlim=(0, 100))
    axes.set_xlabel('accuracy in percent', fontsize=FONT, color=MUTED, labelpad=2)
    axes.tick_params(axis='both', length=0, pad=3)
    axes.tick_params(axis='x', labelsize=FONT - 0.5, colors=MUTED)
    axes.grid(axis='x', color='#e2e4e8', linewidth=0.6, zorder=1)
    axes.spines[:].set_visible(False)
