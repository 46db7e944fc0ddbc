"""What the row lists of the anticipation and planning benchmarks share: fields between bars, labels in brackets."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_bytes
from egoexo.formats.egoexolearn import UID

__all__ = ['SECONDS', 'ClassLists', 'KnownVideos', 'read_rows', 'repeat_rows', 'split_rows',
           'write_rows']

#: Seconds as the release prints them: ``58``, ``11.0``, ``70.30000000000001``.
SECONDS = r'[0-9]{1,9}(?:\.[0-9]{1,20})?(?:e-[0-9]{1,2})?'
_LIST = re.compile(r'\[(?:[0-9]{1,9}(?:, ?[0-9]{1,9}){0,99})?\]')


class KnownVideos(dict):
    """Checks video ids, each once: ``videos[uid]`` is True for one that may become part of a path."""

    def __missing__(self, uid: str) -> bool:
        self[uid] = UID.fullmatch(uid) is not None
        return self[uid]


class ClassLists(dict):
    """Turns the text of a list into class ids, each text once: ``lists['[22, 2]']`` is ``(22, 2)``.

    A text that is no list of different ids below ``num_classes`` gives None.

    Args:
        num_classes (int, optional): Ids run from 0 to ``num_classes - 1``; None takes any.
        repeats (bool): Whether an id may stand in a list twice.
    """

    def __init__(self, num_classes: int | None = None, repeats: bool = False) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.repeats = repeats

    def __missing__(self, text: str) -> tuple[int, ...] | None:
        labels = None
        if _LIST.fullmatch(text):
            labels = tuple(int(part) for part in text[1:-1].split(',') if part)
            known = self.num_classes is None or all(label < self.num_classes for label in labels)
            if not known or (not self.repeats and len(set(labels)) < len(labels)):
                labels = None
        self[text] = labels
        return labels


def split_rows(text: str, path: str | os.PathLike, what: str) -> list[str]:
    """Lines of a text, with any line end, of which the last may lack its own.

    Args:
        text (str): Content of the file.
        path (str | os.PathLike): The file, for the message.
        what (str): What it should be, e.g. ``'an action list'``.

    Returns:
        list[str]: At least one.

    Raises:
        AnnotationError: If there is nothing.
    """
    rows = (text.replace('\r\n', '\n').replace('\r', '\n') if '\r' in text else text).split('\n')
    if not rows[-1]:
        rows.pop()
    if not any(rows):
        raise AnnotationError(explain(path, what, 'an empty file', 'Fetch it again.'))
    return rows


def read_rows(path: str | os.PathLike, what: str, encoding: str = 'utf-8') -> list[str]:
    """Lines of a file; a byte order mark in front is dropped.

    Args:
        path (str | os.PathLike): The file.
        what (str): What it should be, e.g. ``'an action list'``.
        encoding (str): Of the text.

    Returns:
        list[str]: At least one.

    Raises:
        AnnotationError: If the file is missing, empty or in another encoding.
    """
    data = read_bytes(path, AnnotationError, what).removeprefix(b'\xef\xbb\xbf')
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as cause:
        raise AnnotationError(explain(
            path, f'{what} in {encoding}', f'byte {data[cause.start]:#04x} at offset {cause.start}',
            'It is damaged or in another encoding. Fetch it again or convert it.')) from cause
    return split_rows(text, path, what)


def write_rows(path: str | os.PathLike, rows: Iterable[str]) -> None:
    """Write lines as released: LF, no newline at the end.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        rows (Iterable[str]): Lines without their ends.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes('\n'.join(rows).encode('utf-8'))


def repeat_rows(rows: Sequence, num_rows: int) -> list:
    """Bring a list to a length as the official loader does: whole copies of it, then its first rows.

    Args:
        rows (Sequence): At least one.
        num_rows (int): Length of the result, perhaps less than that of the list.

    Examples:
        >>> repeat_rows('abc', 7)
        ['a', 'b', 'c', 'a', 'b', 'c', 'a']
        >>> repeat_rows('abc', 2)
        ['a', 'b']
    """
    copies, rest = divmod(num_rows, len(rows))
    return [*rows] * copies + [*rows[:rest]]
