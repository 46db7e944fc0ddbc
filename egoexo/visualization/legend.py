"""Legend of action classes: colour patch, id and name, grouped by kind and broken into lines of a given width."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from egoexo.visualization.palette import class_color, group_by_kind

__all__ = ['LEGEND_LINE', 'LegendEntry', 'draw_legend', 'layout_legend']

#: Height of one line in inches.
LEGEND_LINE = 0.165
_FONT, _PATCH, _BEHIND, _INK = 7.0, 0.15, 0.14, '#1a1a1a'


@dataclass(frozen=True)
class LegendEntry:
    """One piece of the legend.

    Args:
        line (int): Line number from the top.
        x (float): Left edge in inches.
        text (str): Name of a kind, or id and name of a class.
        class_id (int | None): ``None`` for the name of a kind.
    """

    line: int
    x: float
    text: str
    class_id: int | None = None


def _text_width(string: str, weight: str = 'normal') -> float:
    """Width of a string in inches."""
    width, _, _ = text_to_path.get_text_width_height_descent(string, FontProperties(size=_FONT, weight=weight), False)
    return width / 72


def _entry_width(class_id: int, name: str) -> float:
    return _PATCH + _text_width(f'{class_id} {name}') + _BEHIND


def layout_legend(class_ids: Sequence[int], class_names: Sequence[str], width: float) -> list[LegendEntry]:
    """Place the entries; a kind that fits behind the one before it shares its line.

    Args:
        class_ids (Sequence[int]): Classes that occur.
        class_names (Sequence[str]): Names by id.
        width (float): Width in inches.

    Returns:
        list[LegendEntry]: Kinds and classes in reading order.
    """
    groups = group_by_kind(class_ids, class_names)
    indent = max((_text_width(kind, 'bold') for kind, _ in groups if kind), default=-0.12) + 0.12
    entries: list[LegendEntry] = []
    line, x = 0, 0.0
    for kind, classes in groups:
        heading = _text_width(kind, 'bold') + 0.1
        needed = heading + sum(_entry_width(*item) for item in classes)
        if x and x + 0.12 + needed <= width:
            x += 0.12
        elif x:
            line, x = line + 1, 0.0
        start = x + heading if x else indent
        if kind:
            entries.append(LegendEntry(line, x, kind))
        x = start
        for class_id, name in classes:
            step = _entry_width(class_id, name)
            if x > indent and x + step > width:
                line, x = line + 1, indent
            entries.append(LegendEntry(line, x, f'{class_id} {name}', class_id))
            x += step
    return entries


def draw_legend(axes: Axes, entries: Sequence[LegendEntry], width: float) -> None:
    """Draw what :func:`layout_legend` placed.

    Args:
        axes (Axes): Axes ``width`` inches wide and :data:`LEGEND_LINE` per line high.
        entries (Sequence[LegendEntry]): The pieces.
        width (float): Width in inches.
    """
    lines = 1 + max(entry.line for entry in entries)
    axes.set(xlim=(0, width), ylim=(lines * LEGEND_LINE, 0))
    axes.set_axis_off()
    axes.set_gid('legend')
    for entry in entries:
        middle = (entry.line + 0.5) * LEGEND_LINE
        if entry.class_id is None:
            axes.text(entry.x, middle, entry.text, fontsize=_FONT, weight='bold', va='center', color=_INK)
            continue
        axes.add_patch(Rectangle((entry.x, middle - 0.05), 0.11, 0.1, facecolor=class_color(entry.class_id),
                                 linewidth=0.3, edgecolor='#5a5a5a', gid=f'class_{entry.class_id}'))
        axes.text(entry.x + _PATCH, middle, entry.text, fontsize=_FONT, va='center', color=_INK)
