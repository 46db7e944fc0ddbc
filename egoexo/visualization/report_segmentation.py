"""Chapters of the report on temporal action segmentation: scores of both views, videos, confusions, inputs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.visualization.confusion_matrix import count_confusions, draw_confusion_matrix
from egoexo.visualization.report_cases import describe_errors, worst_first
from egoexo.visualization.report_inputs import input_parts
from egoexo.visualization.report_metrics import metric_parts
from egoexo.visualization.report_parts import Card, Cell, Note, Picture, Section, Table, embed_png
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_scores import METRIC_NAMES, Score, ScoreBook, other_metrics, read_scores
from egoexo.visualization.report_videos import ScoredVideo, VideoList, find_lists, read_names, score_videos
from egoexo.visualization.timeline import TimelineVideo, draw_timeline

__all__ = ['ReadFrames', 'SegmentationResults', 'draw_or_tell', 'read_segmentation', 'read_thumbnails',
           'segmentation_cards', 'segmentation_sections']

#: Video path and a number -> that many RGB pictures (H, W, 3) at equal distances.
ReadFrames = Callable[[Path, int], list[np.ndarray]]
_NUM_THUMBNAILS, _NUM_WORST, _OPEN_ROWS = 9, 2, 30


@dataclass(frozen=True)
class SegmentationResults:
    """What the chapters are made of.

    Args:
        lists (list[VideoList]): Lists of the test.
        videos (list[ScoredVideo]): Predicted videos with their truth.
        names (tuple[str, ...]): Class names by id.
        book (ScoreBook): Scores with intervals.
    """

    lists: list[VideoList]
    videos: list[ScoredVideo]
    names: tuple[str, ...]
    book: ScoreBook


def read_segmentation(run: Run) -> SegmentationResults:
    """Look up lists and truths, score the videos.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        SegmentationResults: Parts are empty where files are absent.
    """
    lists = list(find_lists(run))
    videos = score_videos(run, lists)
    names = read_names(lists)
    highest = max((int(max(video.truth.max(), video.prediction.max())) for video in videos), default=0)
    names = (*names, *(f'class {index}' for index in range(len(names), highest + 1)))
    return SegmentationResults(lists, videos, names, read_scores(run, videos))


def segmentation_sections(run: Run, results: SegmentationResults,
                          read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about a segmentation run.

    Args:
        run (Run): What was read from the work directory.
        results (SegmentationResults): Of the same run.
        read_frames (ReadFrames, optional): Adds thumbnails to the timelines where ``<data root>/videos/<uid>.mp4``
            exists.

    Returns:
        list[Section]: Scores, videos, confusions, inputs; a chapter whose files are absent says so.
    """
    return [
        Section('Scores', list(_score_parts(run, results.book))),
        Section('Videos, worst first', list(_video_parts(results, read_frames))),
        Section('Confusions', list(_confusion_parts(results))),
        Section('Inputs and what was left out', list(input_parts(run, results.lists))),
    ]


def segmentation_cards(run: Run, results: SegmentationResults) -> list[Card]:
    """Numbers for the head of the page: F1@50 and Avg of every list under the official protocol.

    Args:
        run (Run): What was read from the work directory.
        results (SegmentationResults): Of the same run.

    Returns:
        list[Card]: One per list; empty without metrics.
    """
    table = results.book.scores.get('official', {})
    return [Card(f'F1@50, {subset}', f'{scores["F1@50"].value:.1f}',
                 f'Avg {scores["Avg"].value:.1f}, Acc {scores["Acc"].value:.1f}')
            for subset, scores in table.items() if {'F1@50', 'Avg', 'Acc'} <= scores.keys()]


def _score_parts(run: Run, book: ScoreBook) -> Iterator[Table | Note]:
    if not run.metrics:
        yield Note('No metrics were found: neither scalars.json of a test nor a validation in the log.', 'warning')
    for protocol, subsets in book.scores.items():
        known, digest = PROTOCOLS.get(protocol), book.hashes.get(protocol)
        groups = dict.fromkeys(name.rpartition('/')[0] for scores in subsets.values() for name in scores
                               if name.rpartition('/')[2] in METRIC_NAMES)
        rows = [[subset, group or 'all', book.num_videos.get(subset) if not group else None, *_cells(scores, group)]
                for subset, scores in subsets.items() for group in groups
                if any(f'{group}/{name}'.strip('/') in scores for name in METRIC_NAMES)]
        note = (f'{known.description if known else ""} Percent; below each value its 95 % interval over videos '
                f'(bootstrap). From: {run.metrics_from}.').strip()
        if rows:
            yield Table(('list', 'tasks', 'videos', *METRIC_NAMES), rows,
                        f'Protocol {protocol} [{digest or "hash not noted"}]', note, percent=True,
                        folded=protocol != 'official')
    yield from (Note(text, 'warning') for text in book.notes)
    yield from metric_parts(other_metrics(run.metrics), 'Other metrics', folded=bool(book.scores))


def _cells(scores: Mapping[str, Score], group: str) -> Iterator[object]:
    """Metric values of a row, with the interval where there is one."""
    for name in METRIC_NAMES:
        score = scores.get(f'{group}/{name}'.strip('/'))
        if score is None or score.interval is None:
            yield score and score.value
        else:
            low, high = score.interval
            yield Cell(score.value, ((f'{low:.1f} to {high:.1f}', ''),))


