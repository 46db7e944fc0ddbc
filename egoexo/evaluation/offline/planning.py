"""Score saved predictions of action planning against the official annotation files."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from egoexo.errors import ConfigError, printable
from egoexo.evaluation.functional.clip_groups import ClipRow
from egoexo.evaluation.functional.planning_decoding import DECODINGS
from egoexo.evaluation.functional.planning_groups import Sampling, planning_groups
from egoexo.evaluation.offline.clip_predictions import ClipPredictions
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
from egoexo.evaluation.protocols.planning import PROTOCOLS, get_protocols
from egoexo.formats.egoexolearn_planning import HORIZON, LIST_FOLDER, NUM_CLASSES, list_name, read_planning_list

__all__ = ['FOLDER', 'Annotations', 'add_arguments', 'run', 'score']

#: Annotation folder of the benchmark.
FOLDER = 'planning_annotation'
_CONTEXT_SEC = 2


class Annotations:
    """Official annotation folder of the benchmark.

    Args:
        path (str | Path): ``planning_annotation`` itself, or the root of the release that holds it.
        num_classes (int): Class ids run from 0 to ``num_classes - 1``.
        horizon (int): Class ids per row.

    Raises:
        AnnotationError: If the folder is not there.
    """

    def __init__(self, path: str | Path, num_classes: int = NUM_CLASSES, horizon: int = HORIZON) -> None:
        self.folder = find_folder(path, FOLDER, (LIST_FOLDER,))
        self.num_classes = num_classes
        self.horizon = horizon

    def path(self, subset: str) -> Path | None:
        """File of a list; None for a name that no list has.

        Args:
            subset (str): E.g. ``'ego_gaze_val'``.
        """
        name = parse_list_name(subset)
        return None if name is None else self.folder / LIST_FOLDER / list_name(name.view, name.split, name.gaze)

    def read(self, subset: str) -> TruthList | None:
        """Truth of one list.

        Args:
            subset (str): E.g. ``'ego_val'``.

        Returns:
            TruthList | None: None if there is no such file.

        Raises:
            AnnotationError: If the file is malformed.
        """
        path = self.path(subset)
        if path is None or not path.is_file():
            return None
        steps = read_planning_list(path, self.num_classes, self.horizon)
        targets = np.array([row.labels for row in steps], np.int64)
        targets[[row.end_sec - _CONTEXT_SEC < 0 for row in steps]] = -1  # officially no label without a context
        ids = number_repeats([f'{row.uid}|{row.end_text}' for row in steps])
        return TruthList(path, ids, [row.uid for row in steps], targets)


def score(
        predictions: ClipPredictions, annotations: Annotations, subsets: Sequence[str] | None = None,
        protocols: Sequence[str] | str = 'official', sampling: Sampling | None = None, num_samples: int = 5,
        num_bootstrap: int = 0, per_video: bool = False) -> ClipScores:
    """Score saved predictions.

    Args:
        predictions (ClipPredictions): Logits (n, Z, C) or sequences (n, K, Z) by list.
        annotations (Annotations): Official files.
        subsets (Sequence[str] | None): Lists to score; None takes all that are predicted.
        protocols (Sequence[str] | str): Names, or ``'all'``.
        sampling (Sampling | None): How sequences are made from logits; None takes the released way.
        num_samples (int): Sequences of which the best counts, K.
        num_bootstrap (int): Resampled lists for intervals, 0 for none.
        per_video (bool): Also make one record per video.

    Returns:
        ClipScores: ``groups`` is empty if there is no truth for any of the lists.

    Raises:
        PredictionError: If a row of a list has no prediction, a predicted row is unknown, or a prediction cannot be
            scored.
        AnnotationError: If an official file is malformed.
    """
    sampling = sampling or Sampling()
    rules = tuple(protocol.with_num_samples(num_samples) for protocol in get_protocols(protocols))
    notes: list[str] = []
    rows: list[ClipRow] = []
    for subset in choose_lists(predictions, subsets):
        predicted, truth = predictions.read(subset), annotations.read(subset)
        if truth is None:
            path = annotations.path(subset)
            reason = 'its name is not <view>_[gaze_]<split>' if path is None else f'no file {path}'
            notes.append(f'{printable(subset, 100)} not scored, {reason}')
            continue
        rows += match_rows(subset, predicted, truth, set, predictions.path)[0]
    with naming(predictions.path):
        groups = planning_groups(
            rows, rules, sampling, num_bootstrap=num_bootstrap, per_video=per_video) if rows else []
    used = {group.protocol for group in groups}
    settings = dict(seed=sampling.seed, repeats=sampling.num_repeats, sequences=num_samples)
    return ClipScores(groups, tuple(protocol for protocol in rules if protocol.name in used), notes, None, settings)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark.

    Args:
        parser (argparse.ArgumentParser): Parser of ``tools/evaluate.py planning``.
    """
    add_common_arguments(parser, list(PROTOCOLS), FOLDER)
    parser.add_argument('--decoding', nargs='+', default=[DECODINGS[0]], choices=DECODINGS,
                        help='how sequences are made from logits; the first is reported; default: independent draws')
    parser.add_argument('--num-samples', type=int, default=5, metavar='K', help='sequences per sample; default: 5')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draws; other draws than those of torch')
    parser.add_argument('--repeats', type=int, default=1, metavar='N', help='mean and deviation over N draws')
    parser.add_argument('--num-classes', type=int, default=NUM_CLASSES, help=argparse.SUPPRESS)
    parser.add_argument('--horizon', type=int, default=HORIZON, help=argparse.SUPPRESS)


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
    if args.repeats < 1:
        raise ConfigError(f'--repeats: expected at least 1, found {args.repeats}. Correct it.')
    names = 'all' if 'all' in args.protocol else args.protocol
    sampling = Sampling(tuple(dict.fromkeys(args.decoding)), args.seed, args.repeats)
    return tell(score(
        ClipPredictions(args.pred, ndim=3), Annotations(args.gt, args.num_classes, args.horizon), args.subset, names,
        sampling, args.num_samples, args.bootstrap, bool(args.per_video)), args)
