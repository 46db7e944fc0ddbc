"""From one row per moment of a video to groups of rows that are scored together.

For anticipation, planning and transfer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.functional.bootstrap import bootstrap_interval

__all__ = ['ClipGroup', 'ClipRow', 'RowRules', 'by_list', 'first_five', 'group_scalars', 'score_table',
           'video_intervals', 'video_members']

_SHOWN = 5


class RowRules(Protocol):
    """What is asked of a protocol here; see ``egoexo.evaluation.protocols.base``."""

    name: str
    hash: str
    scores: Callable[..., bool]


@dataclass(frozen=True)
class ClipRow:
    """Prediction and truth of one moment.

    Args:
        sample_id (str): Unique in its list.
        uid (str): Official uid of its video.
        subset (str): List it comes from, e.g. ``'ego_val'``.
        target (np.ndarray): Anticipation (C,), 1 for each true class; planning (Z,) class ids, -1 for none; transfer
            one class id, ().
        logits (np.ndarray | None): Anticipation and transfer (C,), planning (Z, C); None if only sequences or an
            answer are predicted.
        sequences (np.ndarray | None): Whole sequences by the planner itself, (K, Z).
        order (int | None): Place in its list, None if not known.
        answer (np.ndarray | None): Transfer: class predicted without scores, ().
    """

    sample_id: str
    uid: str
    subset: str
    target: np.ndarray
    logits: np.ndarray | None = None
    sequences: np.ndarray | None = None
    order: int | None = None
    answer: np.ndarray | None = None

    @property
    def name(self) -> str:
        """``<subset>/<sample_id>``, unique in an evaluation."""
        return f'{self.subset}/{self.sample_id}'


@dataclass(frozen=True)
class ClipGroup:
    """Scores of one list under one protocol and one decoding.

    Args:
        protocol (str): Name of the rules.
        decoding (str): How sequences were made; empty in anticipation.
        subset (str): The list.
        prefixes (tuple[str, ...]): What stands before the keys of the scores; the first is the usual one.
        num_samples (int): Rows scored.
        num_videos (int): Videos that they come from.
        scores (dict[str, float]): By metric.
        intervals (dict[str, tuple[float, float]]): Bootstrap interval by metric, empty if not asked for.
        videos (list[dict[str, object]]): One record per video, empty if not asked for.
        class_recall (np.ndarray | None): Fractions (C,), in anticipation and transfer if asked for.
        notes (tuple[str, ...]): What a reader of the scores has to know.
        class_metric (str): Name of the class recalls in keys.
        class_support (np.ndarray | None): Samples of each class, (C,), in transfer.
    """

    protocol: str
    decoding: str
    subset: str
    prefixes: tuple[str, ...]
    num_samples: int
    num_videos: int
    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    videos: list[dict[str, object]] = field(default_factory=list)
    class_recall: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    class_metric: str = 'class_recall'
    class_support: np.ndarray | None = None


def first_five(names: Sequence[str]) -> str:
    """The first five names and how many more there are."""
    more = f' ({len(names) - _SHOWN} more)' if len(names) > _SHOWN else ''
    return ', '.join(names[:_SHOWN]) + more


def by_list(rows: Sequence[ClipRow]) -> dict[str, list[ClipRow]]:
    """Rows of each list, in list order where it is known, so that no digit depends on how they were gathered.

    Args:
        rows (Sequence[ClipRow]): Rows of all lists.

    Returns:
        dict[str, list[ClipRow]]: Lists in order of first appearance.

    Raises:
        PredictionError: If there is no row, a row comes twice, or rows of a list differ in shape.
    """
    if not rows:
        raise PredictionError(explain('the evaluation', 'at least one predicted sample', 'none',
                                      'Check that the data set is not empty.'))
    seen: set[str] = set()
    twice = [row.name for row in rows if row.name in seen or seen.add(row.name)]
    if twice:
        raise PredictionError(explain(
            'the evaluation', 'each sample of a list once', f'{len(twice)} of {len(rows)} rows that come a second '
            f'time: {first_five(twice)}', 'Check the lists for duplicates, and that the sampler gives sample i to '
            'process i modulo their number.'))
    lists: dict[str, list[ClipRow]] = {}
    for row in rows:
        lists.setdefault(row.subset, []).append(row)
    for subset, members in lists.items():
        _refuse_mixed(members)
        if all(row.order is not None for row in members):
            lists[subset] = sorted(members, key=lambda row: row.order)
    return lists


def _refuse_mixed(rows: Sequence[ClipRow]) -> None:
    for name, columns in (('truth', 'target'), ('logits', 'logits'), ('sequences', 'sequences'),
                          ('answer', 'answer')):
        shapes = [getattr(getattr(row, columns), 'shape', None) for row in rows]
        other = next((index for index, shape in enumerate(shapes) if shape != shapes[0]), None)
        if other is not None:
            raise PredictionError(explain(
                f'sample {rows[other].name}', f'{name} of shape {shapes[0]}, as sample {rows[0].name} has',
                'none' if shapes[other] is None else f'shape {shapes[other]}',
                'Predict all samples of a list with one model.'))


def video_members(rows: Sequence[ClipRow]) -> dict[str, np.ndarray]:
    """Numbers of the rows of each video, in order of first appearance.

    Args:
        rows (Sequence[ClipRow]): Rows of one list.
    """
    members: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        members.setdefault(row.uid, []).append(index)
    return {uid: np.array(indices) for uid, indices in members.items()}


def video_intervals(
        rows: Sequence[ClipRow], summarise: Callable[[np.ndarray], Mapping[str, float]], num_bootstrap: int,
        seed: int) -> dict[str, tuple[float, float]]:
    """Bootstrap intervals when whole videos are drawn, as moments of one video resemble each other.

    Args:
        rows (Sequence[ClipRow]): Rows of one list.
        summarise (Callable): How often each row counts (n,) int64 in, metrics by name out.
        num_bootstrap (int): Lists drawn; 0 for no interval.
        seed (int): Seed of the draws.

    Returns:
        dict[str, tuple[float, float]]: Lower and upper end by metric; empty without draws.
    """
    if not num_bootstrap:
        return {}
    members = video_members(rows)
    video = np.empty(len(rows), np.int64)
    for number, indices in enumerate(members.values()):
        video[indices] = number

    def of_drawn(drawn: Sequence[int]) -> dict[str, float]:
        return dict(summarise(np.bincount(drawn, minlength=len(members))[video]))

    return bootstrap_interval(range(len(members)), of_drawn, num_bootstrap, seed)


def group_scalars(groups: Sequence[ClipGroup], class_names: Sequence[str] | None = None) -> dict[str, float]:
    """Every number by its key, ``<prefix>/<metric>``, with the ends of intervals and the class recalls.

    Args:
        groups (Sequence[ClipGroup]): What the benchmark's grouping function returns.
        class_names (Sequence[str] | None): For ``<prefix>/class_recall/<class>`` (or another ``class_metric``); ids are
            used without.
    """
    scalars: dict[str, float] = {}
    for group in groups:
        own = dict(group.scores)
        for metric, (low, high) in group.intervals.items():
            own |= {f'{metric}_low': low, f'{metric}_high': high}
        if group.class_recall is not None:
            names = class_names if class_names is not None else range(group.class_recall.size)
            own |= {f'{group.class_metric}/{name}': 100 * float(value)
                    for name, value in zip(names, group.class_recall, strict=True)}
        scalars |= {f'{prefix}/{name}': float(value) for prefix in group.prefixes for name, value in own.items()}
    return scalars


def score_table(groups: Sequence[ClipGroup], digits: int = 4) -> list[list[str]]:
    """Table of scores for people, one line per group.

    Args:
        groups (Sequence[ClipGroup]): Not empty.
        digits (int): Behind the point; intervals stand in brackets behind their value.

    Returns:
        list[list[str]]: Header first.
    """
    metrics = list(dict.fromkeys(metric for group in groups for metric in group.scores))
    decoded = any(group.decoding for group in groups)
    lines = [['Protocol', 'List', *(['Decoding'] if decoded else []), 'Samples', 'Videos', *metrics]]
    for group in groups:
        cells = [_cell(group, metric, digits) for metric in metrics]
        lines.append([group.protocol, group.subset, *([group.decoding] if decoded else []), str(group.num_samples),
                      str(group.num_videos), *cells])
    return lines


def _cell(group: ClipGroup, metric: str, digits: int) -> str:
    if metric not in group.scores:
        return '-'
    text = f'{group.scores[metric]:.{digits}f}'
    if metric not in group.intervals:
        return text
    low, high = group.intervals[metric]
    return f'{text} [{low:.{digits}f}, {high:.{digits}f}]'
