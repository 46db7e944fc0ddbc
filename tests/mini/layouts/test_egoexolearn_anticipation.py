"""Anticipation tables and lists: lists follow from tables, tables from the states."""

import ast
import csv
from collections import Counter

import pytest

FOLDER = 'action_anticipation_planning_benchmark/anticpation_annotation'
NAMES = [f'{view}_{subset}' for view in ('ego', 'exo') for subset in ('train', 'val', 'test')]


def _table(root, name):
    with open(root / FOLDER / 'balanced_full_annotation' / f'{name}_valid.csv', encoding='gb18030', newline='') as file:
        return list(csv.DictReader(file))


def _classes(root, name):
    path = root / FOLDER / 'balanced_full_annotation' / f'valid_{name}s.txt'
    return [int(line) for line in path.read_text().split()]


def _own_rows(root, column, name):
    classes = _classes(root, column)
    rows = []
    for row in _table(root, name):
        ids = ast.literal_eval(row[column])
        if ids:
            rows.append(f'{row["video_id"]}|{row["start_sec"]}|{row["end_sec"]}|{[classes.index(i) for i in ids]}')
    return rows


@pytest.mark.parametrize('column', ['noun', 'verb'])
@pytest.mark.parametrize('suffix', ['', '_gazed'])
@pytest.mark.parametrize('name', NAMES)
def test_list_follows_from_the_table(world, column, suffix, name):
    text = (world.root / FOLDER / (column + suffix) / f'list_{name}_ego_exo-feature.txt').read_text()
    assert text.split('\n') == _own_rows(world.root, column, name)
    assert len(text.split('\n')) == world.facts['anticipation'][f'{column}{suffix}_rows'][name]


@pytest.mark.parametrize('column', ['noun', 'verb'])
def test_cotraining_list_is_ego_then_exo(world, column):
    text = (world.root / FOLDER / column / 'list_egoexo_cotraining.txt').read_text()
    expected = _own_rows(world.root, column, 'ego_train') + _own_rows(world.root, column, 'exo_train')
    assert text.split('\n') == expected


def test_tables_hold_each_fine_action_once(world):
    rows = [(row['video_id'], float(row['start_sec'])) for name in NAMES for row in _table(world.root, name)]
    actions = [(r.plan.uid, round(a.start_sec, 1)) for r in world.records for a in r.state.actions]
    assert sorted(rows) == sorted(actions)


def test_segments_split_55_15_30_over_shared_videos(world):
    tables = {name: _table(world.root, name) for name in NAMES}
    total = sum(map(len, tables.values()))
    for subset, share in (('train', 0.55), ('val', 0.15), ('test', 0.30)):
        rows = [row for name in NAMES if name.endswith(subset) for row in tables[name]]
        assert len(rows) / total == pytest.approx(share, abs=0.03)
        assert len({row['video_id'] for row in rows}) == 72
    identifiers = [row['annotation_id'] for table in tables.values() for row in table]
    assert len(set(identifiers)) == total


@pytest.mark.parametrize(('column', 'released'), [
    ('verb', [0, 14, 17, 28, 36, 48, 50, 51, 52, 61, 62, 66, 68, 72, 79, 93, 95, 100, 109]),
    ('noun', [390, 391, 268, 280, 296, 171, 172, 49, 561, 436, 573, 447, 582, 583, 331, 333, 209, 216, 347, 477, 99,
              504, 105, 106, 363, 625, 125, 503, 376, 377, 381])])
def test_kept_classes_occur_often_enough_in_released_order(world, column, released):
    kept = _classes(world.root, column)
    counts = {name: Counter(i for row in _table(world.root, name) for i in ast.literal_eval(row[column]))
              for name in NAMES}
    assert [i for i in released if i in kept] == kept == world.facts['anticipation'][f'{column}_classes']
    assert all(counts['ego_train'][i] + counts['exo_train'][i] >= 10 for i in kept)
    assert all(counts[f'{view}_test'][i] >= 1 for i in kept for view in ('ego', 'exo'))
    assert set().union(*counts.values()) == set(kept)
    assert len(kept) >= {'verb': 14, 'noun': 16}[column]