def _video_parts(results: SegmentationResults, read_frames: ReadFrames | None) -> Iterator[Picture | Note | Table]:
    videos = results.videos
    if not videos:
        yield Note('No timeline: this needs predictions.npz (tools/test.py --dump) and the label files that the '
                   'config names.', 'warning')
        return
    ranked = worst_first(videos)
    by_view = [[video for video in ranked if video.view == view]
               for view in dict.fromkeys(video.view for video in videos)]
    chosen = {
        'Worst': [video for group in by_view for video in group[:_NUM_WORST]],
        'Median': [group[len(group) // 2] for group in by_view],
        'Best': [group[-1] for group in by_view]}
    for title, rows in chosen.items():
        several = title == 'Worst' and any(len(group) > 1 for group in by_view)
        caption = (f'{title} {f"{_NUM_WORST} videos" if several else "video"} of each view over all lists, ordered by '
                   'the mean of Acc, Edit and F1. Dark marks: wrong frames.')
        yield from draw_or_tell(
            lambda rows=rows: draw_timeline([_as_row(video, read_frames) for video in rows], results.names,
                                            fps=rows[0].fps),
            caption, f'{title} videos', f'timelines_{title.lower()}')
        if title == 'Worst':
            yield Table(('list', 'video', 'Avg', 'what is wrong'),
                        [[video.subset, video.uid, video.scores['Avg'], _reason(video, results.names)]
                         for video in rows], 'Why these are the worst')
    rows = [[video.subset, video.uid, len(video.truth) / video.fps, *(video.scores[name] for name in METRIC_NAMES),
             _reason(video, results.names)] for video in ranked]
    yield Table(('list', 'video', 'seconds', *METRIC_NAMES, 'what is wrong'), rows,
                f'All {len(rows)} videos, worst first', 'F1 of a single video counts only its own segments.',
                folded=len(rows) > _OPEN_ROWS)


def _reason(video: ScoredVideo, names: tuple[str, ...]) -> str:
    return describe_errors(video.truth, video.prediction, names)


def _as_row(video: ScoredVideo, read_frames: ReadFrames | None) -> TimelineVideo:
    return TimelineVideo(video.uid, video.view, video.truth, video.prediction, video.subset,
                         read_thumbnails(video, read_frames), video.scores)


def read_thumbnails(video: ScoredVideo, read_frames: ReadFrames | None) -> Sequence[np.ndarray]:
    """Pictures of a video for its timeline.

    Args:
        video (ScoredVideo): Whose file may be absent.
        read_frames (ReadFrames | None): Reads them.

    Returns:
        Sequence[np.ndarray]: RGB, uint8 (H, W, 3); empty without a reader or a file.
    """
    return read_frames(video.video_path, _NUM_THUMBNAILS) if read_frames and video.video_path.is_file() else ()


def draw_or_tell(draw: Callable, caption: str, title: str, name: str, half: bool = False,
                 dpi: int = 180) -> Iterator[Picture | Note]:
    """A picture, or a sentence where the figure cannot be drawn, e.g. for a negative class id.

    Args:
        draw (Callable): Makes the figure.
        caption (str): Sentence below.
        title (str): Head line.
        name (str): Of the file it may be written to.
        half (bool): Two such pictures share a line.
        dpi (int): Resolution.

    Yields:
        Picture | Note: One of them.
    """
    try:
        figure = draw()
    except ValueError as error:
        yield Note(f'{title} cannot be drawn: {error}', 'warning')
        return
    yield Picture(embed_png(figure, caption, dpi), caption, '' if half else title, half, figure, name)


def _confusion_parts(results: SegmentationResults) -> Iterator[Picture | Note | Table]:
    if not results.videos:
        yield Note('No confusion matrix: it is counted from the same files as the timelines.', 'warning')
        return
    names, tables = results.names, []
    for subset in dict.fromkeys(video.subset for video in results.videos):
        pairs = [(video.truth, video.prediction) for video in results.videos if video.subset == subset]
        try:
            counts = count_confusions(pairs, len(names))
        except ValueError as error:
            yield Note(f'The confusions of {subset} cannot be counted: {error}', 'warning')
            continue
        caption = f'{subset}: share of the frames of each true class (row) that got each label, in percent.'
        yield from draw_or_tell(lambda counts=counts, subset=subset: draw_confusion_matrix(counts, names, subset),
                                caption, subset, f'confusions_{subset}', half=True, dpi=150)
        tables.append(_class_table(subset, counts, names))
    yield from tables


def _class_table(subset: str, counts: np.ndarray, names: tuple[str, ...]) -> Table:
    true, predicted, hits = counts.sum(1), counts.sum(0), counts.diagonal()
    rows = [[index, names[index], 100 * true[index] / counts.sum(),
             100 * hits[index] / true[index] if true[index] else None,
             100 * hits[index] / predicted[index] if predicted[index] else None]
            for index in np.flatnonzero(true + predicted).tolist()]
    return Table(('id', 'class', 'share of frames', 'recall', 'precision'), rows, f'Classes of {subset}',
                 percent=True, folded=True)
