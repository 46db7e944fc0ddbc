"""Score saved predictions of action recognition against the annotations of EPIC-Kitchens-100 or -55."""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from egoexo.errors import AnnotationError, ConfigError, PredictionError, explain, printable
from egoexo.evaluation.functional.recognition_groups import (
    NO_SUBSETS,
    RecognitionRow,
    RecognitionSubsets,
    recognition_groups,
)
from egoexo.evaluation.functional.recognition_tables import class_records, recognition_table
from egoexo.evaluation.offline.clip_scores import ClipScores, add_common_arguments, naming, tell
from egoexo.evaluation.offline.predictions import first_five
from egoexo.evaluation.protocols.recognition import PROTOCOLS, get_protocols
from egoexo.formats.epic_actions import EpicAction, read_epic_actions
from egoexo.formats.epic_classes import read_class_names, read_participants, read_tail_classes
from egoexo.formats.epic_submission import read_submission
from egoexo.formats.npz_file import NpzFile
from egoexo.formats.recognition_results import ClassScores, read_scores
from egoexo.utils.tables import write_csv

__all__ = ['Annotations', 'add_arguments', 'list_name', 'read_annotations', 'read_predictions', 'run', 'score']

#: List -> name of its table, without the suffix.
TABLES = {'val': 'EPIC_100_validation', 'train': 'EPIC_100_train', 'test': 'EPIC_100_test_timestamps'}
_EPIC_55 = {'EPIC_train_action_labels': 'train', 'EPIC_val_action_labels': 'val',
            'EPIC_train_val_action_labels': 'train_val'}
_RELEASE = 'EPIC_100_'
_TASKS = ('verb', 'noun')
_MISSING = ('error', 'skip')


@dataclass(frozen=True)
class Annotations:
    """Truth of one list.

    Args:
        path (Path): Its table.
        actions (list[EpicAction]): Segments, in file order.
        class_names (dict[str, list[str]]): By task; empty where there is no class table.
        class_files (dict[str, Path]): Where the names come from.
        subsets (RecognitionSubsets): Tail classes and unseen participants; None for what there is no file of.
    """

    path: Path
    actions: list[EpicAction]
    class_names: dict[str, list[str]] = field(default_factory=dict)
    class_files: dict[str, Path] = field(default_factory=dict)
    subsets: RecognitionSubsets = NO_SUBSETS


def read_annotations(path: str | Path, subset: str | None = None, classes: Sequence[str | Path] = (),
                     tail_verbs: str | Path | None = None, tail_nouns: str | Path | None = None,
                     unseen: str | Path | None = None) -> Annotations:
    """Read a table of segments and what it is scored by.

    Files that are not named are looked for beside a table called ``EPIC_100_*``: class tables, tail classes and
    ``EPIC_100_unseen_participant_ids_validation.csv``. The file of the same name for the test list, which the example
    of the official script names, has other people in it, so that no segment of the validation list would be unseen.

    Args:
        path (str | Path): ``EPIC_100_validation.csv`` or ``.pkl``, a table of EPIC-Kitchens-55, or the folder of the
            annotations or one above it.
        subset (str | None): Which table of a folder: ``'val'`` (the default), ``'train'`` or ``'test'``.
        classes (Sequence[str | Path]): Tables of verb and noun classes.
        tail_verbs (str | Path | None): File of rare verbs.
        tail_nouns (str | Path | None): File of rare nouns.
        unseen (str | Path | None): File of unseen participants.

    Raises:
        AnnotationError: If a file is missing or malformed.
    """
    path = _find_table(Path(path), subset or 'val')

    def beside(given: str | Path | None, name: str) -> Path | None:
        found = path.with_name(_RELEASE + name)
        if given is None and path.name.startswith(_RELEASE) and found.is_file():
            return found
        return None if given is None else Path(given)

    files = {task: beside(classes[index] if classes else None, f'{task}_classes.csv')
             for index, task in enumerate(_TASKS)}
    files = {task: file for task, file in files.items() if file is not None}
    readers = ((tail_verbs, 'tail_verbs.csv', read_tail_classes), (tail_nouns, 'tail_nouns.csv', read_tail_classes),
               (unseen, 'unseen_participant_ids_validation.csv', read_participants))
    lists = [(beside(given, name), reader) for given, name, reader in readers]
    return Annotations(path, read_epic_actions(path), {task: read_class_names(file) for task, file in files.items()},
                       files, RecognitionSubsets(*(None if file is None else reader(file) for file, reader in lists)))


