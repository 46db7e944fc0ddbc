"""Score saved masks of correspondence (Ego-Exo4D relations) against the ground truth."""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from egoexo.errors import AnnotationError, ConfigError, PredictionError, explain
from egoexo.evaluation.functional.clip_groups import first_five
from egoexo.evaluation.functional.correspondence import METRICS
from egoexo.evaluation.functional.correspondence_groups import correspondence_groups
from egoexo.evaluation.functional.correspondence_items import ItemRow
from egoexo.evaluation.functional.correspondence_sizes import size_records, size_table
from egoexo.evaluation.offline.clip_scores import ClipScores, tell
from egoexo.evaluation.offline.correspondence_takes import NULL_MASK, TakeResult, TakeTask, score_take
from egoexo.evaluation.offline.take_spans import Span, find_spans
from egoexo.evaluation.protocols.correspondence import PROTOCOLS, CorrespondenceProtocol, get_protocols
from egoexo.formats.correspondence_results import SETTINGS, results_file_name
from egoexo.formats.correspondence_take import TAKE_FILE, read_split
from egoexo.utils.tables import format_table, write_csv
from egoexo.utils.transfer_progress import TransferProgress

__all__ = ['CorrespondenceScores', 'Predictions', 'Truth', 'add_arguments', 'run', 'score', 'score_items']

#: Names that the official evaluator prints, in the order of our metrics.
OFFICIAL_NAMES = dict(zip(METRICS, ('TOTAL IOU', 'TOTAL SHAPE ACC', 'TOTAL LOCATION SCORE',
                                    'TOTAL EXISTENCE BALANCED ACC'), strict=True))
_RESULTS = 'predictions of correspondence'
_SMALL_BYTES = 2**24  # so little is scored sooner than processes start
_MAX_JOBS = 8


@dataclass
class CorrespondenceScores(ClipScores):
    """Scores of saved masks.

    Args:
        refused (dict[str, str]): Why a protocol could not score a list, by ``<protocol>/<list>``.
        sizes (list[dict[str, object]]): Scores by object size, if asked for.
    """

    refused: dict[str, str] = field(default_factory=dict)
    sizes: list[dict[str, object]] = field(default_factory=list)

    @property
    def scalars(self) -> dict[str, object]:
        """As for the other benchmarks, and ``not_scored``: the reasons by protocol and list."""
        return super().scalars | {'not_scored': self.refused}


class Predictions:
    """Where the predicted takes stand.

    Args:
        paths (Sequence[str | Path]): ``ego-exo_<split>_results.json`` and ``exo-ego_<split>_results.json``, one of
            them, a submission with both, or a folder with such files.
        split (str): Split of the files in a folder.

    Attributes:
        paths (list[Path]): The files.
        directions (dict[str, dict[str, Span]]): Direction -> take uid -> place.

    Raises:
        PredictionError: If there is no such file, it holds no direction, or two files hold the same.
    """

    def __init__(self, paths: Sequence[str | Path], split: str = 'val') -> None:
        self.paths = [file for path in paths for file in self._files(Path(path), split)]
        by_parent = {f'{setting}/results': direction for direction, setting in SETTINGS.items()}
        self.directions: dict[str, dict[str, Span]] = {}
        for path in self.paths:
            found: dict[str, dict[str, Span]] = {}
            for span in find_spans(path, by_parent, PredictionError, _RESULTS):
                found.setdefault(by_parent[span.parent], {})[span.take_uid] = span
            twice = found.keys() & self.directions.keys()
            if twice or not found:
                raise PredictionError(explain(
                    path, f"takes below {' or '.join(map(repr, by_parent))}" if not found else 'a direction that no '
                    'other file holds', f"{', '.join(sorted(twice))}, as in a file before" if twice else 'none',
                    'Give one file for each direction, or one submission with both.'))
            self.directions |= found

    @staticmethod
    def _files(path: Path, split: str) -> list[Path]:
        if not path.is_dir():
            return [path]
        names = [results_file_name(direction, split) for direction in SETTINGS]
        files = [path / name for name in names if (path / name).is_file()]
        if not files:
            raise PredictionError(explain(path, f'{" or ".join(names)} in the folder', 'neither',
                                          'Check the folder, or name another split with --split.'))
        return files


