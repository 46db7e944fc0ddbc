"""Text files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path

__all__ = ['write_whole']


def write_whole(path: str | os.PathLike, text: str) -> None:
    """Write a UTF-8 text file in one step: a reader sees the old content or the new one, never half of it.

    Args:
        path (str | os.PathLike): Final name; missing folders are made.
        text (str): Whole content; line ends are written as they are.

    Raises:
        OSError: If the folder cannot be written or the disk is full; the old content stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name[:100]}.', suffix='.part')
    try:
        with os.fdopen(handle, 'wb') as stream:
            stream.write(text.encode('utf-8'))
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(draft, 0o666 & ~_umask())  # mkstemp() makes files that nobody else may read
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
