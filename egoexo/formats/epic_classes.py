"""Class tables of EPIC-Kitchens-100, and the lists of what is rare or unseen."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.formats.csv_table import read_csv_columns, read_csv_table, require

__all__ = ['EpicSubsets', 'find_subsets', 'read_class_names', 'read_participants', 'read_tail_classes']

_NUMBER = re.compile(r'[0-9]{1,6}')
_PARTICIPANT = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]{0,99}')
_CLASS_COLUMNS = (('id', 'key'), ('verb_id', 'class_key'), ('noun_id', 'class_key'))
#: What VISOR has added to the nouns, as classes 300 to 304; no action is labelled with them.
_NUM_NOUNS, _VISOR_NOUNS = 300, ['hand:left', 'hand:right', 'foot', 'glove:left', 'glove:right']


class EpicSubsets(NamedTuple):
    """What the official evaluation scores apart.

    Args:
        tail_verbs (frozenset[int]): Classes of rare verbs.
        tail_nouns (frozenset[int]): Classes of rare nouns.
        unseen_participants (frozenset[str]): People who do not occur in training.
    """

    tail_verbs: frozenset[int]
    tail_nouns: frozenset[int]
    unseen_participants: frozenset[str]


def read_class_names(path: str | os.PathLike) -> list[str]:
    """Read ``EPIC_100_verb_classes.csv`` (97 names), ``EPIC_100_noun_classes.csv`` (300) or a table like them.

    Args:
        path (str | os.PathLike): Columns ``id``, from 0 in order, and ``key``; or, as in EPIC-Kitchens-55,
            ``verb_id`` or ``noun_id`` and ``class_key``.

    Returns:
        list[str]: Names by class id.

    Raises:
        AnnotationError: If the file is missing or malformed, or is ``EPIC_100_noun_classes_v2.csv``, whose five further
            nouns belong to segmentation of objects.
    """
    head, _ = read_csv_table(path, 'a class table')
    columns = next((pair for pair in _CLASS_COLUMNS if set(pair) <= set(head)), _CLASS_COLUMNS[0])
    names = []
    for where, (number, name) in read_csv_columns(path, 'a class table', columns):
        require(number == str(len(names)), where, f'class {len(names)}, in order', repr(number))
        require(name, where, 'the name of a class', 'an empty field')
        names.append(name)
    if names[_NUM_NOUNS:] == _VISOR_NOUNS:
        raise AnnotationError(explain(path, f'the {_NUM_NOUNS} nouns of action recognition',
                                      f'{len(names)}, five of them added for the segmentation of objects',
                                      'Take EPIC_100_noun_classes.csv in place of the file that ends in _v2.csv.'))
    return names


def read_tail_classes(path: str | os.PathLike) -> frozenset[int]:
    """Read ``EPIC_100_tail_verbs.csv`` or ``EPIC_100_tail_nouns.csv``.

    Args:
        path (str | os.PathLike): One column, ``verb`` or ``noun``.

    Returns:
        frozenset[int]: Class ids.

    Raises:
        AnnotationError: If the file is missing or malformed.
    """
    head, rows = read_csv_table(path, 'a list of rare classes')
    require(head in (['verb'], ['noun']), f'{path} line 1', 'the column verb or noun', ','.join(head))
    for line, (cell,) in rows:
        require(_NUMBER.fullmatch(cell), f'{path} line {line}', 'a class id', repr(cell))
    return frozenset(int(cell) for _, (cell,) in rows)


def read_participants(path: str | os.PathLike) -> frozenset[str]:
    """Read ``EPIC_100_unseen_participant_ids_validation.csv``.

    Args:
        path (str | os.PathLike): One column, ``participant_id``.

    Returns:
        frozenset[str]: Such as ``P18``.

    Raises:
        AnnotationError: If the file is missing or malformed.
    """
    names = []
    for where, (name,) in read_csv_columns(path, 'a list of participants', ('participant_id',)):
        require(_PARTICIPANT.fullmatch(name), where, 'the name of a participant', repr(name))
        names.append(name)
    return frozenset(names)


def find_subsets(folder: str | os.PathLike) -> EpicSubsets:
    """Read what the validation list is scored by, from a folder with the released annotations.

    Args:
        folder (str | os.PathLike): Holds ``EPIC_100_tail_verbs.csv``, ``EPIC_100_tail_nouns.csv`` and
            ``EPIC_100_unseen_participant_ids_validation.csv``; the file of the same name for the test list names other
            people, none of whom occurs in validation.

    Returns:
        EpicSubsets: Classes and participants.

    Raises:
        AnnotationError: If a file is missing or malformed.
    """
    folder = Path(folder)
    return EpicSubsets(read_tail_classes(folder / 'EPIC_100_tail_verbs.csv'),
                       read_tail_classes(folder / 'EPIC_100_tail_nouns.csv'),
                       read_participants(folder / 'EPIC_100_unseen_participant_ids_validation.csv'))
