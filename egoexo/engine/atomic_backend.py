"""File backend whose writes are all or nothing."""

import os
import tempfile
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

__all__ = ['AtomicLocalBackend', 'write_atomically']


def write_atomically(data: bytes, path: str | os.PathLike) -> None:
    """Write a file so that a reader sees the old content or the new one, whenever the process dies.

    The bytes go to a temporary file of the same folder, are flushed to disk, and take the final name in one step.

    Args:
        data (bytes): Whole content.
        path (str | os.PathLike): Final name; missing folders are made.

    Raises:
        OSError: If the disk is full or the folder cannot be written; the final name is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.', suffix='.part')
    try:
        with os.fdopen(handle, 'wb') as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut; some network file systems cannot, which loses nothing else."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


_NO_FOLDER_SYNC = (22, 95)  # EINVAL, EOPNOTSUPP


@register_backend('atomic_local', force=True)
class AtomicLocalBackend(LocalBackend):
    """Local files, written atomically: ``backend_args=dict(backend='atomic_local')`` of the checkpoint hook."""

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        """Write bytes.

        Args:
            obj (bytes): Whole content.
            filepath (str | os.PathLike): Final name.
        """
        write_atomically(obj, filepath)

    def put_text(self, obj: str, filepath: str | os.PathLike, encoding: str = 'utf-8') -> None:
        """Write text.

        Args:
            obj (str): Whole content.
            filepath (str | os.PathLike): Final name.
            encoding (str): Defaults to ``'utf-8'``.
        """
        write_atomically(obj.encode(encoding), filepath)
