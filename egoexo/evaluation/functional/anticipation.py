"""Formulas of multi-label action anticipation: recall and precision of the top-k set, mean average precision.

Equal to the released EgoExoLearn scripts, which call scikit-learn, to the last digits; ties are the one exception, see
:func:`top_k_mask`. Letters in shapes: n samples, C classes. Every function takes numpy arrays and nothing is rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from egoexo.errors import PredictionError, explain

__all__ = [
    'METRICS',
    'TOP_K',
    'Ranking',
    'anticipation_scores',
    'average_precisions',
    'check_scores',
    'clipped_k',
    'constant_baselines',
    'per_class_recall',
    'rank_classes',
    'sample_recalls',
    'top_k_mask',
]

#: Size of the predicted set in the released scripts.
TOP_K = 5
#: What is reported, the score that selects checkpoints first; all but mAP are followed by ``@<k>``.
METRICS = ('macro_recall', 'micro_recall', 'samples_recall', 'macro_precision', 'mAP')


@dataclass(frozen=True)
class Ranking:
    """Where the positives of each class stand among all samples when sorted by falling score.

    A positive is one (sample, class) pair that is true; P of them, ordered by class, then by place.

    Args:
        negated (np.ndarray): Scores times -1 by class, (C, n).
        classes (np.ndarray): Class of each positive, (P,).
        rows (np.ndarray): Sample of each positive, (P,).
        ends (np.ndarray): Place of the last sample whose score equals that of the positive, (P,), from 0.
    """

    negated: np.ndarray
    classes: np.ndarray
    rows: np.ndarray
    ends: np.ndarray

    @cached_property
    def order(self) -> np.ndarray:
        """Samples of each class from the highest to the lowest score, (C, n) int64; only weights need it."""
        return np.argsort(self.negated, axis=1)


def check_scores(logits: np.ndarray, targets: np.ndarray, names: Sequence[str] | None = None) -> None:
    """Refuse predictions that cannot be scored.

    Args:
        logits (np.ndarray): Predicted scores, (n, C).
        targets (np.ndarray): 1 for each true class, else 0, (n, C).
        names (Sequence[str] | None): Names of the samples for messages; their numbers without.

    Raises:
        PredictionError: If the shapes differ, there is no sample or class, or a score is not finite.
    """
    if logits.ndim != 2 or logits.shape != targets.shape or not logits.size:
        raise PredictionError(explain(
            'anticipation scores', f'one row of class scores per sample, shape {targets.shape}', f'{logits.shape}',
            'Predict with the classes and the list that the truth comes from.'))
    finite = np.isfinite(logits).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        name = str(bad[0]) if names is None else names[bad[0]]
        raise PredictionError(explain(f'sample {name}', 'finite class scores',
                                      f'NaN or infinity, as in {bad.size} of {finite.size} samples',
                                      'Check the features and the checkpoint that predicted them.'))


def clipped_k(k: int, num_classes: int) -> tuple[int, str]:
    """Size of the predicted set when there are fewer classes than ``k``, and a note about it.

    Args:
        k (int): Size asked for, at least 1.
        num_classes (int): C.

    Returns:
        tuple[int, str]: The size, and a sentence, empty if nothing was changed.

    Raises:
        ValueError: If ``k`` is below 1.

    Examples:
        >>> clipped_k(5, 3)
        (3, 'only 3 classes: the top-5 set holds all of them, so recall is 100')
    """
    if k < 1:
        raise ValueError(f'the predicted set needs k >= 1 classes, got {k}.')
    if k <= num_classes:
        return k, ''
    return num_classes, f'only {num_classes} classes: the top-{k} set holds all of them, so recall is 100'


def top_k_mask(logits: np.ndarray, k: int = TOP_K) -> np.ndarray:
    """The k classes with the highest scores of each sample.

    Among equal scores the lower class id goes first. The released code leaves that choice to ``torch.topk``, which
    promises no order; real scores hardly ever tie, so this matters for constant predictions only.

    Args:
        logits (np.ndarray): Finite scores, (n, C).
        k (int): Size of the set; clipped to C.

    Returns:
        np.ndarray: True for the classes in the set, (n, C) bool.

    Examples:
        >>> top_k_mask(np.array([[0.1, 0.7, 0.7, 0.7]]), k=2)
        array([[False,  True,  True, False]])
    """
    k, _ = clipped_k(k, logits.shape[1])
    last = np.partition(logits, logits.shape[1] - k, axis=1)[:, [logits.shape[1] - k]]
    mask = logits >= last
    tied = np.flatnonzero(mask.sum(axis=1, dtype=np.int32) > k)
    if tied.size:
        above = logits[tied] > last[tied]
        equal = logits[tied] == last[tied]
        room = k - above.sum(axis=1, keepdims=True)
        mask[tied] = above | (equal & (equal.cumsum(axis=1) <= room))
    return mask


def _weighted_sum(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Column sums of (n, C) as float64; counts are exact, whatever the weights."""
    if weights is None:
        return np.count_nonzero(values, axis=0).astype(np.float64)
    return weights.astype(np.float64) @ values


