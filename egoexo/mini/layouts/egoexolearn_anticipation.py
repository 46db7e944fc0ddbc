"""Anticipation files of EgoExoLearn: class lists, six annotation tables, 28 sample lists."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from egoexo.mini.annotate import SUBSETS, Clip, Tables
from egoexo.mini.layouts.egoexolearn_paths import ANTICIPATION, list_path
from egoexo.mini.layouts.files import write_csv, write_lines
from egoexo.mini.seeding import rng
from egoexo.mini.vocabulary import OBJECTS, VERBS

__all__ = ['LIST_FOLDERS', 'anticipation_classes', 'write_anticipation']

TABLES_FOLDER = ANTICIPATION / 'balanced_full_annotation'
COLUMNS = ('video_id', 'annotation_id', 'start_sec', 'end_sec', 'verb', 'noun', 'scenario')
# Taxonomy rows in the order of the released class lists: the line number is the class index.
RELEASED_VERBS = (0, 14, 17, 28, 36, 48, 50, 51, 52, 61, 62, 66, 68, 72, 79, 93, 95, 100, 109)
RELEASED_NOUNS = (390, 391, 268, 280, 296, 171, 172, 49, 561, 436, 573, 447, 582, 583, 331, 333, 209, 216, 347, 477, 99,
                  504, 105, 106, 363, 625, 125, 503, 376, 377, 381)
MIN_TRAIN_ROWS = 10
LIST_FOLDERS = ('noun', 'noun_gazed', 'verb', 'verb_gazed')
LIST_NAMES = tuple(f'{view}_{subset}' for view in ('ego', 'exo') for subset in SUBSETS)


def write_anticipation(root: Path, tables: Tables) -> dict[str, object]:
    """Write all files of the anticipation benchmark.

    Args:
        root (Path): Root of the layout.
        tables (Tables): Annotations.

    Returns:
        dict[str, object]: Facts: taxonomy rows of the kept classes, rows of each clean list.
    """
    verbs, nouns = anticipation_classes(tables)
    for name, ids in (('verbs', verbs), ('nouns', nouns)):
        write_lines(root / TABLES_FOLDER / f'valid_{name}.txt', map(str, ids))
    rows = {name: _table_rows(tables, *name.split('_'), verbs, nouns) for name in LIST_NAMES}
    for name, table in rows.items():
        write_csv(root / TABLES_FOLDER / f'{name}_valid.csv', COLUMNS, table)
    facts: dict[str, object] = {'verb_classes': list(verbs), 'noun_classes': list(nouns)}
    for folder in LIST_FOLDERS:
        column, classes = (4, verbs) if folder.startswith('verb') else (5, nouns)
        lists = {name: _list_rows(table, column, classes) for name, table in rows.items()}
        lists['cotraining'] = lists['ego_train'] + lists['exo_train']
        for name, lines in lists.items():
            write_lines(list_path(root, folder, name), lines)
        facts[f'{folder}_rows'] = {name: len(lines) for name, lines in lists.items()}
    return facts


def anticipation_classes(tables: Tables) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Classes with at least 10 training clips and one test clip in each view, in released order.

    Args:
        tables (Tables): Annotations.

    Returns:
        tuple[tuple[int, ...], tuple[int, ...]]: Taxonomy rows of verbs and of nouns.
    """
    return _kept(tables, 'verb', RELEASED_VERBS), _kept(tables, 'noun', RELEASED_NOUNS)


def _kept(tables: Tables, column: str, released: Sequence[int]) -> tuple[int, ...]:
    """Taxonomy rows that occur often enough."""
    train = _count([clip for clip in tables.clips if clip.subset == 'train'], column)
    tests = [_count(tables.select_clips(view, 'test'), column) for view in ('ego', 'exo')]
    return tuple(row for row in released if train[row] >= MIN_TRAIN_ROWS and all(test[row] for test in tests))


def _ids(clip: Clip, column: str) -> list[int]:
    """Taxonomy rows of a clip's verb or nouns."""
    return [VERBS[clip.verb].verb_id] if column == 'verb' else [OBJECTS[noun].noun_id for noun in clip.nouns]


def _count(clips: Sequence[Clip], column: str) -> Counter:
    """Clips per taxonomy row."""
    return Counter(row for clip in clips for row in _ids(clip, column))


def _table_rows(tables: Tables, view: str, subset: str, verbs: Sequence[int], nouns: Sequence[int]) -> list[list]:
    """Rows of one annotation table; grouped by video in training tables, shuffled in the others, as released."""
    clips = tables.select_clips(view, subset)
    if subset != 'train':
        clips = [clips[i] for i in rng(tables.seed, f'{view}_{subset}', 'anticipation').permutation(len(clips))]
    return [[clip.uid, clip.annotation_id, clip.start_sec, clip.end_sec,
             [row for row in _ids(clip, 'verb') if row in verbs], [row for row in _ids(clip, 'noun') if row in nouns],
             'kitchen'] for clip in clips]


def _list_rows(table: Sequence[Sequence], column: int, classes: Sequence[int]) -> list[str]:
    """Rows of a sample list: those of the table with a label, ids turned into class indices."""
    return [f'{row[0]}|{row[2]}|{row[3]}|{[classes.index(taxonomy_row) for taxonomy_row in row[column]]}'
            for row in table if row[column]]
