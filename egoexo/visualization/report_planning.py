"""Chapters of the report on action planning: scores, distance over the horizon, samples, confusions, inputs."""

from collections.abc import Iterator

import numpy as np
from scipy.special import softmax

from egoexo.evaluation.functional.planning import area_weights, best_distances, constant_logits, planning_scores
from egoexo.evaluation.functional.planning_decoding import argmax_sequences, decode
from egoexo.evaluation.protocols.planning import PROTOCOLS
from egoexo.visualization.confusion_matrix import count_confusions, draw_confusion_matrix
from egoexo.visualization.distance_curves import draw_distance_curves
from egoexo.visualization.future_steps import FutureSteps, draw_future_steps
from egoexo.visualization.report_clips import (
    ClipList,
    ClipResults,
    absent_note,
    list_parts,
    read_clips,
    reported_cards,
    score_parts,
    train_targets,
)
from egoexo.visualization.report_parts import Card, Note, Picture, Section, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_segmentation import ReadFrames, draw_or_tell
from egoexo.visualization.sample_visualizer import clip_note

__all__ = ['METRICS', 'level_curves', 'planning_cards', 'planning_sections', 'read_planning']

#: Columns of the score tables, the reported one first.
METRICS = ('1-AUED', 'AUED', *(f'ED@{z}' for z in range(1, 9)))
_DEFAULT, _NUM_WORST = 'official', 2
_NUM_SAMPLES = PROTOCOLS[_DEFAULT].num_samples


def read_planning(run: Run) -> ClipResults:
    """Look up lists and truths.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        ClipResults: Parts are empty where files are absent.
    """
    return read_clips(run, 'gt_future_steps', lambda name: name in ('1-AUED', 'AUED') or name.startswith('ED@'))


def planning_cards(run: Run, results: ClipResults) -> list[Card]:
    """Numbers for the head of the page: 1-AUED of every list.

    Args:
        run (Run): What was read from the work directory.
        results (ClipResults): Of the same run.
    """
    last = max((name for lists in results.scores.values() for scores in lists.values() for name in scores
                if name.startswith('ED@') and name[3:].isdigit()), key=lambda name: int(name[3:]), default='ED@8')
    return reported_cards(results, METRICS[0], 3, {'ED@1': 'ED@1', last: last})


