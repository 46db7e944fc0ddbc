"""Scores of a segmentation run by protocol, list and name, each with its interval and number of videos."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from egoexo.errors import EgoExoError
from egoexo.evaluation.functional.bootstrap import bootstrap_difference, bootstrap_interval
from egoexo.evaluation.functional.segmentation import VideoCounts, count_video, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS, SegmentationProtocol
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_videos import ScoredVideo

__all__ = ['METRIC_NAMES', 'Score', 'ScoreBook', 'compare_rows', 'count_rows', 'find_rules', 'other_metrics',
           'read_scores', 'split_metrics']

METRIC_NAMES = ('Acc', 'Edit', 'F1@10', 'F1@25', 'F1@50', 'F1@Avg', 'Avg')
#: Resampled lists of an interval that the test did not write itself.
NUM_RESAMPLES = 1000
_SUBSET = re.compile(r'^(ego|exo)(_\w+)?_(train|val|test)$')
_END = re.compile(r'_(low|high)$')
_TOLERANCE = 0.01  # percent points between the scores file and what the predictions give


@dataclass(frozen=True)
class Score:
    """One number.

    Args:
        value (float): Percent.
        interval (tuple[float, float] | None): 95 % interval over videos.
    """

    value: float
    interval: tuple[float, float] | None = None


@dataclass
class ScoreBook:
    """All scores of a run.

    Args:
        scores (dict[str, dict[str, dict[str, Score]]]): ``[protocol][list][name]``; names of a part of a list keep
            their slash (``'seen/F1@50'``).
        hashes (dict[str, str]): Hash by protocol, as written by the test; protocols without one are absent.
        counts (dict[str, dict[str, dict[str, VideoCounts]]]): ``[protocol][list][uid]``, from the predictions, where
            they give the numbers of the scores file.
        num_videos (dict[str, int]): By list, where known.
        notes (list[str]): What a reader should know.
    """

    scores: dict[str, dict[str, dict[str, Score]]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[str, dict[str, VideoCounts]]] = field(default_factory=dict)
    num_videos: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def split_metrics(metrics: Mapping[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """Sort flat keys into protocol, list and name.

    Args:
        metrics (Mapping[str, float]): Keys ``[<protocol>/]<subset>/<name>``.

    Returns:
        dict[str, dict[str, dict[str, float]]]: ``[protocol][subset][name]``; a name keeps its inner slashes
        (``'seen/F1@50'``). Keys without a list are left out.
    """
    table: dict[str, dict[str, dict[str, float]]] = {}
    for key, value in metrics.items():
        parts = key.split('/')
        place = _place_of_list(parts)
        if place is not None:
            protocol = '/'.join(parts[:place]) or 'official'
            table.setdefault(protocol, {}).setdefault(parts[place], {})['/'.join(parts[place + 1:])] = value
    return table


def _place_of_list(parts: Sequence[str]) -> int | None:
    """Which part of a key is the list: one named as officially, else the one before a name we know."""
    official = next((number for number, part in enumerate(parts[:-1]) if _SUBSET.match(part)), None)
    if official is not None or _END.sub('', parts[-1]) not in METRIC_NAMES or len(parts) < 2:
        return official
    return 1 if parts[0] in PROTOCOLS and len(parts) > 2 else 0


def other_metrics(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics that :data:`METRIC_NAMES` does not hold, e.g. those of another benchmark.

    Args:
        metrics (Mapping[str, float]): By full key.

    Returns:
        dict[str, float]: By full key.
    """
    return {key: value for key, value in metrics.items() if _END.sub('', key.rpartition('/')[2]) not in METRIC_NAMES}


def find_rules(name: str, digest: str | None) -> SegmentationProtocol | None:
    """Rules of this version that a protocol of a scores file stands for.

    Args:
        name (str): Name in the scores file.
        digest (str | None): Hash there.

    Returns:
        SegmentationProtocol | None: None if no rules of that name have that hash.
    """
    known = PROTOCOLS.get(name)
    variants = (known, known.with_pad('repeat_last')) if known else ()
    return next((rules for rules in variants if rules.hash == digest), None)


