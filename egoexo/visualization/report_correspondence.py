"""Chapters of the report on correspondence between views: scores, visibility, sizes, takes, pictures, inputs."""

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.correspondence import METRICS
from egoexo.visualization.mask_pair import draw_mask_pairs
from egoexo.visualization.object_size import draw_object_size
from egoexo.visualization.report_clips import ClipList, ClipResults, reported_cards, score_parts, split_scores
from egoexo.visualization.report_inputs import input_parts
from egoexo.visualization.report_items import (
    ItemGroup,
    ItemTable,
    group_items,
    read_items,
    size_name,
    table_size_records,
)
from egoexo.visualization.report_pairs import read_pairs_of_items
from egoexo.visualization.report_parts import Card, Fraction, Note, Picture, Section, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_segmentation import ReadFrames, draw_or_tell

__all__ = ['CorrespondenceResults', 'absent_items', 'correspondence_cards', 'correspondence_sections',
           'fraction', 'read_correspondence']

_DEFAULT, _NUM_SHOWN, _OPEN_TAKES, _NUM_OBJECTS = 'official', 3, 12, 200
_PICTURES, _MAX_PICTURE = 'vis_data/correspondence', 8 * 2**20
_NOTE = ('Fractions as the official evaluator prints them; papers give iou and visibility_acc times 100. Mask metrics: '
         'mean over the frames in which the object is visible; location_error: lower is better; visibility_acc: '
         'balanced accuracy over all annotated frames.')


@dataclass
class CorrespondenceResults(ClipResults):
    """What the chapters are made of.

    Args:
        lists (list[ClipList]): Lists of the test; nothing but their names and sizes.
        names (tuple[str, ...]): Empty: there are no classes.
        scores (dict[str, dict[str, dict[str, float]]]): ``[protocol][list][metric]``, the protocol empty for the
            reported numbers.
        items (ItemTable | None): Scored items; None without the file.
        problem (str): Why the file could not be read.
    """

    items: ItemTable | None = None
    problem: str = ''


def read_correspondence(run: Run) -> CorrespondenceResults:
    """Look up scores and scored items.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        CorrespondenceResults: Parts are empty where files are absent.
    """
    scores = split_scores(run.metrics, lambda name: name in METRICS)
    items, problem, path = None, '', run.work_dir / 'items.csv'
    if path.is_file():
        try:
            items = read_items(path)
        except PredictionError as error:
            problem = str(error)
    sizes = {} if items is None else {name: len(rows) for name, rows in items.rows_of('subset').items()}
    subsets = dict.fromkeys([*(name for table in scores.values() for name in table), *sizes])
    lists = [ClipList(name, name.partition('_')[0], sizes.get(name, 0)) for name in subsets]
    return CorrespondenceResults(lists, (), scores, items, problem)


def correspondence_cards(run: Run, results: CorrespondenceResults) -> list[Card]:
    """Numbers for the head of the page: IoU of every list, contour, location and visibility below it.

    Args:
        run (Run): What was read from the work directory.
        results (CorrespondenceResults): Of the same run.
    """
    details = {METRICS[1]: 'contour', METRICS[2]: 'location', METRICS[3]: 'visibility'}
    return reported_cards(results, METRICS[0], 3, details, 'IoU')


