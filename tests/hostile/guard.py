"""Runs cases in forked children that watch for foreign code, for memory and for time.

One child runs a whole family. What a reader does is seen from four sides: the canaries that the gadgets try to leave
(a file, an environment variable, a builtin); an audit hook of the interpreter; the peak of the resident memory and a
limit of the address space; and the parent, which kills a child that hangs, reports one that crashes, both under the
name of the case, and goes on with the next case in a new child.
"""

import ast
import builtins
import faulthandler
import json
import os
import resource
import select
import signal
import sys
import sysconfig
import time
import traceback
import types
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hostile.case import CANARY_VARIABLE, Case, canary_of

__all__ = ['Result', 'run_cases']

#: Address space beyond what the process has when a case begins.
SPARE_ADDRESSES = 1024 * 2**20
_ALWAYS_FORBIDDEN = ('os.system', 'os.exec', 'os.posix_spawn', 'os.spawn', 'os.fork', 'os.forkpty', 'os.startfile',
                     'subprocess.Popen', 'pty.spawn', 'socket.', 'ftplib.', 'urllib.Request', 'http.client.',
                     'smtplib.', 'webbrowser.open', 'ctypes.dlopen', 'os.kill', 'signal.pthread_kill', 'os.putenv',
                     'os.unsetenv', 'code.__new__', 'pickle.find_class', 'builtins.input',
                     'sys.addaudithook', 'sys.setprofile', 'sys.settrace', 'cpython.run_')
_WRITES = ('os.remove', 'os.rename', 'os.mkdir', 'os.rmdir', 'os.link', 'os.symlink', 'os.truncate', 'os.chmod',
           'os.chown', 'os.utime', 'os.setxattr', 'os.removexattr', 'shutil.', 'tempfile.')
#: What PyAV's compiled modules do to put a line into a traceback.
_TRACEBACK_LINE, _TRACEBACK_FOLDER = b'_getframe()', 'av/'
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_IMPORTER = '<frozen importlib._bootstrap>'
#: Signs that a reader ran into the limit instead of looking at the size first.
_OUT_OF_MEMORY = ('memoryerror', 'allocate memory', 'not enough memory', 'bad_alloc', 'out of memory')


@dataclass
class Result:
    """What came of one case.

    Args:
        outcome (str): ``'loaded'``, ``'raised'``, ``'crashed'`` (the child died), ``'timed out'`` or ``'not made'``.
        error (list[str]): Names of the classes of the exception, most derived first, ``module.Class``.
        message (str): Text of the exception, or how the child died.
        path (str): The file.
        growth (int): Bytes by which the peak of the resident memory grew.
        seconds (float): Duration of the reading.
        violations (list[str]): What no reader may do: code that ran, files written elsewhere, memory that ran out.
        check (str): Why the returned value is not as it should be; empty when it is.
    """

    outcome: str
    error: list[str] = field(default_factory=list)
    message: str = ''
    path: str = ''
    growth: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    check: str = ''


