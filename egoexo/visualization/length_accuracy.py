"""Accuracy by the length of a segment."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from egoexo.visualization.timeline_parts import FONT, INK, MUTED

__all__ = ['LENGTH_EDGES', 'draw_length_accuracy', 'length_bins', 'length_name']

#: Ends of the bins in seconds; the last one is open.
LENGTH_EDGES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)

#: Told apart by shade and marker too, for readers and printers without colours.
_STYLES = (('#1b4f8f', 'o'), ('#d98c2b', 's'), ('#5aa27f', '^'), ('#8d4697', 'D'))
_HEIGHT, _LEFT, _RIGHT, _BOTTOM, _TOP = 2.3, 0.42, 0.1, 0.56, 0.3


def length_bins(lengths: np.ndarray) -> np.ndarray:
    """Bin of each segment.

    Args:
        lengths (np.ndarray): Seconds, (n,).

    Returns:
        np.ndarray: Place in :data:`LENGTH_EDGES`, int64 (n,).

    Examples:
        >>> length_bins(np.array([0.5, 1.0, 100.0])).tolist()
        [0, 1, 6]
    """
    return np.searchsorted(LENGTH_EDGES, lengths, side='right') - 1


def length_name(place: int) -> str:
    """Range of a bin in words.

    Args:
        place (int): Place in :data:`LENGTH_EDGES`.

    Examples:
        >>> length_name(0), length_name(2), length_name(6)
        ('below 1 s', '2 to 4 s', '32 s and more')
    """
    low = LENGTH_EDGES[place]
    if place == len(LENGTH_EDGES) - 1:
        return f'{low:g} s and more'
    high = LENGTH_EDGES[place + 1]
    return f'{low:g} to {high:g} s' if low else f'below {high:g} s'


def draw_length_accuracy(places: Sequence[int], counts: Sequence[int], accuracies: Mapping[str, Sequence[float]], *,
                         title: str = '', width_in: float = 3.5) -> Figure:
    """Draw a line per task, the number of segments below each bin.

    Args:
        places (Sequence[int]): Bins that occur, in order.
        counts (Sequence[int]): Segments of each.
        accuracies (Mapping[str, Sequence[float]]): Percent of each bin by task, at most four tasks.
        title (str): Head line.
        width_in (float): Width in inches; the default is a column.

    Returns:
        matplotlib.figure.Figure: Each line carries its task as gid.

    Raises:
        ValueError: If there is no bin, or the sizes differ.
    """
    sizes = {'counts': len(counts)} | {name: len(values) for name, values in accuracies.items()}
    if not len(places) or set(sizes.values()) != {len(places)}:
        raise ValueError(f'expected values for each of {len(places)} bins, at least one, got {sizes}.')
    height = _HEIGHT + _TOP  # where the title and the legend stand
    figure = Figure(figsize=(width_in, height), facecolor='white')
    axes = figure.add_axes((_LEFT / width_in, _BOTTOM / height, (width_in - _LEFT - _RIGHT) / width_in,
                            (_HEIGHT - _BOTTOM) / height))
    for (name, values), (color, marker) in zip(accuracies.items(), _STYLES, strict=False):
        axes.plot(range(len(places)), values, color=color, marker=marker, markersize=4, linewidth=1.4, label=name,
                  gid=name, clip_on=False, zorder=3)
    axes.set_xticks(range(len(places)), [f'{length_name(place).replace(" and more", "+").replace("below ", "<")}\n'
                                         f'{count:,}' for place, count in zip(places, counts, strict=True)],
                    fontsize=FONT - 1.5, color=INK)
    axes.set(ylim=(0, 100), xlim=(-0.3, len(places) - 0.7))
    axes.set_xlabel('length of the segment; number of segments', fontsize=FONT, color=MUTED, labelpad=2)
    axes.set_ylabel('top-1 accuracy in percent', fontsize=FONT, color=MUTED, labelpad=2)
    axes.tick_params(axis='both', length=0, pad=2)
    axes.tick_params(axis='y', labelsize=FONT - 0.5, colors=MUTED)
    axes.grid(axis='y', color='#e2e4e8', linewidth=0.6, zorder=1)
    axes.spines[:].set_visible(False)
    axes.legend(fontsize=FONT - 0.5, frameon=False, loc='lower right', bbox_to_anchor=(1, 1.03),
                ncols=len(accuracies), borderpad=0, borderaxespad=0, handlelength=1.6, columnspacing=1.2)
    if title:
        figure.text(0.1 / width_in, 1 - 0.17 / height, title, fontsize=FONT + 1, weight='bold', color=INK, va='center')
    return figure