class Truth:
    """Where the true takes stand.

    Args:
        path (str | Path): ``correspondence-gt.json``, or a prepared data root with ``annotation.json`` per take.
        split (str): Split to take from a data root.

    Attributes:
        path (Path): As given.
        num_bytes (int): Of all takes.
        num_absent (int): Takes of the split that were not prepared, as their videos were missing.

    Raises:
        AnnotationError: If the file or the split is missing.
    """

    def __init__(self, path: str | Path, split: str = 'val') -> None:
        self.path = Path(path)
        self._files: dict[str, Path] | None = None
        self.num_absent = 0
        if not self.path.is_dir():
            self.num_bytes = self.path.stat().st_size if self.path.is_file() else 0
            return
        splits = read_split(self.path)
        files = {uid: self.path / uid / TAKE_FILE for uid in splits.get(split, ())}
        self._files = {uid: file for uid, file in files.items() if file.is_file()}
        self.num_absent = len(files) - len(self._files)
        self.num_bytes = sum(file.stat().st_size for file in self._files.values())
        if not self._files:
            raise AnnotationError(explain(
                self.path, f'takes of the split {split!r} with {TAKE_FILE}', f'none; splits: {", ".join(splits)}, '
                f'{len(files):,} takes in this one', 'Choose another split with --split, or prepare its takes with '
                'tools/data/prepare_correspondence.py.'))

    def takes(self) -> Iterator[tuple[str, Span | Path, int]]:
        """Uid, place and bytes of each take in official order."""
        if self._files is not None:
            yield from ((uid, file, file.stat().st_size) for uid, file in self._files.items())
            return
        for span in find_spans(self.path, ('annotations',), AnnotationError, 'a ground truth of correspondence'):
            yield span.take_uid, span, span.end - span.start


def score_items(predictions: Predictions, truth: Truth, protocols: Sequence[CorrespondenceProtocol], split: str = 'val',
                directions: Sequence[str] | None = None,
                jobs: int | None = 1) -> tuple[list[ItemRow], list[str]]:
    """Score every frame; truth and predictions are read once, take by take.

    Args:
        predictions (Predictions): Where they stand.
        truth (Truth): Where it stands.
        protocols (Sequence[CorrespondenceProtocol]): Rules.
        split (str): For the names of lists, ``<direction>_<split>``.
        directions (Sequence[str] | None): Directions to score; None takes all that are predicted.
        jobs (int | None): Processes; None takes all cores for large files. No digit depends on it. With more than one,
            a script has to call this below ``if __name__ == '__main__'``.

    Returns:
        tuple[list[ItemRow], list[str]]: Rows in official order, and notes on what takes no part.

    Raises:
        AnnotationError: If the truth is malformed or has gaps.
        PredictionError: If a file of predictions is malformed.
    """
    uids: list[str] = []
    predicted = {direction: predictions.directions[direction] for direction in directions or predictions.directions}

    def tasks() -> Iterator[TakeTask]:
        for number, (uid, place, num_bytes) in enumerate(truth.takes()):
            uids.append(uid)
            spans = {direction: takes.get(uid) for direction, takes in predicted.items()}
            num_bytes += sum(span.end - span.start for span in spans.values() if span is not None)
            yield TakeTask(number, uid, place, spans, split, tuple(protocols), num_bytes)

    rows: list[ItemRow] = []
    gaps: dict[str, list[str]] = {}
    without_ego = done = 0
    total = truth.num_bytes + sum(span.end - span.start for takes in predicted.values() for span in takes.values())
    progress = TransferProgress('scoring', total)
    with _mapper(jobs or (1 if total < _SMALL_BYTES else min(_MAX_JOBS, os.cpu_count() or 1))) as mapped:
        for result in mapped(score_take, tasks()):
            rows += result.rows
            without_ego += result.num_without_ego
            for kind, names in result.gaps.items():
                gaps.setdefault(kind, []).extend(names)
            done += result.num_bytes
            progress.update(done)
    if not uids:
        raise AnnotationError(explain(truth.path, "takes below 'annotations'", 'none', 'Check the path given by --gt.'))
    return rows, _notes(predicted, truth, uids, without_ego) + _judge_gaps(truth, gaps, protocols)


@contextmanager
def _mapper(jobs: int) -> Iterator[Callable[..., Iterator[TakeResult]]]:
    """A ``map`` that keeps the order, over some processes."""
    if jobs == 1:
        yield map
        return
    with multiprocessing.get_context('spawn').Pool(jobs) as pool:
        yield pool.imap
        pool.close()
        pool.join()


