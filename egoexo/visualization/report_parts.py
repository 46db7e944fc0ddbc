"""Building blocks of a report page; the template knows how each of them looks, a section function only fills them."""

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

__all__ = ['Card', 'Facts', 'Note', 'Picture', 'Section', 'Table', 'embed_png', 'embed_svg']


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
        level (str): ``'info'``, ``'warning'`` (something is absent or was left out) or ``'code'``.
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
        columns (Sequence[str]): Head line.
        rows (Sequence[Sequence[object]]): Strings, ints, floats or None (shown as a dash).
        title (str): Head line.
        note (str): Sentence below.
        percent (bool): Draw a bar behind each float, 100 = full width.
        folded (bool): Open on click.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    title: str = ''
    note: str = ''
    percent: bool = False
    folded: bool = False
    kind: str = field(default='table', init=False)


@dataclass(frozen=True)
class Section:
    """One chapter of the page.

    Args:
        title (str): Head line, also in the table of contents.
        parts (Sequence[Facts | Note | Picture | Table]): Content in order.
    """

    title: str
    parts: Sequence[Facts | Note | Picture | Table]

    @property
    def anchor(self) -> str:
        """Id for links inside the page."""
        return re.sub(r'\W+', '-', self.title.lower()).strip('-')


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
