"""Bootstrap intervals: exact where resampling cannot matter, near the normal interval where theory gives it."""

import numpy as np
import pytest

from egoexo.evaluation.functional.bootstrap import bootstrap_difference, bootstrap_interval


def mean(rows: list[float]) -> dict[str, float]:
    return {'mean': sum(rows) / len(rows), 'count': float(len(rows))}


def test_equal_rows_have_no_spread() -> None:
    assert bootstrap_interval([3.0] * 5, mean, num_resamples=20) == {'mean': (3.0, 3.0), 'count': (5.0, 5.0)}


def test_interval_of_a_mean() -> None:
    rows = np.random.default_rng(1).normal(50, 10, 400).tolist()
    low, high = bootstrap_interval(rows, mean, num_resamples=2000)['mean']
    assert low == pytest.approx(np.mean(rows) - 1.96 * np.std(rows) / 20, abs=0.1)
    assert high == pytest.approx(np.mean(rows) + 1.96 * np.std(rows) / 20, abs=0.1)


def test_seed_and_level() -> None:
    rows = np.arange(30.0).tolist()
    first = bootstrap_interval(rows, mean, 200, seed=0)['mean']
    assert first == bootstrap_interval(rows, mean, 200, seed=0)['mean']
    assert first != bootstrap_interval(rows, mean, 200, seed=1)['mean']
    narrow = bootstrap_interval(rows, mean, 200, seed=0, level=0.5)['mean']
    assert first[0] < narrow[0] < narrow[1] < first[1]


@pytest.mark.parametrize(('rows', 'options'), [([], {}), ([1.0], dict(num_resamples=0)), ([1.0], dict(level=1.0))])
def test_refusals(rows: list[float], options: dict) -> None:
    with pytest.raises(ValueError, match=f'got {len(rows)} rows'):
        bootstrap_interval(rows, mean, **options)


def test_constant_difference_has_no_spread() -> None:
    rows = np.random.default_rng(1).normal(50, 10, 30).tolist()
    value, low, high = bootstrap_difference([(row, row + 2) for row in rows], mean, 100)['mean']
    assert (value, low, high) == (pytest.approx(2), pytest.approx(2), pytest.approx(2))


def test_pairing_takes_out_what_both_share() -> None:
    rng = np.random.default_rng(2)
    first = rng.normal(50, 20, 200)
    second = first + rng.normal(3, 1, 200)
    value, low, high = bootstrap_difference(list(zip(first, second, strict=True)), mean, 500)['mean']
    assert value == pytest.approx(np.mean(second) - np.mean(first))
    half = 1.96 * np.std(second - first) / np.sqrt(200)
    assert (low, high) == (pytest.approx(value - half, abs=0.05), pytest.approx(value + half, abs=0.05))


def test_difference_needs_a_pair() -> None:
    with pytest.raises(ValueError, match='at least one row .* got 0 rows'):
        bootstrap_difference([], mean)
