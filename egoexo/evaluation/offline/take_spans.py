"""Where the takes of large JSON files of correspondence stand, so that other processes read and parse them.

A file is looked through once, by its brackets and texts alone, at the speed of a disk: nothing is kept but places.
"""

import json
import mmap
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from egoexo.errors import EgoExoError, explain
from egoexo.files import check_file, unique_members

__all__ = ['MAX_FILE_BYTES', 'MAX_TAKE_BYTES', 'Span', 'find_spans', 'read_span']

#: Largest file that is looked through; masks of all splits together take some gigabytes.
MAX_FILE_BYTES = 2**36
#: Largest take that is read; that of a long one takes some ten million bytes.
MAX_TAKE_BYTES = 2**29
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
#: A text, an object without objects in it, or a bracket of another one or of a list.
_TOKEN = re.compile(rb'(' + _TEXT + rb')|(\{[^{}"]*+(?:' + _TEXT + rb'[^{}"]*+)*+\})|[{}\[\]]', re.DOTALL)
_MAX_DEPTH = 1000
_IN_LIST = '\0'  # stands for the key of an object in a list, below which no take is


class Span(NamedTuple):
    """A take in a file.

    Args:
        path (Path): The file.
        parent (str): Keys above the take, joined by ``/``, e.g. ``'ego-exo/results'``.
        take_uid (str): Its key.
        start (int): First byte of its value.
        end (int): Byte behind the last.
    """

    path: Path
    parent: str
    take_uid: str
    start: int
    end: int


def find_spans(path: str | os.PathLike, parents: Collection[str], error: type[EgoExoError],
               what: str) -> Iterator[Span]:
    """Find the takes of a file, in file order.

    Args:
        path (str | os.PathLike): The file.
        parents (Collection[str]): Keys above takes, joined by ``/``; takes elsewhere are passed over.
        error (type[EgoExoError]): Class of a refusal.
        what (str): What the file should be, for messages.

    Yields:
        Span: What stands there may still be no valid JSON; :func:`read_span` finds out.

    Raises:
        EgoExoError: ``error`` if there is no such file, brackets or texts do not close, or a take comes twice.
    """
    path = Path(path)
    if not check_file(path, error, what, MAX_FILE_BYTES):
        _refuse(path, error, what, 'an empty file')
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        seen: set[tuple[str, str]] = set()
        for parent, key, start, end in _members(content, set(parents), path, error, what):
            if (parent, key) in seen:
                _refuse(path, error, what, f'the take {key[:80]!r} twice')
            seen.add((parent, key))
            yield Span(path, parent, key, start, end)


def _members(content: mmap.mmap, parents: set[str], path: Path, error: type[EgoExoError],
             what: str) -> Iterator[tuple[str, str, int, int]]:
    open_keys: list[str] = []  # of the objects that are open, the outermost one (without a key) left out
    depth, lists, take_depth, text, start, stop = 0, 0, -1, None, 0, 0
    for token in _TOKEN.finditer(content):
        kind, stop = token.lastindex, token.end()
        if kind == 1:
            if take_depth < 0:
                text = token
            continue
        if kind == 2:  # an object that opens and closes
            if take_depth < 0 and depth and not lists and '/'.join(open_keys) in parents:
                yield '/'.join(open_keys), _key(text, path, error, what), token.start(), token.end()
            continue
        if token[0] in b'[]':
            if take_depth < 0:
                lists += 1 if token[0] == b'[' else -1
            continue
        depth += 1 if token[0] == b'{' else -1
        if not 0 <= depth <= _MAX_DEPTH:
            _refuse(path, error, what, 'closing brackets without opening ones' if depth < 0 else
                    f'objects nested {depth:,} deep')
        if token[0] == b'{' and take_depth < 0 and depth > 1:
            if not lists and '/'.join(open_keys) in parents:
                take_depth, start = depth, token.start()
            open_keys.append(_IN_LIST if lists else _key(text, path, error, what))
        elif token[0] == b'}' and depth < take_depth:
            take_depth = -1
            yield '/'.join(open_keys[:-1]), open_keys.pop(), start, token.end()
        elif token[0] == b'}' and take_depth < 0 and open_keys:
            open_keys.pop()
    if depth or content.find(b'"', stop) >= 0:
        _refuse(path, error, what, 'a text that does not close' if not depth else f'{depth} objects that do not close')


def _key(text: re.Match | None, path: Path, error: type[EgoExoError], what: str) -> str:
    try:
        return json.loads(text[0])
    except (TypeError, ValueError):
        _refuse(path, error, what, 'an object without a key')


def _refuse(path: Path, error: type[EgoExoError], what: str, found: str) -> NoReturn:
    raise error(explain(path, f'{what} in JSON', found,
                        'It may be truncated. Fetch or write it again.')) from None


def read_span(span: Span, error: type[EgoExoError]) -> object:
    """Parse a take.

    Args:
        span (Span): Where it stands.
        error (type[EgoExoError]): Class of a refusal.

    Returns:
        object: Lists, dictionaries, strings, numbers (NaN among them, for the caller to judge), booleans and None.

    Raises:
        EgoExoError: ``error`` if it is too large, no valid JSON, or an object holds a key twice; names file and take.
    """
    where = f'{span.path} {span.parent} take {span.take_uid}'
    if span.end - span.start > MAX_TAKE_BYTES:
        raise error(explain(where, f'a take of at most {MAX_TAKE_BYTES:,} bytes', f'{span.end - span.start:,} bytes',
                            'It is damaged or of another kind. Write it again.'))
    try:
        with span.path.open('rb') as file:
            file.seek(span.start)
            return json.loads(file.read(span.end - span.start).decode('utf-8'), object_pairs_hook=unique_members)
    except RecursionError:
        found = 'lists or objects nested a thousand deep'
    except ValueError as cause:  # no UTF-8 and no JSON among them
        found = str(cause)
    except OSError as cause:
        found = f'a file that cannot be read ({cause.strerror or cause})'
    raise error(explain(where, 'valid JSON', found, 'It may be truncated. Fetch or write it again.'))
