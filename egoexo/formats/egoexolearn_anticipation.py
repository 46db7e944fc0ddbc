"""Official files of EgoExoLearn's action anticipation benchmark, read and written unchanged.

The release tells the actions twice: as six CSV tables (``balanced_full_annotation``), and as lists that the official
code reads. Each released list also holds, in front of its own rows, the rows of all lists that were made before it in
its folder (:data:`OWN_ROWS`), so the tables are what one wants.
"""

import csv
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.formats.clip_list import SECONDS, ClassLists, KnownVideos, read_rows, write_rows

__all__ = ['CLASS_FILES', 'COTRAIN_LIST', 'OWN_ROWS', 'PARTS', 'TABLE_FOLDER', 'TAXONOMY_FILES', 'ActionRow',
           'ListedAction', 'list_actions', 'list_name', 'own_rows', 'read_action_list', 'read_action_table',
           'read_class_ids', 'read_taxonomy', 'rows_in_front', 'short_name', 'table_name', 'write_action_list',
           'write_action_table']

#: What is anticipated.
PARTS = ('verb', 'noun')
TABLE_FOLDER = 'balanced_full_annotation'
#: By part, in :data:`TABLE_FOLDER`: one taxonomy id per line, whose line number is the class id.
CLASS_FILES = dict(verb='valid_verbs.txt', noun='valid_nouns.txt')
TAXONOMY_FILES = dict(verb='narration_verb_taxonomy.csv', noun='narration_noun_taxonomy.csv')
COTRAIN_LIST = 'list_egoexo_cotraining.txt'
_HEADER = ('video_id', 'annotation_id', 'start_sec', 'end_sec', 'verb', 'noun', 'scenario')
_SECONDS = re.compile(SECONDS)
_LISTED = re.compile(rf'([^|]{{1,200}})\|({SECONDS})\|({SECONDS})\|(\[[^|\]]{{0,1000}}\])')


def table_name(view: str, split: str) -> str:
    """File name of a released CSV table, e.g. ``'exo_val_valid.csv'``."""
    return f'{view}_{split}_valid.csv'


def list_name(view: str, split: str) -> str:
    """File name of a released list, e.g. ``'list_exo_val_ego_exo-feature.txt'``."""
    return f'list_{view}_{split}_ego_exo-feature.txt'


_VERB_ROWS = {
    list_name('exo', 'val'): 1960, list_name('ego', 'train'): 33496, list_name('ego', 'test'): 16975,
    list_name('exo', 'test'): 4481, COTRAIN_LIST: 39440, list_name('exo', 'train'): 5944,
    list_name('ego', 'val'): 7542}
#: Rows that belong to each released list, by folder and file name, in the order in which the lists were made. A
#: released file holds its own rows behind those of all that stand before it here.
OWN_ROWS: dict[str, dict[str, int]] = {
    'noun': {
        list_name('ego', 'test'): 15231, COTRAIN_LIST: 37293, list_name('exo', 'train'): 5881,
        list_name('ego', 'train'): 31412, list_name('exo', 'val'): 1915, list_name('exo', 'test'): 4496,
        list_name('ego', 'val'): 6729},
    'noun_gazed': {
        list_name('exo', 'train'): 5881, list_name('ego', 'test'): 15231, list_name('ego', 'train'): 31412,
        list_name('exo', 'val'): 1915, list_name('ego', 'val'): 6729, list_name('exo', 'test'): 4496,
        COTRAIN_LIST: 37293},
    'verb': _VERB_ROWS,
    'verb_gazed': _VERB_ROWS,
}


class ActionRow(NamedTuple):
    """One row of a CSV table.

    Args:
        uid (str): Official video uid.
        annotation_id (str): Unique in the release.
        start_text (str): Seconds as printed in the file.
        end_text (str): Seconds as printed in the file.
        verbs (tuple[int, ...]): Taxonomy ids, perhaps none.
        nouns (tuple[int, ...]): Taxonomy ids, perhaps none.
        scenario (str): ``'kitchen'`` or ``'lab'``.
    """

    uid: str
    annotation_id: str
    start_text: str
    end_text: str
    verbs: tuple[int, ...]
    nouns: tuple[int, ...]
    scenario: str


