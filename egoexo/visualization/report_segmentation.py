"""Chapters of the report on temporal action segmentation: scores of both views, timelines, confusions, inputs."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.visualization.confusion_matrix import count_confusions, draw_confusion_matrix
from egoexo.visualization.report_parts import Card, Note, Picture, Section, Table, embed_png
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_videos import ScoredVideo, VideoList, find_lists, read_names, score_videos
from egoexo.visualization.timeline import TimelineVideo, draw_timeline

__all__ = ['METRIC_NAMES', 'ReadFrames', 'segmentation_cards', 'segmentation_sections', 'split_metrics']

METRIC_NAMES = ('Acc', 'Edit', 'F1@10', 'F1@25', 'F1@50', 'F1@Avg', 'Avg')
#: Video path and a number -> that many RGB pictures (H, W, 3) at equal distances.
ReadFrames = Callable[[Path, int], list[np.ndarray]]
_SUBSET = re.compile(r'^(ego|exo)(_\w+)?_(train|val|test)$')
_NUM_THUMBNAILS = 9


def segmentation_sections(run: Run, read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about a segmentation run.

    Args:
        run (Run): What was read from the work directory.
        read_frames (ReadFrames, optional): Adds thumbnails to the timelines where ``<data root>/videos/<uid>.mp4``
            exists.

    Returns:
        list[Section]: Scores, timelines, confusions, inputs; a chapter whose files are absent says so.
    """
    lists = list(find_lists(run))
    videos = score_videos(run, lists)
    names = read_names(lists)
    return [
        Section('Scores', _score_parts(run)),
        Section('Timelines', _timeline_parts(videos, names, read_frames)),
        Section('Confusions', _confusion_parts(videos, names)),
        Section('Inputs and what was left out', _input_parts(run, lists)),
    ]


def segmentation_cards(run: Run) -> list[Card]:
    """Numbers for the head of the page: F1@50 and Avg of every list under the official protocol.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        list[Card]: One per list; empty without metrics.
    """
    table = split_metrics(run.metrics).get('official', {})
    return [Card(f'F1@50, {subset}', f'{scores["F1@50"]:.1f}', f'Avg {scores["Avg"]:.1f}, Acc {scores["Acc"]:.1f}')
            for subset, scores in table.items() if {'F1@50', 'Avg', 'Acc'} <= scores.keys()]


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
        place = next((number for number, part in enumerate(parts[:-1]) if _SUBSET.match(part)), None)
        if place is not None:
            protocol = '/'.join(parts[:place]) or 'official'
            table.setdefault(protocol, {}).setdefault(parts[place], {})['/'.join(parts[place + 1:])] = value
    return table


def _score_parts(run: Run) -> list[Table | Note]:
    tables = split_metrics(run.metrics)
    if not tables:
        return [Note('No metrics were found: neither scalars.json of a test nor a validation in the log.', 'warning')]
    parts: list[Table | Note] = []
    for protocol, subsets in tables.items():
        known = PROTOCOLS.get(protocol)
        title = f'Protocol {protocol}' + (f' [{known.hash}]' if known else '')
        groups = dict.fromkeys(name.rpartition('/')[0] for scores in subsets.values() for name in scores
                               if name.rpartition('/')[2] in METRIC_NAMES)
        rows = [[subset, group or 'all', *_cells(scores, group)] for subset, scores in subsets.items()
                for group in groups if any(f'{group}/{name}'.strip('/') in scores for name in METRIC_NAMES)]
        note = f'{known.description if known else ""} From: {run.metrics_from}.'.strip()
        parts.append(Table(('list', 'tasks', *METRIC_NAMES), rows, title, note, percent=True,
                           folded=protocol != 'official'))
    return parts


def _cells(scores: Mapping[str, float], group: str) -> Iterator[object]:
    """Metric values of a row, with the bootstrap interval where there is one."""
    for name in METRIC_NAMES:
        key = f'{group}/{name}'.strip('/')
        low, high = scores.get(f'{key}_low'), scores.get(f'{key}_high')
        value = scores.get(key)
        yield value if value is None or low is None or high is None else (value, f'{low:.1f} to {high:.1f}')


