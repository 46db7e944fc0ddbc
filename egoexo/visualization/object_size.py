"""Overlap and contour accuracy of masks by the size of the object."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from egoexo.visualization.timeline_parts import FONT, INK, MUTED

__all__ = ['draw_object_size']

_PANELS = {'iou': 'IoU', 'contour_acc': 'contour accuracy'}
#: Told apart by shade and marker too, for readers and printers without colours.
_STYLES = (('#1b4f8f', 'o'), ('#d98c2b', 's'), ('#5aa27f', '^'), ('#8d4697', 'D'), ('#6b6b6b', 'v'), ('#b04a5a', 'P'))
_MAX_COUNTS = 2  # numbers of frames that find room below a bin
_HEIGHT, _LEFT, _RIGHT, _BETWEEN, _BOTTOM, _TOP, _LEGEND_LINE = 2.5, 0.42, 0.1, 0.48, 0.56, 0.3, 0.17


def draw_object_size(records: Sequence[Mapping[str, object]], *, bins: str = 'edges', title: str = '',
                     width_in: float = 7.16) -> Figure:
    """Draw two panels, one line per protocol and list; the number of frames of each bin stands below it.

    Args:
        records (Sequence[Mapping[str, object]]): Of ``size_records`` of
            ``egoexo.evaluation.functional.correspondence_sizes``: ``protocol``, ``subset``, ``bins``, ``low``, ``high``
            (percent of the picture), ``frames`` and the two means. Bins of one kind with equal ends share a place.
        bins (str): ``'edges'``, the fixed ones, or ``'quantiles'``.
        title (str): Head line.
        width_in (float): Width in inches; the default is a two-column page.

    Returns:
        matplotlib.figure.Figure: Each line carries ``<protocol>/<list>`` as gid.

    Raises:
        ValueError: If there is no record of that kind.
    """
    records = [record for record in records if record['bins'] == bins]
    if not records:
        raise ValueError(f'draw_object_size needs at least one record with bins {bins!r}, got none.')
    places = {ends: place for place, ends in enumerate(sorted({(record['low'], record['high']) for record in records}))}
    lines: dict[str, list[Mapping[str, object]]] = {}
    for record in records:
        lines.setdefault(f'{record["protocol"]}/{record["subset"]}', []).append(record)
    columns = max(1, min(len(lines), int(width_in // 1.7)))
    top = _TOP * bool(title) + _LEGEND_LINE * -(-len(lines) // columns) + 0.22
    height = _HEIGHT + top
    figure = Figure(figsize=(width_in, height), facecolor='white')
    panel = (width_in - _LEFT - _RIGHT - _BETWEEN) / 2
    for index, (metric, label) in enumerate(_PANELS.items()):
        left = _LEFT + index * (panel + _BETWEEN)
        axes = figure.add_axes((left / width_in, _BOTTOM / height, panel / width_in, (_HEIGHT - _BOTTOM) / height))
        for place, (name, own) in enumerate(lines.items()):
            color, marker = _STYLES[place % len(_STYLES)]
            axes.plot([places[record['low'], record['high']] for record in own], [record[metric] for record in own],
                      color=color, marker=marker, markersize=max(4.6 - place, 2.6), label=name, gid=name, clip_on=False,
                      linewidth=max(2.6 - 0.7 * place, 0.8), zorder=3)  # thinner ones on top: equal lines stay visible
        _finish(axes, places, lines, label)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), fontsize=FONT, frameon=False, ncols=columns,
                  loc='upper left', bbox_to_anchor=(0.3 / width_in, 1 - (0.04 + _TOP * bool(title)) / height),
                  borderpad=0, handlelength=1.8, columnspacing=1.6, labelspacing=0.35)
    if title:
        figure.text(0.1 / width_in, 1 - 0.17 / height, title, fontsize=FONT + 2, weight='bold', color=INK, va='center')
    return figure


def _finish(axes: Axes, places: Mapping[tuple[float, float], int], lines: Mapping[str, Sequence[Mapping[str, object]]],
            label: str) -> None:
    counts = {ends: [*dict.fromkeys(f'{record["frames"]:,}' for own in lines.values() for record in own
                                    if (record['low'], record['high']) == ends)] for ends in places}
    counted = max(map(len, counts.values())) <= _MAX_COUNTS
    axes.set_xticks(list(places.values()), [
        f'{low:.3g}–{high:.3g}' + (f'\n{" | ".join(counts[low, high])}' if counted else '') for low, high in places],
        fontsize=FONT - 1.5, color=INK)
    axes.set(ylim=(0, 1), xlim=(-0.3, len(places) - 0.7))
    axes.set_title(label, fontsize=FONT + 0.5, color=INK, loc='left', pad=3)
    axes.set_xlabel('object in percent of the picture' + ('; frames below' if counted else ''), fontsize=FONT,
                    color=MUTED, labelpad=2)
    axes.tick_params(axis='both', length=0, pad=2)
    axes.tick_params(axis='y', labelsize=FONT - 0.5, colors=MUTED)
    axes.grid(axis='y', color='#e2e4e8', linewidth=0.6, zorder=1)
    axes.spines[:].set_visible(False)