def _notes(predicted: Mapping[str, Mapping[str, Span]], truth: Truth, uids: Sequence[str],
           without_ego: int) -> list[str]:
    notes = []
    known = set(uids)
    for direction, takes in predicted.items():
        others, absent = [uid for uid in takes if uid not in known], [uid for uid in uids if uid not in takes]
        if absent:
            notes.append(f'{len(absent):,} of {len(uids):,} takes are not predicted in {direction}: '
                         f'{first_five(absent)}')
        if others:
            notes.append(f'{len(others):,} predicted takes of {direction} are not in {truth.path} and take no part: '
                         f'{first_five(others)}')
    if without_ego:
        notes.append(f'{without_ego:,} objects have no ego camera and take no part, as officially')
    if truth.num_absent:
        notes.append(f'{truth.num_absent:,} takes of the split have no {TAKE_FILE} and take no part')
    return notes


def _judge_gaps(truth: Truth, gaps: Mapping[str, Sequence[str]],
                protocols: Sequence[CorrespondenceProtocol]) -> list[str]:
    """Refuse a truth with gaps; frames whose mask is null may be left out on demand, with a note."""
    nulls = list(dict.fromkeys(gaps.get(NULL_MASK, ())))
    fatal = {kind: names for kind, names in gaps.items() if kind != NULL_MASK}
    if nulls and not any(protocol.missing == 'error' for protocol in protocols):
        note = [f'{len(nulls):,} frames whose true mask is null are left out: {first_five(nulls)}']
    else:
        note, fatal = [], fatal | ({NULL_MASK: nulls} if nulls else {})
    if fatal:
        found = '; '.join(f'{kind} {len(unique):,} times: {first_five(unique)}' for kind, unique in
                          ((kind, list(dict.fromkeys(names))) for kind, names in fatal.items()))
        advice = 'Make it again from the relations file, with tools/data/prepare_correspondence.py --ground-truth'
        raise AnnotationError(explain(truth.path, 'one ego camera per object and readable masks', found, advice + (
            ', or leave such frames out with --missing empty.' if nulls else '.')))
    return note


def score(predictions: Predictions, truth: Truth, protocols: Sequence[str] | str = 'official',
          subsets: Sequence[str] | None = None, rules: Mapping[str, str] | None = None, num_bootstrap: int = 0,
          per_video: bool = False, by_size: bool = False, jobs: int | None = 1,
          split: str = 'val') -> CorrespondenceScores:
    """Score saved masks.

    Args:
        predictions (Predictions): Where they stand.
        truth (Truth): Where it stands.
        protocols (Sequence[str] | str): Names, or ``'all'``: then a protocol that cannot score a list is reported
            instead of being an error.
        subsets (Sequence[str] | None): Lists to score, e.g. ``['ego2exo_val']``; None takes all that are predicted.
        rules (Mapping[str, str] | None): Rules to change in each protocol, ``resize_pred`` or ``missing``.
        num_bootstrap (int): Resampled lists of takes for intervals, 0 for none.
        per_video (bool): Also make one record per take.
        by_size (bool): Also score by the size of the object.
        jobs (int | None): See :func:`score_items`.
        split (str): Split of the lists.

    Returns:
        CorrespondenceScores: ``groups`` is empty if no frame counts or no protocol can score any.

    Raises:
        AnnotationError: If the truth is malformed or has gaps.
        PredictionError: If predictions are malformed, or a protocol that was named cannot score them.
        ConfigError: If a protocol or list is unknown.
    """
    chosen = get_protocols(protocols, **(rules or {}))
    directions = _choose_directions(predictions, subsets, split)
    rows, notes = score_items(predictions, truth, chosen, split, directions, jobs)
    result = CorrespondenceScores([], (), notes, settings=dict(rules or {}))
    if not rows:
        return result
    is_all = 'all' in ([protocols] if isinstance(protocols, str) else protocols)
    result.groups = correspondence_groups(rows, chosen, num_bootstrap=num_bootstrap, per_video=per_video,
                                          refused=result.refused if is_all else None)
    scored = {group.protocol for group in result.groups}
    result.protocols = tuple(protocol for protocol in chosen if protocol.name in scored)
    result.notes += [f'{name} not scored: {reason}' for name, reason in result.refused.items()]
    if by_size:
        result.sizes = [record for record in size_records(rows, chosen)
                        if f'{record["protocol"]}/{record["subset"]}' not in result.refused]
    return result


