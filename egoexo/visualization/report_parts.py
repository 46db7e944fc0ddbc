"""Building blocks of a report page; the template knows how each of them looks, a section function only fills them."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

__all__ = ['Card', 'Cell', 'Facts', 'Fraction', 'Heading', 'Note', 'Picture', 'Section', 'Table', 'embed_png',
           'embed_svg']


@dataclass(frozen=True)
class Card:
    """One number of the head of the page.

    Args:
        label (str): What it is.
        value (str): Printed large.
        detail (str): Printed small below.
    """

    label: str
    value: str
    detail: str = ''


@dataclass(frozen=True)
class Cell:
    """A table cell with more to say than its value.

    Args:
        value (object): As in a plain cell.
        lines (Sequence[tuple[str, str]]): Small texts below the value, each with its mark.
        mark (str): ``'best'``, ``'better'``, ``'worse'``, ``'differs'`` or empty; decides the look of the value.
    """

    value: object
    lines: Sequence[tuple[str, str]] = ()
    mark: str = ''


class Fraction(float):
    """A value between 0 and 1 of which a table shows three decimals instead of two."""


@dataclass(frozen=True)
class Heading:
    """Head of a table column that stands for a run.

    Args:
        text (str): Name of the run.
        color (str): Of its curves.
        line (str): CSS border style of its curves: ``'solid'``, ``'dashed'`` or ``'dotted'``.
    """

    text: str
    color: str
    line: str = 'solid'


@dataclass(frozen=True)
class Facts:
    """Names and values below each other.

    Args:
        rows (Sequence[tuple[str, str]]): Name and value.
        title (str): Head line.
    """

    rows: Sequence[tuple[str, str]]
    title: str = ''
    kind: str = field(default='facts', init=False)


@dataclass(frozen=True)
class Note:
    """A sentence or a listing.

    Args:
        text (str): What to say.
        level (str): ``'info'``, ``'warning'`` (something is absent or was left out), ``'error'`` or ``'code'``.
        title (str): Head line; with one, the note is folded away.
    """

    text: str
    level: str = 'info'
    title: str = ''
    kind: str = field(default='note', init=False)


@dataclass(frozen=True)
class Picture:
    """A figure.

    Args:
        content (Markup): From :func:`embed_png` or :func:`embed_svg`.
        caption (str): Sentence below.
        title (str): Head line.
        half (bool): Two such pictures share a line.
        figure (Figure | None): What was embedded, for writing it to a file as well.
        name (str): Name of that file, without ending.
    """

    content: Markup
    caption: str = ''
    title: str = ''
    half: bool = False
    figure: Figure | None = None
    name: str = ''
    kind: str = field(default='picture', init=False)


@dataclass(frozen=True)
class Table:
    """A table; floats are right-aligned with two decimals.

    Args:
        columns (Sequence[str | Heading]): Head line.
        rows (Sequence[Sequence[object]]): Strings, ints, floats, None (shown as a dash), cells or embedded pictures.
        title (str): Head line.
        note (str): Sentence below.
        percent (bool): Draw a bar behind each float, 100 = full width.
        folded (bool): Open on click.
        wide (bool): One column per run: the first column stays in sight while the others are scrolled.
    """

    columns: Sequence[str | Heading]
    rows: Sequence[Sequence[object]]
    title: str = ''
    note: str = ''
    percent: bool = False
    folded: bool = False
    wide: bool = False
    kind: str = field(default='table', init=False)

    @property
    def numeric(self) -> list[bool]:
        """Whether a column holds a number and no text, so that its head belongs to the right."""
        columns = [[item.value if isinstance(item, Cell) else item for item in column]
                   for column in zip(*self.rows, strict=True)] or [[] for _ in self.columns]
        return [any(isinstance(value, int | float) for value in column)
                and not any(isinstance(value, str) for value in column) for column in columns]


@dataclass(frozen=True)
class Section:
    """One chapter of the page.

    Args:
        title (str): Head line, also in the table of contents.
        parts (Sequence[Facts | Note | Picture | Table]): Content in order.
        prefix (str): Put before the anchor, where a page holds several chapters of one title.
    """

    title: str
    parts: Sequence[Facts | Note | Picture | Table]
    prefix: str = ''

    @property
    def anchor(self) -> str:
        """Id for links inside the page."""
        return self.prefix + re.sub(r'\W+', '-', self.title.lower()).strip('-')


def embed_png(figure: Figure, alt: str, dpi: int = 180) -> Markup:
    """Picture as an ``<img>`` that holds its own data.

    Args:
        figure (Figure): What to draw.
        alt (str): Description for readers who do not see it.
        dpi (int): Resolution.

    Returns:
        Markup: HTML.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=dpi)
    data = base64.b64encode(buffer.getvalue()).decode('ascii')
    return Markup('<img alt="{}" src="data:image/png;base64,{}">').format(alt, data)


def embed_svg(figure: Figure, name: str) -> Markup:
    """Figure as inline SVG with real text.

    Args:
        figure (Figure): What to draw, up to a few thousand points.
        name (str): Unique in the page: keeps the ids of two figures apart.

    Returns:
        Markup: The ``<svg>`` element, the same bytes for the same figure.
    """
    buffer = io.StringIO()
    nothing = dict.fromkeys(('Date', 'Creator', 'Format', 'Type'))
    with rc_context({'svg.fonttype': 'none', 'svg.hashsalt': name}):
        figure.savefig(buffer, format='svg', metadata=nothing)
    svg = buffer.getvalue()
    return Markup(svg[svg.index('<svg'):])  # matplotlib escapes the texts it draws
