"""The corpus of hostile and broken files: each has a named error or a counted skip, and nothing in it runs."""

import importlib
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hostile.case import Case
from hostile.guard import Result, run_cases
from hostile.messages import problems_of

from egoexo.errors import EgoExoError

#: Every family of the corpus; each needs cases.
FAMILIES = ('pickle', 'getattr', 'checkpoint', 'resume', 'annotation', 'json', 'prediction', 'archive', 'link',
            'feature', 'recipe', 'record', 'video')
MODULES = sorted(path.stem for path in Path(__file__).parent.glob('cases_*.py'))


@cache
def corpus() -> tuple[Case, ...]:
    """All cases, by family, in the order of their modules."""
    found = [case for name in MODULES for case in importlib.import_module(f'hostile.{name}').CASES]
    return tuple(sorted(found, key=lambda case: case.family))


@pytest.fixture(scope='session')
def outcome(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Result of a case; the first one of a family runs the whole family."""
    done: dict[str, Result] = {}

    def of(case: Case) -> Result:
        if case.id not in done:
            family = [other for other in corpus() if other.family == case.family]
            done.update(run_cases(family, tmp_path_factory.mktemp('hostile') / case.family))
        return done[case.id]

    return of


@pytest.mark.parametrize('case', corpus(), ids=lambda case: case.id)
def test_case(case: Case, outcome: object) -> None:
    result = outcome(case)
    told = f'{result.error[:1]} {result.message}'
    assert result.outcome in ('loaded', 'raised'), f'{result.outcome}: {result.message}'
    assert not result.violations, f'{result.violations}\n{told}'
    assert result.growth <= case.max_growth, f'memory grew by {result.growth / 2**20:.0f} MiB: {told}'
    if result.outcome == 'loaded':
        assert case.error is None or case.may_load, f'expected {case.error}, but the file was read'
        assert not result.check, result.check
        return
    assert case.error is not None, f'expected to be read, but {told}'
    assert f'{case.error.__module__}.{case.error.__qualname__}' in result.error, told
    for pattern in case.text:
        assert re.search(pattern, result.message), f'{pattern!r} is not in: {result.message}'
    assert problems_of(result.message, Path(result.path)) == [], result.message


def test_the_corpus_is_as_large_as_it_claims() -> None:
    cases = corpus()
    assert len(cases) >= 100
    assert len({case.id for case in cases}) == len(cases)
    assert set(Counter(case.family for case in cases)) == set(FAMILIES)
    assert all(issubclass(case.error, EgoExoError) for case in cases if case.error is not None)