class ListedAction(NamedTuple):
    """One action with the classes of one part.

    Args:
        uid (str): Official video uid.
        start_text (str): Seconds as printed in the file.
        end_text (str): Seconds as printed in the file.
        start_sec (float): Begin of the action.
        end_sec (float): End of the action.
        labels (tuple[int, ...]): Class ids, each once.
    """

    uid: str
    start_text: str
    end_text: str
    start_sec: float
    end_sec: float
    labels: tuple[int, ...]


def own_rows(path: str | os.PathLike) -> int | None:
    """Rows of a list that are its own, known from its folder and name; None for a list that is not of the release.

    Args:
        path (str | os.PathLike): ``.../noun/list_ego_val_ego_exo-feature.txt``.
    """
    path = Path(path)
    return OWN_ROWS.get(path.parent.name, {}).get(path.name)


def rows_in_front(path: str | os.PathLike) -> dict[str, int]:
    """Rows of other lists that a released list holds in front of its own, by file name and in order.

    Args:
        path (str | os.PathLike): ``.../noun/list_ego_val_ego_exo-feature.txt``.

    Returns:
        dict[str, int]: Empty for a list that holds only its own, or is not of the release.

    Examples:
        >>> rows_in_front('verb/list_ego_test_ego_exo-feature.txt')
        {'list_exo_val_ego_exo-feature.txt': 1960, 'list_ego_train_ego_exo-feature.txt': 33496}
    """
    path = Path(path)
    table = OWN_ROWS.get(path.parent.name, {})
    names = list(table)
    return {name: table[name] for name in names[:names.index(path.name)]} if path.name in table else {}


def read_action_table(path: str | os.PathLike, encoding: str = 'gb18030') -> list[ActionRow]:
    """Read ``<view>_<split>_valid.csv``.

    Args:
        path (str | os.PathLike): CSV file with the columns video_id, annotation_id, start_sec, end_sec, verb, noun,
            scenario; verb and noun are lists of taxonomy ids, ``[]`` for none.
        encoding (str): Of the file; the official one is the default, of which ASCII is a part.

    Returns:
        list[ActionRow]: In file order, at least one.

    Raises:
        AnnotationError: If the file is missing, empty or malformed; names the line.

    Examples:
        >>> folder = 'data/mini/egoexolearn/action_anticipation_planning_benchmark/anticpation_annotation'
        >>> read_action_table(f'{folder}/{TABLE_FOLDER}/exo_val_valid.csv')[0]
        ActionRow(uid='...', annotation_id='...', start_text=..., verbs=(...), nouns=..., scenario='kitchen')
    """
    what = 'an action table (CSV)'
    lines = read_rows(path, what, encoding)
    reader = csv.reader(lines, strict=True)
    lists, videos = ClassLists(), KnownVideos()
    rows: list[ActionRow] = []
    try:
        header = next(reader)
        if tuple(header) != _HEADER:
            raise AnnotationError(explain(f'{path} line 1', f'the columns {",".join(_HEADER)}', repr(lines[0]),
                                          'Write the head line of the official tables.'))
        for row in reader:
            # A quoted line break would move all later lines.
            if len(row) != len(_HEADER) or reader.line_num != len(rows) + 2:
                _refuse_row(path, len(rows) + 2, f'{len(_HEADER)} fields in one line', lines)
            uid, annotation_id, start, end, verb, noun, scenario = row
            verbs, nouns = lists[verb], lists[noun]
            if verbs is None or nouns is None:
                _refuse_row(path, reader.line_num, 'verb and noun as lists of taxonomy ids, e.g. "[0, 100]", each id '
                            'once', lines)
            if not (_SECONDS.fullmatch(start) and _SECONDS.fullmatch(end)):
                _refuse_row(path, reader.line_num, 'start_sec and end_sec as seconds, e.g. 103.7', lines)
            if not videos[uid]:
                _refuse_row(path, reader.line_num, 'a video uid in front', lines)
            rows.append(ActionRow(uid, annotation_id, start, end, verbs, nouns, scenario))
    except csv.Error as cause:
        raise AnnotationError(explain(f'{path} line {reader.line_num}', what, f'a line that cannot be split ({cause})',
                                      'Correct its quotes, or fetch the file again.')) from cause
    if not rows:
        raise AnnotationError(explain(path, 'an action table with at least one row', 'its head line alone',
                                      'Fetch it again.'))
    return rows


