"""From one row per video to scores per protocol, list and seen or unseen task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Protocol

import numpy as np

from egoexo.evaluation.functional.bootstrap import bootstrap_interval
from egoexo.evaluation.functional.segmentation import Rules, VideoCounts, count_video, summarise

__all__ = ['UNSEEN_TASKS', 'GroupScore', 'ListRules', 'VideoRow', 'count_classes', 'count_protocols', 'group_scores']

#: Cooking tasks that never occur in the training list of a view.
UNSEEN_TASKS: Mapping[str, Sequence[str]] = MappingProxyType({'ego': ('task2',)})


class ListRules(Rules, Protocol):
    """What is asked of a protocol here; see ``egoexo.evaluation.protocols.segmentation``."""

    name: str
    drop_last_line: bool
    scores: Callable[[str, str], bool]
    reported_subset: Callable[[str], str | None]


@dataclass(frozen=True)
class VideoRow:
    """Everything kept of one scored video.

    Args:
        sample_id (str): Official uid.
        subset (str): List it comes from, e.g. ``'ego_val'``.
        view (str): ``'ego'`` or ``'exo'``.
        task (str | None): Cooking task, None if not known.
        counts (dict[str, VideoCounts]): By protocol; protocols that leave the video out are absent.
        order (int | None): Place in its list, None if not known.
        class_frames (np.ndarray | None): Right and true frames of each class, (2, C), if asked for.
    """

    sample_id: str
    subset: str
    view: str
    task: str | None
    counts: dict[str, VideoCounts]
    order: int | None = None
    class_frames: np.ndarray | None = None


@dataclass(frozen=True)
class GroupScore:
    """Scores of one group of videos.

    Args:
        protocol (str): Name of the rules.
        subset (str): Name the list is reported under.
        part (str): ``''`` for the whole list, ``'seen'`` or ``'unseen'`` for its tasks.
        rows (tuple[VideoRow, ...]): The videos in list order.
        scores (dict[str, float]): What ``summarise`` returns.
        thresholds (tuple[float, ...]): Overlaps at which F1 was taken.
        intervals (dict[str, tuple[float, float]]): Bootstrap interval by metric, empty if not asked for.
    """

    protocol: str
    subset: str
    part: str
    rows: tuple[VideoRow, ...]
    scores: dict[str, float]
    thresholds: tuple[float, ...]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def prefix(self) -> str:
        """Key of the group: ``<subset>[/<part>]``, behind ``<protocol>/`` unless the protocol is the official one."""
        protocol = '' if self.protocol == 'official' else self.protocol
        return '/'.join(filter(None, (protocol, self.subset, self.part)))

    @property
    def scalars(self) -> dict[str, float]:
        """Scores by full key, interval ends as ``<key>_low`` and ``<key>_high``."""
        flat = {f'{self.prefix}/{name}': value for name, value in self.scores.items()}
        for name, (low, high) in self.intervals.items():
            flat |= {f'{self.prefix}/{name}_low': low, f'{self.prefix}/{name}_high': high}
        return flat


def count_protocols(
        pred: np.ndarray, truths: Mapping[bool, np.ndarray], protocols: Sequence[ListRules], subset: str,
        sample_id: str) -> dict[str, VideoCounts]:
    """Count one video under each protocol that scores it; equal rules are counted once.

    Args:
        pred (np.ndarray): Predicted class ids, shape (P,).
        truths (Mapping[bool, np.ndarray]): True class ids (G,), by whether the last line of the file is dropped.
        protocols (Sequence[ListRules]): Rules to score by.
        subset (str): List the video comes from.
        sample_id (str): Official uid.

    Returns:
        dict[str, VideoCounts]: By protocol name.

    Raises:
        PredictionError: If the prediction is too short for a protocol that does not pad.
    """
    counts: dict[str, VideoCounts] = {}
    known: dict[tuple, VideoCounts] = {}
    for protocol in protocols:
        if not protocol.scores(subset, sample_id):
            continue
        rules = (protocol.ends, protocol.background, protocol.drop_last_line, protocol.pad, protocol.empty_gt,
                 protocol.thresholds)
        if rules not in known:
            known[rules] = count_video(pred, truths[protocol.drop_last_line], protocol, f'{subset}/{sample_id}')
        counts[protocol.name] = known[rules]
    return counts


def count_classes(pred: np.ndarray, gt: np.ndarray, num_classes: int) -> np.ndarray:
    """Frames of one video by true class.

    Args:
        pred (np.ndarray): Predicted class ids, shape (P,); frames a short prediction lacks are wrong.
        gt (np.ndarray): True class ids, shape (G,), below ``num_classes``.
        num_classes (int): C.

    Returns:
        np.ndarray: Right and true frames of each class, (2, C) int64.
    """
    common = gt[:pred.size]
    right = common[pred[:common.size] == common]
    return np.stack([np.bincount(right, minlength=num_classes), np.bincount(gt, minlength=num_classes)])


def group_scores(
        rows: Sequence[VideoRow], protocols: Sequence[ListRules],
        unseen_tasks: Mapping[str, Sequence[str]] = UNSEEN_TASKS, num_bootstrap: int = 0,
        seed: int = 0) -> list[GroupScore]:
    """Score every protocol and list, and the seen and unseen tasks of views that have unseen ones.

    Args:
        rows (Sequence[VideoRow]): One per video and list. Within a list they are put into list order where ``order``
            is known, so the last digit does not depend on how rows were gathered.
        protocols (Sequence[ListRules]): Rules the rows were counted under.
        unseen_tasks (Mapping[str, Sequence[str]]): By view, the tasks that training does not contain.
        num_bootstrap (int): Lists drawn for the intervals; 0 for none.
        seed (int): Seed of the draws.

    Returns:
        list[GroupScore]: Protocol by protocol, lists in order of first appearance; lists no protocol scores are absent.
    """
    lists: dict[str, list[VideoRow]] = {}
    for row in rows:
        lists.setdefault(row.subset, []).append(row)
    groups = []
    for protocol in protocols:
        for subset, members in lists.items():
            scored = [row for row in _in_order(members) if protocol.name in row.counts]
            for part, chosen in _parts(scored, unseen_tasks):
                groups.append(_score(protocol, protocol.reported_subset(subset), part, chosen, num_bootstrap, seed))
    return groups


def _in_order(rows: list[VideoRow]) -> list[VideoRow]:
    if any(row.order is None for row in rows):
        return rows
    return sorted(rows, key=lambda row: row.order)


def _parts(
        rows: list[VideoRow], unseen_tasks: Mapping[str, Sequence[str]]) -> list[tuple[str, list[VideoRow]]]:
    parts = [('', rows)]
    if all(row.task is not None and unseen_tasks.get(row.view) for row in rows):
        unseen = [row.task in unseen_tasks[row.view] for row in rows]
        parts.append(('seen', [row for row, new in zip(rows, unseen, strict=True) if not new]))
        parts.append(('unseen', [row for row, new in zip(rows, unseen, strict=True) if new]))
    return [(name, chosen) for name, chosen in parts if chosen]


def _score(
        protocol: ListRules, subset: str, part: str, rows: list[VideoRow], num_bootstrap: int, seed: int) -> GroupScore:
    counts = [row.counts[protocol.name] for row in rows]
    score = partial(summarise, thresholds=protocol.thresholds)
    intervals = bootstrap_interval(counts, score, num_bootstrap, seed) if num_bootstrap else {}
    return GroupScore(protocol.name, subset, part, tuple(rows), score(counts), protocol.thresholds, intervals)
