"""Scores of action recognition by protocol and list."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

import numpy as np

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.functional.clip_groups import ClipGroup, ClipRow, by_list, video_intervals, video_members
from egoexo.evaluation.functional.recognition import (
    TOP_K,
    action_ranks,
    check_scores,
    class_counts,
    label_ranks,
    meter_scores,
    released_action_ranks,
    subset_masks,
    subset_scores,
)
from egoexo.evaluation.functional.transfer import check_labels

__all__ = ['NO_SUBSETS', 'ClassCounts', 'RecognitionGroup', 'RecognitionList', 'RecognitionRow', 'RecognitionSubsets',
           'recognition_groups']


class Rules(Protocol):
    """What is asked of a protocol; see ``egoexo.evaluation.protocols.recognition``."""

    name: str
    hash: str
    action: str
    report: str


@dataclass(frozen=True)
class RecognitionRow(ClipRow):
    """Prediction and truth of one segment.

    ``target`` holds the true verb and noun, (2,) integers, -1 if not known; ``logits`` the scores of the verbs, (V,).

    Args:
        noun_scores (np.ndarray | None): Scores of the nouns, (N,).
        participant_id (str): Who recorded the video; empty if not known.
    """

    noun_scores: np.ndarray | None = None
    participant_id: str = ''


class RecognitionSubsets(NamedTuple):
    """Official subsets; None for what is not known.

    Args:
        tail_verbs (Collection[int] | None): Rare verb classes.
        tail_nouns (Collection[int] | None): Rare noun classes.
        unseen_participants (Collection[str] | None): Who is in no training list.
    """

    tail_verbs: Collection[int] | None = None
    tail_nouns: Collection[int] | None = None
    unseen_participants: Collection[str] | None = None


#: Nothing but the scores on all segments.
NO_SUBSETS = RecognitionSubsets()


class ClassCounts(NamedTuple):
    """Segments of each class of one task.

    Args:
        correct (np.ndarray): Recognised, (C,).
        support (np.ndarray): All, (C,).
    """

    correct: np.ndarray
    support: np.ndarray


@dataclass(frozen=True)
class RecognitionGroup(ClipGroup):
    """Scores of one list under one protocol.

    Args:
        counts (dict[str, int]): Segments behind each score.
        classes (dict[str, ClassCounts]): By task, in the first group of a list if asked for.
    """

    counts: dict[str, int] = field(default_factory=dict)
    classes: dict[str, ClassCounts] = field(default_factory=dict)


class RecognitionList:
    """Segments of one list, checked, and those with a label ranked once for all protocols.

    Args:
        rows (Sequence[RecognitionRow]): All rows of the list, not empty.
        subsets (RecognitionSubsets): Tail classes and unseen participants.

    Attributes:
        rows (list[RecognitionRow]): The labelled ones, n; may be empty, then only ``num_unlabelled`` is of use.
        num_unlabelled (int): How many others there are.
        scores (dict[str, np.ndarray]): By task ``'verb'`` and ``'noun'``, (n, C).
        labels (dict[str, np.ndarray]): True classes by task, (n,).
        ranks (dict[str, np.ndarray]): Place of the truth by task, (n,).
        masks (dict[str, dict[str, np.ndarray]]): Of :func:`subset_masks`.
        notes (list[str]): What a reader of any score has to know.
        subset_notes (list[str]): Which subsets are absent, and why.

    Raises:
        PredictionError: If a row cannot be scored.
    """

    def __init__(self, rows: Sequence[RecognitionRow], subsets: RecognitionSubsets) -> None:
        names = [row.name for row in rows]
        scores = dict(verb=np.stack([row.logits for row in rows]), noun=_stack_nouns(rows))
        for task, values in scores.items():
            check_scores(values, task, names)
        labels = np.stack([row.target for row in rows])
        kept = np.flatnonzero((labels >= 0).all(axis=1))
        self.rows = [rows[index] for index in kept]
        self.num_unlabelled = len(rows) - kept.size
        self.scores = {task: values[kept] for task, values in scores.items()}
        self.labels = dict(zip(scores, labels[kept].T, strict=True))
        for task, values in self.scores.items():
            check_labels(self.labels[task], values.shape[1], [row.name for row in self.rows], f'true {task} class')
        self.ranks = {task: label_ranks(values, self.labels[task]) for task, values in self.scores.items()}
        self.masks, self.subset_notes = subset_masks(
            *self.labels.values(), [row.participant_id for row in self.rows], *subsets)
        self.notes = [f'{self.num_unlabelled:,} of {len(rows):,} segments have no label and are not scored'
                      ] if self.num_unlabelled else []
        self.notes += [f'only {values.shape[1]} {task} classes: the first five hold all of them'
                       for task, values in scores.items() if values.shape[1] <= max(TOP_K)]

    def action_ranks(self, action: str) -> np.ndarray:
        """Places of the true actions by the rule of a protocol, (n,).

        Args:
            action (str): ``'sum'``, ``'product'`` or ``'released'``.

        Raises:
            PredictionError: If a score is negative and they have to be multiplied.
        """
        if action == 'released':
            return released_action_ranks(*self.scores.values(), *self.labels.values())
        if action == 'product':
            for task, scores in self.scores.items():
                check_scores(scores, task, [row.name for row in self.rows], non_negative=True)
        return action_ranks(*self.scores.values(), *self.ranks.values(), action)

    def parts(self, action: np.ndarray | None) -> list[tuple[str, np.ndarray, Callable[..., dict[str, float]]]]:
        """What is scored apart.

        Args:
            action (np.ndarray | None): Places of the true actions, (n,); None for the numbers of the meter.

        Returns:
            list[tuple[str, np.ndarray, Callable]]: Subset, numbers of its segments, and a function from numbers of
            segments, and perhaps how often each counts, to scores by name.
        """
        if action is None:
            def meter(rows: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
                return meter_scores(self.ranks['verb'][rows], self.ranks['noun'][rows], weights)

            return [('all', np.arange(len(self.rows)), meter)]
        ranks = self.ranks | {'action': action}

        def official(subset: str, task: str, rows: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
            return subset_scores(subset, task, ranks[task][rows], weights)

        return [(subset, np.flatnonzero(mask), partial(official, subset, task))
                for subset, tasks in self.masks.items() for task, mask in tasks.items()]


def _stack_nouns(rows: Sequence[RecognitionRow]) -> np.ndarray:
    shapes = [np.shape(row.noun_scores) for row in rows]
    other = next((index for index, shape in enumerate(shapes) if shape != shapes[0]), None)
    if other is not None:
        raise PredictionError(explain(
            f'segment {rows[other].name}', f'noun scores of shape {shapes[0]}, as segment {rows[0].name} has',
            f'shape {shapes[other]}', 'Predict all segments of a list with one model.'))
    return np.stack([row.noun_scores for row in rows])


def recognition_groups(
        rows: Sequence[RecognitionRow], protocols: Sequence[Rules],
        subsets: RecognitionSubsets = NO_SUBSETS, *, num_bootstrap: int = 0, seed: int = 0,
        per_video: bool = False, per_class: bool = False, lenient: bool = False,
        unprefixed: str = 'official') -> tuple[list[RecognitionGroup], list[str]]:
    """Score every list under every protocol.

    Args:
        rows (Sequence[RecognitionRow]): Segments of all lists; those without a label are counted and not scored.
        protocols (Sequence[Rules]): Rules to score by.
        subsets (RecognitionSubsets): Tail classes and unseen participants.
        num_bootstrap (int): Lists of videos drawn for the intervals; 0 for none. The interval of a subset comes from
            the videos that have segments in it.
        seed (int): Seed of the draws.
        per_video (bool): Also make one record per video, with the columns of all protocols.
        per_class (bool): Also count the segments of each class, in the first group of each list.
        lenient (bool): Leave out a protocol that cannot be applied to these scores, with a note.
        unprefixed (str): Protocol whose keys carry the list alone.

    Returns:
        tuple[list[RecognitionGroup], list[str]]: Protocol by protocol, and notes on what was not scored at all: lists
        without labels and, if ``lenient``, protocols.

    Raises:
        PredictionError: If there is no row, a row comes twice, or a row cannot be scored; names the segment.
    """
    groups: list[RecognitionGroup] = []
    notes: list[str] = []
    lists = {subset: RecognitionList(members, subsets) for subset, members in by_list(rows).items()}
    notes += [f'{subset}: none of its {data.num_unlabelled:,} segments has a label, so no score'
              for subset, data in lists.items() if not data.rows]
    counted: set[str] = set()
    for protocol in protocols:
        for subset, data in lists.items():
            if not data.rows:
                continue
            try:
                action = None if protocol.report == 'meter' else data.action_ranks(protocol.action)
            except PredictionError as error:
                if not lenient:
                    raise
                notes.append(f'{protocol.name}: {subset} not scored. {error}')
                continue
            prefix = subset if protocol.name == unprefixed else f'{protocol.name}/{subset}'
            classes = {task: ClassCounts(*class_counts(data.labels[task], data.ranks[task],
                                                       data.scores[task].shape[1]))
                       for task in data.labels} if per_class and subset not in counted else {}
            counted.add(subset)
            groups.append(_score(protocol, prefix, data, action, num_bootstrap, seed, per_video, classes))
    columns = list(dict.fromkeys(name for group in groups for name in group.videos[0])) if per_video else []
    for group in groups:  # one table for all protocols
        group.videos[:] = [{name: record.get(name, '') for name in columns} for record in group.videos]
    return groups, notes


def _score(protocol: Rules, prefix: str, data: RecognitionList, action: np.ndarray | None, num_bootstrap: int,
           seed: int, per_video: bool, classes: dict[str, ClassCounts]) -> RecognitionGroup:
    parts = data.parts(action)
    scores, counts, intervals = {}, {}, {}
    for _, indices, summarise in parts:
        found = summarise(indices)
        scores |= found
        counts |= dict.fromkeys(found, indices.size)
        intervals |= video_intervals([data.rows[index] for index in indices], partial(summarise, indices),
                                     num_bootstrap, seed)
    videos = video_members(data.rows)
    records = []
    for uid, indices in videos.items() if per_video else ():
        record = {'protocol': protocol.name, 'subset': data.rows[0].subset, 'uid': uid, 'segments': indices.size}
        for subset, _, summarise in parts:
            record |= summarise(indices) if subset == 'all' else {}
        records.append(record)
    return RecognitionGroup(
        protocol.name, '', data.rows[0].subset, (prefix,), len(data.rows), len(videos), scores, intervals, records,
        notes=tuple(data.notes + (data.subset_notes if protocol.report == 'official' else [])), counts=counts,
        classes=classes)
