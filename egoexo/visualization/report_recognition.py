"""Chapters of the report on action recognition: scores, classes, confusions, lengths, videos, examples, inputs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from egoexo.errors import EgoExoError, PredictionError
from egoexo.registry import DATASETS
from egoexo.visualization.action_strip import ActionStrip, draw_action_strips
from egoexo.visualization.class_accuracy import draw_class_accuracy
from egoexo.visualization.confusion_matrix import draw_confusion_matrix
from egoexo.visualization.length_accuracy import draw_length_accuracy, length_bins, length_name
from egoexo.visualization.palette import VIEW_COLORS
from egoexo.visualization.recognition import as_probabilities, make_strip, segment_times, task_names
from egoexo.visualization.recognition_items import TASKS, ActionGroup, ActionItems, read_action_items
from egoexo.visualization.report_clips import ClipList, ClipResults, reported_cards, score_cell, split_scores
from egoexo.visualization.report_inputs import input_parts
from egoexo.visualization.report_parts import Card, Note, Picture, Section, Table
from egoexo.visualization.report_run import Run
from egoexo.visualization.report_segmentation import ReadFrames, draw_or_tell

__all__ = ['METER', 'METRICS', 'RecognitionResults', 'absent_segments', 'read_recognition', 'recognition_cards',
           'recognition_sections']

#: Official scores, verb before noun before action.
METRICS = tuple(f'{split}_{task}_accuracy_at_{k}' for split, k in (('all', 1), ('all', 5), ('unseen', 1), ('tail', 1))
                for task in ('verb', 'noun', 'action'))
#: Scores of the protocol ``meter``.
METER = tuple(f'{task}_top{k}' for task in ('verb', 'noun', 'both') for k in (1, 5))
_COLUMNS = {'top-1': 'all_{}_accuracy_at_1', 'top-5': 'all_{}_accuracy_at_5',
            'unseen participants, top-1': 'unseen_{}_accuracy_at_1', 'tail classes, top-1': 'tail_{}_accuracy_at_1'}
_NUM_RANKED, _NUM_CONFUSED, _NUM_PAIRS, _NUM_EXAMPLES, _OPEN_VIDEOS, _NUM_VIDEOS = 40, 20, 15, 3, 16, 8

_OTHERS = ' The last row and column hold all others, so its diagonal is no accuracy.'


@dataclass
class RecognitionResults(ClipResults):
    """What the chapters are made of.

    Args:
        lists (list[ClipList]): Lists of the test; their names, sizes and problems.
        names (tuple[str, ...]): Empty: classes are named by task.
        scores (dict[str, dict[str, dict[str, float]]]): ``[protocol][list][metric]``, the protocol empty for the
            reported numbers.
        items (ActionItems | None): Scored segments; None without the file.
        problem (str): Why the file could not be read.
        infos (dict[tuple[str, str], dict]): Items of the lists by list and id, as far as the lists could be read.
        classes (dict[str, Sequence[str]]): Class names by task.
    """

    items: ActionItems | None = None
    problem: str = ''
    infos: dict[tuple[str, str], dict] = field(default_factory=dict, repr=False)
    classes: dict[str, Sequence[str]] = field(default_factory=dict, repr=False)


def read_recognition(run: Run) -> RecognitionResults:
    """Look up scores, scored segments and the lists they are from; no frame is opened.

    Args:
        run (Run): What was read from the work directory.

    Returns:
        RecognitionResults: Parts are empty where files are absent.
    """
    items, problem, path = None, '', run.work_dir / 'items.csv'
    if path.is_file():
        try:
            items = read_action_items(path)
        except PredictionError as error:
            problem = str(error)
    scores = split_scores(run.metrics, lambda name: name in METRICS + METER)
    results = RecognitionResults([], (), scores, items, problem)
    for config in run.datasets('test') or run.datasets('val'):
        found = ClipList(str(config.get('subset') or config.get('ann_file')), 'ego')
        results.lists.append(found)
        try:
            settings = {key: value for key, value in config.items() if key not in ('lazy_init', 'pipeline')}
            dataset = DATASETS.build(settings | {'lazy_init': True})
            rows = dataset.list_samples()
            found.subset, found.listed = str(dataset.subset), len(rows)
            results.infos |= {(found.subset, str(row['sample_id'])): row for row in rows}
            results.classes = results.classes or task_names(dataset.metainfo.get('classes'))
        except Exception as error:  # of a class that need not be ours: one list must not take the page down
            found.problem = str(error) if isinstance(error, EgoExoError) else f'{type(error).__name__}: {error}'
    return results


def recognition_cards(run: Run, results: RecognitionResults) -> list[Card]:
    """Numbers for the head of the page: action accuracy of every list, verb and noun below it.

    Args:
        run (Run): What was read from the work directory.
        results (RecognitionResults): Of the same run.
    """
    details = {METRICS[0]: 'verb', METRICS[1]: 'noun', METRICS[5]: 'action top-5'}
    return reported_cards(results, METRICS[2], 1, details, 'action top-1')


def recognition_sections(run: Run, results: RecognitionResults, read_frames: ReadFrames | None = None) -> list[Section]:
    """Chapters about a run.

    Args:
        run (Run): What was read from the work directory.
        results (RecognitionResults): Of the same run.
        read_frames (ReadFrames, optional): Not used: frames of a segment are read from the files of the list.

    Returns:
        list[Section]: Scores, classes, confusions, lengths, videos, examples, inputs; a chapter whose files are absent
        says so.
    """
    return [
        Section('Scores', list(_score_parts(run, results))),
        Section('Accuracy of each class', list(_class_parts(results))),
        Section('Confused classes', list(_confusion_parts(results))),
        Section('Length of the segment', list(_length_parts(results))),
        Section('Videos, worst first', list(_video_parts(results))),
        Section('Examples', list(_example_parts(run, results))),
        Section('Inputs and what was left out', list(_input_parts(run, results))),
    ]


def absent_segments(results: RecognitionResults, what: str) -> Iterator[Note]:
    """Says why a chapter made of single segments is not there, or that lines of their file are damaged.

    Args:
        results (RecognitionResults): Of a run.
        what (str): What is absent.

    Yields:
        Note: At most one.
    """
    if results.problem:
        yield Note(f'No {what}: {results.problem}', 'warning')
    elif results.items is None or not len(results.items):
        yield Note(f'No {what}: this needs items.csv, the table of scored segments that a test writes '
                   '(RecognitionMetric, item_file).', 'warning')
    elif results.items.damaged:
        yield Note(f'{results.items.damaged} damaged line(s) of items.csv were left out.', 'warning')


def _lists(results: RecognitionResults) -> dict[str, np.ndarray]:
    """Places of the segments of each list."""
    return results.items.rows_of('subset') if results.items is not None else {}


def _score_parts(run: Run, results: RecognitionResults) -> Iterator[Table | Note]:
    if not results.scores:
        yield Note('No metrics were found: neither scalars.json of a test nor a validation in the log.', 'warning')
        return
    digests = run.score_info.get('protocols')
    digests = digests if isinstance(digests, Mapping) else {}
    sizes = {item.subset: item.listed for item in results.lists if item.listed}
    for prefix, lists in sorted(results.scores.items()):
        for subset, scores in lists.items():
            title = (f'{subset}{f", {sizes[subset]:,} segments" if subset in sizes else ""}, {prefix or "official"} '
                     f'[{digests.get(prefix or "official") or "hash not noted"}]')
            yield _score_table(scores, title, f'Percent. From: {run.metrics_from}.', bool(prefix))


def _score_table(scores: Mapping[str, float], title: str, note: str, folded: bool) -> Table:
    """Verb, noun and action below each other."""
    columns, tasks = _COLUMNS, ('verb', 'noun', 'action')
    if any(name in scores for name in METER):
        columns, tasks = {f'top-{k}': f'{{}}_top{k}' for k in (1, 5)}, ('verb', 'noun', 'both')
        note = f'Both: verb and noun are each among the first k. {note}'
    else:
        note = f'Action: the pairs of a verb and a noun, ranked by the sum of their scores. {note}'
    shown = {head: name for head, name in columns.items() if any(name.format(task) in scores for task in tasks)}
    rows = [[task, *(score_cell(scores, name.format(task)) for name in shown.values())] for task in tasks]
    return Table(('', *shown), rows, title, note, percent=True, folded=folded)


def _class_parts(results: RecognitionResults) -> Iterator[Picture | Note | Table]:
    yield from absent_segments(results, 'accuracy of each class')
    tables = []
    for subset, rows in _lists(results).items():
        for task in TASKS:
            classes, accuracies, counts = results.items.class_accuracies(task, rows)
            names = [results.items.class_name(task, index) for index in classes]
            yield from draw_or_tell(
                lambda names=names, accuracies=accuracies, counts=counts, subset=subset: _draw_ranking(
                    names, accuracies, counts, subset),
                f'Share of the segments of each {task} whose {task} is right, the best {task} on top, of the '
                f'{min(len(names), _NUM_RANKED)} most frequent of {len(names)} that occur; in brackets the segments.',
                f'{task.capitalize()}s of {subset}', f'class_accuracy_{task}_{subset}')
            tables.append(Table((task, 'segments', 'accuracy'), [
                [name, int(count), float(value)] for name, count, value in zip(names, counts, accuracies, strict=True)],
                f'All {len(names)} {task}s of {subset} in numbers', percent=True, folded=True))
    yield from tables


def _draw_ranking(names: Sequence[str], accuracies: np.ndarray, counts: np.ndarray, subset: str) -> Figure:
    labels = [f'{name}  ({count:,})' for name, count in zip(names, counts, strict=True)][:_NUM_RANKED]
    return draw_class_accuracy({subset: accuracies[:_NUM_RANKED]}, labels, colors={subset: VIEW_COLORS['ego']})


def _confusion_parts(results: RecognitionResults) -> Iterator[Picture | Note | Table]:
    yield from absent_segments(results, 'confusions')
    tables = []
    for subset, rows in _lists(results).items():
        for task in TASKS:
            classes = results.items.class_accuracies(task, rows)[0][:_NUM_CONFUSED]
            counts = results.items.confusions(task, rows, classes.tolist())
            names = [*(results.items.class_name(task, index) for index in classes), 'all others']
            yield from draw_or_tell(
                lambda counts=counts, names=names: draw_confusion_matrix(counts, names),
                f'Percent of the segments of each true {task} (rows) by predicted {task}: the {len(classes)} most '
                f'frequent ones, numbered by frequency.{_OTHERS if counts[-1].any() or counts[:, -1].any() else ""}',
                f'{task.capitalize()}s of {subset}', f'confusion_{task}_{subset}')
            tables.append(_confusion_table(results.items, task, rows, subset))
    yield from tables


def _confusion_table(items: ActionItems, task: str, rows: np.ndarray, subset: str) -> Table:
    """The largest numbers of segments that one class was taken for another."""
    wrong = rows[~items.right(task)[rows]]
    truth, predicted = (items.numbers[name] for name in (f'{task}_class', f'pred_{task}_class'))
    pairs, counts = np.unique(np.stack([truth[wrong], predicted[wrong]]), axis=1, return_counts=True)
    shown = np.argsort(-counts, kind='stable')[:_NUM_PAIRS]
    table = [[items.class_name(task, pairs[0, place]), items.class_name(task, pairs[1, place]), int(counts[place]),
              100 * float(counts[place] / (truth[rows] == pairs[0, place]).sum())] for place in shown]
    return Table((f'true {task}', 'predicted', 'segments', 'percent of the true class'), table,
                 f'Most frequent confusions of {task}s, {subset}', percent=True, folded=True)


def _lengths(results: RecognitionResults, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the segments whose length is known, and seconds."""
    places, seconds = [], []
    for row in rows.tolist():
        info = results.infos.get((results.items.texts['subset'][row], results.items.texts['sample_id'][row]), {})
        times = segment_times(info)
        if times is not None:
            places.append(row)
            seconds.append(times[1] - times[0])
    return np.array(places, dtype=np.int64), np.array(seconds)