class _Recorder:
    """Audit hook; interpreter-wide and for good, therefore only ever installed in a child."""

    def __init__(self) -> None:
        self.folder = ''
        self.events: list[str] | None = None
        own = Path(__file__).resolve().parents[2]
        folders = {*sysconfig.get_paths().values(), Path(os.__file__).parent, own / 'egoexo', own / 'tools'}
        self.trusted = ('<frozen ', *(os.path.realpath(folder) + os.sep for folder in folders))

    def __call__(self, event: str, args: tuple) -> None:
        if self.events is None:
            return
        try:
            if self._forbids(event, args):
                self.events.append(f'{event}{args!r}'[:300])
        except Exception as error:  # an audit hook must not change what the reader does
            self.events.append(f'{event}: hook failed with {error!r}')

    def _forbids(self, event: str, args: tuple) -> bool:
        if event in ('compile', 'code.__new__') and str(args[1]).startswith(_TRACEBACK_FOLDER):
            return event == 'compile' and args[0] != _TRACEBACK_LINE
        if event.startswith(_ALWAYS_FORBIDDEN):
            return True
        if event == 'open':
            path, mode, flags = args
            writes = any(char in mode for char in 'wax+') if mode else bool(flags & _WRITE_FLAGS)
            return writes and isinstance(path, str | bytes) and self._outside(path)
        if event.startswith(_WRITES):
            base = next((arg for arg in reversed(args[1:]) if isinstance(arg, int)), -1)  # descriptor of a folder
            return any(isinstance(arg, str | bytes) and self._outside(arg, base) for arg in args[:2])
        if event.startswith('marshal.load'):
            return not self._is_import()
        if event == 'exec':
            return self._is_foreign(getattr(args[0], 'co_filename', ''))
        if event == 'compile':
            name = args[1]
            if self._is_below(ast.literal_eval):  # numpy's headers: parsed, never run
                return False
            return self._is_foreign(os.fsdecode(name) if isinstance(name, str | bytes) else '')
        return False

    def _outside(self, path: str | bytes, base: int = -1) -> bool:
        text = os.fsdecode(path)
        if base >= 0 and os.path.exists(f'/proc/self/fd/{base}'):
            text = os.path.join(os.readlink(f'/proc/self/fd/{base}'), text)
        return text != os.devnull and not f'{os.path.realpath(text)}{os.sep}'.startswith(self.folder)

    def _is_foreign(self, filename: str) -> bool:
        """Code from a string or a file that is none of the installation's, unless a module is being imported.

        Dataclasses and named tuples of an imported module are compiled from strings, hence the exception; a hostile
        module would show by its own file name.
        """
        if filename.startswith(self.trusted) or os.path.realpath(filename).startswith(self.trusted):
            return False
        return os.path.exists(filename) or not self._is_import()

    @staticmethod
    def _is_import() -> bool:
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename != _IMPORTER:
            frame = frame.f_back
        return frame is not None

    @staticmethod
    def _is_below(function: types.FunctionType) -> bool:
        frame = sys._getframe(2)
        while frame is not None and frame.f_code is not function.__code__:
            frame = frame.f_back
        return frame is not None


def _resident(key: str) -> int:
    """``VmRSS``, ``VmHWM`` or ``VmSize`` of this process in bytes."""
    for line in Path('/proc/self/status').read_text(encoding='ascii').splitlines():
        if line.startswith(f'{key}:'):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f'/proc/self/status has no {key}')


def _reset_peak() -> None:
    Path('/proc/self/clear_refs').write_text('5', encoding='ascii')


def _reasons(error: BaseException | None) -> list[str]:
    """Text of an exception and of all that caused it, in lower case."""
    reasons: list[str] = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        reasons.append(f'{type(error).__name__}: {error}'.lower())
        error = error.__cause__ or error.__context__
    return reasons


def _run_one(case: Case, folder: Path, recorder: _Recorder) -> Result:
    """Make the file of a case, read it and tell what happened; runs in the child."""
    folder.mkdir(parents=True)
    try:
        path = case.make(folder)
    except Exception:
        return Result('not made', message=traceback.format_exc())
    result = Result('loaded', path=str(path))
    environment = dict(os.environ)
    recorder.folder = os.path.realpath(folder) + os.sep
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    _reset_peak()
    before, started = _resident('VmRSS'), time.perf_counter()
    resource.setrlimit(resource.RLIMIT_AS, (_resident('VmSize') + SPARE_ADDRESSES, hard))
    value, caught, recorder.events = None, None, []
    try:
        value = case.read(path)
    except BaseException as error:  # SystemExit too: a gadget may raise it
        caught = error
    events, recorder.events = recorder.events, None
    result.seconds = time.perf_counter() - started
    result.growth = _resident('VmHWM') - before
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    result.violations = list(dict.fromkeys(events))[:10] + _canaries(folder, environment)
    if caught is not None:
        result.outcome, result.message = 'raised', str(caught)
        result.error = [f'{cls.__module__}.{cls.__qualname__}' for cls in type(caught).__mro__]
        result.violations += [f'ran into the memory limit: {reason[:200]}' for reason in _reasons(caught)
                              if any(sign in reason for sign in _OUT_OF_MEMORY)]
    elif case.check is not None:
        try:
            case.check(value)
        except Exception as error:
            result.check = f'{type(error).__name__}: {error}'
    return result


