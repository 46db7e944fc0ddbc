"""Anticipation scores by protocol and list."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from egoexo.evaluation.functional.anticipation import (
    anticipation_scores,
    check_scores,
    clipped_k,
    per_class_recall,
    rank_classes,
    sample_recalls,
    top_k_mask,
)
from egoexo.evaluation.functional.clip_groups import (
    ClipGroup,
    ClipRow,
    RowRules,
    by_list,
    video_intervals,
    video_members,
)

__all__ = ['anticipation_groups']


class Rules(RowRules, Protocol):
    """What is asked of a protocol; see ``egoexo.evaluation.protocols.anticipation``."""

    k: int


def anticipation_groups(
        rows: Sequence[ClipRow], protocols: Sequence[Rules], *, num_bootstrap: int = 0, seed: int = 0,
        per_video: bool = False, per_class: bool = False, unprefixed: str = 'clean') -> list[ClipGroup]:
    """Score every list under every protocol.

    Args:
        rows (Sequence[ClipRow]): Rows with logits and targets (C,), from the truth that the protocols name.
        protocols (Sequence[Rules]): Rules to score by.
        num_bootstrap (int): Lists of videos drawn for the intervals; 0 for none.
        seed (int): Seed of the draws.
        per_video (bool): Also make one record per video.
        per_class (bool): Also take the recall of each class.
        unprefixed (str): Protocol whose keys carry the list alone.

    Returns:
        list[ClipGroup]: Protocol by protocol; a list of which a protocol leaves out all rows is absent.

    Raises:
        PredictionError: If there is no row, a row comes twice, or a row cannot be scored.
    """
    lists = {subset: (members, *_arrays(members)) for subset, members in by_list(rows).items()}
    groups = []
    for protocol in protocols:
        for subset, (members, logits, targets) in lists.items():
            valid = targets.any(axis=1).tolist()
            kept = [index for index, row in enumerate(members) if protocol.scores(subset, row.uid, valid[index])]
            if kept:
                prefix = subset if protocol.name == unprefixed else f'{protocol.name}/{subset}'
                chosen = members if len(kept) == len(members) else [members[index] for index in kept]
                arrays = (logits, targets) if chosen is members else (logits[kept], targets[kept])
                groups.append(_score(protocol, prefix, chosen, *arrays, num_bootstrap, seed, per_video, per_class))
    return groups


def _arrays(rows: Sequence[ClipRow]) -> tuple[np.ndarray, np.ndarray]:
    """Logits and targets, (n, C) each; all of a list is checked, also what a protocol leaves out."""
    logits, targets = np.stack([row.logits for row in rows]), np.stack([row.target for row in rows])
    check_scores(logits, targets, [row.name for row in rows])
    return logits, targets


def _score(protocol: Rules, prefix: str, rows: Sequence[ClipRow], logits: np.ndarray, targets: np.ndarray,
           num_bootstrap: int, seed: int, per_video: bool, per_class: bool) -> ClipGroup:
    hits, ranking = top_k_mask(logits, protocol.k), rank_classes(logits, targets)
    members, subset = video_members(rows), rows[0].subset
    _, note = clipped_k(protocol.k, logits.shape[1])
    return ClipGroup(
        protocol.name, '', subset, (prefix,), len(rows), len(members),
        anticipation_scores(logits, targets, protocol.k, None, hits, ranking),
        video_intervals(
            rows, lambda weights: anticipation_scores(logits, targets, protocol.k, weights, hits, ranking),
            num_bootstrap, seed),
        _video_records(protocol, subset, members, hits, targets) if per_video else [],
        per_class_recall(hits, targets) if per_class else None,
        tuple(filter(None, [note])))


def _video_records(protocol: Rules, subset: str, members: dict[str, np.ndarray], hits: np.ndarray,
                   targets: np.ndarray) -> list[dict[str, object]]:
    records = []
    positive = targets > 0
    recalls = sample_recalls(hits, targets)
    for uid, indices in members.items():
        found, true = int((hits & positive)[indices].sum()), int(positive[indices].sum())
        records.append({
            'protocol': protocol.name, 'subset': subset, 'uid': uid, 'samples': indices.size, 'positives': true,
            'hits': found, f'micro_recall@{protocol.k}': 100 * found / true if true else 0.0,
            f'samples_recall@{protocol.k}': 100 * float(recalls[indices].mean())})
    return records