def _length_parts(results: RecognitionResults) -> Iterator[Picture | Note | Table]:
    yield from absent_segments(results, 'accuracy by length')
    for subset, rows in _lists(results).items():
        known, seconds = _lengths(results, rows)
        if not len(known):
            yield Note(f'{subset}: no length is known, since the list that the config names could not be read.',
                       'warning')
            continue
        bins = length_bins(seconds)
        groups = {place: results.items.summarise(known[bins == place]) for place in np.unique(bins).tolist()}
        accuracies = {task: [getattr(group, task) for group in groups.values()] for task in (*TASKS, 'action')}
        counts = [group.num_items for group in groups.values()]
        yield from draw_or_tell(
            lambda groups=groups, counts=counts, accuracies=accuracies, subset=subset: draw_length_accuracy(
                list(groups), counts, accuracies, title=subset),
            f'{subset}: share of the segments that are classified right, by their length.', subset,
            f'length_{subset}', half=True)
        yield Table(('length', 'segments', *_GROUP_COLUMNS), [
            [length_name(place), group.num_items, *_group_cells(group)] for place, group in groups.items()],
            f'{subset} by length in numbers', percent=True, folded=True)


_GROUP_COLUMNS = ('verb', 'noun', 'action', 'verb top-5', 'noun top-5')


