"""Scores of correspondence by protocol and list, from one row per query frame."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.functional.bootstrap import bootstrap_interval
from egoexo.evaluation.functional.clip_groups import ClipGroup, first_five
from egoexo.evaluation.functional.correspondence import METRICS, balanced_accuracy
from egoexo.evaluation.functional.correspondence_items import ItemRow, ItemScores

__all__ = ['GroupRules', 'correspondence_groups', 'item_lists', 'scored_items']

_EMPTY_EVALUATION = explain('the evaluation', 'at least one predicted frame', 'none',
                            'Check that the data set is not empty.')

_KINDS = 4  # of problems that a message lists


class GroupRules(Protocol):
    """What is asked of a protocol here; see ``egoexo.evaluation.protocols.correspondence``."""

    name: str
    hash: str
    every: int
    order: str


def item_lists(rows: Sequence[ItemRow]) -> dict[str, list[ItemRow]]:
    """Rows of each list in official order, so that no digit depends on how they were gathered.

    Args:
        rows (Sequence[ItemRow]): Rows of all lists.

    Returns:
        dict[str, list[ItemRow]]: Lists in order of first appearance.

    Raises:
        PredictionError: If there is no row, or a row comes twice.
    """
    if not rows:
        raise PredictionError(_EMPTY_EVALUATION)
    lists: dict[str, list[ItemRow]] = {}
    for row in rows:
        lists.setdefault(row.subset, []).append(row)
    for subset, members in lists.items():
        seen: set[tuple] = set()
        twice = [row.name for row in members if row[1:6] in seen or seen.add(row[1:6])]
        if twice:
            raise PredictionError(explain(
                subset, 'each query frame once', f'{len(twice)} of {len(members)} rows that come a second time: '
                f'{first_five(twice)}', 'Check the list of pairs for duplicates, and that the sampler gives sample i '
                'to process i modulo their number.'))
        members.sort(key=lambda row: row.order)
    return lists


def scored_items(members: Sequence[ItemRow], index: int, protocol: GroupRules) -> list[tuple[ItemRow, ItemScores]]:
    """Rows of a list that a protocol scores, in the order in which it adds them up.

    Args:
        members (Sequence[ItemRow]): Rows of one list in official order.
        index (int): Place of the protocol in the scores of the rows.
        protocol (GroupRules): The rules.

    Returns:
        list[tuple[ItemRow, ItemScores]]: Row and what the protocol makes of it.
    """
    kept = [row for row in members if row.scores[index] is not None][::protocol.every]
    if protocol.order == 'sorted':
        takes = {uid: place for place, uid in reversed([*enumerate(row.take_uid for row in members)])}
        cameras = {row[1:5]: place for place, row in reversed([*enumerate(members)])}
        kept.sort(key=lambda row: (takes[row.take_uid], row.object_name, cameras[row[1:5]], row.frame))
    return [(row, row.scores[index]) for row in kept]


def correspondence_groups(
        rows: Sequence[ItemRow], protocols: Sequence[GroupRules], *, num_bootstrap: int = 0, seed: int = 0,
        per_video: bool = False, unprefixed: str = 'official', refused: dict[str, str] | None = None
        ) -> list[ClipGroup]:
    """Score every list under every protocol.

    Args:
        rows (Sequence[ItemRow]): Rows made with the same protocols.
        protocols (Sequence[GroupRules]): Rules to score by.
        num_bootstrap (int): Lists of takes drawn for the intervals; 0 for none.
        seed (int): Seed of the draws.
        per_video (bool): Also make one record per take.
        unprefixed (str): Protocol whose keys carry the list alone.
        refused (dict[str, str] | None): Takes up, by ``<protocol>/<list>``, why a protocol cannot score a list, which
            is then left out; None makes that an error.

    Returns:
        list[ClipGroup]: Protocol by protocol; a list of which a protocol counts no frame is absent. Scores are
        fractions.

    Raises:
        PredictionError: If there is no row, a row comes twice, or a protocol cannot score a list.
    """
    lists = item_lists(rows)
    groups = []
    for index, protocol in enumerate(protocols):
        for subset, members in lists.items():
            items = scored_items(members, index, protocol)
            problem = _problem(subset, protocol.name, items)
            if problem and refused is None:
                raise PredictionError(problem)
            if problem:
                refused[f'{protocol.name}/{subset}'] = problem
            elif items:
                prefix = subset if protocol.name == unprefixed else f'{protocol.name}/{subset}'
                groups.append(_group(protocol, subset, prefix, items, num_bootstrap, seed, per_video))
    return groups


def _problem(subset: str, protocol: str, items: Sequence[tuple[ItemRow, ItemScores]]) -> str:
    """What keeps the items from being scored, all of it with counts; empty if nothing does."""
    bad: dict[str, list[str]] = {}
    for row, scores in items:
        if scores.problem:
            bad.setdefault(scores.problem, []).append(row.name)
    if not bad:
        return ''
    kinds = [f'{len(names):,} with {reason}' for reason, names in bad.items()]
    found = ', '.join(kinds[:_KINDS]) + (f', {len(kinds) - _KINDS} other kinds' if len(kinds) > _KINDS else '')
    names = [row.name for row, scores in items if scores.problem]
    return explain(f'{subset} under protocol {protocol}', f'a usable prediction for each of the {len(items):,} frames '
                   'that count', f'{found}: {first_five(names)}', _advice(bad))


def _advice(problems: dict[str, list[str]]) -> str:
    advice = []
    if 'no prediction' in problems:
        takes = len({name.partition('//')[0] for name in problems['no prediction']})
        advice.append(f'Predict the missing frames (they are of {takes:,} takes), or count them as empty with '
                      '--missing empty.')
    if any(reason.startswith('a mask of') for reason in problems):
        advice.append('Take the padding off and resize masks to the expected size, or let --resize-pred nearest '
                      '(protocol official_nearest) do it.')
    return ' '.join(advice) or 'Correct the file of predictions.'


def _group(protocol: GroupRules, subset: str, prefix: str, items: list[tuple[ItemRow, ItemScores]], num_bootstrap: int,
           seed: int, per_video: bool) -> ClipGroup:
    takes: dict[str, list[ItemScores]] = {}
    for row, scores in items:
        takes.setdefault(row.take_uid, []).append(scores)
    every = [scores for _, scores in items]
    intervals, notes = _intervals([*takes.values()], num_bootstrap, seed), []
    masks = [scores.masks for scores in every if scores.masks is not None]
    if not masks:
        notes.append('no frame in which the object is visible: no mask metric')
    vanished = sum(mask.area == 0 for mask in masks)
    if vanished:
        notes.append(f'{vanished:,} of {len(masks):,} true masks have no pixel at evaluation size')
    kinds = {scores.visible for scores in every}
    if len(kinds) == 1:
        notes.append(f'the object is {"always" if kinds == {True} else "never"} visible: visibility_acc is the recall '
                     'of that kind')
    return ClipGroup(protocol.name, '', subset, (prefix,), len(items), len(takes), _scores(every), intervals,
                     [_record(protocol.name, subset, uid, own) for uid, own in takes.items()] if per_video else [],
                     notes=tuple(notes))


def _scores(items: Sequence[ItemScores]) -> dict[str, float]:
    """Means over lists in their order, as the official evaluator takes them: equal to its last digit."""
    masks = [item.masks for item in items if item.masks is not None]
    values = {name: float(np.mean([mask[place] for mask in masks])) for place, name in enumerate(METRICS[:3])
              } if masks else {}
    return values | {METRICS[3]: balanced_accuracy([item.visible for item in items],
                                                   [item.pred_visible for item in items])}


def _record(protocol: str, subset: str, uid: str, items: Sequence[ItemScores]) -> dict[str, object]:
    scores = _scores(items)
    return {'protocol': protocol, 'subset': subset, 'uid': uid, 'frames': len(items),
            'visible': sum(item.visible for item in items)} | {name: scores.get(name, '') for name in METRICS}


def _intervals(takes: Sequence[Sequence[ItemScores]], num_bootstrap: int,
               seed: int) -> dict[str, tuple[float, float]]:
    """Bootstrap intervals when whole takes are drawn; only of metrics that every draw has."""
    if not num_bootstrap:
        return {}
    sums = np.array([_sums(items) for items in takes])

    def of_drawn(drawn: Sequence[int]) -> dict[str, float]:
        iou, contour, location, masks, shown, seen, hidden, unseen = sums[list(drawn)].sum(axis=0).tolist()
        recalls = [hit / number for hit, number in ((seen, shown), (unseen, hidden)) if number]
        return {name: total / masks if masks else math.nan
                for name, total in zip(METRICS, (iou, contour, location), strict=False)} | {
                    METRICS[3]: sum(recalls) / len(recalls)}

    intervals = bootstrap_interval(range(len(takes)), of_drawn, num_bootstrap, seed)
    return {name: ends for name, ends in intervals.items() if not any(map(math.isnan, ends))}


def _sums(items: Sequence[ItemScores]) -> tuple[float, ...]:
    masks = [item.masks for item in items if item.masks is not None]
    shown = [item.pred_visible for item in items if item.visible]
    hidden = [not item.pred_visible for item in items if not item.visible]
    return (*(sum(mask[place] for mask in masks) for place in range(3)), len(masks), len(shown), sum(shown),
            len(hidden), sum(hidden))
