"""What a user reads when data or checkpoints do not fit: where, expected, found, and what to do."""

import inspect
import textwrap
from pathlib import Path

import pytest
from error_audit import Raised, raised_texts
from hostile.messages import problems_of
from tests_support import REPO

from egoexo import errors

_INSIDE = 'raised while torch reads; loading.py puts it behind "found" of a whole message'
#: Rooms whose messages are audited; add yours.
ROOMS = ('files.py', 'formats', 'checkpoints', 'datasets', 'evaluation/offline', 'engine/resume.py')
#: Statements whose parts come from elsewhere, by a piece of them, and why.
EXCEPTIONS = {
    'CheckpointError(_explain(path, error))': 'loading.py chooses the parts by the kind of failure; tests/hostile',
    'the file asks for getattr': _INSIDE, 'the file holds a numpy array': _INSIDE, 'numpy.ndarray itself': _INSIDE,
    'the file holds a numpy scalar': _INSIDE, 'the file holds a HistoryBuffer': _INSIDE,
    '{problems[0]} Start anew': 'the piece in front of the advice is a whole message that ends with a full stop',
    'raise DataError(text)': 'lists the messages of the readers, one per sample; see the report in test_base.py',
    "type(error)(f'{where}: {error}')": 'puts the name of the sample in front of a whole message',
    "CheckpointError('\\n'.join(lines))": 'a list of keys under "expected ... found differences", ends with a command',
}
OURS = {name for name, cls in inspect.getmembers(errors, inspect.isclass)}


def audited_files() -> list[Path]:
    found = []
    for room in ROOMS:
        path = REPO / 'egoexo' / room
        found += sorted(path.rglob('*.py')) if path.is_dir() else [path]
    return found


def audited_errors() -> list[Raised]:
    return [raised for path in audited_files() for raised in raised_texts(path, OURS)]


def exception_of(raised: Raised) -> str | None:
    return next((piece for piece in EXCEPTIONS if piece in raised.source), None)


@pytest.mark.parametrize('path', audited_files(), ids=lambda path: str(path.relative_to(REPO / 'egoexo')))
def test_every_message_has_its_parts(path: Path) -> None:
    wrong = []
    for raised in raised_texts(path, OURS):
        if exception_of(raised):
            continue
        problems = ['its text is made elsewhere'] if raised.text is None else problems_of(raised.text, Path())
        wrong += [f'{path.relative_to(REPO)}:{raised.line}: {problem}: {raised.text}' for problem in problems]
    assert not wrong, '\n'.join(wrong)


def test_the_audit_sees_the_rooms() -> None:
    found = audited_errors()
    assert len(found) > 100
    assert {exception_of(raised) for raised in found} - {None} == set(EXCEPTIONS), 'an exception is no longer needed'


@pytest.mark.parametrize(('body', 'text'), [
    ("raise FeatureError(explain(path, 'a', f'{n} b', 'Check it.'))", 'x: expected a, found x b. Check it.'),
    ("raise FeatureError(explain(path, 'a', found='b', advice=ADVICE)) from error", 'x: expected a, found b. Try it.'),
    ("raise error(f'{path} is {n}' + ' bad')", 'x is x bad'),
    ("kind = 'empty'\nraise DataError(f'{path} is {kind}')", 'x is empty'),
    ("raise DataError('is good' if n else 'is bad')", 'is bad'),
    ('raise DataError(describe(path))', None),
])
def test_the_audit_reads(tmp_path: Path, body: str, text: str | None) -> None:
    path = tmp_path / 'source.py'
    path.write_text(f"ADVICE = 'Try it.'\ndef f(path, n, error):\n{textwrap.indent(body, '    ')}\n")
    assert [raised.text for raised in raised_texts(path, OURS)] == [text]


def test_the_audit_leaves_other_errors_alone(tmp_path: Path) -> None:
    path = tmp_path / 'source.py'
    path.write_text("def f():\n    raise ValueError('x')\n    raise\n    raise StopIteration\n")
    assert list(raised_texts(path, OURS)) == []
