"""Texts cut and broken to a width in inches, measured without a renderer."""

import functools

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

__all__ = ['cut_text', 'text_width', 'wrap_text']


@functools.lru_cache(maxsize=4096)
def text_width(string: str, size: float, weight: str = 'normal') -> float:
    """Width of a string in inches.

    Args:
        string (str): One line.
        size (float): Font size in points.
        weight (str): ``'normal'`` or ``'bold'``.

    Returns:
        float: Inches.
    """
    width, _, _ = text_to_path.get_text_width_height_descent(string, FontProperties(size=size, weight=weight), False)
    return width / 72


def cut_text(string: str, inches: float, size: float, weight: str = 'normal') -> str:
    """Shorten a string that is too wide, with an ellipsis at its end.

    Args:
        string (str): One line.
        inches (float): Room.
        size (float): Font size in points.
        weight (str): ``'normal'`` or ``'bold'``.

    Returns:
        str: The string, or its beginning with ``…``; at least one character of it.
    """
    if text_width(string, size, weight) <= inches:
        return string
    for length in range(len(string) - 1, 1, -1):
        short = f'{string[:length].rstrip()}…'
        if text_width(short, size, weight) <= inches:
            return short
    return f'{string[:1]}…'


def wrap_text(string: str, inches: float, size: float, max_lines: int = 3) -> str:
    """Break a string at its spaces, and behind its slashes where a word alone is too wide.

    Args:
        string (str): Words.
        inches (float): Width of a line.
        size (float): Font size in points.
        max_lines (int): What does not fit into as many is cut from the last.

    Returns:
        str: Lines joined by newlines.
    """
    words = [piece for word in string.split()
             for piece in ([word] if text_width(word, size) <= inches else word.replace('/', '/ ').split())]
    lines: list[str] = []
    for word in words:
        if lines and text_width(f'{lines[-1]} {word}', size) <= inches:
            lines[-1] += f' {word}'
        else:
            lines.append(word)
    if len(lines) > max_lines:
        lines = [*lines[:max_lines - 1], ' '.join(lines[max_lines - 1:])]
    return '\n'.join(cut_text(line, inches, size) for line in lines)