def _canaries(folder: Path, environment: dict[str, str]) -> list[str]:
    """Marks that a gadget left behind; they are wiped, so that the next case starts clean."""
    found = []
    if os.path.lexists(canary_of(folder)):
        found.append(f'canary: the file {canary_of(folder)} was made')
    if dict(os.environ) != environment:
        found.append(f'canary: the environment changed ({sorted(set(os.environ.items()) ^ set(environment.items()))})')
        os.environ.clear()
        os.environ.update(environment)
    if hasattr(builtins, CANARY_VARIABLE):
        found.append(f'canary: builtins.{CANARY_VARIABLE} was set')
        delattr(builtins, CANARY_VARIABLE)
    return found


def _child(cases: Sequence[tuple[int, Case]], root: Path, pipe: int, log: Path) -> None:
    """Run cases and write one line of JSON before and one after each; never returns."""
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        faulthandler.enable(file=output)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        recorder = _Recorder()
        sys.addaudithook(recorder)
        with os.fdopen(pipe, 'w', encoding='utf-8', errors='backslashreplace') as stream:
            for number, case in cases:
                print(json.dumps([number, None]), file=stream, flush=True)
                result = _run_one(case, root / f'{number:03d}', recorder)
                print(json.dumps([number, asdict(result)]), file=stream, flush=True)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def run_cases(cases: Sequence[Case], root: Path) -> dict[str, Result]:
    """Run cases, in order, in as few children as their crashes allow.

    Args:
        cases (Sequence[Case]): Cases with unique ids.
        root (Path): New folder; each case gets a folder below it.

    Returns:
        dict[str, Result]: By id of the case.
    """
    root.mkdir(parents=True, exist_ok=True)
    waiting = list(enumerate(cases))
    results: dict[str, Result] = {}
    while waiting:
        log = root / f'output-{waiting[0][0]:03d}.txt'
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _child(waiting, root, writing, log)
        os.close(writing)
        done, failure = _follow(reading, child, dict(waiting))
        results.update({cases[number].id: result for number, result in done.items()})
        waiting = [(number, case) for number, case in waiting if number not in done]
        if waiting and failure is not None:
            case = waiting.pop(0)[1]
            failure.message += f'; output: {log.read_text(errors="replace")[:1500] if log.is_file() else ""}'
            results[case.id] = failure
    return results


def _follow(reading: int, child: int, cases: dict[int, Case]) -> tuple[dict[int, Result], Result | None]:
    """Results of a child until it ends; the second value tells of the case it did not survive."""
    done: dict[int, Result] = {}
    buffer, limit, hanging = b'', 60.0, False
    with os.fdopen(reading, 'rb', buffering=0) as stream:
        while True:
            if not select.select([stream], [], [], limit)[0]:
                hanging = True
                os.kill(child, signal.SIGKILL)
                break
            chunk = stream.read(65536)
            if not chunk:
                break
            *lines, buffer = (buffer + chunk).split(b'\n')
            for line in lines:
                number, result = json.loads(line)
                limit = 60.0
                if result is None:
                    limit = cases[number].seconds + 10.0  # the making of the file included
                else:
                    done[number] = Result(**result)
    status = os.waitpid(child, 0)[1]
    if hanging:
        return done, Result('timed out', message=f'killed after {limit:.0f} s')
    if len(done) == len(cases):
        return done, None
    died = f'signal {signal.Signals(os.WTERMSIG(status)).name}' if os.WIFSIGNALED(status) else f'exit {status >> 8}'
    return done, Result('crashed', message=died)
