"""One row per sample, checked where rows are made and where they arrive."""

import pytest

from egoexo.evaluation.metrics.base import BaseEgoExoMetric


class Counting(BaseEgoExoMetric):
    def describe_sample(self, data_sample: dict) -> int:
        return data_sample['value']

    def compute_scores(self, rows: list[int]) -> dict[str, float]:
        return {'sum': float(sum(rows))}


class Appending(Counting):
    num_rows = 2

    def process(self, data_batch: object, data_samples: list[dict]) -> None:
        self.results.extend([1] * self.num_rows * len(data_samples))


class Unfinished(BaseEgoExoMetric):
    compute_scores = Counting.compute_scores


SAMPLES = [dict(value=1), dict(value=2), dict(value=4)]


def test_rows_are_summed_and_forgotten() -> None:
    metric = Counting()
    metric.process(None, SAMPLES[:2])
    metric.process(None, SAMPLES[2:])
    assert metric.evaluate(3) == {'sum': 7.0}
    assert metric.results == []


def test_prefix() -> None:
    metric = Counting(prefix='val')
    metric.process(None, SAMPLES)
    assert metric.evaluate(3) == {'val/sum': 7.0}


@pytest.mark.parametrize('num_rows', [0, 2])
def test_an_overridden_process_is_checked(num_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Appending, 'num_rows', num_rows)
    with pytest.raises(AssertionError, match=f'Appending.process appended {3 * num_rows} rows for 3 samples. Rows of'):
        Appending().process(None, SAMPLES)


def test_an_honest_override_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Appending, 'num_rows', 1)
    metric = Appending()
    metric.process(None, SAMPLES)
    assert metric.evaluate(3) == {'sum': 3.0}


def test_missing_rows_are_seen_after_gathering() -> None:
    metric = Counting()
    metric.process(None, SAMPLES)
    with pytest.raises(AssertionError, match='got 3 rows for a data set of 4 samples'):
        metric.evaluate(4)


def test_a_metric_must_say_how() -> None:
    with pytest.raises(TypeError, match='Unfinished must define describe_sample or override process'):
        Unfinished().process(None, SAMPLES)
