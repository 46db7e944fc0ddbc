"""Curves of a run: losses over iterations, metrics over validations."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from egoexo.visualization.palette import VIEW_COLORS

__all__ = ['draw_curves', 'smooth']

Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]
_OTHERS = ('#1b4f8f', '#c2790f', '#5b2b85', '#2f7d5b', '#8f3043', '#737373')


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Centred running mean; the window shrinks at both ends, so nothing lags and nothing is invented.

    Args:
        values (np.ndarray): Curve, shape (N,).
        window (int): Values that are averaged, >= 1; an even number counts as the odd one above.

    Returns:
        np.ndarray: Smoothed curve, shape (N,), float64.
    """
    half = window // 2
    sums = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    places = np.arange(len(values))
    # The same number of values on both sides, as many as there are on the shorter one.
    reach = np.minimum(half, np.minimum(places, len(values) - 1 - places))
    return (sums[places + reach + 1] - sums[places - reach]) / (2 * reach + 1)


def _style(name: str, number: int) -> tuple[str, str]:
    """Colour and line of a curve: views have their colours, test lists and gaze lists are broken lines."""
    view = name.split('_')[0].split('/')[0]
    color = VIEW_COLORS.get(view, _OTHERS[number % len(_OTHERS)])
    return color, ('--' if '_test' in name else ':' if '_gaze' in name else '-')


def _plot(axes: Axes, name: str, style: tuple[str, str], x: np.ndarray, y: np.ndarray, max_points: int) -> None:
    color, line = style
    if len(y) <= 60:
        axes.plot(x, y, line, color=color, linewidth=1.5, label=name, marker='o', markersize=2.5, gid=name)
        return
    keep = np.unique(np.linspace(0, len(y) - 1, min(len(y), max_points)).astype(int))
    axes.plot(x[keep], y[keep], color=color, linewidth=0.6, alpha=0.3)
    axes.plot(x[keep], smooth(y, len(y) // 20)[keep], line, color=color, linewidth=1.5, label=name, gid=name)


def draw_curves(series: Series, *, x_label: str, y_label: str, width_in: float = 5.2, height_in: float = 2.9,
                log_y: bool = False, styles: Mapping[str, tuple[str, str]] | None = None,
                max_points: int = 1500) -> Figure:
    """Draw curves into one axes; long ones are drawn faintly with a smoothed line on top.

    Args:
        series (Mapping[str, tuple[Sequence[float], Sequence[float]]]): x and y by name; names that begin with a view
            get its colour. Points with a NaN or infinite y are left out.
        x_label (str): Axis title.
        y_label (str): Axis title.
        width_in (float): Inches.
        height_in (float): Inches.
        log_y (bool): Logarithmic y axis.
        styles (Mapping[str, tuple[str, str]] | None): Colour and matplotlib line style by name, instead of our own.
        max_points (int): Longer curves are drawn through as many of their points.

    Returns:
        matplotlib.figure.Figure: Each curve's line carries its name as gid.

    Raises:
        ValueError: If there is no curve or x and y of one differ in length.
    """
    if not series:
        raise ValueError('draw_curves needs at least one curve, got none.')
    figure = Figure(figsize=(width_in, height_in), facecolor='none')
    axes = figure.add_axes((0.11, 0.16, 0.86, 0.72))
    for number, (name, (x, y)) in enumerate(series.items()):
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        if x.shape != y.shape:
            raise ValueError(f"curve '{name}' has {len(x)} x values and {len(y)} y values; expected as many.")
        style = styles[name] if styles else _style(name, number)
        _plot(axes, name, style, x[np.isfinite(y)], y[np.isfinite(y)], max_points)
    axes.set_xlabel(x_label, fontsize=8, color='#5a5a5a')
    axes.set_ylabel(y_label, fontsize=8, color='#5a5a5a')
    if log_y:
        axes.set_yscale('log')
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f'{value:g}'))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.tick_params(labelsize=7.5, length=2, width=0.5, colors='#5a5a5a')
    axes.grid(color='#e6e6e6', linewidth=0.6)
    axes.spines[['top', 'right']].set_visible(False)
    axes.spines[['left', 'bottom']].set(color='#9a9a9a', linewidth=0.6)
    axes.legend(fontsize=7.5, frameon=False, ncols=4, loc='lower left', bbox_to_anchor=(-0.01, 0.99),
                handlelength=2.4, columnspacing=1.2, borderpad=0.2)
    return figure
