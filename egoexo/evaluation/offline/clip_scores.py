"""What scoring saved predictions of moments has in common: match by id, score, report, write.

For anticipation, planning and transfer.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from egoexo.errors import AnnotationError, PredictionError, explain
from egoexo.evaluation.functional.clip_groups import ClipGroup, ClipRow, group_scalars, score_table
from egoexo.evaluation.offline.clip_predictions import ClipPredictions, ListPredictions
from egoexo.evaluation.offline.predictions import first_five
from egoexo.evaluation.protocols.base import ClipProtocol
from egoexo.utils.tables import format_table, write_csv

__all__ = ['BENCHMARK_FOLDER', 'ClipScores', 'ListName', 'TruthList', 'add_common_arguments', 'choose_lists',
           'find_folder', 'match_rows', 'naming', 'number_repeats', 'parse_list_name', 'tell']

BENCHMARK_FOLDER = 'action_anticipation_planning_benchmark'
_LIST_NAME = re.compile('(ego|exo)_(gaze_)?(train|val|test)')


class ListName(NamedTuple):
    """Parts of the name of a list, e.g. ``'ego_gaze_val'``."""

    view: str
    gaze: bool
    split: str


@dataclass(frozen=True)
class TruthList:
    """Truth of one list.

    Args:
        path (Path): Official file.
        ids (list[str]): One per row, each once.
        uids (list[str]): Video of each row.
        targets (np.ndarray): Anticipation (n, C) float32, planning (n, Z) int64, transfer (n,) int64.
    """

    path: Path
    ids: list[str]
    uids: list[str]
    targets: np.ndarray


@dataclass
class ClipScores:
    """Scores of saved predictions.

    Args:
        groups (list[ClipGroup]): By protocol, list and decoding.
        protocols (tuple[ClipProtocol, ...]): Rules that were applied.
        notes (list[str]): What was left out, and why.
        class_names (Sequence[str] | None): For the recall per class.
        settings (dict[str, object]): Other choices that decide a number, e.g. the seed.
        table (Callable): Makes the lines of the printed table of the groups.
    """

    groups: list[ClipGroup]
    protocols: tuple[ClipProtocol, ...]
    notes: list[str] = field(default_factory=list)
    class_names: Sequence[str] | None = None
    settings: dict[str, object] = field(default_factory=dict)
    table: Callable[[Sequence[ClipGroup]], list[list[str]]] = score_table

    @property
    def scalars(self) -> dict[str, object]:
        """``metrics`` and ``protocols`` (name -> hash) as ``tools/test.py`` writes them, ``rules`` and ``settings``."""
        return {
            'metrics': group_scalars(self.groups, self.class_names),
            'protocols': {protocol.name: protocol.hash for protocol in self.protocols},
            'rules': {protocol.name: dict(description=protocol.description, comparable_with=protocol.comparable_with,
                                          **protocol.rules) for protocol in self.protocols},
            'settings': self.settings,
        }


def parse_list_name(subset: str) -> ListName | None:
    """View, gaze and split of a list; None for a name of another form.

    Args:
        subset (str): E.g. ``'exo_val'`` or ``'ego_gaze_test'``.
    """
    match = _LIST_NAME.fullmatch(subset)
    return None if match is None else ListName(match[1], bool(match[2]), match[3])


def number_repeats(ids: Sequence[str]) -> list[str]:
    """Make ids unique: ``#2``, ``#3``, ... is added to those that come again, in order.

    Args:
        ids (Sequence[str]): Ids made of the text of a row.

    Examples:
        >>> number_repeats(['a|1|2', 'b|1|2', 'a|1|2'])
        ['a|1|2', 'b|1|2', 'a|1|2#2']
    """
    seen: dict[str, int] = {}
    unique = []
    for name in ids:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f'{name}#{seen[name]}')
    return unique


def find_folder(path: str | Path, folder: str, inside: Sequence[str]) -> Path:
    """Annotation folder of a benchmark, given itself or a folder above it.

    Args:
        path (str | Path): The folder, that of the two benchmarks, or the root of the release.
        folder (str): Its released name.
        inside (Sequence[str]): Folders of which it holds at least one.

    Raises:
        AnnotationError: If it is not there.
    """
    candidates = [Path(path), Path(path) / folder, Path(path) / BENCHMARK_FOLDER / folder]
    for candidate in candidates:
        if any((candidate / name).is_dir() for name in inside):
            return candidate
    raise AnnotationError(explain(path, f'{folder} or the root of the release', f'no folder {" or ".join(inside)} in '
                                  f'{", ".join(map(str, candidates))}', 'Check the path given by --gt.'))


def choose_lists(predictions: ClipPredictions, subsets: Sequence[str] | None) -> list[str]:
    """Lists to score: those asked for, or all that are predicted.

    Args:
        predictions (ClipPredictions): What is there.
        subsets (Sequence[str] | None): What is asked for.

    Raises:
        PredictionError: If a list that is asked for was not predicted.
    """
    chosen = list(dict.fromkeys(subsets or predictions.subsets))
    absent = [name for name in chosen if name not in predictions.subsets]
    if absent:
        raise PredictionError(explain(predictions.path, f'predictions for {", ".join(absent)}',
                                      f'those for {", ".join(predictions.subsets)} only',
                                      'Predict these lists too, or choose among the latter with --subset.'))
    return chosen


def match_rows(subset: str, predicted: ListPredictions, truth: TruthList, known: Callable[[], set[str]], path: Path,
               ids: str = '<uid>|<start>|<end> (planning: <uid>|<end>) as printed in the list'
               ) -> tuple[list[ClipRow], int]:
    """Put prediction and truth of a list together, in list order.

    Args:
        subset (str): The list.
        predicted (ListPredictions): Its predictions.
        truth (TruthList): Its truth.
        known (Callable): Gives the ids that other truths of the list hold; called only if there are strangers.
        path (Path): The prediction file, for messages.
        ids (str): What the ids are, for messages.

    Returns:
        tuple[list[ClipRow], int]: One row per row of the truth, and the number of predictions left over.

    Raises:
        PredictionError: If a row has no prediction, or a prediction belongs to no row of any truth.
    """
    place = {name: index for index, name in enumerate(predicted.ids)}
    missing = [name for name in truth.ids if name not in place]
    if missing:
        raise PredictionError(explain(
            f'{path} array {subset}/ids', f'a prediction for each of the {len(truth.ids)} rows of {truth.path}',
            f'none for {len(missing)} of them: {first_five(missing)}', f'Predict them; ids are {ids}. Check that file '
            'and list belong together.'))
    others = place.keys() - set(truth.ids)
    strangers = sorted(others - known()) if others else []
    if strangers:
        raise PredictionError(explain(
            f'{path} array {subset}/ids', f'ids of the rows of {truth.path}', f'{len(strangers)} of '
            f'{len(predicted.ids)} that it does not hold: {first_five(strangers)}', 'Remove or rename them.'))
    rows = []
    for number, (name, uid, target) in enumerate(zip(truth.ids, truth.uids, truth.targets, strict=True)):
        index = place[name]
        rows.append(ClipRow(name, uid, subset, target, *(
            None if array is None else array[index] for array in (predicted.logits, predicted.samples)), number))
    return rows, len(others)


@contextmanager
def naming(where: object) -> Iterator[None]:
    """Put the prediction file in front of messages that only know the sample.

    Args:
        where (object): The file.

    Raises:
        PredictionError: What was raised inside.
    """
    try:
        yield
    except PredictionError as error:
        if str(where) in str(error):
            raise
        raise type(error)(f'{where}: {error}') from error


def add_common_arguments(
        parser: argparse.ArgumentParser, protocols: Sequence[str], truth: str,
        predictions: str = '.npz of tools/test.py --dump, or the folder of --submission') -> None:
    """Add the options that the benchmarks share.

    Args:
        parser (argparse.ArgumentParser): Parser of ``tools/evaluate.py <benchmark>``.
        protocols (Sequence[str]): Known names, the default first.
        truth (str): Name of the annotation folder or file.
        predictions (str): What can be scored.
    """
    parser.add_argument('--pred', required=True, help=predictions)
    parser.add_argument('--gt', required=True, help=f'{truth}, or the root of the release')
    parser.add_argument('--subset', nargs='+', metavar='LIST', help='lists to score, e.g. ego_val exo_val; default: '
                        'all that are predicted')
    parser.add_argument('--protocol', nargs='+', default=[protocols[0]], metavar='NAME',
                        help=f"rules to score by: {', '.join(protocols)}, or 'all'; default: {protocols[0]}")
    parser.add_argument('--per-video', metavar='CSV', help='write one line per protocol, list and video')
    parser.add_argument('--bootstrap', type=int, default=0, metavar='N',
                        help='95 %% intervals from N resampled lists of videos')
    parser.add_argument('--out', metavar='JSON', help='write all scores and the rules with their hash')


def tell(result: ClipScores, args: argparse.Namespace) -> int:
    """Print scores and rules, write the files.

    Args:
        result (ClipScores): What was scored.
        args (argparse.Namespace): Parsed options of :func:`add_common_arguments`.

    Returns:
        int: 0, or 2 if no list could be scored.

    Raises:
        OSError: If a result cannot be written.
    """
    for note in result.notes:
        print(f'note: {note}', file=sys.stderr)
    if not result.groups:
        print('nothing was scored: none of the lists could be', file=sys.stderr)
        return 2
    lines = [format_table(result.table(result.groups))]
    lines += dict.fromkeys(f'{group.subset}: {note}' for group in result.groups for note in group.notes)
    lines += [f'{name}: {value}' for name, value in result.settings.items()]
    for protocol in result.protocols:
        lines += ['', f'{protocol.name} [{protocol.hash}]: {protocol.description}']
        lines += [f'  comparable: {numbers}' for numbers in protocol.comparable_with or ('no published number',)]
    print('\n'.join(lines))
    if args.per_video:
        write_csv(args.per_video, [record for group in result.groups for record in group.videos])
    if args.out:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
        Path(args.out).write_text(json.dumps(result.scalars, indent=2) + '\n', encoding='utf-8')
    return 0