def correspondence_sections(run: Run, results: CorrespondenceResults,
                            read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about a run.

    Args:
        run (Run): What was read from the work directory.
        results (CorrespondenceResults): Of the same run.
        read_frames (ReadFrames, optional): Not used: the pictures are files of their own.

    Returns:
        list[Section]: Scores, visibility, sizes, takes, pictures, inputs; a chapter whose files are absent says so.
    """
    return [
        Section('Scores', list(score_parts(run, results, METRICS, _DEFAULT, _NOTE, percent=False))),
        Section('Visible or not', list(_visibility_parts(results))),
        Section('Size of the object', list(_size_parts(results))),
        Section('Takes, worst first', list(_take_parts(results))),
        Section('Pictures', list(_picture_parts(run, results))),
        Section('Inputs and what was left out', list(input_parts(run))),
    ]


def absent_items(results: CorrespondenceResults, what: str) -> Iterator[Note]:
    """Says why a chapter made of single items is not there, or that lines of their file are damaged.

    Args:
        results (CorrespondenceResults): Of a run.
        what (str): What is absent.

    Yields:
        Note: At most one.
    """
    if results.problem:
        yield Note(f'No {what}: {results.problem}', 'warning')
    elif results.items is None or not len(results.items):
        yield Note(f'No {what}: this needs items.csv, the table of scored frames that a test writes '
                   '(CorrespondenceMetric, item_file).', 'warning')
    elif results.items.damaged:
        yield Note(f'{results.items.damaged} damaged line(s) of items.csv were left out.', 'warning')


def fraction(value: float) -> Fraction | None:
    """A cell of a table; None, a dash, for what is not known.

    Args:
        value (float): From 0 to 1, or NaN.
    """
    return None if math.isnan(value) else Fraction(value)


def _visibility_parts(results: CorrespondenceResults) -> Iterator[Note | Table]:
    yield from absent_items(results, 'numbers on visibility')
    if results.items is None:
        return
    rows = []
    for group in group_items(results.items, 'subset'):
        hidden = group.num_items - group.num_visible
        rows.append([group.keys[0], group.num_items, group.num_visible, fraction(group.found), hidden,
                     fraction(group.rejected), fraction(group.balanced)])
    yield Table(('list', 'frames', 'visible', 'of these found', 'not visible', 'of these rejected', 'balanced'), rows,
                note='Frames that were annotated in the target view. Found, rejected: the predicted probability is '
                     'above 0.5, or not. Always the same answer gives a balanced accuracy of 0.5.')


def _size_parts(results: CorrespondenceResults) -> Iterator[Note | Picture | Table]:
    yield from absent_items(results, 'breakdown by size')
    if results.items is None or not results.items.visible.any():
        return
    records = table_size_records(results.items)
    yield from draw_or_tell(lambda: draw_object_size(records),
                            'Scores by the share of the target picture that the object covers.', 'Scores by size',
                            'object_size')
    rows = [[record['subset'], size_name(record), record['frames'],
             *(fraction(record[name]) for name in (*METRICS[:3], 'visible_recall'))]
            for record in records if record['bins'] == 'edges']
    yield Table(('list', 'share of the picture', 'frames', *METRICS[:3], 'found'), rows, 'Scores by size in numbers',
                'Frames in which the object is visible; found: it is said to be.', folded=True)


def _take_parts(results: CorrespondenceResults) -> Iterator[Note | Table]:
    yield from absent_items(results, 'scores of takes')
    if results.items is None or not len(results.items):
        return
    columns = ('frames', 'visible', 'iou', 'contour_acc', 'location_error', 'balanced')
    takes = _worst_first(group_items(results.items, 'subset', 'take_uid'))
    title = f'All {len(takes)} takes, worst first'
    if len(takes) > _OPEN_TAKES:
        worst, best = takes[:_NUM_SHOWN * 2], takes[-_NUM_SHOWN:]
        yield Table(('list', 'take', *columns), _group_rows([*worst, *best]),
                    f'The {len(worst)} worst and the {len(best)} best takes')
    yield Table(('list', 'take', *columns), _group_rows(takes), title, folded=len(takes) > _OPEN_TAKES)
    objects = _worst_first(group_items(results.items, 'subset', 'take_uid', 'object_name'))
    shown = objects[:_NUM_OBJECTS]
    yield Table(('list', 'take', 'object', *columns), _group_rows(shown),
                f'{"All" if len(shown) == len(objects) else "The worst"} {len(shown)} objects, worst first',
                'All cameras of an object together.', folded=True)


def _worst_first(groups: Sequence[ItemGroup]) -> list[ItemGroup]:
    """By IoU; those without a visible object at the end."""
    return sorted(groups, key=lambda group: (math.isnan(group.iou), group.iou))


def _group_rows(groups: Sequence[ItemGroup]) -> list[list[object]]:
    return [[*group.keys, group.num_items, group.num_visible, fraction(group.iou), fraction(group.contour),
             fraction(group.location), fraction(group.balanced)] for group in groups]


def _picture_parts(run: Run, results: CorrespondenceResults) -> Iterator[Note | Picture]:
    found = False
    chosen = _extremes(results.items)
    wanted = {row for rows in chosen.values() for row in rows}
    known = read_pairs_of_items(run, results.items, wanted) if wanted else {}
    for title, rows in chosen.items():
        pairs = [known[row] for row in rows if row in known]
        if pairs:
            found = True
            yield from draw_or_tell(lambda pairs=pairs: draw_mask_pairs(pairs), _CAPTIONS[title], title,
                                    f'pairs_{title.split()[-1]}')
    for path in sorted((run.work_dir / _PICTURES).glob('*.png')):
        if any(mark in path.stem for mark in ('_epoch_', '_iter_')) or path.stat().st_size > _MAX_PICTURE:
            continue
        found = True
        over_time = path.stem.endswith('_tracks')
        name = path.stem.removesuffix('_tracks')
        caption = (f'Some tracks of {name} over time, cut to the surroundings of the object.' if over_time else
                   f'Some objects of {name}, as the test drew them.')
        data = base64.b64encode(path.read_bytes()).decode('ascii')
        yield Picture(Markup('<img alt="{}" src="data:image/png;base64,{}">').format(caption, data), caption,
                      f'{name} over time' if over_time else f'Objects of {name}')
    if not found:
        yield Note(f'No pictures: neither {_PICTURES} of a test (CorrespondenceVisualizationHook) nor predictions '
                   '(tools/test.py --dump) with the pictures that the config names.', 'warning')


_CAPTIONS: Mapping[str, str] = {
    'Largest misses': 'Of each list the visible objects with the least IoU, one per take.',
    'Best found': 'Of each list the visible objects with the highest IoU, one per take.'}


def _extremes(items: ItemTable | None) -> dict[str, list[int]]:
    """Positions of the worst and the best items of each list, one per take."""
    if items is None:
        return {}
    chosen: dict[str, list[int]] = {title: [] for title in _CAPTIONS}
    for rows in items.rows_of('subset').values():
        scored = rows[items.visible[rows] & np.isfinite(items.scores['iou'][rows])]
        order = scored[np.argsort(items.scores['iou'][scored], kind='stable')]
        for title, places in zip(chosen, (order, order[::-1]), strict=True):
            takes: dict[str, int] = {}
            for place in places.tolist():
                takes.setdefault(items.names['take_uid'][place], place)
                if len(takes) == _NUM_SHOWN:
                    break
            chosen[title] += takes.values()
    return chosen
