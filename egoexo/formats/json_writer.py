"""Large JSON files, written piece by piece and there whole or not at all."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

__all__ = ['open_whole', 'write_members']


@contextmanager
def open_whole(path: str | os.PathLike) -> Iterator[TextIO]:
    """Open a UTF-8 text file that takes its name when the block ends well; else the old content stays.

    Args:
        path (str | os.PathLike): Final name; missing folders are made.

    Yields:
        TextIO: To be written to.

    Raises:
        OSError: If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name[:100]}.', suffix='.part')
    try:
        with os.fdopen(handle, 'w', encoding='utf-8', newline='') as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(draft, 0o666 & ~umask)  # mkstemp() makes files that nobody else may read
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def write_members(stream: TextIO, members: Iterator[tuple[str, object]]) -> int:
    """Write an object member by member.

    Args:
        stream (TextIO): Open for writing.
        members (Iterator[tuple[str, object]]): Key and value; only one is in memory at a time.

    Returns:
        int: Number of members.
    """
    count = 0
    stream.write('{')
    for key, value in members:
        stream.write(f'{", " if count else ""}{json.dumps(key)}: {json.dumps(value, allow_nan=False)}')
        count += 1
    stream.write('}')
    return count
