"""Chapters of a comparison of runs of anticipation, planning or transfer: scores side by side, classes, horizon."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from egoexo.visualization.class_accuracy import draw_class_accuracy
from egoexo.visualization.class_recall import draw_class_recall
from egoexo.visualization.distance_curves import draw_distance_curves
from egoexo.visualization.report_anticipation import METRICS as RECALLS
from egoexo.visualization.report_anticipation import class_recalls
from egoexo.visualization.report_clips import ClipList, ClipResults
from egoexo.visualization.report_names import LINES
from egoexo.visualization.report_parts import Card, Cell, Fraction, Heading, Note, Picture, Section, Table
from egoexo.visualization.report_planning import METRICS as DISTANCES
from egoexo.visualization.report_planning import level_curves
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_segmentation import ReadFrames, draw_or_tell
from egoexo.visualization.report_transfer import METRICS as ACCURACIES
from egoexo.visualization.report_transfer import list_class_accuracies

__all__ = ['anticipation_comparison', 'anticipation_comparison_cards', 'best_cards', 'compare_scores',
           'planning_comparison', 'planning_comparison_cards', 'transfer_comparison', 'transfer_comparison_cards']


def anticipation_comparison_cards(results: Sequence[ClipResults], headings: Sequence[Heading]) -> list[Card]:
    """Best class-mean recall of every list.

    Args:
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
    """
    return best_cards(results, headings, RECALLS[0], 1)


def planning_comparison_cards(results: Sequence[ClipResults], headings: Sequence[Heading]) -> list[Card]:
    """Best 1-AUED of every list.

    Args:
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
    """
    return best_cards(results, headings, DISTANCES[0], 3)


def transfer_comparison_cards(results: Sequence[ClipResults], headings: Sequence[Heading]) -> list[Card]:
    """Best class-mean accuracy of every list.

    Args:
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
    """
    return best_cards(results, headings, ACCURACIES[0], 1)


def best_cards(results: Sequence[ClipResults], headings: Sequence[Heading], metric: str, digits: int) -> list[Card]:
    """The largest value of every list and the run it is of.

    Args:
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        metric (str): Reported metric, better when higher.
        digits (int): Behind the point.

    Returns:
        list[Card]: One per list that at least two runs were scored on.
    """
    tables = [item.scores.get('', {}) for item in results]
    cards = []
    for subset in dict.fromkeys(name for table in tables for name in table):
        found = [(table[subset][metric], heading.text) for table, heading in zip(tables, headings, strict=True)
                 if metric in table.get(subset, {})]
        if len(found) > 1:
            value, name = max(found)
            cards.append(Card(f'best {metric}, {subset}', f'{value:.{digits}f}', name))
    return cards


def anticipation_comparison(runs: Sequence[Run], results: Sequence[ClipResults], headings: Sequence[Heading],
                            read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about several anticipation runs.

    Args:
        runs (Sequence[Run]): In the order of the page.
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        read_frames (ReadFrames, optional): Not used.

    Returns:
        list[Section]: Scores, and the recall of each class.
    """
    classes = _class_parts(results, headings, 'recall', class_recalls, _draw_recalls)
    return [Section('Scores', list(compare_scores(runs, results, headings, RECALLS, 1))),
            Section('Recall of each class', list(classes))]


