"""Files that others made: looked at before they are opened, and read within bounds.

Opening a named pipe waits for ever, a device never ends, a sparse file of a few bytes on disk can be terabytes long,
and deeply nested JSON exhausts the stack of its parser. Every reader of annotations, predictions, recipes and
checkpoints begins here, so that each of them ends in one error with a file name.
"""

import json
import os
import stat
from pathlib import Path

from egoexo.errors import EgoExoError, explain

__all__ = ['MAX_TEXT_BYTES', 'check_file', 'parse_json', 'read_bytes', 'read_json', 'read_text', 'unique_members']

#: Largest text file that is read whole unless a reader says otherwise; official tables are below 10 MB.
MAX_TEXT_BYTES = 128 * 2**20

_KINDS = ((stat.S_ISDIR, 'a folder'), (stat.S_ISFIFO, 'a named pipe'), (stat.S_ISSOCK, 'a socket'),
          (stat.S_ISCHR, 'a device'), (stat.S_ISBLK, 'a device'))


def check_file(path: str | os.PathLike, error: type[EgoExoError], what: str, max_bytes: int | None = None) -> int:
    """Refuse what is no regular file, or a larger one than can be meant, without opening it.

    Args:
        path (str | os.PathLike): The file; links are followed.
        error (type[EgoExoError]): Class of the refusal.
        what (str): What the file should be, e.g. ``'a label file'``.
        max_bytes (int, optional): Largest size.

    Returns:
        int: Size in bytes.

    Raises:
        EgoExoError: ``error`` if there is no such regular file or it is too large.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError as cause:
        found = 'a link to a file that does not exist' if os.path.islink(path) else 'nothing: it does not exist'
        raise error(explain(path, what, found, 'Check the path and the folder layout.')) from cause
    except (OSError, ValueError) as cause:  # a loop of links, no permission, a NUL byte or 5,000 characters in a name
        raise error(explain(path, what, f'a path that cannot be followed ({getattr(cause, "strerror", None) or cause})',
                            'Check links and permissions.')) from cause
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in _KINDS if test(status.st_mode)), 'a special file')
        raise error(explain(path, what, kind, 'Check the path.'))
    if max_bytes is not None and status.st_size > max_bytes:
        raise error(explain(path, f'{what} of at most {max_bytes:,} bytes', f'{status.st_size:,} bytes',
                            'It is damaged or of another kind. Fetch it again.'))
    return status.st_size


def read_bytes(path: str | os.PathLike, error: type[EgoExoError], what: str,
               max_bytes: int | None = MAX_TEXT_BYTES) -> bytes:
    """Content of a file.

    Args:
        path (str | os.PathLike): The file.
        error (type[EgoExoError]): Class of the refusal.
        what (str): What the file should be, e.g. ``'a label file'``.
        max_bytes (int, optional): Largest size.

    Returns:
        bytes: All of it.

    Raises:
        EgoExoError: ``error`` if there is no such regular file, it is too large or cannot be read.
    """
    check_file(path, error, what, max_bytes)
    try:
        return Path(path).read_bytes()
    except OSError as cause:
        raise error(explain(path, what, f'a file that cannot be read ({cause.strerror or cause})',
                            'Check its permissions and the disk.')) from cause


def read_text(path: str | os.PathLike, error: type[EgoExoError], what: str,
              max_bytes: int | None = MAX_TEXT_BYTES) -> str:
    """Content of a UTF-8 text file; a byte order mark in front is dropped. See :func:`read_bytes`."""
    data = read_bytes(path, error, what, max_bytes)
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError as cause:
        raise error(explain(path, f'{what} in UTF-8', f'byte {data[cause.start]:#04x} at offset {cause.start}',
                            'It is damaged or in another encoding. Fetch it again or convert it to UTF-8.')) from cause


def read_json(path: str | os.PathLike, error: type[EgoExoError], what: str,
              max_bytes: int | None = MAX_TEXT_BYTES) -> object:
    """Content of a JSON file.

    The literals NaN and Infinity, which no JSON has, and a key that one object holds twice, of which a parser keeps
    the last without a word, are refused.

    Args:
        path (str | os.PathLike): The file.
        error (type[EgoExoError]): Class of the refusal.
        what (str): What the file should be, e.g. ``'a class list'``.
        max_bytes (int, optional): Largest size.

    Returns:
        object: Lists, dictionaries, strings, finite numbers, booleans and None.

    Raises:
        EgoExoError: ``error`` if the file cannot be read or is not valid JSON.
    """
    text = read_text(path, error, what, max_bytes)
    try:
        return parse_json(text)
    except json.JSONDecodeError as cause:
        found = f'text that is not valid JSON (line {cause.lineno}: {cause.msg})'
        raise error(explain(path, f'{what} in JSON', found, 'It may be truncated. Fetch or write it again.')) from cause
    except RecursionError:
        # Not chained: its traceback has a thousand entries.
        raise error(explain(path, f'{what} in JSON', 'lists or objects nested a thousand deep',
                            'No such file is made like that. Fetch it again.')) from None
    except ValueError as cause:  # a key twice, a number that is none, or an integer with thousands of digits
        raise error(explain(path, f'{what} in JSON', f'text that is not valid JSON ({cause})',
                            'Correct it or write it again.')) from cause


def parse_json(text: str | bytes) -> object:
    """Parse JSON as strictly as :func:`read_json`; for readers with messages of their own.

    Args:
        text (str | bytes): The JSON.

    Returns:
        object: Lists, dictionaries, strings, finite numbers, booleans and None.

    Raises:
        ValueError: If it is not valid, an object holds a key twice or a number is not finite; says so.
        RecursionError: If it is nested a thousand deep.
    """
    return json.loads(text, object_pairs_hook=unique_members, parse_constant=_no_constant, parse_float=_finite)


def unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """``object_pairs_hook`` of a strict parser.

    Args:
        pairs (list[tuple[str, object]]): Members of an object.

    Returns:
        dict[str, object]: The object.

    Raises:
        ValueError: If a key comes twice.
    """
    content = dict(pairs)
    if len(content) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f'an object holds the key {twice[:80]!r} twice')
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f'the number {name}')


def _finite(text: str) -> float:
    value = float(text)
    if value in (float('inf'), float('-inf')):
        raise ValueError(f'the number {text[:40]}, which is too large')
    return value
