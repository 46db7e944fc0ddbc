"""Large JSON files, one member at a time: annotations and results of all takes do not fit in memory together."""

import codecs
import json
import os
import re
from collections.abc import Iterator
from typing import NoReturn

from egoexo.errors import EgoExoError, explain
from egoexo.files import check_file, parse_json

__all__ = ['MAX_MEMBER_CHARS', 'JsonStream', 'parse_member']

#: Longest single member, such as all masks of one take; the longest that were seen have some ten million characters.
MAX_MEMBER_CHARS = 2**29
_CHUNK = 2**20  # bytes
_NEAR_END = 16  # a number, word or escape that is cut off is not longer
_SPACE = re.compile(r'[ \t\r\n]*')
_DECODER = json.JSONDecoder()
_ADVICE = 'It may be truncated. Fetch or write it again.'


class JsonStream:
    """A JSON file read from front to back; only the member at hand is in memory.

    Args:
        path (str | os.PathLike): The file.
        error (type[EgoExoError]): Class of a refusal.
        what (str): What the file should be, e.g. ``'a relations file'``.
        max_member_chars (int): Longest member.

    Examples:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from egoexo.errors import AnnotationError
        >>> path = Path(tempfile.mkdtemp(), 'relations_val.json')
        >>> _ = path.write_text('{"version": 1, "annotations": {"a-take": {"masks": {}}}}')
        >>> with JsonStream(path, AnnotationError, 'a relations file') as stream:
        ...     for key in stream.members():
        ...         if key == 'annotations':
        ...             print([(uid, stream.text()) for uid in stream.members()])
        ...         else:
        ...             print(key, stream.text())
        version 1
        [('a-take', '{"masks": {}}')]
    """

    def __init__(self, path: str | os.PathLike, error: type[EgoExoError], what: str,
                 max_member_chars: int = MAX_MEMBER_CHARS) -> None:
        self.path, self.error, self.what = path, error, what
        self.max_member_chars = max_member_chars
        check_file(path, error, what)
        self._utf8 = codecs.getincrementaldecoder('utf-8-sig')()
        self._buffer, self._position, self._at_end = '', 0, False
        try:
            self._file = open(path, 'rb')  # noqa: SIM115 closed by close()
        except OSError as cause:
            raise error(explain(path, what, f'a file that cannot be read ({cause.strerror or cause})',
                                'Check its permissions and the disk.')) from cause

    def members(self) -> Iterator[str]:
        """Go through the object that comes next.

        Yields:
            str: A key. Take its value with :meth:`text`, :meth:`members` or :meth:`elements` before the next key.

        Raises:
            EgoExoError: ``error`` if what comes next is no object, a key comes twice or the text is no JSON.
        """
        seen = set()
        self._expect('{', 'an object')
        while self._next() != '}':
            if seen:
                self._expect(',', 'a comma or the end of the object')
            key = self._value()
            if not isinstance(key, str) or key in seen:
                self._refuse('each key once' if isinstance(key, str) else 'a key', repr(key)[:80])
            seen.add(key)
            self._expect(':', 'a colon')
            yield key
        self._position += 1

    def elements(self) -> Iterator[str]:
        """Go through the list that comes next.

        Yields:
            str: The text of an element.

        Raises:
            EgoExoError: ``error`` if what comes next is no list or the text is no JSON.
        """
        is_first = True
        self._expect('[', 'a list')
        while self._next() != ']':
            if not is_first:
                self._expect(',', 'a comma or the end of the list')
            is_first = False
            yield self.text()
        self._position += 1

    def text(self) -> str:
        """The value that comes next, of any kind, as it stands in the file."""
        self._next()
        self._value()
        return self._buffer[self._start:self._position]

    def end(self) -> None:
        """Refuse text after the value that was read."""
        if self._next():
            self._refuse('the end of the file', repr(self._next()))

    def _expect(self, char: str, name: str) -> None:
        found = self._next()
        if found != char:
            self._refuse(name, repr(found) if found else 'the end of the file')
        self._position += 1

    def _next(self) -> str:
        """First character that is no space, left in place; nothing at the end of the file."""
        while True:
            self._position = _SPACE.match(self._buffer, self._position).end()
            if self._position < len(self._buffer) or not self._fill(_CHUNK):
                return self._buffer[self._position:self._position + 1]

    def _value(self) -> object:
        """Parse the value that comes next; sets ``_start`` and goes behind it."""
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._position)
            except json.JSONDecodeError as cause:
                is_cut = cause.msg.startswith('Unterminated string') or cause.pos >= len(self._buffer) - _NEAR_END
                if self._at_end or not is_cut:
                    self._refuse('valid JSON', cause.msg)
            except RecursionError:
                self._refuse('valid JSON', 'lists or objects nested a thousand deep')
            except ValueError as cause:  # an integer with thousands of digits
                self._refuse('valid JSON', str(cause))
            else:
                # A number may go on behind the buffer; parsed too early, 1.5 is 1 and a rest.
                rest = self._buffer[end:end + _NEAR_END]
                if self._at_end or (rest and not (len(rest) < _NEAR_END and rest[0] in '.eE')):
                    self._start, self._position = self._position, end
                    return value
            length = len(self._buffer) - self._position
            if length > self.max_member_chars:
                self._refuse(f'members of at most {self.max_member_chars:,} characters', 'a longer one')
            self._fill(max(_CHUNK, length))  # twice as much each time, so that all attempts together cost as much again

    def _fill(self, num_bytes: int) -> bool:
        """Drop what was read and add text; False at the end of the file."""
        if self._at_end:
            return False
        try:
            data = self._file.read(num_bytes)
            self._at_end = not data
            more = self._utf8.decode(data, final=self._at_end)
        except UnicodeDecodeError as cause:
            self._refuse('text in UTF-8', f'byte {cause.object[cause.start]:#04x}')
        except OSError as cause:
            self._refuse('a whole file', f'one that cannot be read ({cause.strerror or cause})')
        self._buffer = self._buffer[self._position:] + more
        self._position = 0
        return not self._at_end

    def _refuse(self, expected: str, found: str) -> NoReturn:
        # Not chained: the message says it all, and the traceback of deep nesting has a thousand entries.
        raise self.error(explain(self.path, f'{self.what} in JSON, {expected}', found, _ADVICE)) from None

    def close(self) -> None:
        """Release the file; may be called twice."""
        self._file.close()

    def __enter__(self) -> 'JsonStream':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def parse_member(text: str, error: type[EgoExoError], where: str) -> object:
    """Parse the text of a member as strictly as :func:`egoexo.files.read_json` parses a file.

    Args:
        text (str): From :meth:`JsonStream.text`.
        error (type[EgoExoError]): Class of a refusal.
        where (str): File and member, for messages.

    Returns:
        object: Lists, dictionaries, strings, finite numbers, booleans and None.

    Raises:
        EgoExoError: ``error`` if a key comes twice in an object, or a number is not finite.
    """
    try:
        return parse_json(text)
    except RecursionError:
        raise error(explain(where, 'valid JSON', 'lists or objects nested a thousand deep', _ADVICE)) from None
    except ValueError as cause:
        raise error(explain(where, 'valid JSON', str(cause), 'Correct it or write it again.')) from None