def per_class_recall(
        hits: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Share of the positives of each class that the predicted sets hold.

    Args:
        hits (np.ndarray): What :func:`top_k_mask` returns, (n, C) bool.
        targets (np.ndarray): 1 for each true class, else 0, (n, C).
        weights (np.ndarray | None): How often each sample counts, (n,); once without.

    Returns:
        np.ndarray: Fractions, (C,) float64; 0 for a class without positives, as released.
    """
    positive = targets > 0
    return _ratio(_weighted_sum(hits & positive, weights), _weighted_sum(positive, weights))


def sample_recalls(hits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Share of the true classes of each sample that its predicted set holds.

    Args:
        hits (np.ndarray): What :func:`top_k_mask` returns, (n, C) bool.
        targets (np.ndarray): 1 for each true class, else 0, (n, C).

    Returns:
        np.ndarray: Fractions, (n,) float64; 0 for a sample without true class, as released.
    """
    positive = targets > 0
    return _ratio((hits & positive).sum(axis=1, dtype=np.int32), positive.sum(axis=1, dtype=np.int32))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(whole.shape), where=whole != 0)


def rank_classes(logits: np.ndarray, targets: np.ndarray) -> Ranking:
    """Sort the samples by the score of each class, once for any number of weightings.

    Args:
        logits (np.ndarray): Finite scores, (n, C).
        targets (np.ndarray): 1 for each true class, else 0, (n, C).
    """
    negated = np.negative(logits.T, order='C')  # ascending, so the highest score comes first
    ranked = np.sort(negated, axis=1)
    classes, rows = np.nonzero((targets > 0).T)
    scores, first = negated[classes, rows], np.searchsorted(classes, np.arange(len(ranked) + 1))
    ends = np.concatenate([np.searchsorted(line, scores[start:stop], side='right') - 1
                           for line, start, stop in zip(ranked, first[:-1], first[1:], strict=True)])
    order = np.lexsort((ends, classes))
    return Ranking(negated, classes, rows[order], ends[order])


def average_precisions(ranking: Ranking, weights: np.ndarray | None = None) -> np.ndarray:
    """Average precision of each class: precision at each distinct score, weighted by the recall gained there.

    Args:
        ranking (Ranking): What :func:`rank_classes` returns.
        weights (np.ndarray | None): How often each sample counts, (n,); once without.

    Returns:
        np.ndarray: Fractions, (C,) float64; NaN for a class without positives.
    """
    num_classes, num = ranking.negated.shape
    positives = np.ones(ranking.rows.size) if weights is None else weights[ranking.rows].astype(np.float64)
    if weights is None:
        seen = ranking.ends + 1.0
    else:
        seen = np.cumsum(weights[ranking.order], axis=1, dtype=np.float64)[ranking.classes, ranking.ends]
    total = np.bincount(ranking.classes, positives, num_classes)
    # Positives up to the end of the tie that each positive stands in, counted within its class.
    running = np.cumsum(positives)
    before = np.concatenate([[0.0], np.cumsum(total)])[ranking.classes]
    key = ranking.classes * num + ranking.ends
    true = running[np.searchsorted(key, key, side='right') - 1] - before
    precision = _ratio(true, seen)
    summed = np.bincount(ranking.classes, positives * precision, num_classes)
    return np.divide(summed, total, out=np.full(num_classes, np.nan), where=total > 0)