def _timeline_parts(videos: list[ScoredVideo], names: tuple[str, ...],
                    read_frames: ReadFrames | None) -> list[Picture | Note | Table]:
    if not videos:
        return [Note('No timeline: this needs predictions.npz (tools/test.py --dump) and the label files that the '
                     'config names.', 'warning')]
    split = 'test' if any(video.subset.endswith('_test') for video in videos) else videos[0].subset.split('_')[-1]
    chosen = {view: sorted((video for video in videos if video.view == view and video.subset.endswith(split)),
                           key=lambda video: video.scores['Avg']) for view in ('ego', 'exo')}
    parts: list[Picture | Note | Table] = []
    for title, place in (('Median', 0.5), ('Worst', 0.0), ('Best', 1.0)):
        rows = [_as_row(group[round(place * (len(group) - 1))], read_frames) for group in chosen.values() if group]
        caption = f'{title} video of each view on the {split} lists, ordered by the mean of Acc, Edit and F1.'
        figure = draw_timeline(rows, names)
        parts.append(Picture(embed_png(figure, caption), caption, f'{title} videos', figure=figure,
                             name=f'timelines_{title.lower()}'))
    ranked = sorted(videos, key=lambda video: video.scores['Avg'])
    rows = [[video.subset, video.uid, len(video.truth) / 25, *(video.scores[name] for name in METRIC_NAMES)]
            for video in ranked]
    parts.append(Table(('list', 'video', 'seconds', *METRIC_NAMES), rows, f'All {len(rows)} videos, worst first',
                       'F1 of a single video counts only its own segments.', folded=True))
    return parts


def _as_row(video: ScoredVideo, read_frames: ReadFrames | None) -> TimelineVideo:
    pictures = read_frames(video.video_path, _NUM_THUMBNAILS) if read_frames and video.video_path.is_file() else ()
    return TimelineVideo(video.uid, video.view, video.truth, video.prediction, video.subset, pictures, video.scores)


def _confusion_parts(videos: list[ScoredVideo], names: tuple[str, ...]) -> list[Picture | Note | Table]:
    if not videos:
        return [Note('No confusion matrix: it is counted from the same files as the timelines.', 'warning')]
    parts: list[Picture | Note | Table] = []
    tables = []
    for subset in dict.fromkeys(video.subset for video in videos):
        counts = count_confusions(((video.truth, video.prediction) for video in videos if video.subset == subset),
                                  len(names))
        caption = f'{subset}: share of the frames of each true class (row) that got each label, in percent.'
        figure = draw_confusion_matrix(counts, names, subset)
        parts.append(Picture(embed_png(figure, caption, 150), caption, half=True, figure=figure,
                             name=f'confusions_{subset}'))
        tables.append(_class_table(subset, counts, names))
    return parts + tables


def _class_table(subset: str, counts: np.ndarray, names: tuple[str, ...]) -> Table:
    true, predicted, hits = counts.sum(1), counts.sum(0), counts.diagonal()
    rows = [[index, names[index], 100 * true[index] / counts.sum(),
             100 * hits[index] / true[index] if true[index] else None,
             100 * hits[index] / predicted[index] if predicted[index] else None]
            for index in np.flatnonzero(true + predicted).tolist()]
    return Table(('id', 'class', 'share of frames', 'recall', 'precision'), rows, f'Classes of {subset}',
                 percent=True, folded=True)


def _input_parts(run: Run, lists: list[VideoList]) -> list[Table | Note]:
    if not lists:
        return [Note('The config names no list, or there is no config: inputs are unknown.', 'warning')]
    predicted = {item.subset: item.listed - len(item.left_out) if run.predictions is not None else None
                 for item in lists}
    rows = [[item.subset, item.listed, predicted[item.subset], item.scored, item.problem or 'read'] for item in lists]
    parts: list[Table | Note] = [Table(('list', 'videos listed', 'predicted', 'scored here', 'list file'), rows)]
    left_out = [f'{item.subset}/{uid}' for item in lists for uid in item.left_out]
    if run.predictions is None:
        parts.append(Note('Without predictions.npz it is unknown which videos were left out.', 'warning'))
    elif left_out:
        parts.append(Note('\n'.join(left_out), 'code', f'{len(left_out)} listed videos have no prediction'))
    else:
        parts.append(Note('Every listed video has a prediction; none was left out.'))
    unusable = run.work_dir / 'unusable.txt'
    if unusable.is_file():
        parts.append(Note(unusable.read_text(encoding='utf-8'), 'code', 'Unusable inputs (unusable.txt)'))
    return parts