def planning_comparison(runs: Sequence[Run], results: Sequence[ClipResults], headings: Sequence[Heading],
                        read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about several planning runs.

    Args:
        runs (Sequence[Run]): In the order of the page.
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        read_frames (ReadFrames, optional): Not used.

    Returns:
        list[Section]: Scores, and the distance over the horizon.
    """
    return [Section('Scores', list(compare_scores(runs, results, headings, DISTANCES, 3, DISTANCES[1:]))),
            Section('Distance over the horizon', list(_curve_parts(runs, results, headings)))]


def transfer_comparison(runs: Sequence[Run], results: Sequence[ClipResults], headings: Sequence[Heading],
                        read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about several runs of segment classification across domains.

    Args:
        runs (Sequence[Run]): In the order of the page.
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        read_frames (ReadFrames, optional): Not used.

    Returns:
        list[Section]: Scores, and the accuracy of each class.
    """
    classes = _class_parts(results, headings, 'accuracy', list_class_accuracies, _draw_accuracies)
    return [Section('Scores', list(compare_scores(runs, results, headings, ACCURACIES, 1))),
            Section('Accuracy of each class', list(classes))]


def compare_scores(runs: Sequence[Run], results: Sequence[ClipResults], headings: Sequence[Heading],
                   metrics: Sequence[str], digits: int, lower: Collection[str] = ()) -> Iterator[Table | Note]:
    """One table per protocol or decoding and list: a column per run, differences to the first.

    Args:
        runs (Sequence[Run]): In the order of the page.
        results (Sequence[ClipResults]): Of every run.
        headings (Sequence[Heading]): One per run.
        metrics (Sequence[str]): Rows.
        digits (int): Behind the point.
        lower (Collection[str]): Metrics that are better when lower.
    """
    absent = [heading.text for item, heading in zip(results, headings, strict=True) if not item.scores]
    if absent:
        yield Note(f'No metrics were found for: {", ".join(absent)}.', 'warning')
    digests = [run.score_info.get('protocols') for run in runs]
    if any(digest != digests[0] for digest in digests):
        yield Note('The runs were not scored under the same protocol hashes, so a difference may come from the rules. '
                   'Score them again with this version: tools/test.py --out.', 'warning')
    for prefix in sorted({name for item in results for name in item.scores}):
        tables = [item.scores.get(prefix, {}) for item in results]
        for subset in dict.fromkeys(name for table in tables for name in table):
            rows = [[name, *_cells([table.get(subset, {}).get(name) for table in tables], digits,
                                   name in lower)]
                    for name in metrics if any(name in table.get(subset, {}) for table in tables)]
            if rows:
                yield Table(('', *headings), rows, f'{prefix}, {subset}' if prefix else subset,
                            f'Below each value the difference to {headings[0].text}.', wide=True, folded=bool(prefix))


def _cells(values: Sequence[float | None], digits: int, lower: bool) -> Iterator[Cell]:
    present = [value for value in values if value is not None]
    best = (min if lower else max)(present) if len(present) > 1 else None
    for place, value in enumerate(values):
        known = place and value is not None and values[0] is not None
        shown = Fraction(value) if value is not None and digits > 2 else value
        yield Cell(shown, [(f'{value - values[0]:+.{digits}f}', '')] if known else [],
                   'best' if value is not None and value == best else '')


def _shared(results: Sequence[ClipResults]) -> list[str]:
    """Lists that at least two runs predicted."""
    subsets = [item.subset for result in results for item in result.predicted]
    return [subset for subset in dict.fromkeys(subsets) if subsets.count(subset) > 1]


def _of_list(results: Sequence[ClipResults], headings: Sequence[Heading], subset: str) -> Mapping[Heading, object]:
    return {heading: item for result, heading in zip(results, headings, strict=True) for item in result.predicted
            if item.subset == subset}


def _class_parts(results: Sequence[ClipResults], headings: Sequence[Heading], what: str,
                 measure: Callable[[ClipList], tuple[np.ndarray, np.ndarray]],
                 draw: Callable[..., Figure]) -> Iterator[Picture | Note]:
    """A picture per list; ``measure`` gives values and supports (C,), ``draw`` takes these, names and colours."""
    subsets = _shared(results)
    if not subsets:
        yield Note('No list was predicted by two of the runs (tools/test.py --dump).', 'warning')
    for subset in subsets:
        items = _of_list(results, headings, subset)
        names = next(result.names for result in results if result.predicted)
        found = {heading.text: measure(item) for heading, item in items.items()}
        if len({len(values) for values, _ in found.values()} | {len(names)}) > 1:
            yield Note(f'{subset}: the runs predict different numbers of classes, so they are not laid side by side.',
                       'warning')
            continue
        supports = next(iter(found.values()))[1]
        colors = {heading.text: heading.color for heading in items}
        yield from draw_or_tell(
            lambda found=found, supports=supports, names=names, colors=colors: draw(
                {name: values for name, (values, _) in found.items()}, names, supports, colors),
            f'{subset}: {what} of each class by run, {_ORDERS[what].format(next(iter(found)))}',
            f'Classes of {subset}', f'comparison_{what}_{subset}')


_ORDERS = {'recall': 'ordered by that of {}; in brackets the positives.',
           'accuracy': 'the most frequent class on top; in brackets the segments.'}


def _draw_recalls(values: Mapping[str, np.ndarray], names: Sequence[str], supports: np.ndarray,
                  colors: Mapping[str, str]) -> Figure:
    return draw_class_recall(values, names, supports={'': supports}, colors=colors)


def _draw_accuracies(values: Mapping[str, np.ndarray], names: Sequence[str], supports: np.ndarray,
                     colors: Mapping[str, str]) -> Figure:
    told_apart = len(set(colors.values())) == len(colors)  # seeds of one config share a colour
    return draw_class_accuracy(values, names, supports=supports, colors=colors if told_apart else None)


def _curve_parts(runs: Sequence[Run], results: Sequence[ClipResults],
                 headings: Sequence[Heading]) -> Iterator[Picture | Note]:
    tables = [result.scores.get('', {}) for result in results]
    drawn = False
    for subset in dict.fromkeys(name for table in tables for name in table):
        curves, styles = {}, {}
        for table, heading in zip(tables, headings, strict=True):
            values = [table[subset][name] for name in DISTANCES[2:] if name in table.get(subset, {})]
            if values:
                curves[heading.text] = values
                styles[heading.text] = heading.color, LINES[heading.line]
        if len(curves) < 2 or len({len(values) for values in curves.values()}) > 1:
            continue
        drawn = True
        item = next((item for result in results for item in result.predicted if item.subset == subset), None)
        levels = level_curves(runs[0], item, None) if item is not None and (
            item.targets.shape[1] == len(next(iter(curves.values())))) else {}
        yield from draw_or_tell(
            lambda curves=curves, levels=levels, styles=styles, subset=subset: draw_distance_curves(
                curves, levels, title=subset, styles=styles),
            f'{subset}: ED@z of each run as reported.', subset, f'comparison_distance_{subset}', half=True)
    if not drawn:
        yield Note('No list was scored for two of the runs.', 'warning')
