"""The record of a run in its work directory: what was typed, on what machine, and how it ended."""

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from egoexo.engine import write_atomically
from egoexo.errors import DataError
from egoexo.files import read_json
from egoexo.version import __version__

__all__ = ['record_end', 'write_command']

_MAX_MESSAGE = 2000
_OPEN: list[tuple[Path, dict]] = []  # commands of this process that have not ended, the newest last


def write_command(work_dir: str | Path, tool: str, argv: Sequence[str], **facts: object) -> Path:
    """Note in the work directory what is run, for the report and for whoever reads the numbers later.

    The entry says ``status='running'`` until the block of :func:`record_end` around it ends; a process that is killed
    leaves it so.

    Args:
        work_dir (str | Path): Work directory.
        tool (str): ``'train'`` or ``'test'``.
        argv (Sequence[str]): Arguments as typed.
        **facts (object): Anything else worth keeping, as JSON.

    Returns:
        Path: ``command.json``, a list with the newest run last. Only the first rank writes it.
    """
    path = Path(work_dir) / 'command.json'
    if int(os.environ.get('RANK', 0)) != 0:  # MMEngine sets it under every launcher
        return path
    entry = {
        'tool': tool, 'command': ' '.join(['python', f'tools/{tool}.py', *map(str, argv)]),
        'started': time.strftime('%FT%T%z'), 'pid': os.getpid(), 'egoexo': __version__, 'commit': _commit(),
        'python': platform.python_version(), 'torch': torch.__version__,
        'device': torch.cuda.get_device_name() if torch.cuda.is_available() else 'cpu',
        'world_size': int(os.environ.get('WORLD_SIZE', 1)), **facts, 'status': 'running'}
    write_atomically(json.dumps([*_read_entries(path), entry], indent=1).encode(), path)
    _OPEN.append((path, json.loads(json.dumps(entry))))
    return path


@contextlib.contextmanager
def record_end(describe: Callable[[BaseException], str] = str) -> Iterator[None]:
    """Note how the commands that :func:`write_command` begins inside the block end.

    Args:
        describe (Callable[[BaseException], str]): Message of an error, as the user sees it.

    Yields:
        None: Control; an error passes through.
    """
    before = len(_OPEN)
    try:
        yield
    except BaseException as error:
        if isinstance(error, SystemExit) and not error.code:
            _end_since(before, {'status': 'finished'})
        else:
            _end_since(before, {'status': 'failed', 'error': type(error).__name__,
                                'message': describe(error)[:_MAX_MESSAGE]})
        raise
    _end_since(before, {'status': 'finished'})


def _end_since(number: int, outcome: dict) -> None:
    while len(_OPEN) > number:
        path, entry = _OPEN.pop()
        ended = outcome | {'ended': time.strftime('%FT%T%z')}
        try:
            entries = [item | ended if item == entry else item for item in _read_entries(path)]
            write_atomically(json.dumps(entries, indent=1).encode(), path)
        except OSError as problem:  # a full disk must not hide the error that is on its way to the user
            print(f'{path}: the end of the run could not be noted: {problem}', file=sys.stderr)


def _read_entries(path: Path) -> list[dict]:
    """Earlier entries; a damaged file is put aside, since the record must not stop a run."""
    if not path.is_file():
        return []
    try:
        entries = read_json(path, DataError, 'the record of commands')
    except DataError:
        entries = None
    if isinstance(entries, list) and all(isinstance(item, dict) for item in entries):
        return entries
    aside = path.with_name(f'{path.name}.damaged')
    os.replace(path, aside)
    print(f'{path} is not the list of commands it should be; it was moved to {aside} and a new one is begun.')
    return []


def _commit() -> str:
    """Commit of the clone that the package is in, empty when it is not in one."""
    folder = Path(__file__).resolve().parent
    found = subprocess.run(['git', '-C', str(folder), 'rev-parse', '--short', 'HEAD'], capture_output=True,
                           text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ''