def planning_sections(run: Run, results: ClipResults, read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about a planning run.

    Args:
        run (Run): What was read from the work directory.
        results (ClipResults): Of the same run.
        read_frames (ReadFrames, optional): Not used: a sample is two seconds of features.

    Returns:
        list[Section]: Scores, horizon, samples, first step, inputs; a chapter whose files are absent says so.
    """
    note = (f'Fractions. 1-AUED: one minus the area under the edit distance of the best of {_NUM_SAMPLES} sequences '
            'over the horizon. Independent draws make it noisy: compare decodings without draws (argmax, beam) too.')
    return [
        Section('Scores', list(score_parts(run, results, METRICS, _DEFAULT, note, percent=False))),
        Section('Distance over the horizon', list(_curve_parts(run, results))),
        Section('Samples', list(_sample_parts(results))),
        Section('Confusions of the first step', list(_confusion_parts(results))),
        list_parts(run, results),
    ]


def _distances(logits: np.ndarray, item: ClipList) -> list[float]:
    """ED@1 to ED@Z of logits (n, Z, C) decoded as officially."""
    names = [f'{item.subset}/{info["sample_id"]}' for info in item.infos]
    sequences = decode(logits, 'categorical', names, _NUM_SAMPLES, 0)
    scores = planning_scores(best_distances(sequences, item.targets))
    return [scores[f'ED@{z + 1}'] for z in range(item.targets.shape[1])]


def level_curves(run: Run, item: ClipList, prior: np.ndarray | None) -> dict[str, list[float]]:
    """What predictions that never look at a sample score on a list.

    Args:
        run (Run): What was read from the work directory.
        item (ClipList): With predictions.
        prior (np.ndarray | None): Truth of the training lists; adds ``'prior'``, their class frequencies.

    Returns:
        dict[str, list[float]]: ED@1 to ED@Z of ``'uniform'`` and ``'prior'``.
    """
    constants = constant_logits(prior, item.logits.shape[2], item.targets.shape[1])
    return {name: _distances(np.broadcast_to(logits, item.logits.shape), item) for name, logits in constants.items()}


def _curve_parts(run: Run, results: ClipResults) -> Iterator[Picture | Note]:
    if not results.predicted:
        yield absent_note('curve')
        return
    prior = train_targets(run, 'gt_future_steps')
    reported = results.scores.get('', {})
    for item in results.predicted:
        scores = reported.get(item.subset, {})
        names = [f'ED@{z + 1}' for z in range(item.targets.shape[1])]
        known = all(name in scores for name in names)

        def draw(item: ClipList = item, scores: dict = scores, names: list = names, known: bool = known) -> object:
            curve = [scores[name] for name in names] if known else _distances(item.logits, item)
            return draw_distance_curves({item.subset: curve}, level_curves(run, item, prior), title=item.subset)

        source = 'as reported' if known else f'drawn here from the predictions, {_NUM_SAMPLES} sequences'
        levels = 'uniform classes' + ('' if prior is None else ' and the class frequencies of the training lists')
        yield from draw_or_tell(draw, f'{item.subset}: {source}. Grey: what {levels} reach without a look at the '
                                'video.', item.subset, f'distance_{item.subset}', half=True)


def _sample_parts(results: ClipResults) -> Iterator[Picture | Note]:
    if not results.predicted:
        yield absent_note('samples')
        return
    by_view: dict[str, ClipList] = {}
    for item in results.predicted:
        by_view.setdefault(item.view or item.subset, item)
    ranked = {view: _rank(item) for view, item in by_view.items()}
    chosen = {
        'Worst': [(view, index) for view, order in ranked.items() for index in order[:_NUM_WORST]],
        'Median': [(view, order[len(order) // 2]) for view, order in ranked.items() if order],
        'Best': [(view, order[-1]) for view, order in ranked.items() if order]}
    for title, places in chosen.items():
        rows = [_as_row(by_view[view], index) for view, index in places]
        caption = (f'{title} of each view by the 1-AUED of the likeliest classes, one sample per video, rows without '
                   f'truth left out. Lists: {", ".join(item.subset for item in by_view.values())}.')
        if rows:
            yield from draw_or_tell(lambda rows=rows: draw_future_steps(rows, results.names), caption, title,
                                    f'samples_{title.lower()}')


def _rank(item: ClipList) -> list[int]:
    """Labelled samples from the worst to the best, each video once, at its worst."""
    distances = best_distances(argmax_sequences(item.logits), item.targets)
    area = distances @ area_weights(distances.shape[1])
    labelled = np.flatnonzero((item.targets >= 0).any(1))
    order, videos = [], set()
    for index in labelled[np.argsort(-area[labelled], kind='stable')].tolist():
        uid = item.infos[index]['uid']
        if uid not in videos:
            videos.add(uid)
            order.append(index)
    return order


def _as_row(item: ClipList, index: int) -> FutureSteps:
    info, targets, logits = item.pick(index)
    name, note = clip_note(info)
    return FutureSteps(name, item.view, targets, softmax(logits.astype(np.float64), axis=1),
                       item.past[index] if item.past else (), note)


def _confusion_parts(results: ClipResults) -> Iterator[Picture | Note | Table]:
    if not results.predicted:
        yield absent_note('confusion matrix')
        return
    names = results.names
    for item in results.predicted:
        first, guess = item.targets[:, 0], item.logits[:, 0].argmax(1)
        keep = first >= 0
        caption = (f'{item.subset}: share of the samples with each true next step (row) for which each class is the '
                   f'likeliest, in percent. Right: {int((first == guess)[keep].sum()):,} of {int(keep.sum()):,}.')
        yield from draw_or_tell(
            lambda first=first[keep], guess=guess[keep], title=item.subset: draw_confusion_matrix(
                count_confusions([(first, guess)] if len(first) else [], len(names)), names, title),
            caption, item.subset, f'first_step_{item.subset}', half=True, dpi=150)
