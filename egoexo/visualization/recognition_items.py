"""Reads the table of scored segments that a test of action recognition writes, and groups it."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from egoexo.errors import PredictionError, explain
from egoexo.files import check_file

__all__ = ['ACTION_COLUMNS', 'TASKS', 'ActionGroup', 'ActionItems', 'read_action_items']

#: Columns that are needed; more of them are ignored.
ACTION_COLUMNS = ('subset', 'sample_id', 'uid', 'participant_id', 'verb_class', 'verb', 'noun_class', 'noun',
                  'pred_verb_class', 'pred_verb', 'pred_noun_class', 'pred_noun', 'verb_rank', 'noun_rank')
TASKS = ('verb', 'noun')
_TEXTS = ('subset', 'sample_id', 'uid', 'participant_id')
_NUMBERS = ('verb_class', 'noun_class', 'pred_verb_class', 'pred_noun_class', 'verb_rank', 'noun_rank')
_TOP, _MAX_BYTES = 5, 2**32


@dataclass(frozen=True)
class ActionGroup:
    """Accuracies over some segments, in percent.

    Args:
        keys (tuple[object, ...]): What the segments have in common.
        num_items (int): How many.
        verb (float): Share with the right verb.
        noun (float): Share with the right noun.
        action (float): Share with both.
        verb_top5 (float): Share with the verb among the first five.
        noun_top5 (float): Share with the noun among the first five.
    """

    keys: tuple[object, ...]
    num_items: int
    verb: float
    noun: float
    action: float
    verb_top5: float
    noun_top5: float


@dataclass(frozen=True)
class ActionItems:
    """Scored segments, n in number, in the order of the file.

    Args:
        texts (dict[str, np.ndarray]): ``subset``, ``sample_id``, ``uid`` and ``participant_id``, (n,).
        numbers (dict[str, np.ndarray]): Classes and ranks by the names of their columns, int64 (n,).
        names (dict[str, dict[int, str]]): Class names by task and id, as far as they occur.
        damaged (int): Lines that could not be read and are left out.
    """

    texts: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]
    names: dict[str, dict[int, str]] = field(default_factory=dict)
    damaged: int = 0

    def __len__(self) -> int:
        return len(self.numbers['verb_class'])

    def right(self, task: str) -> np.ndarray:
        """Whether the likeliest class is the true one, bool (n,).

        Args:
            task (str): ``'verb'``, ``'noun'``, or ``'action'`` for both.
        """
        if task == 'action':
            return self.right('verb') & self.right('noun')
        return self.numbers[f'{task}_class'] == self.numbers[f'pred_{task}_class']

    def rows_of(self, column: str) -> dict[str, np.ndarray]:
        """Places of the segments of each value of a column of text, in order of appearance."""
        places: dict[str, list[int]] = {}
        for place, value in enumerate(self.texts[column].tolist()):
            places.setdefault(value, []).append(place)
        return {value: np.array(rows) for value, rows in places.items()}

    def summarise(self, rows: np.ndarray, keys: tuple[object, ...] = ()) -> ActionGroup:
        """Accuracies over some segments.

        Args:
            rows (np.ndarray): Their places, at least one.
            keys (tuple[object, ...]): What they have in common.
        """
        means = [100 * float(self.right(task)[rows].mean()) for task in (*TASKS, 'action')]
        means += [100 * float((self.numbers[f'{task}_rank'][rows] <= _TOP).mean()) for task in TASKS]
        return ActionGroup(keys, len(rows), *means)

    def group(self, *columns: str) -> list[ActionGroup]:
        """Accuracies over the segments that agree in some columns of text, in order of appearance."""
        places: dict[tuple[str, ...], list[int]] = {}
        for place, keys in enumerate(zip(*(self.texts[name].tolist() for name in columns), strict=True)):
            places.setdefault(keys, []).append(place)
        return [self.summarise(np.array(rows), keys) for keys, rows in places.items()]

    def class_accuracies(self, task: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Accuracy of every class that occurs among some segments.

        Args:
            task (str): ``'verb'`` or ``'noun'``.
            rows (np.ndarray): Places of the segments.

        Returns:
            tuple[np.ndarray, np.ndarray, np.ndarray]: Class ids, the most frequent first, accuracies in percent and
            numbers of segments, each (c,).
        """
        truth = self.numbers[f'{task}_class'][rows]
        classes, inverse, counts = np.unique(truth, return_inverse=True, return_counts=True)
        right = np.bincount(inverse, self.right(task)[rows], minlength=len(classes))
        order = np.argsort(-counts, kind='stable')
        return classes[order], (100 * right / counts)[order], counts[order]

    def confusions(self, task: str, rows: np.ndarray, classes: Sequence[int]) -> np.ndarray:
        """Count segments by true and predicted class; the last row and column hold all other classes.

        Args:
            task (str): ``'verb'`` or ``'noun'``.
            rows (np.ndarray): Places of the segments.
            classes (Sequence[int]): Ids of the c classes that are told apart.

        Returns:
            np.ndarray: int64, (c + 1, c + 1), rows are true classes.
        """
        place = {int(index): number for number, index in enumerate(classes)}
        size = len(classes) + 1
        true, predicted = (np.array([place.get(index, size - 1) for index in self.numbers[name][rows].tolist()], int)
                           for name in (f'{task}_class', f'pred_{task}_class'))
        return np.bincount(true * size + predicted, minlength=size * size).reshape(size, size)

    def class_name(self, task: str, index: int) -> str:
        """Name of a class, else its number."""
        return self.names.get(task, {}).get(int(index)) or f'class {index}'


