"""Scores of segment classification across domains by protocol and list."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from egoexo.errors import PredictionError, explain
from egoexo.evaluation.functional.clip_groups import (
    ClipGroup,
    ClipRow,
    RowRules,
    by_list,
    video_intervals,
    video_members,
)
from egoexo.evaluation.functional.transfer import (
    TOP_K,
    check_labels,
    check_logits,
    class_accuracies,
    class_accuracy_text,
    confusion_matrix,
    hits_at,
    predicted_classes,
    top_k_note,
    transfer_scores,
)

__all__ = ['class_files', 'class_records', 'transfer_groups']


class Rules(RowRules, Protocol):
    """What is asked of a protocol; see ``egoexo.evaluation.protocols.transfer``."""

    absent: str


class _List:
    """Arrays of one list, checked once.

    Args:
        rows (Sequence[ClipRow]): Its rows.
        num_classes (int | None): C, where the rows carry labels instead of logits.
    """

    def __init__(self, rows: Sequence[ClipRow], num_classes: int | None) -> None:
        names = [row.name for row in rows]
        self.labels = np.array([row.target for row in rows])
        self.top_k_hits = None
        if rows[0].logits is not None:
            logits = np.stack([row.logits for row in rows])
            check_logits(logits, self.labels, names)
            self.num_classes, self.predicted = logits.shape[1], predicted_classes(logits)
            self.top_k_hits = hits_at(logits, self.labels, TOP_K) if self.num_classes >= TOP_K else None
        elif rows[0].answer is not None and num_classes is not None:
            self.num_classes, self.predicted = num_classes, np.array([row.answer for row in rows])
            check_labels(self.labels, num_classes, names)
            check_labels(self.predicted, num_classes, names, 'predicted class')
        else:
            raise PredictionError(explain(f'sample {names[0]}', 'class scores, or a predicted class and the number of '
                                          'classes', 'neither', 'Save what the model predicts.'))

    def scores(self, absent: str, kept: np.ndarray, weights: np.ndarray | None = None) -> dict[str, float]:
        """Scores of some rows."""
        hits = None if self.top_k_hits is None else self.top_k_hits[kept]
        return transfer_scores(self.labels[kept], self.predicted[kept], self.num_classes, hits, absent, weights)


def transfer_groups(
        rows: Sequence[ClipRow], protocols: Sequence[Rules], *, num_classes: int | None = None, num_bootstrap: int = 0,
        seed: int = 0, per_video: bool = False, per_class: bool = False,
        unprefixed: str = 'official') -> list[ClipGroup]:
    """Score every list under every protocol.

    Args:
        rows (Sequence[ClipRow]): Rows with the true class, shape (), and logits (C,), or ``answer``, the predicted
            class, shape (): then without ``top5``.
        protocols (Sequence[Rules]): Rules to score by.
        num_classes (int | None): C; needed for rows without logits.
        num_bootstrap (int): Lists of takes drawn for the intervals; 0 for none. A class that a draw does not hold is
            treated as the protocol says.
        seed (int): Seed of the draws.
        per_video (bool): Also make one record per take.
        per_class (bool): Also take the accuracy of each class.
        unprefixed (str): Protocol whose keys carry the list alone.

    Returns:
        list[ClipGroup]: Protocol by protocol; a list of which a protocol leaves out all rows is absent.

    Raises:
        PredictionError: If there is no row, a row comes twice, or a row cannot be scored.
    """
    lists = {subset: (members, _List(members, num_classes)) for subset, members in by_list(rows).items()}
    groups = []
    for protocol in protocols:
        for subset, (members, arrays) in lists.items():
            kept = np.array([index for index, row in enumerate(members) if protocol.scores(subset, row.uid)], np.int64)
            if kept.size:
                prefix = subset if protocol.name == unprefixed else f'{protocol.name}/{subset}'
                groups.append(_score(protocol, subset, prefix, members, arrays, kept, num_bootstrap, seed, per_video,
                                     per_class))
    return groups


def _score(protocol: Rules, subset: str, prefix: str, members: Sequence[ClipRow], arrays: _List, kept: np.ndarray,
           num_bootstrap: int, seed: int, per_video: bool, per_class: bool) -> ClipGroup:
    chosen = [members[index] for index in kept]
    takes = video_members(chosen)
    accuracies, support = class_accuracies(
        confusion_matrix(arrays.labels[kept], arrays.predicted[kept], arrays.num_classes))
    notes = [top_k_note(arrays.num_classes) if members[0].logits is not None else
             f'labels without scores: no top{TOP_K}']
    if not support.all():
        notes.append(f'{(support == 0).sum()} of {support.size} classes have no segment')
    return ClipGroup(
        protocol.name, '', subset, (prefix,), len(chosen), len(takes), arrays.scores(protocol.absent, kept),
        video_intervals(chosen, lambda weights: arrays.scores(protocol.absent, kept, weights), num_bootstrap, seed),
        _take_records(protocol, subset, takes, arrays, kept) if per_video else [],
        accuracies if per_class else None, tuple(filter(None, notes)), 'class_acc', support)


def _take_records(protocol: Rules, subset: str, takes: dict[str, np.ndarray], arrays: _List,
                  kept: np.ndarray) -> list[dict[str, object]]:
    hits = {'top1': arrays.labels == arrays.predicted}
    hits |= {f'top{TOP_K}': arrays.top_k_hits} if arrays.top_k_hits is not None else {}
    return [{'protocol': protocol.name, 'subset': subset, 'uid': uid, 'samples': indices.size,
             'classes': np.unique(arrays.labels[kept[indices]]).size}
            | {name: 100 * float(found[kept[indices]].mean()) for name, found in hits.items()}
            for uid, indices in takes.items()]


def class_records(groups: Sequence[ClipGroup], class_names: Sequence[str] | None = None) -> list[dict[str, object]]:
    """One record per protocol, list and class.

    Args:
        groups (Sequence[ClipGroup]): Made with ``per_class=True``.
        class_names (Sequence[str] | None): C names; numbers without.

    Returns:
        list[dict[str, object]]: ``accuracy`` is in percent, and empty for a class without a segment.
    """
    return [{'protocol': group.protocol, 'subset': group.subset, 'class': index,
             'name': class_names[index] if class_names is not None else str(index), 'samples': int(count),
             'accuracy': 100 * float(share) if count else ''}
            for group in groups
            for index, (share, count) in enumerate(zip(group.class_recall, group.class_support, strict=True))]


def class_files(path: str | Path, groups: Sequence[ClipGroup]) -> dict[Path, str]:
    """Files of class accuracies in the released format, one per list; the protocol makes no difference to them.

    Args:
        path (str | Path): ``<stem><suffix>`` becomes ``<stem>_<subset><suffix>``.
        groups (Sequence[ClipGroup]): Made with ``per_class=True``.

    Returns:
        dict[Path, str]: Content by file.
    """
    path = Path(path)
    return {path.with_name(f'{path.stem}_{group.subset}{path.suffix}'): class_accuracy_text(group.class_recall)
            for group in groups}
