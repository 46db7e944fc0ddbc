"""Chapters of the report on segment classification across domains: scores, classes, confusions, samples, inputs."""

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.special import softmax

from egoexo.evaluation.functional.transfer import (
    TOP_K,
    class_accuracies,
    confusion_matrix,
    constant_baseline,
    predicted_classes,
)
from egoexo.visualization.class_accuracy import MAX_CLASSES, draw_class_accuracy
from egoexo.visualization.class_ranking import ClassRanking, draw_class_rankings
from egoexo.visualization.confusion_matrix import draw_confusion_matrix
from egoexo.visualization.palette import VIEW_COLORS
from egoexo.visualization.report_clips import (
    ClipList,
    ClipResults,
    absent_note,
    list_parts,
    read_clips,
    reported_cards,
    score_parts,
)
from egoexo.visualization.report_parts import Card, Note, Picture, Section, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_segmentation import ReadFrames, draw_or_tell
from egoexo.visualization.transfer import rank_segment

__all__ = ['METRICS', 'list_class_accuracies', 'read_transfer', 'transfer_cards', 'transfer_sections']

#: Columns of the score tables, the reported one first.
METRICS = ('mean_class_acc', 'top1', f'top{TOP_K}')
_DEFAULT, _NUM_SHOWN, _NUM_CONFUSIONS, _FEW_CLASSES = 'official', 3, 10, 14


def read_transfer(run: Run) -> ClipResults:
    """Look up lists and truths.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        ClipResults: Parts are empty where files are absent.
    """
    return read_clips(run, 'gt_label', lambda name: name in METRICS)


def transfer_cards(run: Run, results: ClipResults) -> list[Card]:
    """Numbers for the head of the page: the class-mean accuracy of every list.

    Args:
        run (Run): What was read from the work directory.
        results (ClipResults): Of the same run.
    """
    return reported_cards(results, METRICS[0], 1, {METRICS[1]: 'top-1', METRICS[2]: f'top-{TOP_K}'},
                          'class-mean accuracy')


