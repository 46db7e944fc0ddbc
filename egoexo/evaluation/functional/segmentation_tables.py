"""Segmentation scores as rows of text: the table on screen, the file per video, accuracy per class."""

from collections.abc import Sequence

import numpy as np

from egoexo.evaluation.functional.segmentation import VideoCounts, summarise
from egoexo.evaluation.functional.segmentation_groups import GroupScore, VideoRow

__all__ = ['class_accuracy', 'per_video_records', 'score_table']


def score_table(groups: Sequence[GroupScore]) -> list[list[str]]:
    """Table of scores, one line per group.

    Args:
        groups (Sequence[GroupScore]): What ``group_scores`` returns; not empty.

    Returns:
        list[list[str]]: Header, then one line per group; percent with 4 decimals, as the released evaluator prints
        them, intervals behind the value in brackets with 2.
    """
    metrics = list(groups[0].scores)
    lines = [['Protocol', 'List', 'Videos', *metrics]]
    for group in groups:
        name = '/'.join(filter(None, (group.subset, group.part)))
        cells = [f'{group.scores[metric]:.4f}' + _interval(group, metric) for metric in metrics]
        lines.append([group.protocol, name, str(len(group.rows)), *cells])
    return lines


def _interval(group: GroupScore, metric: str) -> str:
    if metric not in group.intervals:
        return ''
    low, high = group.intervals[metric]
    return f' [{low:.2f}, {high:.2f}]'


def per_video_records(groups: Sequence[GroupScore]) -> list[dict[str, object]]:
    """One record per protocol, list and video.

    Args:
        groups (Sequence[GroupScore]): What ``group_scores`` returns; parts of a list are left out.

    Returns:
        list[dict[str, object]]: Who the video is, its frames, its scores alone, and its counts at each threshold.
    """
    records = []
    for group in groups:
        for row in group.rows if not group.part else ():
            counts = row.counts[group.protocol]
            record: dict[str, object] = dict(
                protocol=group.protocol, subset=group.subset, sample_id=row.sample_id, view=row.view,
                task=row.task or '', frames=counts.total, padded_frames=counts.num_padded)
            records.append(record | summarise([counts], group.thresholds) | _by_threshold(counts, group.thresholds))
    return records


def _by_threshold(counts: VideoCounts, thresholds: Sequence[float]) -> dict[str, int]:
    return {f'{kind}@{100 * threshold:g}': getattr(counts, kind)[index]
            for index, threshold in enumerate(thresholds) for kind in ('tp', 'fp', 'fn')}


def class_accuracy(rows: Sequence[VideoRow], names: Sequence[str] | None = None) -> dict[str, float]:
    """Frame accuracy of each class over some videos.

    Args:
        rows (Sequence[VideoRow]): Rows that carry ``class_frames``.
        names (Sequence[str] | None): Class names by id; ids are used without.

    Returns:
        dict[str, float]: Percent by class; classes without a true frame are absent.
    """
    right, true = np.sum([row.class_frames for row in rows], axis=0)
    return {
        names[index] if names is not None else str(index): float(100 * right[index] / true[index])
        for index in np.flatnonzero(true)
    }
