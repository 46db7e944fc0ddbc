"""Files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ['open_whole', 'write_whole']


@contextmanager
def open_whole(path: str | os.PathLike, binary: bool = False) -> Iterator[IO]:
    """Open a file that takes its name when the block ends well; else the old content stays.

    Args:
        path (str | os.PathLike): Final name; missing folders are made.
        binary (bool): Whether bytes are written; else UTF-8 text, line ends as they are. Defaults to False.

    Yields:
        IO: To be written to.

    Raises:
        OSError: If the folder cannot be written or the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name[:100]}.', suffix='.part')
    try:
        mode = {'mode': 'wb'} if binary else {'mode': 'w', 'encoding': 'utf-8', 'newline': ''}
        with os.fdopen(handle, **mode) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(draft, 0o666 & ~_umask())  # mkstemp() makes files that nobody else may read
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def write_whole(path: str | os.PathLike, text: str) -> None:
    """Write a UTF-8 text file in one step: a reader sees the old content or the new one, never half of it.

    Args:
        path (str | os.PathLike): Final name; missing folders are made.
        text (str): Whole content; line ends are written as they are.

    Raises:
        OSError: If the folder cannot be written or the disk is full; the old content stays.
    """
    with open_whole(path) as stream:
        stream.write(text)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