def read_action_items(path: str | Path) -> ActionItems:
    """Read a table of segments; lines that are cut short or hold no numbers are counted and left out.

    Args:
        path (str | Path): ``items.csv`` of a test.

    Returns:
        ActionItems: All segments with both labels.

    Raises:
        PredictionError: If the file is missing, too large, no text, or lacks a column.
    """
    check_file(path, PredictionError, 'a table of segments', _MAX_BYTES)
    rows: list[tuple] = []
    damaged = 0
    names: dict[str, dict[int, str]] = {task: {} for task in TASKS}
    with open(path, newline='', encoding='utf-8', errors='replace') as file:
        reader = csv.DictReader(file)
        try:
            lacking = [name for name in ACTION_COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise PredictionError(explain(path, f'columns {", ".join(ACTION_COLUMNS)}', f'none of the name '
                                              f'{", ".join(lacking)}', 'Write it again with tools/test.py.'))
            for line in reader:
                try:
                    rows.append(_parse(line, names))
                except (ValueError, TypeError, AttributeError):
                    damaged += 1
        except csv.Error as error:
            raise PredictionError(explain(path, 'a table of segments', f'text that is no CSV ({error}) near line '
                                          f'{reader.line_num}', 'Write it again with tools/test.py.')) from error
    columns = list(zip(*rows, strict=True)) or [()] * (len(_TEXTS) + len(_NUMBERS))
    texts = {name: np.array(values, dtype=object) for name, values in zip(_TEXTS, columns[:len(_TEXTS)], strict=True)}
    numbers = {name: np.array(values, dtype=np.int64)
               for name, values in zip(_NUMBERS, columns[len(_TEXTS):], strict=True)}
    return ActionItems(texts, numbers, names, damaged)


def _parse(line: Mapping[str, str], names: dict[str, dict[int, str]]) -> tuple:
    """Texts and numbers of a line; the names of its classes are noted."""
    numbers = {name: int(line[name]) for name in _NUMBERS}
    if min(numbers.values()) < 0:
        raise ValueError
    for task in TASKS:
        for kind in (task, f'pred_{task}'):
            names[task].setdefault(numbers[f'{kind}_class'], line[kind].strip())
    return (*(line[name].strip() for name in _TEXTS), *(numbers[name] for name in _NUMBERS))