def _group_cells(group: ActionGroup) -> list[float]:
    return [group.verb, group.noun, group.action, group.verb_top5, group.noun_top5]


def _video_parts(results: RecognitionResults) -> Iterator[Note | Table]:
    yield from absent_segments(results, 'scores of videos')
    if results.items is None or not len(results.items):
        return
    videos = sorted(results.items.group('subset', 'uid'), key=lambda group: (group.action, group.verb + group.noun))
    columns = ('list', 'video', 'segments', *_GROUP_COLUMNS)
    rows = [[*group.keys, group.num_items, *_group_cells(group)] for group in videos]
    if len(rows) > _OPEN_VIDEOS:
        yield Table(columns, [*rows[:_NUM_VIDEOS], *rows[-_NUM_VIDEOS:]],
                    f'The {_NUM_VIDEOS} worst and the {_NUM_VIDEOS} best videos', percent=True)
    yield Table(columns, rows, f'All {len(rows)} videos, worst first', 'By the share of right actions.', percent=True,
                folded=len(rows) > _OPEN_VIDEOS)
    people = sorted(results.items.group('subset', 'participant_id'), key=lambda group: group.action)
    yield Table(('list', 'participant', 'segments', *_GROUP_COLUMNS), [
        [*group.keys, group.num_items, *_group_cells(group)] for group in people],
        f'All {len(people)} participants, worst first', percent=True, folded=True)


