"""The unfinished half of a download and what is known about where it came from."""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ['PartFile', 'url_hash', 'validator']


class PartFile:
    """``<target>.part`` with ``<target>.part.json`` beside it, which says of which version of a file it is the start.

    Args:
        target (Path): Final name.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f'{target.name}.part')
        self.note = target.with_name(f'{target.name}.part.json')

    @property
    def size(self) -> int:
        """Bytes that are there."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def origin(self) -> dict[str, str]:
        """``url`` (its hash) and ``etag``, ``last_modified`` as the server gave them; empty if unknown or damaged."""
        with contextlib.suppress(OSError, ValueError):
            content = json.loads(self.note.read_text(encoding='utf-8'))
            if isinstance(content, dict) and all(isinstance(value, str) for value in content.values()):
                return content
        return {}

    def begin(self, url: str, headers: Mapping[str, str]) -> None:
        """Start from nothing, and remember the version first: a kill in between leaves an empty file.

        Args:
            url (str): Where the bytes come from.
            headers (Mapping[str, str]): Of the answer; ``ETag`` and ``Last-Modified`` tell versions apart.
        """
        self.discard()
        origin = {'url': url_hash(url), 'etag': headers.get('ETag', ''),
                  'last_modified': headers.get('Last-Modified', '')}
        self.note.write_text(json.dumps(origin), encoding='utf-8')

    def discard(self) -> None:
        """Remove both files."""
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Give the complete file its name, in one step and on disk."""
        with open(self.path, 'rb') as file:
            os.fsync(file.fileno())
        os.replace(self.path, self.target)
        self.note.unlink(missing_ok=True)


def validator(origin: Mapping[str, str]) -> str:
    """Value for ``If-Range``.

    Args:
        origin (Mapping[str, str]): See :meth:`PartFile.origin`.

    Returns:
        str: A strong ETag, else the time of the last change, else nothing. A weak ETag (``W/``) says only that two
        versions mean the same, not that their bytes are equal.
    """
    etag = origin.get('etag', '')
    return etag if etag and not etag.startswith('W/') else origin.get('last_modified', '')


def url_hash(url: str) -> str:
    """Stands for an address in a note on disk: a query may hold a key.

    Args:
        url (str): Any URL.

    Returns:
        str: 64 hexadecimal digits.
    """
    return hashlib.sha256(url.encode()).hexdigest()
