"""Turns the ways in which the system ends a run into messages that say what is intact and what to do."""

import contextlib
import errno
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from mmengine.logging import MessageHub

from egoexo.engine.resume import newest_checkpoint
from egoexo.errors import EgoExoError, TrainingError

__all__ = ['check_writable', 'explained_failures']

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)
DEAD_WORKER = re.compile(r'DataLoader worker \(pid(?:\(s\))? ([\d, ]+)\) (is killed by signal: [\w ]+|exited [\w ]+)')
SHARED_MEMORY = re.compile(r'unable to (?:write to file </torch_|(?:allocate|open|resize|mmap) shared memory)'
                           r'|unable to (?:mmap|open|resize) [^\n]*</torch_')
LOST_PEER = re.compile(r'(Connection closed by peer|Connection reset by peer|Broken pipe|Timed out waiting'
                       r'|Socket closed|Failed to recv|Application timeout)')


@contextlib.contextmanager
def explained_failures(work_dir: str | Path, resumable: bool = True) -> Iterator[None]:
    """Let a full disk, a dead loader worker and a lost rank end a run as a readable :class:`TrainingError`.

    Every message names the newest checkpoint that loads and how to go on. Other errors pass unchanged. A log file that
    cannot be written counts as a full disk; outside this block ``logging`` prints a traceback for every line.

    Args:
        work_dir (str | Path): Work directory of the run.
        resumable (bool): False for a run that only starts anew, such as a test.

    Yields:
        None: The block runs once.

    Raises:
        TrainingError: In place of the system's error, which is its cause.
    """
    on_log_error = logging.FileHandler.handleError
    logging.FileHandler.handleError = _raise_again
    try:
        yield
    except EgoExoError:
        raise
    except (OSError, RuntimeError) as error:
        message = _explain(error, Path(work_dir))
        if message is None:
            raise
        goes_on = _intact(Path(work_dir)) if resumable else 'Then start the same command again.'
        raise TrainingError(f'{message} {goes_on}') from error
    finally:
        logging.FileHandler.handleError = on_log_error


def check_writable(work_dir: str | Path) -> None:
    """Make the work directory and try to write into it, before anything slow is done.

    Args:
        work_dir (str | Path): Work directory of a run to come.

    Raises:
        TrainingError: If it cannot be made or written.
    """
    folder = Path(work_dir)
    probe = folder / f'.writable.{os.getpid()}.part'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b'\0')
    except OSError as error:
        raise TrainingError(
            f'The work directory {folder} cannot be written: {error.strerror}. Expected a folder for logs and '
            'checkpoints. Free space or change its permissions, or choose another one with --work-dir.') from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()


def _raise_again(handler: logging.FileHandler, record: logging.LogRecord) -> None:
    """Stand in for ``Handler.handleError``, which is called inside ``except``; a failed write has no file name."""
    error = sys.exc_info()[1]
    if isinstance(error, OSError):
        error.filename = handler.baseFilename
    raise error


def _explain(error: OSError | RuntimeError, work_dir: Path) -> str | None:
    if isinstance(error, OSError):
        return _explain_disk(error, work_dir)
    text = str(error)
    if worker := DEAD_WORKER.search(text):
        memory = ' Its shared memory (/dev/shm) may be full.' if 'Bus error' in text else ''
        return (f'Loader worker {worker[1]} {worker[2].strip()}{_where()}. The system does that most often when memory '
                f'runs out (dmesg says so).{memory} Lower num_workers, batch_size or prefetch_factor of the data '
                'loader, or ask for more memory.')
    if SHARED_MEMORY.search(text):
        return (f'Shared memory (/dev/shm) is full{_where()}: {_free(Path("/dev/shm"))}. Loader workers hand their '
                'batches over through it. Lower num_workers of the data loader, or enlarge it (container: --shm-size).')
    several = int(os.environ.get('WORLD_SIZE', 1)) > 1
    if several and (isinstance(error, torch.distributed.DistError) or LOST_PEER.search(text)):
        found = LOST_PEER.search(text)
        reason = found[1] if found else f'{type(error).__name__}: {text.splitlines()[0]}'
        return (f'Rank {os.environ.get("RANK", "?")} lost the other processes{_where()} ({reason}). Most likely '
                'another rank ended or hung first: the cause is the first message above or in the log of that rank.')
    return None


def _explain_disk(error: OSError, work_dir: Path) -> str | None:
    path = Path(error.filename) if isinstance(error.filename, str) else None
    inside = path is not None and path.resolve().is_relative_to(work_dir.resolve())
    if error.errno not in NO_SPACE and not (error.errno in NOT_ALLOWED and inside):
        return None
    folder = path.parent if path is not None else work_dir
    advice = f'Free space in {folder} ({_free(folder)})' if error.errno in NO_SPACE else 'Make it writable again'
    return (f'{path or f"A file in {work_dir}"} cannot be written{_where()}: {error.strerror}. {advice}.')


def _where() -> str:
    """Position of the training loop of this process, as far as there is one."""
    # The hub of the run that was built last; RuntimeInfoHook counts the iterations finished before the current one.
    iteration = MessageHub.get_current_instance().get_info('iter', None)
    return '' if iteration is None else f' at iteration {int(iteration) + 1}'


def _free(folder: Path) -> str:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return 'free space unknown'
    return f'{usage.free / 2**20:.1f} of {usage.total / 2**20:.1f} MiB are free'


def _intact(work_dir: Path) -> str:
    found = newest_checkpoint(work_dir)
    if found is None:
        return f'There is no checkpoint in {work_dir} yet: start the same command again.'
    path, epochs, iterations = found
    return (f'Intact: {path} ({epochs} epochs, {iterations} iterations done). Then go on with the same command and '
            '--resume.')
