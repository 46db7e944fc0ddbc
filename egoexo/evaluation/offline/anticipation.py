"""Score saved predictions of action anticipation against the official annotation files."""

import argparse
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from egoexo.errors import PredictionError, explain, printable
from egoexo.evaluation.functional.anticipation_groups import anticipation_groups
from egoexo.evaluation.functional.clip_groups import ClipGroup
from egoexo.evaluation.offline.clip_predictions import ClipPredictions, ListPredictions
from egoexo.evaluation.offline.clip_scores import (
    ClipScores,
    TruthList,
    add_common_arguments,
    choose_lists,
    find_folder,
    match_rows,
    naming,
    number_repeats,
    parse_list_name,
    tell,
)
from egoexo.evaluation.protocols.anticipation import PROTOCOLS, TRUTHS, AnticipationProtocol, get_protocols
from egoexo.formats.egoexolearn_anticipation import (
    CLASS_FILES,
    OWN_ROWS,
    PARTS,
    TABLE_FOLDER,
    TAXONOMY_FILES,
    ListedAction,
    list_actions,
    list_name,
    own_rows,
    read_action_list,
    read_action_table,
    read_class_ids,
    read_taxonomy,
    short_name,
    table_name,
)

__all__ = ['FOLDER', 'Annotations', 'add_arguments', 'run', 'score']

#: Annotation folder of the benchmark, as the release spells it.
FOLDER = 'anticpation_annotation'
_GAP_SEC, _CONTEXT_SEC = 1, 2


class Annotations:
    """Official annotation folder of the benchmark, one part of it.

    Args:
        path (str | Path): ``anticpation_annotation`` itself, or the root of the release that holds it.
        part (str): ``'verb'`` or ``'noun'``.

    Raises:
        AnnotationError: If the folder is not there.
    """

    def __init__(self, path: str | Path, part: str) -> None:
        self.folder = find_folder(path, FOLDER, (TABLE_FOLDER, *OWN_ROWS))
        self.part = part
        self._known: dict[tuple[str, str], TruthList | None] = {}

    @cached_property
    def class_ids(self) -> tuple[int, ...]:
        """Taxonomy id of each class."""
        return read_class_ids(self.folder / TABLE_FOLDER / CLASS_FILES[self.part])

    @cached_property
    def class_names(self) -> list[str]:
        """Name of each class; its number where the taxonomy of the release is not there."""
        table = self.folder.resolve().parents[1] / 'annotations' / TAXONOMY_FILES[self.part]
        if not table.is_file():
            return [str(index) for index in range(len(self.class_ids))]
        labels = read_taxonomy(table)
        return [short_name(labels[taxonomy_id]) if taxonomy_id < len(labels) else str(taxonomy_id)
                for taxonomy_id in self.class_ids]

    def path(self, subset: str, truth: str) -> Path | None:
        """File of a list; None for a name that no list has.

        Args:
            subset (str): E.g. ``'ego_gaze_val'``.
            truth (str): One of ``TRUTHS``.
        """
        name = parse_list_name(subset)
        if name is None:
            return None
        if truth == 'csv':
            return self.folder / TABLE_FOLDER / table_name(name.view, name.split)
        return self.folder / (self.part + '_gazed' * name.gaze) / list_name(name.view, name.split)

    def read(self, subset: str, truth: str) -> TruthList | None:
        """Truth of one list.

        Args:
            subset (str): E.g. ``'ego_val'``.
            truth (str): ``'csv'``, ``'own_rows'`` or ``'whole_list'``.

        Returns:
            TruthList | None: None if there is no such file.

        Raises:
            AnnotationError: If the file is malformed.
        """
        if (subset, truth) not in self._known:
            path = self.path(subset, truth)
            self._known[subset, truth] = (
                self._truth_list(path, self._actions(path, truth)) if path and path.is_file() else None)
        return self._known[subset, truth]

    def _actions(self, path: Path, truth: str) -> list[ListedAction]:
        if truth == 'csv':
            return list_actions(read_action_table(path), self.part, self.class_ids, path)
        actions = read_action_list(path, len(self.class_ids))
        own = own_rows(path)
        return actions[-own:] if truth == 'own_rows' and own and len(actions) > own else actions

    def _truth_list(self, path: Path, actions: list[ListedAction]) -> TruthList:
        targets = np.zeros((len(actions), len(self.class_ids)), np.float32)
        for row, action in zip(targets, actions, strict=True):
            if action.start_sec - _GAP_SEC - _CONTEXT_SEC >= 0:  # officially no label where there is no context
                row[list(action.labels)] = 1
        ids = number_repeats([f'{action.uid}|{action.start_text}|{action.end_text}' for action in actions])
        return TruthList(path, ids, [action.uid for action in actions], targets)


