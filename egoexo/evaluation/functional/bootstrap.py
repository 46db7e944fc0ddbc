"""Percentile intervals by resampling videos."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

__all__ = ['bootstrap_difference', 'bootstrap_interval']

Row = TypeVar('Row')


def bootstrap_interval(
        rows: Sequence[Row], summarise: Callable[[Sequence[Row]], dict[str, float]], num_resamples: int = 1000,
        seed: int = 0, level: float = 0.95) -> dict[str, tuple[float, float]]:
    """Interval of every metric when the list of videos is drawn again with replacement (Efron 1979, percentiles).

    Args:
        rows (Sequence[Row]): One row per video, whatever ``summarise`` takes.
        summarise (Callable): Rows in, metrics by name out.
        num_resamples (int): Lists drawn.
        seed (int): Seed of the draws; same seed, same interval.
        level (float): Share of the draws inside the interval, between 0 and 1.

    Returns:
        dict[str, tuple[float, float]]: Lower and upper end by metric name.

    Raises:
        ValueError: If there is no row, ``num_resamples`` < 1, or ``level`` is not between 0 and 1.

    Examples:
        >>> def mean(rows):
        ...     return {'mean': sum(rows) / len(rows)}
        >>> bootstrap_interval([1.0, 1.0, 1.0], mean)
        {'mean': (1.0, 1.0)}
    """
    if not rows or num_resamples < 1 or not 0 < level < 1:
        raise ValueError('a bootstrap needs at least one row and one resample and a level between 0 and 1, got '
                         f'{len(rows)} rows, num_resamples={num_resamples}, level={level}.')
    draws = np.random.default_rng(seed).integers(0, len(rows), (num_resamples, len(rows)))
    scores = [summarise([rows[index] for index in draw]) for draw in draws.tolist()]
    tails = [(1 - level) / 2, (1 + level) / 2]
    return {
        name: tuple(np.quantile([score[name] for score in scores], tails).tolist())
        for name in scores[0]
    }


def bootstrap_difference(
        pairs: Sequence[tuple[Row, Row]], summarise: Callable[[Sequence[Row]], dict[str, float]],
        num_resamples: int = 1000, seed: int = 0, level: float = 0.95) -> dict[str, tuple[float, float, float]]:
    """Difference of two runs on the same videos, with its interval when the videos are drawn again.

    Both runs are scored on the same draw, so what makes a video hard for both does not widen the interval.

    Args:
        pairs (Sequence[tuple[Row, Row]]): For each video the row of the first and of the second run.
        summarise (Callable): Rows of one run in, metrics by name out.
        num_resamples (int): Lists drawn.
        seed (int): Seed of the draws.
        level (float): Share of the draws inside the interval, between 0 and 1.

    Returns:
        dict[str, tuple[float, float, float]]: Second minus first, lower and upper end, by metric name.

    Raises:
        ValueError: As :func:`bootstrap_interval`.
    """
    def difference(drawn: Sequence[tuple[Row, Row]]) -> dict[str, float]:
        first, second = (summarise([pair[side] for pair in drawn]) for side in (0, 1))
        return {name: second[name] - first[name] for name in first}

    intervals = bootstrap_interval(pairs, difference, num_resamples, seed, level)
    return {name: (value, *intervals[name]) for name, value in difference(pairs).items()}
