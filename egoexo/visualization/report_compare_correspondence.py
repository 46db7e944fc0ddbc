"""Chapters of a comparison of runs of correspondence: scores side by side, sizes, takes that differ most."""

from collections.abc import Iterator, Mapping, Sequence

from egoexo.evaluation.functional.correspondence import METRICS
from egoexo.visualization.report_compare_clips import best_cards, compare_scores
from egoexo.visualization.report_correspondence import CorrespondenceResults, fraction
from egoexo.visualization.report_items import group_items, size_name, table_size_records
from egoexo.visualization.report_parts import Card, Cell, Heading, Note, Section, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_segmentation import ReadFrames

__all__ = ['correspondence_comparison', 'correspondence_comparison_cards']

_NUM_TAKES = 20


def correspondence_comparison_cards(results: Sequence[CorrespondenceResults],
                                    headings: Sequence[Heading]) -> list[Card]:
    """Best IoU of every list.

    Args:
        results (Sequence[CorrespondenceResults]): Of every run.
        headings (Sequence[Heading]): One per run.
    """
    return best_cards(results, headings, METRICS[0], 3)


def correspondence_comparison(runs: Sequence[Run], results: Sequence[CorrespondenceResults],
                              headings: Sequence[Heading], read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about several runs of correspondence.

    Args:
        runs (Sequence[Run]): In the order of the page.
        results (Sequence[CorrespondenceResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        read_frames (ReadFrames, optional): Not used.

    Returns:
        list[Section]: Scores, sizes, takes.
    """
    return [Section('Scores', list(compare_scores(runs, results, headings, METRICS, 3, ('location_error',)))),
            Section('Size of the object', list(_size_parts(results, headings))),
            Section('Takes that differ most', list(_take_parts(results, headings)))]


def _absent(results: Sequence[CorrespondenceResults], headings: Sequence[Heading]) -> Iterator[Note]:
    names = [heading.text for item, heading in zip(results, headings, strict=True) if item.items is None]
    if names:
        yield Note(f'No items.csv, the table of scored frames that a test writes, for: {", ".join(names)}.', 'warning')


def _size_parts(results: Sequence[CorrespondenceResults], headings: Sequence[Heading]) -> Iterator[Note | Table]:
    yield from _absent(results, headings)
    found = [{} if item.items is None else {
        (record['subset'], record['low'], size_name(record)): (record['frames'], record['iou'])
        for record in table_size_records(item.items) if record['bins'] == 'edges'} for item in results]
    rows = [[subset, size, frames, *_cells([table.get((subset, low, size)) for table in found])]
            for (subset, low, size), (frames, _) in sorted(_merged(found).items())]
    if rows:
        yield Table(('list', 'share of the picture', 'frames', *headings), rows, 'IoU by size',
                    f'Below each value the difference to {headings[0].text}.', wide=True)


def _take_parts(results: Sequence[CorrespondenceResults], headings: Sequence[Heading]) -> Iterator[Note | Table]:
    yield from _absent(results, headings)
    found = [{} if item.items is None else {
        group.keys: (group.num_visible, group.iou) for group in group_items(item.items, 'subset', 'take_uid')
        if group.num_visible} for item in results]
    merged, spans = _merged(found), {}
    for keys in merged:
        values = [table[keys][1] for table in found if keys in table]
        if len(values) > 1:
            spans[keys] = max(values) - min(values)
    shown = sorted(spans, key=lambda keys: -spans[keys])[:_NUM_TAKES]
    if shown:
        yield Table(('list', 'take', 'visible frames', *headings),
                    [[*keys, merged[keys][0], *_cells([table.get(keys) for table in found])] for keys in shown],
                    f'IoU of the {len(shown)} takes in which the runs differ most',
                    f'Below each value the difference to {headings[0].text}.', wide=True)
    elif all(item.items is not None for item in results):
        yield Note('No take was scored for two of the runs.', 'warning')


def _merged(tables: Sequence[Mapping[tuple, tuple[int, float]]]) -> dict[tuple, tuple[int, float]]:
    """Frames and IoU of the first run that has a key."""
    return {keys: value for table in reversed(tables) for keys, value in table.items()}


def _cells(values: Sequence[tuple[int, float] | None]) -> Iterator[Cell]:
    """One cell per run: the IoU, and its difference to that of the first run."""
    scores = [None if value is None else fraction(value[1]) for value in values]
    present = [score for score in scores if score is not None]
    for place, score in enumerate(scores):
        known = place and score is not None and scores[0] is not None
        yield Cell(score, [(f'{score - scores[0]:+.3f}', '')] if known else [],
                   'best' if len(present) > 1 and score == max(present) else '')
