"""How well a straight line tells two domains apart, and how well classes carry over from one to the other.

Letters: N rows of features, F numbers per row.
"""

from collections.abc import Sequence

import numpy as np

__all__ = ['domain_separability', 'project', 'transfer_accuracy']


def project(features: np.ndarray, num_axes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Principal components.

    Args:
        features (np.ndarray): (N, F).
        num_axes (int): A.

    Returns:
        tuple[np.ndarray, np.ndarray]: Coordinates float64 (N, A), and the share of the variance of each axis, (A,).
        The sign of an axis is such that its largest weight is positive, so that a picture does not flip between runs.

    Raises:
        ValueError: If there are fewer rows than two or fewer numbers per row than axes.
    """
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < 2 or features.shape[1] < num_axes:
        raise ValueError(f'features have shape {features.shape}, expected (N, F) with N >= 2 and F >= {num_axes}.')
    centred = features - features.mean(0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes, power = axes[:num_axes], sizes**2
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
    coordinates = centred @ axes.T
    shares = power[:num_axes] / max(power.sum(), np.finfo(float).tiny)
    missing = num_axes - coordinates.shape[1]
    return np.pad(coordinates, ((0, 0), (0, missing))), np.pad(shares, (0, missing))


def domain_separability(features: np.ndarray, domains: np.ndarray, groups: Sequence[str], num_folds: int = 5,
                        ridge: float = 1e-2) -> tuple[float, float]:
    """Proxy A-distance: the error of a linear probe that is asked which domain a row is from.

    The probe is a ridge regression on standardised features with equal weight for both domains. Rows of one group
    (video) never stand on both sides of a fold: clips of one video look alike, and a probe that has seen the video
    would be credited for that.

    Args:
        features (np.ndarray): (N, F).
        domains (np.ndarray): 0 or 1 per row, (N,).
        groups (Sequence[str]): Video of each row.
        num_folds (int): Folds, less where a domain has fewer groups.
        ridge (float): Penalty, as a share of the mean eigenvalue of the covariance.

    Returns:
        tuple[float, float]: Balanced error on held-out groups, 0 (told apart) to 0.5 (chance) and above; and the
        proxy A-distance ``2 (1 - 2 error)`` of Ben-David et al., cut at 0.

    Raises:
        ValueError: If a domain has fewer than two groups: nothing can be held out.

    Examples:
        >>> rows = np.random.default_rng(0).normal(size=(40, 3)) + 9 * (np.arange(40) % 2)[:, None]
        >>> domain_separability(rows, np.arange(40) % 2, [f'video {row}' for row in range(40)])
        (0.0, 2.0)
    """
    features, domains = np.asarray(features, dtype=np.float64), np.asarray(domains)
    folds = _folds(domains, groups, num_folds)
    wrong = np.zeros(len(domains), dtype=bool)
    for fold in np.unique(folds):
        train = folds != fold
        mean, scale = features[train].mean(0), features[train].std(0) + 1e-9
        inside, outside = (features[train] - mean) / scale, (features[~train] - mean) / scale
        signs = np.where(domains[train] == 1, 1.0, -1.0)
        weights = np.where(signs > 0, 0.5 / (signs > 0).sum(), 0.5 / (signs < 0).sum())
        centre = weights @ inside
        covariance = (inside - centre).T @ (weights[:, None] * (inside - centre))
        penalty = ridge * max(np.trace(covariance) / len(covariance), 1e-12)
        direction = np.linalg.solve(covariance + penalty * np.eye(len(covariance)),
                                    (inside - centre).T @ (weights * signs))
        wrong[~train] = ((outside - centre) @ direction > 0) != (domains[~train] == 1)
    error = float(np.mean([wrong[domains == domain].mean() for domain in (0, 1)]))
    return error, max(2 * (1 - 2 * error), 0.0)


def _folds(domains: np.ndarray, groups: Sequence[str], num_folds: int) -> np.ndarray:
    """Fold of each row: the groups of each domain are dealt out in turn, largest first."""
    names, members = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    folds = np.zeros(len(domains), dtype=int)
    counts = [len(np.unique(members[domains == domain])) for domain in (0, 1)]
    if min(counts) < 2:
        raise ValueError(f'the domains have {counts[0]} and {counts[1]} video(s), expected at least two each: a probe '
                         'is scored on videos it has not seen. Draw more samples or a longer list.')
    num_folds = min(num_folds, *counts)
    dealt: dict[int, int] = {}
    for domain in (0, 1):
        present, sizes = np.unique(members[domains == domain], return_counts=True)
        ranked = present[np.argsort(-sizes, kind='stable')].tolist()
        for place, group in enumerate(group for group in ranked if group not in dealt):
            dealt[group] = place % num_folds
    for group in range(len(names)):
        folds[members == group] = dealt[group]
    return folds


def transfer_accuracy(features: np.ndarray, classes: np.ndarray, domains: np.ndarray) -> float | None:
    """Share of target rows whose nearest source class centre is that of their own class, averaged over the classes.

    Args:
        features (np.ndarray): (N, F).
        classes (np.ndarray): Class id per row, -1 for rows that are left out, (N,).
        domains (np.ndarray): 0 source, 1 target, (N,).

    Returns:
        float | None: 0 to 1 over the classes that both domains have; None with fewer than two of them.
    """
    features, classes, domains = np.asarray(features, dtype=np.float64), np.asarray(classes), np.asarray(domains)
    known = [np.unique(classes[(domains == domain) & (classes >= 0)]) for domain in (0, 1)]
    shared = np.intersect1d(*known)
    if len(shared) < 2:
        return None
    features = (features - features.mean(0)) / (features.std(0) + 1e-9)
    centres = np.stack([features[(domains == 0) & (classes == index)].mean(0) for index in shared])
    recalls = []
    for place, index in enumerate(shared):
        rows = features[(domains == 1) & (classes == index)]
        distances = ((rows[:, None] - centres[None]) ** 2).sum(2)
        recalls.append(float((distances.argmin(1) == place).mean()))
    return float(np.mean(recalls))
