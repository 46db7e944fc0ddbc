"""The guard of the corpus sees what it is there to see: each of these readers is really unsafe."""

import mmap
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from hostile.case import CANARY_VARIABLE, Case, canary_of
from hostile.guard import Result, run_cases
from hostile.messages import problems_of

from egoexo.errors import DataError, explain


class Gadget:
    """Pickles as a call."""

    def __init__(self, function: object, *args: object) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args


def _empty(folder: Path) -> Path:
    (folder / 'file').touch()
    return folder / 'file'


def _pickled(make_gadget: object) -> object:
    def make(folder: Path) -> Path:
        (folder / 'file').write_bytes(pickle.dumps(make_gadget(folder)))
        return folder / 'file'
    return make


def _run(read: object, make: object = _empty, root: Path | None = None, **options: object) -> Result:
    options = dict(check=lambda value: None) | options
    case = Case('one', 'guard', make, read, **options)
    return run_cases([case], root)[case.id]


def _unpickle(path: Path) -> object:
    return pickle.loads(path.read_bytes())


@pytest.mark.parametrize(('gadget', 'sign'), [
    (lambda folder: Gadget(os.system, f'touch {canary_of(folder)}'), 'canary: the file'),
    (lambda folder: Gadget(os.system, 'true'), 'os.system'),
    (lambda folder: Gadget(exec, f'import os; os.environ[{CANARY_VARIABLE!r}] = "1"'), 'canary: the environment'),
    (lambda folder: Gadget(exec, f'import builtins; builtins.{CANARY_VARIABLE} = 1'), 'canary: builtins'),
    (lambda folder: Gadget(eval, '1 + 1'), "compile(b'1 + 1'"),
    (lambda folder: Gadget(print, 'only named'), "pickle.find_class('builtins', 'print')"),
    (lambda folder: Gadget(open, str(canary_of(folder)), 'w'), 'open('),
])
def test_a_gadget_that_runs_is_seen(tmp_path: Path, gadget: object, sign: str) -> None:
    result = _run(_unpickle, _pickled(gadget), tmp_path / 'run')
    assert any(entry.startswith(sign) for entry in result.violations), result.violations


def test_a_socket_and_a_write_elsewhere_are_seen(tmp_path: Path) -> None:
    def read(path: Path) -> None:
        import socket
        socket.socket().close()
        os.mkdir(path.parent.parent / 'elsewhere')

    result = _run(read, root=tmp_path / 'run')
    assert [entry.partition('(')[0] for entry in result.violations] == ['socket.__new__', 'os.mkdir']


def test_a_harmless_reader_passes(tmp_path: Path) -> None:
    result = _run(lambda path: path.with_name('beside').write_bytes(path.read_bytes()), root=tmp_path / 'run')
    assert (result.outcome, result.violations, result.check) == ('loaded', [], '')
    assert result.growth < 8 * 2**20


def test_two_gigabytes_trip_the_bound(tmp_path: Path) -> None:
    result = _run(lambda path: np.ones(2 * 2**30, np.uint8), root=tmp_path / 'run')
    assert result.outcome == 'raised'
    assert any('ran into the memory limit' in entry for entry in result.violations)

    def hide(path: Path) -> None:
        try:
            np.ones(2 * 2**30, np.uint8)
        except MemoryError as error:
            raise DataError('cannot be read') from error

    assert any('ran into the memory limit' in entry for entry in _run(hide, root=tmp_path / 'again').violations)


def test_growth_is_measured_per_case(tmp_path: Path) -> None:
    def fill(size: int) -> None:
        # Straight from the system: an allocator may keep what was freed and hand it out again without growth.
        with mmap.mmap(-1, size * 2**20) as memory:
            for _ in range(size):
                memory.write(bytes(2**20))

    sizes = (100, 1, 50)
    cases = [Case(str(size), 'guard', _empty, lambda path, size=size: fill(size), check=lambda value: None)
             for size in sizes]
    growths = [result.growth / 2**20 for result in run_cases(cases, tmp_path / 'run').values()]
    assert growths == pytest.approx(sizes, abs=10)


def test_crashes_and_hangs_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    def crash(path: Path) -> None:
        import ctypes
        ctypes.string_at(0)

    def fail(folder: Path) -> Path:
        raise OSError('disk full')

    def wait(path: Path) -> None:
        os.mkfifo(path.with_name('pipe'))
        path.with_name('pipe').read_bytes()

    def nothing(value: object) -> None:
        pass

    def demand(value: object) -> None:
        assert value == 1, f'got {value}'

    cases = [Case('crash', 'guard', _empty, crash, check=nothing),
             Case('hang', 'guard', _empty, wait, check=nothing, seconds=-9.5),
             Case('exit', 'guard', _empty, lambda path: os._exit(3), check=nothing),
             Case('unmade', 'guard', fail, len, check=nothing),
             Case('wrong', 'guard', _empty, lambda path: 2, check=demand),
             Case('right', 'guard', _empty, lambda path: 1, check=demand)]
    results = run_cases(cases, tmp_path / 'run')
    assert [results[case.id].outcome for case in cases] == [
        'crashed', 'timed out', 'crashed', 'not made', 'loaded', 'loaded']
    assert 'signal SIGSEGV' in results['guard/crash'].message
    assert 'in crash' in results['guard/crash'].message  # where, by the fault handler
    assert 'exit 3' in results['guard/exit'].message
    assert 'disk full' in results['guard/unmade'].message
    assert results['guard/wrong'].check.startswith('AssertionError: got 2')


GOOD = explain('a/file.pt', 'a tensor', 'a list', 'Save the tensor alone.')


@pytest.mark.parametrize(('message', 'problem'), [
    (GOOD.replace('file.pt', 'x'), 'does not name the file'),
    (GOOD.replace('expected', 'wanted'), 'what was expected'),
    (GOOD.replace('found', 'got'), 'what was found'),
    (GOOD.replace('Save the tensor alone.', 'It is damaged.'), 'gives no advice'),
    (GOOD + '\x1b[2J', 'control characters'),
    (GOOD.replace('list', 'l' * 5000), 'characters, more than'),
])
def test_the_rule_for_messages(message: str, problem: str) -> None:
    assert problems_of(GOOD, Path('file.pt')) == []
    assert any(problem in entry for entry in problems_of(message, Path('file.pt')))


def test_a_case_without_a_demand_is_refused() -> None:
    with pytest.raises(ValueError, match='guard/x: a case that may load needs a check'):
        Case('x', 'guard', _empty, len)