def _find_table(path: Path, subset: str) -> Path:
    if not path.is_dir():
        return path
    candidates = [folder / f'{TABLES.get(subset, subset)}{suffix}' for folder in (path, path / 'annotations')
                  for suffix in ('.csv', '.pkl')]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        raise AnnotationError(explain(path, f'a table of segments, {candidates[0].name}', 'none in it or in its folder '
                                      'annotations', 'Name the file with --gt.'))
    return found


def list_name(path: Path) -> str:
    """Name of a list by the name of its table, as in the keys of the scores.

    Args:
        path (Path): The table.

    Examples:
        >>> list_name(Path('EPIC_100_validation.csv'))
        'val'
    """
    names = {table: subset for subset, table in TABLES.items()} | _EPIC_55
    return names.get(path.stem, path.stem)


def read_predictions(path: str | Path, annotations: Annotations,
                     subset: str | None = None) -> tuple[ClassScores, str]:
    """Read scores of one list.

    Args:
        path (str | Path): ``.npz`` of ``tools/test.py --dump``, ``.zip`` of ``--submission`` or the folder of it,
            ``.pt`` or ``.pkl`` of the official script, ``predicts.pkl`` of PySlowFast, whose rows have the order of the
            table.
        annotations (Annotations): Truth.
        subset (str | None): List to take from a file or folder of several.

    Returns:
        tuple[ClassScores, str]: Scores, and the name of the list: that in the file, or that of the table.

    Raises:
        PredictionError: If the file cannot be used, or it is not clear which list is meant.
    """
    path, default = Path(path), list_name(annotations.path)
    if path.is_dir():
        path = path / f'{subset or default}.zip'
    if path.suffix == '.zip':
        return read_submission(path), subset or default
    if path.suffix != '.npz':
        return read_scores(path, [action.narration_id for action in annotations.actions]), subset or default
    archive = NpzFile(path, PredictionError, 'an .npz with ids, verb and noun', 2**30)
    lists = list(dict.fromkeys(name.rpartition('/')[0] for name in archive.names))
    if lists == ['']:
        return read_scores(path), subset or default
    chosen = subset or (default if default in lists else lists[0])
    if chosen not in lists or (subset is None and chosen != default and len(lists) > 1):
        raise PredictionError(explain(path, f'predictions of {subset or default}', f'those of {", ".join(lists)} only',
                                      'Choose among them with --subset.'))
    return read_scores(path, subset=chosen), chosen


def score(scores: ClassScores, annotations: Annotations, subset: str = 'val',
          protocols: Sequence[str] | str = 'official',
          num_bootstrap: int = 0, per_video: bool = False, per_class: bool = False, missing: str = 'error',
          where: object = 'predictions') -> ClipScores:
    """Score saved predictions.

    Args:
        scores (ClassScores): Predictions.
        annotations (Annotations): Truth.
        subset (str): Name of the list in the keys.
        protocols (Sequence[str] | str): Names, or ``'all'``, which leaves out what these scores cannot be scored by.
        num_bootstrap (int): Resampled lists of videos for intervals, 0 for none.
        per_video (bool): Also make one record per video.
        per_class (bool): Also count the segments of each class.
        missing (str): A segment without a prediction is an ``'error'``, or left out (``'skip'``) with a note.
        where (object): Name of the file of predictions, for messages.

    Returns:
        ClipScores: ``groups`` is empty if no segment has a label.

    Raises:
        PredictionError: If a prediction is of no segment of the list or comes twice, one is missing, the numbers of
            classes differ, or a prediction cannot be scored.
        ConfigError: If ``missing`` is none of these, or a protocol is unknown.
    """
    if missing not in _MISSING:
        raise ConfigError(explain('missing', "'error' or 'skip'", repr(missing), 'Choose one of them.'))
    rules = get_protocols(protocols)
    _check_classes(scores, annotations, where)
    rows, notes = _rows(scores, annotations, subset, missing, where)
    with naming(where):
        groups, skipped = recognition_groups(
            rows, rules, annotations.subsets, num_bootstrap=num_bootstrap, per_video=per_video, per_class=per_class,
            lenient=protocols == 'all')
    used = {group.protocol for group in groups}
    return ClipScores(groups, tuple(protocol for protocol in rules if protocol.name in used), notes + skipped,
                      settings=dict(missing=missing) if notes else {}, table=recognition_table)


