"""Edit distance of planned steps over the horizon, with the levels that a model has to beat."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from egoexo.visualization.palette import VIEW_COLORS
from egoexo.visualization.timeline_parts import FONT, INK, MUTED

__all__ = ['draw_distance_curves']

_SPARE = ('#2f7d5b', '#6a48a8', '#8a8a00', '#6b6b6b', '#2e9bc4')
_LEVELS = {'uniform': (0, (1, 1.5)), 'prior': (0, (4, 2))}


def draw_distance_curves(curves: Mapping[str, Sequence[float]], levels: Mapping[str, Sequence[float]] | None = None, *,
                         title: str = '', styles: Mapping[str, tuple[str, str]] | None = None,
                         width_in: float = 3.5, height_in: float = 2.7) -> Figure:
    """Draw ED@1 to ED@Z of some lists or runs; lower is better.

    Args:
        curves (Mapping[str, Sequence[float]]): Z values each, by name; a name that begins with a view gets its colour.
        levels (Mapping[str, Sequence[float]] | None): ``'uniform'`` and ``'prior'``: predictions that never look at a
            sample, drawn in grey.
        title (str): Head line.
        styles (Mapping[str, tuple[str, str]] | None): Colour and matplotlib line style by name, instead of our own.
        width_in (float): Inches.
        height_in (float): Inches.

    Returns:
        matplotlib.figure.Figure: Each line carries its name as gid; the value at the end is written behind it.

    Raises:
        ValueError: If there is no curve or the curves differ in length.
    """
    levels = levels or {}
    lengths = {name: len(values) for name, values in (*curves.items(), *levels.items())}
    if not curves or len(set(lengths.values())) != 1:
        raise ValueError(f'draw_distance_curves needs at least one curve, all of one length, got {lengths or "none"}.')
    horizon = next(iter(lengths.values()))
    steps = np.arange(1, horizon + 1)
    figure = Figure(figsize=(width_in, height_in), facecolor='white')
    axes = figure.add_axes((0.45 / width_in, 0.4 / height_in, 1 - 0.95 / width_in, 1 - 0.95 / height_in))
    ends: dict[str, tuple[float, str]] = {}
    for name, values in levels.items():
        axes.plot(steps, values, color='#8a8a8a', linewidth=1.1, linestyle=_LEVELS.get(name, ':'), label=name, gid=name)
        ends[name] = float(values[-1]), '#8a8a8a'
    spare, seen = iter(_SPARE * len(curves)), set()
    for name, values in curves.items():
        view = name.partition('_')[0]
        color, line = styles[name] if styles else (
            (VIEW_COLORS[view] if view in VIEW_COLORS and view not in seen else next(spare)), '-')
        seen.add(view)
        axes.plot(steps, values, color=color, linewidth=1.6, linestyle=line, marker='o', markersize=3, label=name,
                  gid=name)
        ends[name] = float(values[-1]), color
    low = min(min(values) for values in (*curves.values(), *levels.values()))
    axes.set(ylim=(max(low - 0.08, 0), 1.01), xticks=steps, xlim=(0.8, horizon + 0.15))
    gap = 0.055 * (axes.get_ylim()[1] - axes.get_ylim()[0])
    place = -np.inf
    for end, color in sorted(ends.values()):  # from below, each at least a line above the last one
        place = max(end, place + gap)
        axes.annotate(f'{end:.2f}', (horizon + 0.15, place), (3, 0), textcoords='offset points', fontsize=FONT - 1,
                      color=color, va='center', annotation_clip=False)
    axes.set_xlabel('steps ahead, z', fontsize=FONT, color=MUTED, labelpad=2)
    axes.set_ylabel('ED@z, lower is better', fontsize=FONT, color=MUTED, labelpad=2)
    axes.tick_params(labelsize=FONT - 0.5, length=2, width=0.5, colors=MUTED)
    axes.grid(color='#ececec', linewidth=0.6)
    axes.spines[['top', 'right']].set_visible(False)
    axes.spines[['left', 'bottom']].set(color='#9a9a9a', linewidth=0.6)
    figure.legend(*axes.get_legend_handles_labels(), fontsize=FONT - 0.3, frameon=False, ncols=4, loc='center left',
                  bbox_to_anchor=(0.42 / width_in, 1 - 0.4 / height_in), handlelength=2.0, columnspacing=1.1,
                  handletextpad=0.5, borderpad=0)
    if title:
        figure.text(0.1 / width_in, 1 - 0.15 / height_in, title, fontsize=FONT + 1.5, weight='bold', color=INK,
                    va='center')
    return figure
