"""Every official number that the repository holds is looked at by exactly one test module."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest
from tests_support import parity_dir

#: Files that describe a set of fixtures and hold no expected value.
COMMON = ('README.md', 'fixture.json')

#: Topic -> files of methods and benchmarks that the toolbox does not have yet; owning one takes it out of here.
PENDING = {'correspondence': ('xmem*', 'translation*')}


def owned_patterns() -> dict[str, list[tuple[str, str]]]:
    """Topic -> (pattern, module) pairs, read from the ``OWNS`` tables without importing the modules."""
    owners: dict[str, list[tuple[str, str]]] = {}
    for module in sorted(Path(__file__).parent.glob('test_*.py')):
        for node in ast.parse(module.read_text(encoding='utf-8')).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', None) == 'OWNS':
                for topic, patterns in ast.literal_eval(node.value).items():
                    owners.setdefault(topic, []).extend((pattern, module.name) for pattern in patterns)
    return owners


@pytest.mark.parametrize('topic', sorted(owned_patterns()))
def test_every_fixture_has_one_owner(topic: str) -> None:
    files = [path.relative_to(parity_dir(topic)).as_posix() for path in parity_dir(topic).rglob('*') if path.is_file()]
    assert files, f'no fixture of {topic} found in {parity_dir(topic)}'
    for name in files:
        if name in COMMON:
            continue
        owners = [module for pattern, module in owned_patterns()[topic] if fnmatch(name, pattern)]
        if any(fnmatch(name, pattern) for pattern in PENDING.get(topic, ())):
            assert not owners, f'{topic}/{name} is owned by {owners}: take it out of PENDING'
            continue
        assert len(owners) == 1, f'{topic}/{name} is owned by {owners or "nobody"}; see OWNS in tests/parity'