def transfer_sections(run: Run, results: ClipResults, read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about a run.

    Args:
        run (Run): What was read from the work directory.
        results (ClipResults): Of the same run.
        read_frames (ReadFrames, optional): Not used: a sample is the features or the sentences of a segment.

    Returns:
        list[Section]: Scores, classes, confusions, samples, inputs; a chapter whose files are absent says so.
    """
    note = f'Percent; mean_class_acc: mean over all classes, those without a segment count 0.{_chance(results)}'
    return [
        Section('Scores', list(score_parts(run, results, METRICS, _DEFAULT, note, percent=True))),
        Section('Accuracy of each class', list(_class_parts(results))),
        Section('Confused classes', list(_confusion_parts(results))),
        Section('Samples', list(_sample_parts(results))),
        list_parts(run, results),
    ]


def _chance(results: ClipResults) -> str:
    """What the most frequent class alone would score."""
    levels = [(item.subset, constant_baseline(item.targets, item.logits.shape[1])) for item in results.predicted]
    return ' Always the most frequent class: ' + '; '.join(
        f'{subset} {scores["mean_class_acc"]:.1f} (top1 {scores["top1"]:.1f})' for subset, scores in levels
    ) + '.' if levels else ''


def _confusions(item: ClipList) -> np.ndarray:
    return confusion_matrix(item.targets, predicted_classes(item.logits), item.logits.shape[1])


def list_class_accuracies(item: ClipList) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of each class of a list in percent, NaN for classes that do not occur, and how often each occurs.

    Args:
        item (ClipList): With predictions.

    Returns:
        tuple[np.ndarray, np.ndarray]: Both (C,).
    """
    accuracies, supports = class_accuracies(_confusions(item))
    return np.where(supports > 0, 100 * accuracies, np.nan), supports


def _class_parts(results: ClipResults) -> Iterator[Picture | Note | Table]:
    if not results.predicted:
        yield absent_note('accuracy of each class')
        return
    found = {item.subset: list_class_accuracies(item) for item in results.predicted}
    for split in dict.fromkeys(subset.rpartition('_')[2] for subset in found):
        chosen = {subset: values for subset, values in found.items() if subset.rpartition('_')[2] == split}
        first = next(iter(chosen))
        colors = {subset: VIEW_COLORS.get(subset.partition('_')[0]) for subset in chosen}
        colors = colors if len({*colors.values(), None}) > len(colors) else None  # each list is of another view
        yield from draw_or_tell(
            lambda chosen=chosen, first=first, colors=colors: draw_class_accuracy(
                {subset: values[0] for subset, values in chosen.items()}, results.names, supports=chosen[first][1],
                colors=colors),
            f'Share of the segments of each class that are classified right; in brackets the segments of {first}, by '
            'which the classes are ordered. The means leave out classes without a segment (protocol ignore_absent).',
            f'Classes of {split}', f'class_accuracy_{split}')
    rows = [[name, *(cell for accuracies, supports in found.values()
                     for cell in (None if np.isnan(accuracies[index]) else float(accuracies[index]),
                                  int(supports[index])))]
            for index, name in enumerate(results.names)]
    columns = ('class', *(title for subset in found for title in (subset, 'segments')))
    yield Table(columns, rows, 'Accuracy of each class in numbers', percent=True, folded=True)


def _confusion_parts(results: ClipResults) -> Iterator[Picture | Note | Table]:
    if not results.predicted:
        yield absent_note('confusions')
        return
    tables = []
    for item in results.predicted:
        counts = _confusions(item)
        half = len(results.names) <= _FEW_CLASSES  # a half-width picture has no title but its own
        yield from draw_or_tell(
            lambda counts=counts, title=item.subset if half else '': _draw_confusions(counts, results.names, title),
            'Percent of the segments of each true class (rows) by predicted class.', item.subset,
            f'confusion_{item.subset}', half)
        wrong = counts * ~np.eye(len(counts), dtype=bool)
        largest = np.argsort(-wrong, axis=None, kind='stable')[:_NUM_CONFUSIONS]
        pairs = [(true, predicted) for true, predicted in zip(*np.unravel_index(largest, wrong.shape), strict=True)
                 if wrong[true, predicted]]
        rows = [[results.names[true], results.names[predicted], int(wrong[true, predicted]),
                 100 * float(wrong[true, predicted] / counts[true].sum())] for true, predicted in pairs]
        tables.append(Table(('true', 'predicted', 'segments', 'percent of the true class'), rows,
                            f'Most frequent confusions, {item.subset}', percent=True, folded=True))
    yield from tables


def _draw_confusions(counts: np.ndarray, class_names: Sequence[str], title: str) -> Figure:
    if len(class_names) > MAX_CLASSES:
        raise ValueError(f'{len(class_names)} classes are too many for one picture; the table names the largest.')
    return draw_confusion_matrix(counts, class_names, title)


def _sample_parts(results: ClipResults) -> Iterator[Picture | Note]:
    if not results.predicted:
        yield absent_note('samples')
        return
    by_view: dict[str, ClipList] = {}
    for item in results.predicted:
        by_view.setdefault(item.view or item.subset, item)
    for title, best in {'Missed most surely': False, 'Found most surely': True}.items():
        rows = [row for item in by_view.values() for row in _extremes(item, best)]
        caption = (f'{title}: of each view the segments whose true class gets the {"most" if best else "least"} '
                   f'probability, one per take; it is {"" if best else "not "}the likeliest one. '
                   f'Lists: {", ".join(item.subset for item in by_view.values())}.')
        if rows:
            yield from draw_or_tell(lambda rows=rows: draw_class_rankings(rows, results.names), caption, title,
                                    f'samples_{"found" if best else "missed"}')


def _extremes(item: ClipList, best: bool) -> list[ClassRanking]:
    """The right segments with the most, or the wrong ones with the least probability of the true class."""
    probabilities = softmax(item.logits.astype(np.float64), axis=1)
    wanted = np.flatnonzero((predicted_classes(item.logits) == item.targets) == best)
    own = probabilities[wanted, item.targets[wanted]]
    rows: list[ClassRanking] = []
    takes: set[object] = set()
    for index in wanted[np.argsort(-own if best else own, kind='stable')]:
        info, label, _ = item.pick(int(index))
        if info.get('uid') in takes:
            continue
        takes.add(info.get('uid'))
        rows.append(rank_segment(info, item.logits[index], int(label)))
        if len(rows) == _NUM_SHOWN:
            break
    return rows
