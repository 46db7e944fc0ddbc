"""Percentile intervals by resampling videos."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

__all__ = ['bootstrap_interval']

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
