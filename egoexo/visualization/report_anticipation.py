"""Chapters of the report on action anticipation: scores, recall of each class, samples, inputs."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import softmax

from egoexo.evaluation.functional.anticipation import TOP_K, clipped_k, per_class_recall, sample_recalls, top_k_mask
from egoexo.visualization.class_ranking import ClassRanking, draw_class_rankings
from egoexo.visualization.class_recall import draw_class_recall
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
from egoexo.visualization.sample_visualizer import clip_note

__all__ = ['METRICS', 'anticipation_cards', 'anticipation_sections', 'class_recalls', 'read_anticipation']

#: Columns of the score tables, the reported one first.
METRICS = (f'macro_recall@{TOP_K}', f'micro_recall@{TOP_K}', f'samples_recall@{TOP_K}', f'macro_precision@{TOP_K}',
           'mAP')
_DEFAULT, _NUM_SHOWN = 'clean', 3


def read_anticipation(run: Run) -> ClipResults:
    """Look up lists and truths.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        ClipResults: Parts are empty where files are absent.
    """
    return read_clips(run, 'gt_class_targets', lambda name: name.partition('@')[0] in {
        metric.partition('@')[0] for metric in METRICS})


def anticipation_cards(run: Run, results: ClipResults) -> list[Card]:
    """Numbers for the head of the page: the class-mean recall of every list.

    Args:
        run (Run): What was read from the work directory.
        results (ClipResults): Of the same run.
    """
    return reported_cards(results, METRICS[0], 1, {'mAP': 'mAP', METRICS[1]: 'micro'}, f'class-mean R@{TOP_K}')


def anticipation_sections(run: Run, results: ClipResults, read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about an anticipation run.

    Args:
        run (Run): What was read from the work directory.
        results (ClipResults): Of the same run.
        read_frames (ReadFrames, optional): Not used: a sample is two seconds of features.

    Returns:
        list[Section]: Scores, classes, samples, inputs; a chapter whose files are absent says so.
    """
    chance = f' Any constant prediction scores {_chance(results):.2f} (macro recall).' if results.names else ''
    note = f'Percent; macro: mean over all classes of the recall of the {TOP_K} likeliest.{chance}'
    return [
        Section('Scores', list(score_parts(run, results, METRICS, _DEFAULT, note, percent=True))),
        Section('Recall of each class', list(_class_parts(results))),
        Section('Samples', list(_sample_parts(results))),
        list_parts(run, results),
    ]


def _chance(results: ClipResults) -> float:
    return 100 * clipped_k(TOP_K, len(results.names))[0] / len(results.names)


def class_recalls(item: ClipList) -> tuple[np.ndarray, np.ndarray]:
    """Recall of each class of a list in percent, NaN for classes that do not occur, and how often each occurs.

    Args:
        item (ClipList): With predictions.

    Returns:
        tuple[np.ndarray, np.ndarray]: Both (C,).
    """
    supports = (item.targets > 0).sum(0)
    recalls = 100 * per_class_recall(top_k_mask(item.logits), item.targets)
    return np.where(supports > 0, recalls, np.nan), supports


def _class_parts(results: ClipResults) -> Iterator[Picture | Note | Table]:
    if not results.predicted:
        yield absent_note('recall of each class')
        return
    found = {item.subset: class_recalls(item) for item in results.predicted}
    splits = list(dict.fromkeys(subset.rpartition('_')[2] for subset in found))
    for split in splits:
        chosen = {subset: values for subset, values in found.items() if subset.rpartition('_')[2] == split}
        counted = dict(list(chosen.items())[:2])  # more numbers than two would fill the names
        yield from draw_or_tell(
            lambda chosen=chosen, counted=counted: draw_class_recall(
                {subset: values[0] for subset, values in chosen.items()}, results.names,
                supports={subset: values[1] for subset, values in counted.items()}, chance=_chance(results)),
            f'Share of the positives of each class that the {TOP_K} likeliest classes hold; in brackets the positives '
            f'of {" / ".join(counted)}. Their mean is the reported number.', f'Classes of {split}',
            f'class_recall_{split}')
    rows = [[name, *(cell for recalls, supports in found.values()
                     for cell in (None if np.isnan(recalls[index]) else float(recalls[index]), int(supports[index])))]
            for index, name in enumerate(results.names)]
    columns = ('class', *(title for subset in found for title in (subset, 'positives')))
    yield Table(columns, rows, 'Recall of each class in numbers', percent=True, folded=True)


def _sample_parts(results: ClipResults) -> Iterator[Picture | Note]:
    if not results.predicted:
        yield absent_note('samples')
        return
    by_view: dict[str, ClipList] = {}
    for item in results.predicted:
        by_view.setdefault(item.view or item.subset, item)
    chosen = {'Missed most surely': False, 'Found most surely': True}
    for title, best in chosen.items():
        rows = [row for item in by_view.values() for row in _extremes(item, best)]
        caption = (f'{title.lower().capitalize()}: of each view the samples whose true classes get the '
                   f'{"most" if best else "least"} probability, one per video; {"all" if best else "not all"} of them '
                   f'are among the {TOP_K} likeliest. {_lists(by_view)}')
        if rows:
            yield from draw_or_tell(lambda rows=rows: draw_class_rankings(rows, results.names), caption, title,
                                    f'samples_{"found" if best else "missed"}')


def _lists(by_view: dict[str, ClipList]) -> str:
    return f'Lists: {", ".join(item.subset for item in by_view.values())}.'


def _extremes(item: ClipList, best: bool) -> Sequence[ClassRanking]:
    """The fully found samples with the most, or the others with the least probability on a true class."""
    probabilities = softmax(item.logits.astype(np.float64), axis=1)
    labelled = np.flatnonzero((item.targets > 0).any(1))
    recall = sample_recalls(top_k_mask(item.logits), item.targets)
    wanted = labelled[(recall[labelled] == 1) == best]
    mass = (probabilities * (item.targets > 0)).max(1)
    ranked = wanted[np.argsort(mass[wanted], kind='stable')]
    rows, videos = [], set()
    for index in (reversed(ranked) if best else ranked):
        info, targets, _ = item.pick(int(index))
        if info['uid'] in videos:
            continue
        videos.add(info['uid'])
        name, note = clip_note(info)
        rows.append(ClassRanking(name, item.view, probabilities[index], np.flatnonzero(targets).tolist(), note))
        if len(rows) == _NUM_SHOWN:
            break
    return rows