def _check_classes(scores: ClassScores, annotations: Annotations, where: object) -> None:
    for task in annotations.class_names:
        found, expected = getattr(scores, task).shape[1], len(annotations.class_names[task])
        if found != expected:
            raise PredictionError(explain(
                f'{where} {task} scores', f'{expected} columns, one per class of {annotations.class_files[task]}',
                found, 'Score with the class tables that the model was trained on, see --classes.'))


def _rows(scores: ClassScores, annotations: Annotations, subset: str, missing: str,
          where: object) -> tuple[list[RecognitionRow], list[str]]:
    """Prediction and truth put together, in the order of the table."""
    ids = [action.narration_id for action in annotations.actions]
    known = set(ids)
    twice = [name for name, count in Counter(scores.ids).items() if count > 1]
    if twice:
        raise PredictionError(explain(where, 'each segment once', f'{len(twice):,} that come twice: '
                                      f'{first_five(twice)}', 'Keep one prediction of each segment.'))
    strangers = [name for name in scores.ids if name not in known]
    if strangers:
        nearest = get_close_matches(strangers[0], ids, 1, 0)
        raise PredictionError(explain(
            where, f'narration ids of {annotations.path}', f'{len(strangers):,} of {len(scores.ids):,} that it does '
            f'not hold: {first_five(strangers)}; the nearest to the first is {nearest[0]}',
            'Remove or rename them, or name the table that was predicted with --gt.'))
    place = {name: index for index, name in enumerate(scores.ids)}
    absent = [name for name in ids if name not in place]
    if absent and missing == 'error':
        raise PredictionError(explain(
            where, f'a prediction for each of the {len(ids):,} segments of {annotations.path}',
            f'none for {len(absent):,} of them: {first_five(absent)}', 'Predict them, or leave them out with '
            '--missing skip; the scores are then of another list.'))
    notes = [f'{len(absent):,} of {len(ids):,} segments have no prediction and are left out: {first_five(absent)}'
             ] if absent else []
    rows = []
    for order, action in enumerate(annotations.actions):
        index = place.get(action.narration_id)
        if index is not None:
            rows.append(RecognitionRow(
                action.narration_id, action.video_id, subset, np.array([action.verb_class, action.noun_class]),
                scores.verb[index], order=order, noun_scores=scores.noun[index],
                participant_id=action.participant_id))
    return rows, notes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark.

    Args:
        parser (argparse.ArgumentParser): Parser of ``tools/evaluate.py recognition``.
    """
    add_common_arguments(
        parser, list(PROTOCOLS), f'{TABLES["val"]}.csv or .pkl, a table of EPIC-Kitchens-55',
        '.npz of tools/test.py --dump; .zip or folder of --submission; .pt or .pkl of the official script; '
        'predicts.pkl of PySlowFast')
    parser.add_argument('--classes', nargs=2, metavar=('VERBS', 'NOUNS'), default=(),
                        help='class tables; default: EPIC_100_{verb,noun}_classes.csv beside --gt')
    for name, file in (('tail-verbs', 'tail_verbs'), ('tail-nouns', 'tail_nouns'),
                       ('unseen', 'unseen_participant_ids_validation')):
        parser.add_argument(f'--{name}', metavar='CSV', help=f'default: EPIC_100_{file}.csv beside --gt')
    parser.add_argument('--missing', choices=_MISSING, default='error',
                        help='what to do with a segment without a prediction; default: error')
    parser.add_argument('--per-class', metavar='CSV', help='write the accuracy of each verb and noun')


def run(args: argparse.Namespace) -> int:
    """Score as the options say and print the result.

    Args:
        args (argparse.Namespace): Parsed options of :func:`add_arguments`.

    Returns:
        int: 0, or 2 if the list has no labels.

    Raises:
        EgoExoError: If the files cannot be scored; see :func:`score`.
        OSError: If a result cannot be written.
    """
    if len(args.subset or ()) > 1:
        raise ConfigError(explain('--subset', 'the one list that --gt holds', printable(', '.join(args.subset)),
                                  'Score the lists one by one.'))
    subset = args.subset[0] if args.subset else None
    annotations = read_annotations(args.gt, subset, args.classes, args.tail_verbs, args.tail_nouns, args.unseen)
    predictions, subset = read_predictions(args.pred, annotations, subset)
    result = score(predictions, annotations, subset, 'all' if 'all' in args.protocol else args.protocol, args.bootstrap,
                   bool(args.per_video), bool(args.per_class), args.missing, args.pred)
    code = tell(result, args)
    if args.per_class and result.groups:
        write_csv(args.per_class, class_records(result.groups, annotations.class_names))
    return code
