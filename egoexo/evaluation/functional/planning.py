"""Formulas of action planning: edit distance of the best of K predicted sequences, and the area under its curve.

Equal to the released EgoExoLearn code, which calls ``editdistance`` on every prefix of every sequence. Letters in
shapes: n samples, K predicted sequences, Z coming steps, C classes. Sequences are always (n, K, Z); the released code
holds them as (n, Z, K). Plain Levenshtein distance: insertion, deletion and substitution cost 1, no transposition.
"""

from collections.abc import Sequence

import numpy as np

from egoexo.errors import PredictionError, explain

__all__ = [
    'area_weights',
    'best_distances',
    'check_logits',
    'check_sequences',
    'constant_logits',
    'planning_scores',
    'prefix_distances',
    'repeated_scores',
]


def check_logits(logits: np.ndarray, targets: np.ndarray, names: Sequence[str] | None = None) -> None:
    """Refuse class logits that cannot be decoded.

    Args:
        logits (np.ndarray): (n, Z, C).
        targets (np.ndarray): True class ids, (n, Z).
        names (Sequence[str] | None): Names of the samples for messages; their numbers without.

    Raises:
        PredictionError: If the shapes do not fit, there is no sample, a logit is not finite, or a true class is not
            among the C predicted ones.
    """
    if logits.ndim != 3 or logits.shape[:2] != targets.shape or not logits.size:
        raise PredictionError(explain(
            'planning logits', f'shape (n, Z, C) for targets (n, Z) = {targets.shape}', f'{logits.shape}',
            'Predict with the horizon and the list that the truth comes from.'))
    _refuse(~np.isfinite(logits).all(axis=(1, 2)), names, 'finite logits', 'NaN or infinity',
            'Check the features and the checkpoint that predicted them.')
    _refuse((targets >= logits.shape[2]).any(axis=1), names, f'true classes below the {logits.shape[2]} predicted ones',
            f'class {targets.max()}', 'Predict with the classes of this benchmark.')


def check_sequences(sequences: np.ndarray, targets: np.ndarray, names: Sequence[str] | None = None,
                    num_classes: int | None = None) -> None:
    """Refuse predicted sequences that cannot be scored.

    Args:
        sequences (np.ndarray): Class ids, (n, K, Z) with K >= 1.
        targets (np.ndarray): True class ids, (n, Z).
        names (Sequence[str] | None): Names of the samples for messages; their numbers without.
        num_classes (int | None): C, to check the ids against; not checked without.

    Raises:
        PredictionError: If the shapes do not fit, ids are no integers, or an id is not a class.
    """
    num, horizon = targets.shape
    if sequences.ndim != 3 or (sequences.shape[0], sequences.shape[2]) != (num, horizon) or not sequences.size:
        raise PredictionError(explain(
            'planned sequences', f'shape (n, K, Z) with n = {num} and Z = {horizon} steps, the steps last',
            f'{sequences.shape}', 'Give every sample the same number of sequences; (n, Z, K) as in the released code '
            'is transposed first. Check the horizon.'))
    if not np.issubdtype(sequences.dtype, np.integer):
        raise PredictionError(explain('planned sequences', 'integer class ids', f'{sequences.dtype}',
                                      'Save the ids of the classes, not scores.'))
    wrong = sequences < 0
    if num_classes is not None:
        wrong |= sequences >= num_classes
    _refuse(wrong.any(axis=(1, 2)), names, f'class ids from 0 to {"C" if num_classes is None else num_classes} - 1',
            f'ids from {sequences.min()} to {sequences.max()}', 'Predict with the classes of this benchmark.')


def _refuse(bad: np.ndarray, names: Sequence[str] | None, expected: str, found: str, advice: str) -> None:
    if bad.any():
        index = int(np.flatnonzero(bad)[0])
        name = str(index) if names is None else names[index]
        raise PredictionError(explain(f'sample {name}', expected, f'{found}, as in {np.count_nonzero(bad)} of '
                                      f'{bad.size} samples', advice))


