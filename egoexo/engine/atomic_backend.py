"""File backend whose writes are all or nothing."""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

__all__ = ['AtomicLocalBackend', 'remove_stale_parts', 'write_atomically']

PART = '.part'


def write_atomically(data: bytes, path: str | os.PathLike) -> None:
    """Write a file so that a reader sees the old content or the new one, whenever the process dies.

    The bytes go to a temporary file of the same folder, are flushed to disk, and take the final name in one step.

    Args:
        data (bytes): Whole content.
        path (str | os.PathLike): Final name; missing folders are made.

    Raises:
        OSError: If the disk is full or the folder cannot be written; ``filename`` is the final name, which is
            untouched.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(data, path)
        _sync_folder(path.parent)
    except OSError as error:
        # A failed write() has no name at all, mkstemp() that of the temporary file.
        error.filename = str(path)
        raise


def _write_and_rename(data: bytes, path: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.', suffix=PART)
    try:
        with os.fdopen(handle, 'wb') as stream:
            # The lock ends with the process, which tells remove_stale_parts() that nobody writes here any more.
            with contextlib.suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_stale_parts(folder: str | os.PathLike) -> list[Path]:
    """Delete the temporary files that killed processes left in a folder; those still being written stay.

    Args:
        folder (str | os.PathLike): Folder to tidy, not its subfolders.

    Returns:
        list[Path]: What was deleted.
    """
    stale = [path for path in sorted(Path(folder).glob(f'.*{PART}')) if _is_abandoned(path)]
    for path in stale:
        path.unlink(missing_ok=True)
    return stale


def _is_abandoned(path: Path) -> bool:
    if path.is_symlink():
        return True
    try:
        with path.open('rb') as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # locked by its writer, gone meanwhile, or a file system without locks: not ours to delete
        return False
    return True


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
