"""Formulas of segment classification across domains: top-1, top-5, mean accuracy of the classes, confusion matrix.

Official: ``utils.py`` (``accuracy``, ``percls_accuracy``) of ViLab-UCSD/LaGTran_ICML2024 (arXiv 2403.05535). That code
averages percentages of batches in float32; here hits are counted, so batches and processes do not matter and the two
agree within 1e-5. Letters in shapes: n segments, C classes. Every function takes numpy arrays and rounds nothing.
"""

from collections.abc import Sequence

import numpy as np

from egoexo.errors import PredictionError, explain

__all__ = [
    'ABSENT',
    'METRICS',
    'TOP_K',
    'check_labels',
    'check_logits',
    'class_accuracies',
    'class_accuracy_text',
    'class_mean',
    'class_ranks',
    'confusion_matrix',
    'constant_baseline',
    'hits_at',
    'predicted_classes',
    'top_k_note',
    'transfer_scores',
]

#: Size of the larger predicted set in the released scripts.
TOP_K = 5
#: What is reported, in percent.
METRICS = ('top1', f'top{TOP_K}', 'mean_class_acc')
#: What becomes of a class without a segment in the class mean; see :func:`class_mean`.
ABSENT = ('zero', 'ignore', 'distinct')


def check_logits(logits: np.ndarray, labels: np.ndarray, names: Sequence[str] | None = None) -> None:
    """Refuse predictions that cannot be scored.

    Args:
        logits (np.ndarray): Class scores, (n, C).
        labels (np.ndarray): True classes, (n,) integers.
        names (Sequence[str] | None): Names of the segments for messages; their numbers without.

    Raises:
        PredictionError: If the shapes do not fit, there is no segment or class, a score is not finite, or a label is
            none of the C classes.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or not logits.size:
        raise PredictionError(explain(
            'segment scores', f'one row of class scores per segment, shape ({labels.size}, C)', f'{logits.shape}',
            'Predict with the classes and the list that the truth comes from.'))
    finite = np.isfinite(logits).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise PredictionError(explain(f'sample {_name(bad[0], names)}', 'finite class scores',
                                      f'NaN or infinity, as in {bad.size} of {finite.size} samples',
                                      'Check the features and the checkpoint that predicted them.'))
    check_labels(labels, logits.shape[1], names)


def check_labels(labels: np.ndarray, num_classes: int, names: Sequence[str] | None = None,
                 what: str = 'true class') -> None:
    """Refuse class ids outside the list of classes.

    Args:
        labels (np.ndarray): Class ids, (n,).
        num_classes (int): C.
        names (Sequence[str] | None): Names of the segments for messages; their numbers without.
        what (str): What the ids are, for messages.

    Raises:
        PredictionError: If an id is no integer from 0 to C - 1.
    """
    wrong = (labels < 0) | (labels >= num_classes) if np.issubdtype(labels.dtype, np.integer) else np.ones(
        labels.shape, bool)
    if wrong.any():
        bad = np.flatnonzero(wrong)
        raise PredictionError(explain(
            f'sample {_name(bad[0], names)}', f'a {what} from 0 to {num_classes - 1}',
            f'{labels[bad[0]]!s}, and {bad.size} of {labels.size} samples are such', 'Check that predictions and truth '
            'have the same list of classes.'))


def _name(index: int, names: Sequence[str] | None) -> str:
    return str(index) if names is None else names[index]


def predicted_classes(logits: np.ndarray) -> np.ndarray:
    """Class with the highest score, among equal scores that with the lowest id, as in the released class accuracy.

    Args:
        logits (np.ndarray): Finite, (n, C).

    Returns:
        np.ndarray: (n,) int64.
    """
    return logits.argmax(axis=1)


def class_ranks(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Place of the true class among the scores, from 1; among equal scores the lower class id goes first.

    Args:
        logits (np.ndarray): Finite, (n, C).
        labels (np.ndarray): True classes, (n,).

    Returns:
        np.ndarray: (n,) int64.
    """
    own = np.take_along_axis(logits, labels[:, None], axis=1)
    tied_before = (logits == own) & (np.arange(logits.shape[1]) < labels[:, None])
    return 1 + ((logits > own) | tied_before).sum(axis=1)