def prefix_distances(pred: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Levenshtein distance of the first z steps of two sequences, for every z, many pairs at once.

    The table that yields the distance of two whole sequences holds those of all pairs of prefixes; its diagonal is the
    answer. It is filled once, every cell for all pairs together.

    Args:
        pred (np.ndarray): Integers, (..., Z).
        true (np.ndarray): Integers, (..., Z); leading dimensions are broadcast against those of ``pred``.

    Returns:
        np.ndarray: Distances of the prefixes of length 1 to Z, (..., Z), of a small integer type.

    Raises:
        ValueError: If the lengths differ or are 0.

    Examples:
        >>> prefix_distances(np.array([1, 2, 3]), np.array([2, 3, 4]))     # 2 3 is found one step late
        array([1, 2, 2], dtype=int8)
    """
    if not pred.ndim or not true.ndim or pred.shape[-1] != true.shape[-1] or not pred.shape[-1]:
        raise ValueError(f'sequences of the same length Z >= 1 are compared, got {pred.shape} and {true.shape}.')
    horizon = pred.shape[-1]
    dtype = np.int8 if horizon < 127 else np.int32
    pred, true = np.moveaxis(pred, -1, 0), np.moveaxis(true, -1, 0)
    shape = np.broadcast_shapes(pred.shape[1:], true.shape[1:])
    result = np.empty((horizon, *shape), dtype)
    above = np.empty((horizon + 1, *shape), dtype)  # row of the table for one step of pred less
    above[...] = np.arange(horizon + 1, dtype=dtype).reshape(-1, *[1] * len(shape))
    row = np.empty_like(above)
    for i in range(horizon):
        row[0] = i + 1
        np.not_equal(pred[i], true, out=row[1:], casting='unsafe')
        row[1:] += above[:-1]
        above += 1
        np.minimum(row[1:], above[1:], out=row[1:])
        for j in range(1, horizon + 1):  # the only true dependence: from left to right within a row
            np.minimum(row[j], row[j - 1] + dtype(1), out=row[j, ...])
        result[i] = row[i + 1]
        above, row = row, above
    return np.moveaxis(result, 0, -1)


def best_distances(sequences: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Edit distance of the best of K sequences at each horizon, divided by the horizon.

    The best sequence is chosen anew at every horizon, as released. A target of -1 is met by no class, so a row of -1
    has distance 1 everywhere.

    Args:
        sequences (np.ndarray): Predicted class ids, (n, K, Z).
        targets (np.ndarray): True class ids, (n, Z).

    Returns:
        np.ndarray: Distances from 0 to 1 of each sample, (n, Z) float64.
    """
    distances = prefix_distances(sequences.transpose(1, 0, 2), targets[None])
    best = np.ascontiguousarray(distances.min(axis=0))  # one layout, hence one order of summation
    return best / np.arange(1, targets.shape[1] + 1)


def area_weights(horizon: int) -> np.ndarray:
    """Weight of each ED_z in the area under their curve: trapezoids of unit width, divided by Z - 1.

    Args:
        horizon (int): Z. With Z = 1 there is no area and the released code divides by 0; here ED_1 is taken instead.

    Returns:
        np.ndarray: (Z,) float64, of sum 1.

    Examples:
        >>> area_weights(3)
        array([0.25, 0.5 , 0.25])
    """
    if horizon == 1:
        return np.ones(1)
    weights = np.full(horizon, 1.0)
    weights[[0, -1]] = 0.5
    return weights / (horizon - 1)


def planning_scores(distances: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
    """Every number of the benchmark for one list.

    Args:
        distances (np.ndarray): What :func:`best_distances` returns, (n, Z), n >= 1.
        weights (np.ndarray | None): How often each sample counts, (n,), for a bootstrap; once without.

    Returns:
        dict[str, float]: Fractions: ``'1-AUED'`` (reported, higher is better), ``'AUED'`` and ``'ED@1'`` to
        ``'ED@<Z>'``, which the released code calls ``action_ED_0`` to ``action_ED_7``.

    Raises:
        ValueError: If there is no sample.

    Examples:
        >>> targets = np.array([[3, 4, 5]])
        >>> planning_scores(best_distances(np.array([[[3, 4, 6], [1, 1, 5]]]), targets))['ED@3']
        0.3333333333333333
    """
    if not len(distances):
        raise ValueError('no sample to score; expected at least one row of distances.')
    curve = np.average(distances, axis=0, weights=weights)
    area = float(curve @ area_weights(curve.size))
    return {'1-AUED': 1 - area, 'AUED': area} | {f'ED@{z + 1}': float(value) for z, value in enumerate(curve)}


def repeated_scores(repeats: Sequence[np.ndarray], weights: np.ndarray | None = None) -> dict[str, float]:
    """Mean of :func:`planning_scores` over several draws of the sequences, and how far the draws scatter.

    Args:
        repeats (Sequence[np.ndarray]): One array of distances (n, Z) per draw.
        weights (np.ndarray | None): How often each sample counts, (n,).

    Returns:
        dict[str, float]: Means by key; with more than one draw also ``'1-AUED_sd'``, the standard deviation of
        1-AUED over the draws (divisor one less than their number): noise of the sampling alone.
    """
    scores = [planning_scores(distances, weights) for distances in repeats]
    if len(scores) == 1:
        return scores[0]
    means = {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}
    return means | {'1-AUED_sd': float(np.std([score['1-AUED'] for score in scores], ddof=1))}


def constant_logits(train_targets: np.ndarray | None, num_classes: int, horizon: int) -> dict[str, np.ndarray]:
    """Predictions that never look at a sample, to be decoded and scored like any other: the level to beat.

    Args:
        train_targets (np.ndarray | None): True class ids of a training list, any shape, -1 ignored; adds ``'prior'``.
        num_classes (int): C.
        horizon (int): Z.

    Returns:
        dict[str, np.ndarray]: Logits (Z, C) float32: ``'uniform'``, and ``'prior'``, the log frequency of each class
        over all steps of the training list, the same for every step; a class never seen gets -1e4.

    Examples:
        >>> constant_logits(np.array([[0, 0, 1, -1]]), 3, 1)['prior'].round(2).tolist()
        [[-0.4099999964237213, -1.100000023841858, -10000.0]]
    """
    constants = {'uniform': np.zeros((horizon, num_classes), np.float32)}
    if train_targets is not None:
        counts = np.bincount(train_targets[train_targets >= 0], minlength=num_classes)
        with np.errstate(divide='ignore'):
            prior = np.maximum(np.log(counts / counts.sum()), -1e4)
        constants['prior'] = np.broadcast_to(prior.astype(np.float32), (horizon, num_classes))
    return constants
