"""Keys and tables of the scores of action recognition, and records of its segments and classes."""

from collections.abc import Mapping, Sequence

from egoexo.evaluation.functional.clip_groups import by_list, group_scalars
from egoexo.evaluation.functional.recognition import TOP_K, predicted_classes
from egoexo.evaluation.functional.recognition_groups import (
    NO_SUBSETS,
    RecognitionGroup,
    RecognitionList,
    RecognitionRow,
    RecognitionSubsets,
)

__all__ = ['class_records', 'item_records', 'recognition_scalars', 'recognition_table']


def recognition_scalars(groups: Sequence[RecognitionGroup], class_names: Mapping[str, Sequence[str]] | None = None,
                        per_class: bool = False) -> dict[str, float]:
    """Every number by its key.

    Args:
        groups (Sequence[RecognitionGroup]): What :func:`recognition_groups` returns.
        class_names (Mapping[str, Sequence[str]] | None): Names by task; ids are used without.
        per_class (bool): Add the classes that occur.

    Returns:
        dict[str, float]: Percent: ``<list>/all_verb_accuracy_at_1``, with another protocol than the official one in
        front; ``..._low`` and ``..._high`` of the intervals; ``<list>/verb_accuracy/<class>``.
    """
    return group_scalars(groups) | {
        f'{record["subset"]}/{record["task"]}_accuracy/{record["name"]}': record['accuracy']
        for record in (class_records(groups, class_names) if per_class else ()) if record['samples']}


def class_records(groups: Sequence[RecognitionGroup],
                  class_names: Mapping[str, Sequence[str]] | None = None) -> list[dict[str, object]]:
    """One record per list, task and class.

    Args:
        groups (Sequence[RecognitionGroup]): Made with ``per_class=True``.
        class_names (Mapping[str, Sequence[str]] | None): Names by task; ids are used without.

    Returns:
        list[dict[str, object]]: ``accuracy`` is in percent, and empty for a class without a segment.
    """
    return [{'subset': group.subset, 'task': task, 'class': index, 'name': _name(class_names, task, index),
             'samples': int(support), 'correct': int(correct), 'accuracy': 100 * correct / support if support else ''}
            for group in groups for task, counts in group.classes.items()
            for index, (correct, support) in enumerate(zip(counts.correct.tolist(), counts.support.tolist(),
                                                           strict=True))]


def _name(class_names: Mapping[str, Sequence[str]] | None, task: str, index: int) -> str:
    return str(index) if not (class_names or {}).get(task) else class_names[task][index]


def item_records(rows: Sequence[RecognitionRow], subsets: RecognitionSubsets = NO_SUBSETS,
                 class_names: Mapping[str, Sequence[str]] | None = None) -> list[dict[str, object]]:
    """One record per labelled segment, list by list.

    Args:
        rows (Sequence[RecognitionRow]): Segments of all lists.
        subsets (RecognitionSubsets): Tail classes and unseen participants.
        class_names (Mapping[str, Sequence[str]] | None): Names by task; ids are used without.

    Returns:
        list[dict[str, object]]: Truth, first prediction and place of the truth. ``action_rank`` is that of protocol
        ``'official'``, empty beyond the first five; the marks of a subset that is not known are empty.

    Raises:
        PredictionError: As :func:`recognition_groups`.
    """
    records = []
    for members in by_list(rows).values():
        data = RecognitionList(members, subsets)
        if not data.rows:
            continue
        actions = data.action_ranks('sum').tolist()
        predicted = {task: predicted_classes(scores).tolist() for task, scores in data.scores.items()}
        for index, row in enumerate(data.rows):
            record = dict(subset=row.subset, sample_id=row.sample_id, uid=row.uid, participant_id=row.participant_id)
            for task, labels in data.labels.items():
                record |= {f'{task}_class': int(labels[index]), task: _name(class_names, task, labels[index])}
            for task, classes in predicted.items():
                record |= {f'pred_{task}_class': classes[index], f'pred_{task}': _name(class_names, task,
                                                                                      classes[index])}
            record |= {f'{task}_rank': int(ranks[index]) for task, ranks in data.ranks.items()}
            record['action_rank'] = actions[index] if actions[index] <= max(TOP_K) else ''
            for mark, value, known in (
                    ('tail_verb', record['verb_class'], subsets.tail_verbs),
                    ('tail_noun', record['noun_class'], subsets.tail_nouns),
                    ('unseen', row.participant_id, subsets.unseen_participants)):
                record[mark] = '' if known is None else int(value in known)
            records.append(record)
    return records


def recognition_table(groups: Sequence[RecognitionGroup], digits: int = 2) -> list[list[str]]:
    """Table of scores for people, one line per protocol, list and subset.

    Args:
        groups (Sequence[RecognitionGroup]): Not empty.
        digits (int): Behind the point; intervals stand in brackets behind their value.

    Returns:
        list[list[str]]: Header first. Segments of a tail subset are those of verb / noun / action.
    """
    columns = list(dict.fromkeys(_split(name)[1] for group in groups for name in group.scores))
    lines = [['Protocol', 'List', 'Subset', 'Segments', 'Videos', *columns]]
    for group in groups:
        for subset in dict.fromkeys(_split(name)[0] for name in group.scores):
            own = {_split(name)[1]: name for name in group.scores if _split(name)[0] == subset}
            counts = list(dict.fromkeys(f'{group.counts[name]:,}' for name in own.values()))
            lines.append([group.protocol, group.subset, subset, ' / '.join(counts),
                          str(group.num_videos) if subset == 'all' else '',
                          *(_cell(group, own.get(column), digits) for column in columns)])
    return lines


def _split(name: str) -> tuple[str, str]:
    """Subset and column, e.g. ``'all'`` and ``'Verb@1'``."""
    if '_accuracy_at_' not in name:
        task, _, k = name.partition('_top')
        return 'all', f'{task.capitalize()}@{k}'
    subset, task, *_, k = name.split('_')
    return subset, f'{task.capitalize()}@{k}'


def _cell(group: RecognitionGroup, name: str | None, digits: int) -> str:
    if name is None:
        return '-'
    text = f'{group.scores[name]:.{digits}f}'
    if name not in group.intervals:
        return text
    low, high = group.intervals[name]
    return f'{text} [{low:.{digits}f}, {high:.{digits}f}]'
