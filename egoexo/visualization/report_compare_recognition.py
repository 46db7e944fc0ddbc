"""Chapters of a comparison of runs of action recognition: scores side by side, classes, videos that differ most."""

from collections.abc import Iterator, Mapping, Sequence

from egoexo.visualization.recognition_items import TASKS
from egoexo.visualization.report_compare_clips import best_cards, compare_scores
from egoexo.visualization.report_parts import Card, Cell, Heading, Note, Section, Table
from egoexo.visualization.report_recognition import METER, METRICS, RecognitionResults
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_segmentation import ReadFrames

__all__ = ['recognition_comparison', 'recognition_comparison_cards']

_NUM_CLASSES, _NUM_VIDEOS = 25, 20


def recognition_comparison_cards(results: Sequence[RecognitionResults], headings: Sequence[Heading]) -> list[Card]:
    """Best accuracy of verb, noun and action of every list.

    Args:
        results (Sequence[RecognitionResults]): Of every run.
        headings (Sequence[Heading]): One per run.
    """
    return [card for metric in METRICS[:3] for card in best_cards(results, headings, metric, 1)]


def recognition_comparison(runs: Sequence[Run], results: Sequence[RecognitionResults], headings: Sequence[Heading],
                           read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about several runs of recognition.

    Args:
        runs (Sequence[Run]): In the order of the page.
        results (Sequence[RecognitionResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        read_frames (ReadFrames, optional): Not used.

    Returns:
        list[Section]: Scores, classes and videos.
    """
    return [Section('Scores', list(compare_scores(runs, results, headings, METRICS + METER, 1))),
            Section('Classes that differ most', list(_class_parts(results, headings))),
            Section('Videos that differ most', list(_video_parts(results, headings)))]


def _absent(results: Sequence[RecognitionResults], headings: Sequence[Heading]) -> Iterator[Note]:
    names = [heading.text for item, heading in zip(results, headings, strict=True) if item.items is None]
    if names:
        yield Note(f'No items.csv, the table of scored segments that a test writes, for: {", ".join(names)}.',
                   'warning')


def _class_parts(results: Sequence[RecognitionResults], headings: Sequence[Heading]) -> Iterator[Note | Table]:
    yield from _absent(results, headings)
    for task in TASKS:
        found = []
        for result in results:
            table = {}
            for subset, rows in (result.items.rows_of('subset') if result.items is not None else {}).items():
                classes, accuracies, counts = result.items.class_accuracies(task, rows)
                table |= {(subset, result.items.class_name(task, index)): (int(count), float(value))
                          for index, value, count in zip(classes, accuracies, counts, strict=True)}
            found.append(table)
        yield from _difference_table(found, headings, ('list', task), f'Accuracy of {task}s', _NUM_CLASSES, f'{task}s')


def _video_parts(results: Sequence[RecognitionResults], headings: Sequence[Heading]) -> Iterator[Note | Table]:
    yield from _absent(results, headings)
    found = [{} if item.items is None else {
        group.keys: (group.num_items, group.action) for group in item.items.group('subset', 'uid')}
        for item in results]
    yield from _difference_table(found, headings, ('list', 'video'), 'Right actions', _NUM_VIDEOS, 'videos')


def _difference_table(found: Sequence[Mapping[tuple, tuple[int, float]]], headings: Sequence[Heading],
                      columns: tuple[str, ...], title: str, number: int, what: str) -> Iterator[Note | Table]:
    """Rows in which the runs differ most, as tables of number of segments and percent by key."""
    merged = {keys: value for table in reversed(found) for keys, value in table.items()}
    spans = {}
    for keys in merged:
        values = [table[keys][1] for table in found if keys in table]
        if len(values) > 1:
            spans[keys] = max(values) - min(values)
    shown = sorted(spans, key=lambda keys: (-spans[keys], -merged[keys][0]))[:number]
    if not shown:
        yield Note(f'No {what} were scored for two of the runs.', 'warning')
        return
    rows = [[*keys, merged[keys][0], *_cells([table[keys][1] if keys in table else None for table in found])]
            for keys in shown]
    yield Table((*columns, 'segments', *headings), rows, f'{title}: the {len(shown)} in which the runs differ most',
                f'Percent; below each value the difference to {headings[0].text}.', wide=True)


def _cells(values: Sequence[float | None]) -> Iterator[Cell]:
    """One cell per run: the share, and its difference to that of the first run."""
    present = [value for value in values if value is not None]
    for place, value in enumerate(values):
        known = place and value is not None and values[0] is not None
        best = len(present) > 1 and value == max(present) > min(present)
        yield Cell(value, [(f'{value - values[0]:+.1f}', '')] if known else [], 'best' if best else '')