def hits_at(logits: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Whether the true class is among the k highest scores.

    Among equal scores the lower class id goes first, so k = 1 agrees with :func:`predicted_classes`. The released code
    leaves ties to ``torch.topk``, which promises no order; scores of a trained model hardly ever tie.

    Args:
        logits (np.ndarray): Finite, (n, C).
        labels (np.ndarray): True classes, (n,).
        k (int): Size of the set.

    Returns:
        np.ndarray: (n,) bool.

    Examples:
        >>> [hits_at(np.array([[0.5, 0.5, 0.1]]), np.array([1]), k).tolist() for k in (1, 2)]
        [[False], [True]]
    """
    return class_ranks(logits, labels) <= k


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, num_classes: int,
                     weights: np.ndarray | None = None) -> np.ndarray:
    """Count segments by true and predicted class.

    Args:
        labels (np.ndarray): True classes, (n,).
        predicted (np.ndarray): Predicted classes, (n,).
        num_classes (int): C.
        weights (np.ndarray | None): How often each segment counts, (n,) integers.

    Returns:
        np.ndarray: (C, C) int64; rows are true classes.

    Examples:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    flat = np.bincount(labels.astype(np.int64) * num_classes + predicted, weights, num_classes * num_classes)
    return flat.astype(np.int64).reshape(num_classes, num_classes)


def class_accuracies(confusions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of each class.

    Args:
        confusions (np.ndarray): See :func:`confusion_matrix`.

    Returns:
        tuple[np.ndarray, np.ndarray]: Fractions (C,), 0 for a class without a segment as released, and segments (C,).
    """
    support = confusions.sum(axis=1)
    return np.diagonal(confusions) / np.maximum(support, 1), support


def class_mean(accuracies: np.ndarray, support: np.ndarray, absent: str = 'zero') -> float:
    """Mean accuracy of the classes.

    Args:
        accuracies (np.ndarray): Fractions (C,).
        support (np.ndarray): Segments of each class, (C,).
        absent (str): ``'zero'``: over all C classes, those without a segment count 0 (released test script).
            ``'ignore'``: over the classes that occur. ``'distinct'``: over the classes 0 to D - 1, D being the number
            of classes that occur, which drops the last classes when one in between has no segment (released validation
            during training, ``num_class=0``).

    Returns:
        float: Fraction; 0 without any segment.

    Raises:
        ValueError: If ``absent`` is none of these.

    Examples:
        >>> accuracies, support = np.array([0.5, 0.0, 1.0]), np.array([2, 0, 1])
        >>> [class_mean(accuracies, support, absent) for absent in ('zero', 'ignore', 'distinct')]
        [0.5, 0.75, 0.25]
    """
    if absent not in ABSENT:
        raise ValueError(f'absent must be one of {", ".join(ABSENT)}, got {absent!r}.')
    occurs = support > 0
    if not occurs.any():
        return 0.0
    chosen = {'zero': accuracies, 'ignore': accuracies[occurs], 'distinct': accuracies[:occurs.sum()]}[absent]
    return float(chosen.mean())


def transfer_scores(labels: np.ndarray, predicted: np.ndarray, num_classes: int,
                    top_k_hits: np.ndarray | None = None, absent: str = 'zero',
                    weights: np.ndarray | None = None) -> dict[str, float]:
    """What is reported of one list.

    Args:
        labels (np.ndarray): True classes, (n,).
        predicted (np.ndarray): Predicted classes, (n,).
        num_classes (int): C.
        top_k_hits (np.ndarray | None): :func:`hits_at` with k = 5, (n,) bool; None leaves ``top5`` out, for files of
            labels and for fewer than five classes.
        absent (str): See :func:`class_mean`.
        weights (np.ndarray | None): How often each segment counts, (n,) integers, not all 0.

    Returns:
        dict[str, float]: Percent by name, see :data:`METRICS`.

    Examples:
        >>> transfer_scores(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]), 2)
        {'top1': 75.0, 'mean_class_acc': 50.0}
    """
    weights = np.ones(labels.size, np.int64) if weights is None else weights
    confusions = confusion_matrix(labels, predicted, num_classes, weights)
    scores = {'top1': 100 * float(np.trace(confusions)) / float(weights.sum())}
    if top_k_hits is not None:
        scores[f'top{TOP_K}'] = 100 * float(weights[top_k_hits].sum()) / float(weights.sum())
    return scores | {'mean_class_acc': 100 * class_mean(*class_accuracies(confusions), absent)}


def top_k_note(num_classes: int) -> str:
    """A sentence where there are too few classes for ``top5``, else nothing.

    Args:
        num_classes (int): C.

    Examples:
        >>> top_k_note(3)
        'only 3 classes: top5 is not defined and left out'
    """
    return f'only {num_classes} classes: top{TOP_K} is not defined and left out' if num_classes < TOP_K else ''


def constant_baseline(labels: np.ndarray, num_classes: int) -> dict[str, float]:
    """Scores of the best prediction that never looks at a segment: always the most frequent class.

    Args:
        labels (np.ndarray): True classes, (n,), not empty.
        num_classes (int): C.

    Returns:
        dict[str, float]: Percent; ``top5`` of the five most frequent classes, absent below five classes.

    Examples:
        >>> constant_baseline(np.array([0, 0, 0, 1]), 2)
        {'top1': 75.0, 'mean_class_acc': 50.0}
    """
    support = np.bincount(labels, minlength=num_classes)
    order = np.argsort(-support, kind='stable')
    hits = np.isin(labels, order[:TOP_K]) if num_classes >= TOP_K else None
    return transfer_scores(labels, np.full(labels.size, order[0]), num_classes, hits)


def class_accuracy_text(accuracies: np.ndarray) -> str:
    """Content of the file that the released test script writes with ``--write_file``: one accuracy per line.

    Args:
        accuracies (np.ndarray): Fractions (C,); the file holds percent.

    Examples:
        >>> class_accuracy_text(np.array([0.5, 1 / 6]))
        '50.0\\n16.666666666666664\\n'
    """
    return ''.join(f'{100 * value!r}\n' for value in accuracies.tolist())
