"""One process at a time: a lock that the kernel takes back when its holder dies."""

import contextlib
import errno
import fcntl
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ['file_lock']

_NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)


@contextlib.contextmanager
def file_lock(path: str | os.PathLike, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a lock file; other processes that ask for it wait.

    Args:
        path (str | os.PathLike): Lock file, made and removed here; its folder must exist.
        on_wait (Callable, optional): Called once when another process holds the lock, before waiting.

    Yields:
        None: While the lock is held. On a file system without locks it is not, which a warning says.

    Raises:
        OSError: If the folder cannot be written.
    """
    handle = _acquire(path, on_wait)
    try:
        yield
    finally:
        Path(path).unlink(missing_ok=True)  # before the lock is given back: nobody else can have made this one
        os.close(handle)


def _acquire(path: str | os.PathLike, on_wait: Callable[[], None] | None) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            _lock(handle, on_wait)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                warnings.warn(f'{path}: this file system has no locks ({error.strerror}); do not let two processes '
                              'write here at once.', stacklevel=4)
                return handle
            os.close(handle)
            raise
        # The former holder removed the file while this process waited: what is locked now has no name.
        if _is_at(handle, path):
            return handle
        os.close(handle)


def _lock(handle: int, on_wait: Callable[[], None] | None) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if on_wait is not None:
            on_wait()
        fcntl.flock(handle, fcntl.LOCK_EX)


def _is_at(handle: int, path: str | os.PathLike) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