def _example_parts(run: Run, results: RecognitionResults) -> Iterator[Picture | Note]:
    yield from absent_segments(results, 'examples')
    names = results.classes or (results.items.names if results.items is not None else {})
    for subset, rows in _lists(results).items():
        scores = _scores(run, results, subset)
        for title, best in {'Missed most surely': False, 'Found most surely': True}.items():
            strips = _examples(results, rows, scores, best)
            if not strips:
                continue
            order = 'with the least probability of the true ones' if not best else 'with the most probability'
            caption = (f'{subset}: segments of which verb and noun are {"right" if best else "both wrong"}, '
                       f'{order if scores else "in the order of the list"}, one per video.')
            yield from draw_or_tell(lambda strips=strips: draw_action_strips(strips, names), caption,
                                    f'{title}, {subset}' if scores else f'{"Right" if best else "Wrong"}, {subset}',
                                    f'examples_{"found" if best else "missed"}_{subset}')


def _scores(run: Run, results: RecognitionResults, subset: str) -> dict[str, dict[str, np.ndarray]]:
    """Predicted scores by segment and task, from the dump of the test; empty without one that fits."""
    arrays = run.predictions or {}
    ids, verb, noun = (arrays.get(f'{subset}/{name}') for name in ('ids', *TASKS))
    if ids is None or verb is None or noun is None or not len(ids) == len(verb) == len(noun):
        return {}
    return {str(name): {'verb': verb[place], 'noun': noun[place]} for place, name in enumerate(ids.tolist())}


def _examples(results: RecognitionResults, rows: np.ndarray, scores: Mapping[str, Mapping[str, np.ndarray]],
              best: bool) -> list[ActionStrip]:
    """Segments that are right, or wrong in both, one per video."""
    items = results.items
    wanted = rows[items.right('action')[rows] if best else ~items.right('verb')[rows] & ~items.right('noun')[rows]]
    sure = np.array([_sureness(items, scores.get(items.texts['sample_id'][row]), row) for row in wanted.tolist()])
    strips: dict[str, ActionStrip] = {}
    for row in wanted[np.argsort(-sure if best else sure, kind='stable')].tolist():
        sample_id, uid = items.texts['sample_id'][row], items.texts['uid'][row]
        if uid in strips:
            continue
        info = results.infos.get((items.texts['subset'][row], sample_id), {'sample_id': sample_id, 'uid': uid})
        strips[uid] = make_strip(info, scores.get(sample_id, {}),
                                 {task: int(items.numbers[f'{task}_class'][row]) for task in TASKS})
        if len(strips) == _NUM_EXAMPLES:
            break
    return list(strips.values())


def _sureness(items: ActionItems, scores: Mapping[str, np.ndarray] | None, row: int) -> float:
    """Probability of the true verb times that of the true noun; 0 where they are not known."""
    if scores is None:
        return 0.0
    shares = 1.0
    for task in TASKS:
        label = int(items.numbers[f'{task}_class'][row])
        shares *= float(as_probabilities(scores[task])[label]) if label < len(scores[task]) else 0.0
    return shares


def _input_parts(run: Run, results: RecognitionResults) -> Iterator[object]:
    yield from input_parts(run)
    scored = {subset: len(rows) for subset, rows in _lists(results).items()}
    rows = [[item.subset, item.listed, scored.get(item.subset), item.problem or 'read'] for item in results.lists]
    if rows:
        yield Table(('list', 'segments listed', 'scored', 'list file'), rows, 'Segments found by this page')
