"""Formulas of temporal action segmentation: frame accuracy, segmental edit score, segmental F1.

Equal to the released evaluator of EgoExoLearn (``egolearner_eval.py``, after MS-TCN, arXiv:1903.01945) to the last
digit. Letters in shapes: G true frames, P predicted frames, R segments, M predicted and K true segments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from egoexo.errors import AnnotationError, PredictionError

__all__ = [
    'THRESHOLDS',
    'Rules',
    'Segments',
    'VideoCounts',
    'count_video',
    'edit_score',
    'match_segments',
    'official_line',
    'run_starts',
    'segments',
    'summarise',
]

#: Overlaps at which the benchmark reports F1.
THRESHOLDS = (0.1, 0.25, 0.5)


class Segments(NamedTuple):
    """Runs of equal labels in time order: ``labels``, first frames ``starts`` and past-the-end ``ends``, (R,) each."""

    labels: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


class Rules(Protocol):
    """What :func:`count_video` asks of a protocol; see ``egoexo.evaluation.protocols.segmentation``."""

    ends: str
    background: int | None
    pad: str
    empty_gt: str
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class VideoCounts:
    """What one video adds to the score of its list; the entries of a tuple belong to the F1 thresholds.

    Args:
        correct (int): Frames whose predicted class is right.
        total (int): True frames, G.
        edit (float): Edit score of the video, percent.
        tp (tuple[int, ...]): True segments found.
        fp (tuple[int, ...]): Predicted segments that found none.
        fn (tuple[int, ...]): True segments not found.
        num_padded (int): Frames by which a short prediction was filled up.
    """

    correct: int
    total: int
    edit: float
    tp: tuple[int, ...]
    fp: tuple[int, ...]
    fn: tuple[int, ...]
    num_padded: int = 0


def run_starts(x: np.ndarray) -> np.ndarray:
    """First index of each maximal run of equal values.

    Args:
        x (np.ndarray): Labels, shape (G,), G >= 1.

    Returns:
        np.ndarray: Ascending indices, shape (R,), int64; the first is 0.

    Raises:
        ValueError: If ``x`` is not one-dimensional or is empty.

    Examples:
        >>> run_starts(np.array([0, 0, 5, 5, 0]))
        array([0, 2, 4])
    """
    if x.ndim != 1 or not x.size:
        raise ValueError(f'a label sequence has shape (G,) with G >= 1, got {x.shape}.')
    return np.concatenate([[0], np.flatnonzero(x[1:] != x[:-1]) + 1])


def segments(x: np.ndarray, *, ends: str = 'official', background: int | None = None) -> Segments:
    """Cut a label sequence into segments.

    Args:
        x (np.ndarray): Labels, shape (G,), G >= 1.
        ends (str): ``'official'``: the last segment ends at G - 1, one frame early, so that a single last frame has
            length 0; ``'exact'``: it ends at G.
        background (int | None): Class whose segments are left out.

    Returns:
        Segments: In time order; empty if all is background.

    Raises:
        ValueError: If ``ends`` is neither, or ``x`` is empty.

    Examples:
        >>> segments(np.array([0, 0, 5, 5, 0]))                  # the last segment gets length 0, as published
        Segments(labels=array([0, 5, 0]), starts=array([0, 2, 4]), ends=array([2, 4, 4]))
        >>> segments(np.array([0, 0, 5, 5, 0]), ends='exact', background=0)
        Segments(labels=array([5]), starts=array([2]), ends=array([4]))
    """
    if ends not in ('official', 'exact'):
        raise ValueError(f"ends must be 'official' or 'exact', got {ends!r}.")
    starts = run_starts(x)
    last_end = x.size - 1 if ends == 'official' else x.size
    found = Segments(x[starts], starts, np.concatenate([starts[1:], [last_end]]))
    if background is None:
        return found
    kept = found.labels != background
    return Segments(*(column[kept] for column in found))


def edit_score(pred: np.ndarray, gt: np.ndarray, *, background: int | None = None) -> float:
    """Segmental edit score of one video: 100 minus the normalised Levenshtein distance of the segment labels.

    Args:
        pred (np.ndarray): Predicted class ids, shape (P,), P >= 1.
        gt (np.ndarray): True class ids, shape (G,), G >= 1.
        background (int | None): Class whose segments are left out; None counts class 0 like any other, as released.

    Returns:
        float: Percent; NaN, as officially, if neither side has a segment.

    Examples:
        >>> edit_score(np.array([0, 5, 5, 0]), np.array([0, 5, 7, 0]))         # one of four segments is missing
        75.0
    """
    return _edit(segments(pred, background=background).labels, segments(gt, background=background).labels)


def _edit(pred_labels: np.ndarray, gt_labels: np.ndarray) -> float:
    from rapidfuzz.distance import Levenshtein

    longest = max(pred_labels.size, gt_labels.size)
    if not longest:
        return float('nan')
    return (1 - Levenshtein.distance(pred_labels.tolist(), gt_labels.tolist()) / longest) * 100


def match_segments(
        pred: Segments, gt: Segments, thresholds: Sequence[float] = THRESHOLDS) -> tuple[tuple[int, ...], ...]:
    """Count segments found by greedy matching in time order.

    Each predicted segment points at the true segment of its class with the largest overlap (intersection over hull,
    the first on a tie). It is a hit if that overlap reaches the threshold and no earlier predicted segment took the
    true one; there is no second choice. A predicted and a true segment of length zero at the same frame, which the
    released code divides 0/0 for, is a miss.

    Args:
        pred (Segments): Predicted segments, M.
        gt (Segments): True segments, K.
        thresholds (Sequence[float]): Overlaps, above 0.

    Returns:
        tuple[tuple[int, ...], ...]: Hits (tp), false segments (fp) and missed ones (fn), one entry per threshold.

    Raises:
        AnnotationError: If there are predicted segments but no true one (officially a ``ValueError`` of argmax).
    """
    if pred.labels.size and not gt.labels.size:
        raise AnnotationError('the truth has no segment to match; every frame is background.')
    target, overlap = _best_overlaps(pred, gt)
    # Of the predicted segments that point at one true segment, the first is the hit: count the true ones pointed at.
    tp = tuple(int(np.unique(target[overlap >= threshold]).size) for threshold in thresholds)
    return tp, tuple(pred.labels.size - hits for hits in tp), tuple(gt.labels.size - hits for hits in tp)


def _best_overlaps(pred: Segments, gt: Segments) -> tuple[np.ndarray, np.ndarray]:
    """True segment and overlap of each predicted one that overlaps any of its class; (M',), (M',) float64."""
    # Both lists are ordered in time: the true segments that segment j touches are first[j], ..., first[j] + num[j] - 1.
    first = np.searchsorted(gt.ends, pred.starts, side='right')
    num = np.maximum(np.searchsorted(gt.starts, pred.ends, side='left') - first, 0)
    j = np.repeat(np.arange(num.size), num)
    q = np.arange(j.size) + np.repeat(first - np.cumsum(num) + num, num)
    same = pred.labels[j] == gt.labels[q]
    j, q = j[same], q[same]
    intersection = np.minimum(pred.ends[j], gt.ends[q]) - np.maximum(pred.starts[j], gt.starts[q])
    overlap = intersection / (np.maximum(pred.ends[j], gt.ends[q]) - np.minimum(pred.starts[j], gt.starts[q]))
    order = np.lexsort((-overlap, j))  # stable: the first true segment leads among equal overlaps
    best = order[run_starts(j[order])] if order.size else order
    return q[best], overlap[best]


def count_video(pred: np.ndarray, gt: np.ndarray, protocol: Rules, video: str = '') -> VideoCounts:
    """Compare one video's prediction with its truth.

    Frames predicted beyond the truth do not count for accuracy but belong to the segments, as officially.

    Args:
        pred (np.ndarray): Predicted class ids, shape (P,).
        gt (np.ndarray): True class ids, shape (G,).
        protocol (Rules): Rules to score by.
        video (str): Name for messages.

    Returns:
        VideoCounts: Counts to be summed by :func:`summarise`.

    Raises:
        PredictionError: If the prediction is empty or shorter than the truth (officially an ``IndexError``).
        AnnotationError: If the truth is empty or has no segment to find.
    """
    pred, num_padded = _fill_up(pred, gt, protocol.pad, video)
    found = segments(pred, ends=protocol.ends, background=protocol.background)
    true = segments(gt, ends=protocol.ends, background=protocol.background)
    edit, (tp, fp, fn) = _score_segments(found, true, protocol, video)
    correct = int(np.count_nonzero(pred[:gt.size] == gt))
    return VideoCounts(correct, int(gt.size), edit, tp, fp, fn, num_padded)


def _fill_up(pred: np.ndarray, gt: np.ndarray, pad: str, video: str) -> tuple[np.ndarray, int]:
    if gt.ndim != 1 or not gt.size:
        raise AnnotationError(f'video {video or "(unnamed)"}: truth must be (G,) with G >= 1, got {gt.shape}.')
    if pred.ndim != 1 or not pred.size:
        raise PredictionError(f'video {video or "(unnamed)"}: prediction must be (P,) with P >= 1, got {pred.shape}.')
    missing = gt.size - pred.size
    if missing <= 0:
        return pred, 0
    if pad != 'repeat_last':
        raise PredictionError(
            f'video {video or "(unnamed)"}: {pred.size} predicted frames, but the truth has {gt.size}. Predict one '
            "label per 25-fps frame to the end of the video, or let pad='repeat_last' (--pad) repeat the last.")
    return np.concatenate([pred, np.full(missing, pred[-1])]), missing


def _score_segments(
        found: Segments, true: Segments, protocol: Rules, video: str) -> tuple[float, tuple[tuple[int, ...], ...]]:
    if true.labels.size or protocol.empty_gt != 'count':
        try:
            return _edit(found.labels, true.labels), match_segments(found, true, protocol.thresholds)
        except AnnotationError as cause:
            raise AnnotationError(f'video {video or "(unnamed)"}: {cause}') from cause
    none = (0,) * len(protocol.thresholds)
    return 0.0 if found.labels.size else 100.0, (none, (int(found.labels.size),) * len(none), none)


def summarise(rows: Sequence[VideoCounts], thresholds: Sequence[float] = THRESHOLDS) -> dict[str, float]:
    """Score a list of videos: accuracy over all frames, Edit averaged over videos, F1 from summed counts.

    Args:
        rows (Sequence[VideoCounts]): Counts in list order, which decides the last digit of Edit.
        thresholds (Sequence[float]): Overlaps the counts were taken at.

    Returns:
        dict[str, float]: Percent: ``'Acc'``, ``'Edit'``, ``'F1@10'``, ``'F1@25'``, ``'F1@50'``, ``'F1@Avg'`` (mean of
        the F1 values) and ``'Avg'`` (mean of Acc, Edit and the F1 values).

    Raises:
        ValueError: If there is no row.

    Examples:
        >>> from egoexo.evaluation.protocols.segmentation import PROTOCOLS
        >>> counts = count_video(np.array([0, 5, 5, 0]), np.array([0, 5, 7, 0]), PROTOCOLS['official'])
        >>> summarise([counts])['Acc']
        75.0
    """
    if not rows:
        raise ValueError('no video to summarise; expected at least one row of counts.')
    scores = {
        'Acc': 100 * sum(row.correct for row in rows) / sum(row.total for row in rows),
        'Edit': sum(row.edit for row in rows) / len(rows),
    }
    for index, threshold in enumerate(thresholds):
        scores[f'F1@{100 * threshold:g}'] = _f1(
            *(sum(getattr(row, name)[index] for row in rows) for name in ('tp', 'fp', 'fn')))
    f1_values = [value for name, value in scores.items() if name.startswith('F1@')]
    average = sum(scores.values()) / len(scores)
    return {**scores, 'F1@Avg': sum(f1_values) / len(f1_values), 'Avg': average}


def _f1(tp: int, fp: int, fn: int) -> float:
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / (tp + fn) if tp + fn else 0.0
    return 2 * precision * recall / (precision + recall) * 100 if precision + recall else 0.0


def official_line(scores: dict[str, float]) -> str:
    """The one line that the released evaluator prints; Edit is not rounded.

    Args:
        scores (dict[str, float]): What :func:`summarise` returns.
    """
    return (f'Acc: {scores["Acc"]:.4f}, Edit: {scores["Edit"]}, '
            f'F1@Avg: {scores["F1@Avg"]:.4f}, Avg: {scores["Avg"]:.4f}')
