"""Score saved predictions of temporal action segmentation against the official annotation files."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError, PredictionError, explain
from egoexo.evaluation.functional.segmentation import official_line
from egoexo.evaluation.functional.segmentation_groups import (
    UNSEEN_TASKS,
    GroupScore,
    VideoRow,
    count_protocols,
    group_scores,
)
from egoexo.evaluation.functional.segmentation_tables import per_video_records, score_table
from egoexo.evaluation.offline.predictions import FramePredictions, first_five
from egoexo.evaluation.protocols.segmentation import PROTOCOLS, SegmentationProtocol, get_protocols
from egoexo.formats.egoexolearn import read_frame_labels, read_split, read_video_meta
from egoexo.utils.tables import format_table, write_csv

__all__ = ['SUBSETS', 'Annotations', 'Scores', 'add_arguments', 'run', 'score']

#: Lists that are scored when none is named.
SUBSETS = ('ego_val', 'ego_gaze_val', 'exo_val', 'ego_test', 'ego_gaze_test', 'exo_test')
_TAS = Path('temporal_action_segmentation_benchmark') / 'tas_annotation'
_ENDING = '_annotations.bundle'


class Annotations:
    """Official annotation folder of the benchmark.

    Args:
        path (str | Path): ``tas_annotation`` itself, or the root of the release that holds it.

    Raises:
        AnnotationError: If no ``splits`` folder is found there.
    """

    def __init__(self, path: str | Path) -> None:
        candidates = [Path(path), Path(path) / _TAS]
        found = [folder for folder in candidates if (folder / 'splits').is_dir()]
        if not found:
            raise AnnotationError(explain(path, 'tas_annotation or the root of the release',
                                          f'no folder splits in {" or ".join(map(str, candidates))}',
                                          'Check the path given by --gt.'))
        self.folder = found[0]

    @cached_property
    def lists(self) -> dict[str, list[str]]:
        """uids of every list that is there, by name."""
        files = sorted((self.folder / 'splits').glob(f'*{_ENDING}'))
        return {file.name.removesuffix(_ENDING): read_split(file) for file in files}

    @cached_property
    def tasks(self) -> dict[str, str]:
        """Cooking task by uid; empty if the video table of the release is not there."""
        for folder in (self.folder, *self.folder.resolve().parents[:2]):
            table = folder / 'video_meta_downsampled.json'
            if table.is_file():
                return {uid: meta.task for uid, meta in read_video_meta(table).items()}
        return {}

    @cached_property
    def known_uids(self) -> set[str]:
        """Every video that a list, a label file or the video table names."""
        labelled = {file.name.split('.')[0] for file in (self.folder / 'gts_fps25').glob('*.txt')}
        return labelled.union(self.tasks, *self.lists.values())

    def labels(self, uid: str, drop_last_line: bool) -> np.ndarray:
        """True class ids of one video, (G,) int64; see ``read_frame_labels``."""
        return read_frame_labels(self.folder / 'gts_fps25' / f'{uid}.txt', drop_last_line=drop_last_line)


@dataclass
class Scores:
    """Result of :func:`score`.

    Args:
        groups (list[GroupScore]): Scores by protocol, list and part.
        protocols (tuple[SegmentationProtocol, ...]): Rules that could be applied.
        notes (list[str]): What was left out, and why.
    """

    groups: list[GroupScore]
    protocols: tuple[SegmentationProtocol, ...]
    notes: list[str] = field(default_factory=list)

    @property
    def scalars(self) -> dict[str, object]:
        """``metrics`` and ``protocols`` (name -> hash) as ``tools/test.py`` writes them, and the ``rules`` in full."""
        return {
            'metrics': {key: value for group in self.groups for key, value in group.scalars.items()},
            'protocols': {protocol.name: protocol.hash for protocol in self.protocols},
            'rules': {protocol.name: dict(description=protocol.description, comparable_with=protocol.comparable_with,
                                          **protocol.rules) for protocol in self.protocols},
        }


def score(
        predictions: FramePredictions, annotations: Annotations, subsets: Sequence[str] | None = None,
        protocols: Sequence[str] | str = 'official', pad: str = 'error', num_bootstrap: int = 0) -> Scores:
    """Score saved predictions.

    Args:
        predictions (FramePredictions): Predicted class ids by video.
        annotations (Annotations): Official files.
        subsets (Sequence[str] | None): Lists to score. None takes those of :data:`SUBSETS` for which there is any
            prediction.
        protocols (Sequence[str] | str): Names, or ``'all'``: a protocol other than the official one that the
            predictions are too short for is then left out with a note.
        pad (str): ``'error'`` or ``'repeat_last'``, for predictions shorter than the truth.
        num_bootstrap (int): Resampled lists for intervals, 0 for none.

    Returns:
        Scores: ``groups`` is empty if none of the lists is there.

    Raises:
        PredictionError: If a video of a scored list has no prediction, a predicted video is unknown, or a prediction
            cannot be scored.
        AnnotationError: If a list or label file is missing or malformed.
    """
    rules = tuple(protocol.with_pad(pad) for protocol in get_protocols(protocols))
    notes: list[str] = []
    _refuse_unknown(predictions, annotations)
    chosen = _choose(predictions, annotations, subsets, notes)
    _refuse_missing(predictions, {name: annotations.lists[name] for name in chosen})
    optional = [protocol.name for protocol in rules if protocols == 'all' and protocol.name != 'official']
    rows: list[VideoRow] = []
    failed: dict[str, str] = {}
    for subset in chosen:
        for uid in annotations.lists[subset]:
            rules = tuple(protocol for protocol in rules if protocol.name not in failed)
            pred = predictions.read(predictions.find(subset, uid))
            rows.append(_count(pred, annotations, rules, subset, uid, optional, failed))
    rules = tuple(protocol for protocol in rules if protocol.name not in failed)
    notes += [f'{name}: not scored. {reason}' for name, reason in failed.items()]
    return Scores(group_scores(rows, rules, UNSEEN_TASKS, num_bootstrap), rules, notes)


def _choose(predictions: FramePredictions, annotations: Annotations, subsets: Sequence[str] | None,
            notes: list[str]) -> list[str]:
    present = [name for name in dict.fromkeys(subsets or SUBSETS) if name in annotations.lists]
    absent = [name for name in dict.fromkeys(subsets or SUBSETS) if name not in annotations.lists]
    if absent:
        notes.append(f'no list {", ".join(f"{name}{_ENDING}" for name in absent)} in {annotations.folder / "splits"}: '
                     'not scored')
    if subsets:
        return present
    used = {name: {predictions.find(name, uid) for uid in annotations.lists[name]} - {None} for name in present}
    idle = [name for name in present if not used[name]]
    if idle:
        notes.append(f'no prediction for any video of {", ".join(idle)}: not scored')
    others = set(predictions.names).difference(*used.values())
    if others:
        notes.append(f'{len(others)} prediction(s) for videos of other lists: not scored')
    return [name for name in present if name not in idle]


def _refuse_unknown(predictions: FramePredictions, annotations: Annotations) -> None:
    unknown = []
    for name in predictions.names:
        subset, _, uid = name.rpartition('/')
        if uid not in annotations.lists.get(subset, annotations.known_uids):
            unknown.append(name)
    if unknown:
        raise PredictionError(explain(
            predictions.path, f'predictions named <uid> or <list>/<uid> after the videos of {annotations.folder}',
            f'that {len(unknown)} of {len(predictions.names)} are for videos that it does not know: '
            f'{first_five(unknown)}', 'Remove or rename them.'))


def _refuse_missing(predictions: FramePredictions, lists: dict[str, list[str]]) -> None:
    reports = []
    for subset, uids in lists.items():
        missing = [uid for uid in uids if predictions.find(subset, uid) is None]
        if missing:
            reports.append(f'{len(missing)} of {len(uids)} videos of {subset} have no prediction: '
                           f'{first_five(missing)}')
    if reports:
        raise PredictionError(explain(
            predictions.path, 'a prediction for every video of a list', 'that ' + '; '.join(reports),
            'Predict them, or name the lists to score with --subset (gaze lists are one video shorter).'))


def _count(pred: np.ndarray, annotations: Annotations, rules: tuple[SegmentationProtocol, ...], subset: str, uid: str,
           optional: list[str], failed: dict[str, str]) -> VideoRow:
    truths = {drop: annotations.labels(uid, drop) for drop in {protocol.drop_last_line for protocol in rules}}
    try:
        counts = count_protocols(pred, truths, rules, subset, uid)
    except PredictionError:
        counts = {}
        for protocol in rules:  # one by one: a protocol with more frames must not take the others down
            try:
                counts |= count_protocols(pred, truths, (protocol,), subset, uid)
            except PredictionError as cause:
                if protocol.name not in optional:
                    raise
                failed[protocol.name] = str(cause)
    return VideoRow(uid, subset, subset.split('_')[0], annotations.tasks.get(uid), counts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark.

    Args:
        parser (argparse.ArgumentParser): Parser of ``tools/evaluate.py segmentation``.
    """
    parser.add_argument('--pred', required=True, help='official result folder (<uid> or <list>/<uid>), or '
                        '.npz with such keys')
    parser.add_argument('--gt', required=True, help='tas_annotation, or the root of the release')
    parser.add_argument('--subset', nargs='+', metavar='LIST', help=f'lists to score; default: of {", ".join(SUBSETS)} '
                        'those with predictions')
    parser.add_argument('--protocol', nargs='+', default=['official'], metavar='NAME',
                        help=f"rules to score by: {', '.join(PROTOCOLS)}, or 'all'; default: official")
    parser.add_argument('--per-video', metavar='CSV', help='write one line per protocol, list and video')
    parser.add_argument('--bootstrap', type=int, default=0, metavar='N', help='95 %% intervals from N resampled lists')
    parser.add_argument('--out', metavar='JSON', help='write all scores and the rules with their hash')
    parser.add_argument('--pad', action='store_true', help='repeat the last label of predictions that are too short')


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
    result = score(FramePredictions(args.pred), Annotations(args.gt), args.subset, names,
                   'repeat_last' if args.pad else 'error', args.bootstrap)
    for note in result.notes:
        print(f'note: {note}', file=sys.stderr)
    if not result.groups:
        print('nothing was scored: none of the lists could be', file=sys.stderr)
        return 2
    print(_report(result))
    if args.per_video:
        write_csv(args.per_video, per_video_records(result.groups))
    if args.out:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        Path(args.out).write_text(json.dumps(result.scalars, indent=2) + '\n', encoding='utf-8')
    return 0


def _report(result: Scores) -> str:
    lines = [format_table(score_table(result.groups)), '']
    lines += [f'{group.prefix}: {official_line(group.scores)}' for group in result.groups if not group.part]
    padded = {row.sample_id for group in result.groups for row in group.rows if row.counts[group.protocol].num_padded}
    if padded:
        lines += ['', f'{len(padded)} prediction(s) too short, filled up with their last label: '
                      f'{first_five(sorted(padded))}']
    for protocol in result.protocols:
        lines += ['', f'{protocol.name} [{protocol.hash}]: {protocol.description}']
        lines += [f'  comparable: {numbers}' for numbers in protocol.comparable_with or ('no published number',)]
    return '\n'.join(lines)