def score(
        predictions: ClipPredictions, annotations: Annotations, subsets: Sequence[str] | None = None,
        protocols: Sequence[str] | str = 'clean', k: int = 5, num_bootstrap: int = 0, per_video: bool = False,
        per_class: bool = False) -> ClipScores:
    """Score saved predictions.

    Args:
        predictions (ClipPredictions): Logits (n, C) by list.
        annotations (Annotations): Official files.
        subsets (Sequence[str] | None): Lists to score; None takes all that are predicted.
        protocols (Sequence[str] | str): Names, or ``'all'``: ``'as_released'``, which needs predictions for the rows of
            other lists too, is then left out with a note when these are missing.
        k (int): Size of the predicted set.
        num_bootstrap (int): Resampled lists for intervals, 0 for none.
        per_video (bool): Also make one record per video.
        per_class (bool): Also take the recall of each class.

    Returns:
        ClipScores: ``groups`` is empty if there is no truth for any of the lists.

    Raises:
        PredictionError: If a row of a list has no prediction, a predicted row is unknown, or a prediction cannot be
            scored.
        AnnotationError: If an official file is malformed.
    """
    rules = tuple(protocol.with_k(k) for protocol in get_protocols(protocols))
    notes: list[str] = []
    groups: list[ClipGroup] = []
    for subset in choose_lists(predictions, subsets):
        predicted = predictions.read(subset)
        _check_classes(predictions, predicted, subset, annotations)
        for protocol in rules:
            rows = _rows(predictions, predicted, annotations, subset, protocol, protocols == 'all', notes)
            with naming(predictions.path):
                groups += anticipation_groups(rows, (protocol,), num_bootstrap=num_bootstrap, per_video=per_video,
                                              per_class=per_class) if rows else []
    groups.sort(key=lambda group: [protocol.name for protocol in rules].index(group.protocol))
    used = {group.protocol for group in groups}
    return ClipScores(groups, tuple(protocol for protocol in rules if protocol.name in used), notes,
                      annotations.class_names if per_class else None)


def _check_classes(predictions: ClipPredictions, predicted: ListPredictions, subset: str,
                   annotations: Annotations) -> None:
    num_classes = len(annotations.class_ids)
    if predicted.logits is None or predicted.logits.shape[1] != num_classes:
        found = 'none' if predicted.logits is None else f'shape {predicted.logits.shape}'
        raise PredictionError(explain(
            f'{predictions.path} array {subset}/logits', f'logits (n, {num_classes}) of the {annotations.part} classes',
            found, 'Choose the part (verb or noun) that was predicted with --part.'))


def _rows(predictions: ClipPredictions, predicted: ListPredictions, annotations: Annotations, subset: str,
          protocol: AnticipationProtocol, lenient: bool, notes: list[str]) -> list:
    truth = annotations.read(subset, protocol.truth)
    if truth is None:
        path = annotations.path(subset, protocol.truth)
        reason = 'its name is not <view>_[gaze_]<split>' if path is None else f'no file {path}'
        notes.append(f'{protocol.name}: {printable(subset, 100)} not scored, {reason}')
        return []

    def known() -> set[str]:
        lists = [annotations.read(subset, other) for other in TRUTHS]
        return {name for other in lists if other is not None for name in other.ids}

    try:
        rows, num_left = match_rows(subset, predicted, truth, known, predictions.path)
    except PredictionError as error:
        if not lenient or protocol.truth != 'whole_list':
            raise
        notes.append(f'{protocol.name}: {subset} not scored, its list also holds rows of other lists. {error}')
        return []
    if num_left:
        notes.append(f'{protocol.name}: {num_left} predictions of {subset} are for rows of the released list that do '
                     'not belong to it, not scored')
    return rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark.

    Args:
        parser (argparse.ArgumentParser): Parser of ``tools/evaluate.py anticipation``.
    """
    add_common_arguments(parser, list(PROTOCOLS), FOLDER)
    parser.add_argument('--part', required=True, choices=PARTS, help='what was anticipated')
    parser.add_argument('--top-k', type=int, default=5, metavar='K', help='size of the predicted set; default: 5')
    parser.add_argument('--per-class', action='store_true', help='recall of each class in --out')


def run(args: argparse.Namespace) -> int:
    """Score as the options say and print the result.

    Args:
        args (argparse.Namespace): Parsed options of :func:`add_arguments`.

    Returns:
        int: 0, or 2 if none of the lists could be scored.

    Raises:
        EgoExoError: If the files cannot be scored; see :func:`score`.
        OSError: If a result cannot be written.
    """
    names = 'all' if 'all' in args.protocol else args.protocol
    return tell(score(ClipPredictions(args.pred, ndim=2), Annotations(args.gt, args.part), args.subset, names,
                      args.top_k, args.bootstrap, bool(args.per_video), args.per_class), args)