def _refuse_row(path: str | os.PathLike, line: int, expected: str, lines: Sequence[str]) -> None:
    found = repr(lines[line - 1]) if line <= len(lines) else 'its end'
    raise AnnotationError(explain(f'{path} line {line}', expected, found, 'Correct the line or fetch the file again.'))


def write_action_table(path: str | os.PathLike, rows: Iterable[ActionRow]) -> None:
    """Write a CSV table as released: LF, a newline at the end, lists quoted where they hold a comma.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        rows (Iterable[ActionRow]): In order.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, 'w', newline='', encoding='gb18030') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(_HEADER)
        writer.writerows((*row[:4], str(list(row.verbs)), str(list(row.nouns)), row.scenario) for row in rows)


def read_class_ids(path: str | os.PathLike) -> tuple[int, ...]:
    """Read ``valid_verbs.txt`` or ``valid_nouns.txt``.

    Args:
        path (str | os.PathLike): One taxonomy id per line.

    Returns:
        tuple[int, ...]: Taxonomy id of each class.

    Raises:
        AnnotationError: If the file is missing or empty, a line is no id, or an id stands there twice.
    """
    first_line: dict[int, int] = {}
    for number, line in enumerate(read_rows(path, 'a class file with one taxonomy id per line'), start=1):
        if not re.fullmatch('[0-9]{1,9}', line.strip()):
            raise AnnotationError(explain(f'{path} line {number}', 'a taxonomy id, e.g. 268', repr(line),
                                          'Correct the line.'))
        if int(line) in first_line:
            raise AnnotationError(explain(f'{path} line {number}', 'each taxonomy id once', f'{int(line)}, which is '
                                          f'already in line {first_line[int(line)]}', 'Remove one of the two lines.'))
        first_line[int(line)] = number
    return tuple(first_line)


def read_taxonomy(path: str | os.PathLike) -> tuple[str, ...]:
    """Read ``narration_verb_taxonomy.csv`` or ``narration_noun_taxonomy.csv``.

    Args:
        path (str | os.PathLike): CSV file with the columns label and group.

    Returns:
        tuple[str, ...]: Label of each taxonomy id, e.g. ``'knife_(knife,_machete)'``.

    Raises:
        AnnotationError: If the file is missing, empty or malformed; names the line.
    """
    lines = read_rows(path, 'a taxonomy (CSV)')
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as cause:
        raise AnnotationError(explain(path, 'a taxonomy (CSV)', f'a line that cannot be split ({cause})',
                                      'Fetch it again.')) from cause
    wrong = next((number for number, row in enumerate(rows, start=1) if len(row) != 2 or not row[0]), None)
    if rows[0] != ['label', 'group'] or len(rows) < 2 or wrong:
        line = wrong or 1
        raise AnnotationError(explain(f'{path} line {line}', 'the columns label,group and at least one row',
                                      repr(lines[min(line, len(lines)) - 1]), 'Fetch the file again.'))
    return tuple(label for label, _ in rows[1:])


def short_name(label: str) -> str:
    """Label of a taxonomy without its synonyms.

    Args:
        label (str): As :func:`read_taxonomy` gives it.

    Examples:
        >>> short_name('knife_(knife,_machete)')
        'knife'
    """
    return label.split('_(')[0]


def list_actions(rows: Sequence[ActionRow], part: str, class_ids: Sequence[int],
                 where: str | os.PathLike = 'action table') -> list[ListedAction]:
    """The clean list of one part: rows that name at least one class, in file order, with class ids.

    Args:
        rows (Sequence[ActionRow]): A whole CSV table.
        part (str): ``'verb'`` or ``'noun'``.
        class_ids (Sequence[int]): Taxonomy id of each class, from :func:`read_class_ids`.
        where (str | os.PathLike): File of the rows, for the message.

    Returns:
        list[ListedAction]: As the official list would hold them without the defect.

    Raises:
        AnnotationError: If a row names a taxonomy id that is no class; names the line.
    """
    classes = {taxonomy_id: index for index, taxonomy_id in enumerate(class_ids)}
    known: dict[tuple[int, ...], tuple[int, ...]] = {}
    actions = []
    for line, row in enumerate(rows, start=2):
        ids = row.verbs if part == 'verb' else row.nouns
        if not ids:
            continue
        labels = known.get(ids)
        if labels is None:
            labels = known[ids] = _classes_of(ids, classes, f'{where} line {line}', part)
        actions.append(ListedAction(row.uid, row.start_text, row.end_text, float(row.start_text), float(row.end_text),
                                    labels))
    return actions


def _classes_of(ids: Sequence[int], classes: Mapping[int, int], where: str, part: str) -> tuple[int, ...]:
    unknown = [taxonomy_id for taxonomy_id in ids if taxonomy_id not in classes]
    if unknown:
        raise AnnotationError(explain(where, f'{part} ids of the {len(classes)} classes in {CLASS_FILES[part]}',
                                      f'unknown class id {unknown[0]}', 'Add it to the class file, or remove it from '
                                      'the line.'))
    return tuple(classes[taxonomy_id] for taxonomy_id in ids)


def read_action_list(path: str | os.PathLike, num_classes: int) -> list[ListedAction]:
    """Read a list in the format of the official code, ``uid|start|end|[c1, c2]`` per line.

    Args:
        path (str | os.PathLike): UTF-8 file without a head line.
        num_classes (int): Class ids run from 0 to ``num_classes - 1``.

    Returns:
        list[ListedAction]: All rows of the file, in order, at least one. Those of a released file are not all its
        own; see :func:`own_rows`.

    Raises:
        AnnotationError: If the file is missing, empty or malformed, or a class id is unknown; names the line.

    Examples:
        >>> write_action_list('a.txt', [ListedAction('u', '103.7', '117.2', 103.7, 117.2, (22, 2))])
        >>> read_action_list('a.txt', num_classes=31)[0].labels
        (22, 2)
    """
    lists, videos = ClassLists(num_classes), KnownVideos()
    actions = []
    for number, line in enumerate(read_rows(path, 'an action list'), start=1):
        match = _LISTED.fullmatch(line)
        if match is None:
            raise AnnotationError(explain(f'{path} line {number}', 'uid|start|end|[class ids]', repr(line),
                                          'Correct the line or fetch the file again.'))
        uid, start, end, text = match.groups()
        labels = lists[text]
        if labels is None or not videos[uid]:
            raise AnnotationError(explain(
                f'{path} line {number}', f'a video uid and class ids from 0 to {num_classes - 1}, each once',
                f'the uid {uid!r} and the classes {text}', 'Correct the line, or check that the list is one of this '
                'part (verb or noun).'))
        actions.append(ListedAction(uid, start, end, float(start), float(end), labels))
    return actions


def write_action_list(path: str | os.PathLike, actions: Iterable[ListedAction]) -> None:
    """Write a list in the format of the official code: LF, no newline at the end.

    Args:
        path (str | os.PathLike): Target file; its folder is made.
        actions (Iterable[ListedAction]): In order; the texts of the seconds are written as they are.
    """
    write_rows(path, (f'{row.uid}|{row.start_text}|{row.end_text}|{list(row.labels)}' for row in actions))
