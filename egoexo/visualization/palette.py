"""The fixed colours of the 28 EgoExoLearn classes: one hue family per kind of action, apart for colour-blind readers.

Found once by maximising the smallest OKLab distance between any two colours under normal, protan and deutan sight
(Machado et al., 2009, full severity) inside the hue range of each kind, then written down, so that a class keeps its
colour in every figure. The class id is printed inside long segments as a second cue.
"""

from collections.abc import Sequence

from matplotlib.colors import hsv_to_rgb, to_hex, to_rgb

__all__ = ['BACKGROUND', 'CLASS_COLORS', 'KINDS', 'VIEW_COLORS', 'class_color', 'display_name', 'group_by_kind',
           'ink_on']

#: Light grey of class 0 (unlabelled).
BACKGROUND = '#ebebeb'

#: Index = class id. Prepare: blue to green; cut: brown to orange; boil: purple; fry: yellow; then three single ones.
CLASS_COLORS: tuple[str, ...] = (
    BACKGROUND,
    '#4659b7', '#84b5c3', '#2382aa', '#06b6f0', '#6870d4', '#46d6c0', '#44a09c', '#a0e7ae', '#5f95c8', '#b2d8fd',
    '#7995fc',
    '#743200', '#d48125', '#8e4b0b', '#ec977f', '#b45808', '#eeb672', '#a6856d',
    '#5b2b85', '#b855a2', '#8d4697', '#755470',
    '#caad14', '#eed54f',
    '#8f3043', '#5c7c43', '#737373',
)

#: Kind of action -> class ids, in the order of the legend.
KINDS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ('Prepare', tuple(range(1, 12))),
    ('Cut', tuple(range(12, 19))),
    ('Boil', tuple(range(19, 23))),
    ('Fry', (23, 24)),
    ('Finish', (25, 26, 27)),
    ('No label', (0,)),
)

VIEW_COLORS = {'ego': '#1b4f8f', 'exo': '#a4470f'}

_GOLDEN_TURN = 0.381966

#: Misspellings of the released ``semantic_en.json``; files keep them, figures do not.
_SPELLING = {'greed/red': 'green/red', 'sause': 'sauce'}


def class_color(class_id: int) -> str:
    """Colour of a class.

    Beyond the palette, for longer class lists of one's own, hues follow each other by the golden angle and change
    their lightness: neighbours differ, but no list that long can be told apart by colour alone.

    Args:
        class_id (int): Id from 0 (background).

    Returns:
        str: ``'#rrggbb'``.

    Raises:
        ValueError: If the id is negative.

    Examples:
        >>> class_color(12), class_color(40)
        ('#743200', '#3687d9')
    """
    if class_id < 0:
        raise ValueError(f'class id {class_id} has no colour: expected 0 (background) or more.')
    if class_id < len(CLASS_COLORS):
        return CLASS_COLORS[class_id]
    beyond = class_id - len(CLASS_COLORS)
    return to_hex(hsv_to_rgb((beyond * _GOLDEN_TURN % 1, (0.75, 0.45)[beyond % 2], (0.85, 0.65, 0.45)[beyond % 3])))


def ink_on(color: str) -> str:
    """Text colour, black or white, with the better contrast on ``color``.

    Args:
        color (str): Any matplotlib colour.

    Returns:
        str: ``'#111111'`` or ``'white'``.

    Examples:
        >>> ink_on('#ffffff') != ink_on('#000000')
        True
    """
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return '#111111' if luminance > 0.2 else 'white'


def display_name(name: str) -> str:
    """Class name as a figure shows it: the released spelling errors mended, blanks for underscores.

    Args:
        name (str): Name from the annotation files.

    Returns:
        str: The name for readers.

    Examples:
        >>> display_name('Prepare sause')
        'Prepare sauce'
    """
    for wrong, right in _SPELLING.items():
        name = name.replace(wrong, right)
    return name.replace('_', ' ')


def group_by_kind(class_ids: Sequence[int], class_names: Sequence[str]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Legend entries of some classes, grouped by kind; the kind's word is taken off the names.

    Args:
        class_ids (Sequence[int]): Classes that occur.
        class_names (Sequence[str]): Names by id. A list that does not have 28 entries gets one group without a title.

    Returns:
        list[tuple[str, list[tuple[int, str]]]]: ``(kind, [(class_id, short name), ...])``, kinds without a class left
        out.
    """
    names = [display_name(name) for name in class_names]
    wanted = set(class_ids)
    if len(names) != len(CLASS_COLORS):
        return [('', [(index, names[index] if index < len(names) else f'class {index}') for index in sorted(wanted)])]
    groups = []
    for kind, members in KINDS:
        entries = [(index, names[index].removeprefix(f'{kind} ')) for index in members if index in wanted]
        if entries:
            groups.append((kind, entries))
    return groups