def _choose_directions(predictions: Predictions, subsets: Sequence[str] | None, split: str) -> list[str]:
    there = {f'{direction}_{split}': direction for direction in predictions.directions}
    unknown = [name for name in subsets or () if name not in there]
    if unknown:
        raise ConfigError(explain('--subset', f'lists that are predicted: {", ".join(there)}', ', '.join(unknown),
                                  'Choose among these, or name another split with --split.'))
    return [there[name] for name in dict.fromkeys(subsets or there)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark.

    Args:
        parser (argparse.ArgumentParser): Parser of ``tools/evaluate.py correspondence``.
    """
    parser.add_argument('--pred', required=True, nargs='+', metavar='FILE', help='ego-exo_<split>_results.json and/or '
                        'exo-ego_<split>_results.json, submission.json, or the folder that holds them')
    parser.add_argument('--gt', required=True, help='correspondence-gt.json, or the prepared data root')
    parser.add_argument('--split', default='val', help='split of the lists; default: val')
    parser.add_argument('--subset', nargs='+', metavar='LIST', help='lists to score, e.g. ego2exo_val; default: all '
                        'that are predicted')
    parser.add_argument('--protocol', nargs='+', default=['official'], metavar='NAME',
                        help=f"rules to score by: {', '.join(PROTOCOLS)}, or 'all'; default: official")
    parser.add_argument('--resize-pred', choices=('error', 'nearest'), help='a prediction of another size than the '
                        'protocol asks for: refuse it or resize it to the nearest pixel; default: as the protocol says')
    parser.add_argument('--missing', choices=('error', 'empty'), default='error', help='a frame without prediction: '
                        'refuse it or count it as an empty mask of confidence 0 (frames whose true mask is null are '
                        'then left out); default: error')
    parser.add_argument('--jobs', type=int, metavar='N', help='processes; default: all cores for large files')
    parser.add_argument('--per-video', metavar='CSV', help='write one line per protocol, list and take')
    parser.add_argument('--by-size', metavar='FILE', help='print scores by object size and write them: .csv, or a '
                        'picture (.png, .pdf, .svg) with a .csv beside it')
    parser.add_argument('--bootstrap', type=int, default=0, metavar='N',
                        help='95 %% intervals from N resampled lists of takes')
    parser.add_argument('--out', metavar='JSON', help='write all scores and the rules with their hash')


def run(args: argparse.Namespace) -> int:
    """Score as the options say and print the result.

    Args:
        args (argparse.Namespace): Parsed options of :func:`add_arguments`; ``draw_sizes(records, path)`` draws the
            picture of ``--by-size``.

    Returns:
        int: 0, or 2 if nothing could be scored.

    Raises:
        EgoExoError: If the files cannot be scored; see :func:`score`.
        OSError: If a result cannot be written.
    """
    if args.jobs is not None and args.jobs < 1:
        raise ConfigError(explain('--jobs', 'a number of processes of at least 1', args.jobs, 'Choose another.'))
    rules = {name: value for name, value in (('resize_pred', args.resize_pred), ('missing', args.missing))
             if value is not None and (name, value) != ('missing', 'error')}
    names = 'all' if 'all' in args.protocol else args.protocol
    result = score(Predictions(args.pred, args.split), Truth(args.gt, args.split), names, args.subset, rules,
                   args.bootstrap, bool(args.per_video), bool(args.by_size), args.jobs, args.split)
    code = tell(result, args)
    for group in result.groups:
        if group.protocol == 'official':
            print('\n'.join(['', f'{group.subset} as the official evaluator prints it:', *(
                f'{OFFICIAL_NAMES[name]}: {value}' for name, value in group.scores.items())]))
    if result.sizes:
        write_csv(Path(args.by_size).with_suffix('.csv'), result.sizes)
        first = result.sizes[0]['protocol']  # of all protocols at once only the file holds the others, mostly equal
        shown = [record for record in result.sizes if names != 'all' or record['protocol'] == first]
        print(f'\nby object size:\n{format_table(size_table(shown))}')
        if Path(args.by_size).suffix != '.csv':
            args.draw_sizes(shown, Path(args.by_size))
    elif args.by_size and result.groups:
        print('no frame with a visible object: nothing by size', file=sys.stderr)
    return code