def count_rows(videos: Sequence[ScoredVideo], rules: SegmentationProtocol) -> dict[str, dict[str, VideoCounts]]:
    """Counts of every video that a protocol scores.

    Args:
        videos (Sequence[ScoredVideo]): With truths that lack the last label of their file.
        rules (SegmentationProtocol): Rules that lack it too.

    Returns:
        dict[str, dict[str, VideoCounts]]: By the list it is reported under, then by uid.
    """
    rows: dict[str, dict[str, VideoCounts]] = {}
    for video in videos:
        if rules.scores(video.subset, video.uid):
            row = count_video(video.prediction, video.truth, rules, video.uid)
            rows.setdefault(str(rules.reported_subset(video.subset)), {})[video.uid] = row
    return rows


def read_scores(run: Run, videos: Sequence[ScoredVideo], num_resamples: int = NUM_RESAMPLES) -> ScoreBook:
    """Scores of a run; an interval that the test did not write is computed from the predictions.

    Args:
        run (Run): What was read from the work directory.
        videos (Sequence[ScoredVideo]): Of :func:`egoexo.visualization.report_videos.score_videos`.
        num_resamples (int): Resampled lists per computed interval.

    Returns:
        ScoreBook: Empty without metrics.
    """
    stated = run.score_info.get('protocols')
    book = ScoreBook(hashes={str(name): str(digest) for name, digest in stated.items()}
                     if isinstance(stated, Mapping) else {})
    _read_sizes(run, videos, book)
    for protocol, lists in split_metrics(run.metrics).items():
        rules = find_rules(protocol, book.hashes.get(protocol))
        rows = _count_safely(videos, rules, book) if rules is not None and rules.drop_last_line else {}
        for subset, values in lists.items():
            usable = _agreeing(rows.get(subset, {}), values, subset, book)
            if usable:
                book.counts.setdefault(protocol, {})[subset] = usable
            book.scores.setdefault(protocol, {})[subset] = _with_intervals(values, usable, num_resamples)
    return book


def _read_sizes(run: Run, videos: Sequence[ScoredVideo], book: ScoreBook) -> None:
    for item in (run.inputs or {}).get('test' if run.metrics_from.startswith('test') else 'val', ()):
        if isinstance(item.get('used'), int):
            book.num_videos[str(item.get('subset'))] = item['used']
    for subset in {video.subset for video in videos} - set(book.num_videos):
        book.num_videos[subset] = sum(video.subset == subset for video in videos)


def _count_safely(videos: Sequence[ScoredVideo], rules: SegmentationProtocol,
                  book: ScoreBook) -> dict[str, dict[str, VideoCounts]]:
    try:
        return count_rows(videos, rules)
    except EgoExoError as error:
        book.notes.append(f'No intervals under protocol {rules.name}: {error}')
        return {}


def _agreeing(rows: dict[str, VideoCounts], values: Mapping[str, float], subset: str,
              book: ScoreBook) -> dict[str, VideoCounts]:
    """The rows, if they give the numbers of the scores file: the predictions may be those of another checkpoint."""
    if not rows:
        return {}
    found = summarise(list(rows.values()))
    off = {name: value for name, value in found.items() if abs(values.get(name, value) - value) > _TOLERANCE}
    if off:
        name, value = next(iter(off.items()))
        book.notes.append(f'predictions.npz gives {name} {value:.2f} on {subset}, scores file {values[name]:.2f}: they '
                          'are not of the same test, so no interval is computed from the predictions. Write both '
                          'in one run: tools/test.py --dump ... --out ...')
        return {}
    return rows


def _with_intervals(values: Mapping[str, float], rows: dict[str, VideoCounts], num: int) -> dict[str, Score]:
    names = [name for name in values if not _END.search(name)]
    ends = {name: (values[f'{name}_low'], values[f'{name}_high']) for name in names
            if f'{name}_low' in values and f'{name}_high' in values}
    if rows and any(name in METRIC_NAMES and name not in ends for name in names):
        ends = bootstrap_interval(list(rows.values()), summarise, num) | ends
    return {name: Score(values[name], ends.get(name)) for name in names}


def compare_rows(first: Mapping[str, VideoCounts], second: Mapping[str, VideoCounts],
                 num_resamples: int = NUM_RESAMPLES) -> dict[str, tuple[float, float, float]]:
    """Second run minus first on the videos both have, paired by video.

    Args:
        first (Mapping[str, VideoCounts]): By uid.
        second (Mapping[str, VideoCounts]): By uid, under the same rules.
        num_resamples (int): Resampled lists.

    Returns:
        dict[str, tuple[float, float, float]]: Difference and ends of its 95 % interval, by metric; empty without a
        common video.
    """
    pairs = [(first[uid], second[uid]) for uid in first if uid in second]
    return bootstrap_difference(pairs, summarise, num_resamples) if pairs else {}