def anticipation_scores(
        logits: np.ndarray, targets: np.ndarray, k: int = TOP_K, weights: np.ndarray | None = None,
        hits: np.ndarray | None = None, ranking: Ranking | None = None) -> dict[str, float]:
    """Every number of the benchmark for one list.

    Args:
        logits (np.ndarray): Finite scores, (n, C), n >= 1.
        targets (np.ndarray): 1 for each true class, else 0, (n, C).
        k (int): Size of the predicted set; clipped to C (see :func:`clipped_k`), the keys keep its name.
        weights (np.ndarray | None): How often each sample counts, (n,), for a bootstrap; once without.
        hits (np.ndarray | None): ``top_k_mask(logits, k)`` if it is known.
        ranking (Ranking | None): ``rank_classes(logits, targets)`` if it is known.

    Returns:
        dict[str, float]: Percent, by key: ``'macro_recall@5'`` is the reported mean over ALL classes of the class
        recall, ``'micro_recall@5'`` counts all positives alike, ``'samples_recall@5'`` is the mean over samples (0 for
        one without true class), ``'macro_precision@5'`` the mean over all classes (0 for one never predicted) and
        ``'mAP'`` the mean over classes with a positive (0 if no class has one).

    Examples:
        >>> logits = np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])
        >>> anticipation_scores(logits, np.array([[1, 0, 0], [0, 1, 0]]), k=1)['macro_recall@1']
        33.33333333333333
    """
    hits = top_k_mask(logits, k) if hits is None else hits
    positive = targets > 0
    found = _weighted_sum(hits & positive, weights)
    true, predicted = _weighted_sum(positive, weights), _weighted_sum(hits, weights)
    precisions = average_precisions(rank_classes(logits, targets) if ranking is None else ranking, weights)
    known = ~np.isnan(precisions)
    return {
        f'macro_recall@{k}': 100 * float(_ratio(found, true).mean()),
        f'micro_recall@{k}': 100 * float(_ratio(found.sum(), true.sum())),
        f'samples_recall@{k}': 100 * float(np.average(sample_recalls(hits, targets), weights=weights)),
        f'macro_precision@{k}': 100 * float(_ratio(found, predicted).mean()),
        'mAP': 100 * float(precisions[known].mean()) if known.any() else 0.0,
    }


def constant_baselines(
        targets: np.ndarray, train_targets: np.ndarray | None = None, k: int = TOP_K) -> dict[str, dict[str, float]]:
    """What a prediction that never looks at the video scores: the level that a model has to beat.

    Args:
        targets (np.ndarray): Truth of the list to score, (n, C).
        train_targets (np.ndarray | None): Truth of a training list, (m, C); adds the baseline ``'prior'``.
        k (int): Size of the predicted set.

    Returns:
        dict[str, dict[str, float]]: ``'uniform'``: all scores alike. ``'prior'``: the label frequencies of training.
        The macro recall of either is 100 k / C when every class occurs, whatever the list.

    Examples:
        >>> round(constant_baselines(np.eye(31))['uniform']['macro_recall@5'], 2)
        16.13
    """
    constants = {'uniform': np.zeros(targets.shape[1])}
    if train_targets is not None:
        constants['prior'] = (train_targets > 0).mean(axis=0)
    return {name: anticipation_scores(np.broadcast_to(constant, targets.shape), targets, k)
            for name, constant in constants.items()}
