"""Chapters of a comparison of segmentation runs: scores, seeds, and the videos on which the runs disagree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from egoexo.visualization.report_cases import describe_errors, mean_disagreement
from egoexo.visualization.report_compare_scores import compare_score_parts, seed_parts
from egoexo.visualization.report_metrics import compare_metric_parts
from egoexo.visualization.report_names import group_by_experiment
from egoexo.visualization.report_parts import Card, Cell, Heading, Note, Picture, Section, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_scores import other_metrics
from egoexo.visualization.report_segmentation import ReadFrames, SegmentationResults, draw_or_tell, read_thumbnails
from egoexo.visualization.report_videos import ScoredVideo
from egoexo.visualization.run_timeline import RunTimeline, draw_run_timelines

__all__ = ['segmentation_comparison', 'segmentation_comparison_cards']

_NUM_DRAWN, _OPEN_ROWS = 3, 12


@dataclass(frozen=True)
class _SharedVideo:
    """A video that at least two runs predicted: by run, and how far the predictions are apart."""

    by_run: dict[str, ScoredVideo]
    disagreement: float

    @property
    def first(self) -> ScoredVideo:
        return next(iter(self.by_run.values()))

    @property
    def mean(self) -> float:
        return float(np.mean([video.scores['Avg'] for video in self.by_run.values()]))


def segmentation_comparison_cards(results: Sequence[SegmentationResults], headings: Sequence[Heading]) -> list[Card]:
    """Best F1@50 of every list under the official protocol, if all runs followed the same rules.

    Args:
        results (Sequence[SegmentationResults]): Of every run.
        headings (Sequence[Heading]): One per run.

    Returns:
        list[Card]: One per list.
    """
    digests = {item.book.hashes.get('official') for item in results}
    if len(digests) != 1 or None in digests:
        return []
    cards = []
    tables = [item.book.scores.get('official', {}) for item in results]
    for subset in dict.fromkeys(name for table in tables for name in table):
        found = [(table[subset]['F1@50'].value, heading.text) for table, heading in zip(tables, headings, strict=True)
                 if 'F1@50' in table.get(subset, {})]
        if len(found) > 1:
            value, name = max(found)
            cards.append(Card(f'best F1@50, {subset}', f'{value:.1f}', name))
    return cards


def segmentation_comparison(runs: Sequence[Run], results: Sequence[SegmentationResults],
                            headings: Sequence[Heading], read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about several segmentation runs.

    Args:
        runs (Sequence[Run]): In the order of the page.
        results (Sequence[SegmentationResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        read_frames (ReadFrames, optional): Adds thumbnails to the timelines.

    Returns:
        list[Section]: Scores with the means over seeds, and videos.
    """
    books = [item.book for item in results]
    scores = list(compare_score_parts(books, headings))
    seeds = list(seed_parts(books, group_by_experiment(runs), [run.name for run in runs], [run.seed for run in runs]))
    rest = [other_metrics(run.metrics) for run in runs]
    others = list(compare_metric_parts(rest, headings, 'Other metrics', folded=bool(scores)))
    absent = [heading.text for run, heading in zip(runs, headings, strict=True) if not run.metrics]
    if absent:
        scores.insert(0, Note(f'No metrics were found for: {", ".join(absent)}.', 'warning'))
    return [Section('Scores', seeds + scores + others),
            Section('Videos', list(_video_parts(results, headings, read_frames)))]


def _shared_videos(results: Sequence[SegmentationResults], headings: Sequence[Heading]) -> list[_SharedVideo]:
    """Videos of at least two runs with the same truth, in order of first appearance."""
    table: dict[tuple[str, str], dict[str, ScoredVideo]] = {}
    for item, heading in zip(results, headings, strict=True):
        for video in item.videos:
            by_run = table.setdefault((video.subset, video.uid), {})
            if not by_run or np.array_equal(next(iter(by_run.values())).truth, video.truth):
                by_run[heading.text] = video
    return [_SharedVideo(by_run, mean_disagreement([video.prediction for video in by_run.values()],
                                                   len(next(iter(by_run.values())).truth)))
            for by_run in table.values() if len(by_run) > 1]


def _video_parts(results: Sequence[SegmentationResults], headings: Sequence[Heading],
                 read_frames: ReadFrames | None) -> Iterator[Picture | Note | Table]:
    videos = _shared_videos(results, headings)
    without = [heading.text for item, heading in zip(results, headings, strict=True) if not item.videos]
    if without:
        yield Note(f'No predictions with a truth that can be read (tools/test.py --dump): {", ".join(without)}.',
                   'warning')
    if not videos:
        yield Note('No video was predicted by two of the runs, so there is nothing to lay side by side.', 'warning')
        return
    names = next(item.names for item in results if item.videos)
    apart = sorted(videos, key=lambda video: -video.disagreement)
    worst = sorted(videos, key=lambda video: video.mean)
    yield from _pictures(apart[:_NUM_DRAWN], names, 'Where the runs disagree most', 'comparison_disagreement',
                         read_frames, 'Truth above the prediction of every run; behind it the mean of its Acc, Edit '
                         'and F1. The share is that of the frames on which two runs differ, averaged over all pairs.')
    already = {id(video) for video in apart[:_NUM_DRAWN]}
    fresh = [video for video in worst if id(video) not in already][:_NUM_DRAWN]
    if fresh:
        yield from _pictures(fresh, names, 'Worst cases', 'comparison_worst', read_frames,
                             'Lowest mean score over the runs, without the videos above.')
    yield from _tables(worst, apart, names, headings)


def _pictures(videos: Sequence[_SharedVideo], names: Sequence[str], title: str, file_name: str,
              read_frames: ReadFrames | None, caption: str) -> Iterator[Picture | Note]:
    rows = [RunTimeline(video.first.uid, video.first.view, video.first.truth,
                        {name: item.prediction for name, item in video.by_run.items()},
                        {name: item.scores['Avg'] for name, item in video.by_run.items()},
                        f'{video.first.subset}, runs differ on {video.disagreement:.0f} % of the frames',
                        read_thumbnails(video.first, read_frames))
            for video in videos]
    yield from draw_or_tell(lambda: draw_run_timelines(rows, names, fps=videos[0].first.fps), caption, title, file_name)


def _tables(worst: Sequence[_SharedVideo], apart: Sequence[_SharedVideo], names: Sequence[str],
            headings: Sequence[Heading]) -> Iterator[Table]:
    rank = {id(video): place for place, video in enumerate(apart, 1)}
    rows = []
    for video in worst:
        values = [video.by_run[heading.text].scores['Avg'] if heading.text in video.by_run else None
                  for heading in headings]
        best = max(value for value in values if value is not None)
        rows.append([f'{video.first.subset}/{video.first.uid}',
                     *(Cell(value, mark='best' if value == best else '') for value in values),
                     Cell(video.disagreement, ((f'rank {rank[id(video)]}', ''),))])
    yield Table(('video', *headings, 'runs differ on'), rows, f'All {len(rows)} videos, worst first',
                'Mean of Acc, Edit and F1 of each run; share of the frames on which the runs differ, in percent.',
                wide=True, folded=len(rows) > _OPEN_ROWS)
    reasons = [[f'{video.first.subset}/{video.first.uid}',
                *(describe_errors(video.first.truth, video.by_run[heading.text].prediction, names)
                  if heading.text in video.by_run else None for heading in headings)]
               for video in worst[:_OPEN_ROWS]]
    yield Table(('video', *headings), reasons, f'What is wrong in the worst {len(reasons)}', wide=True, folded=True)
