"""Ego2Exo built as by the official notebook, and the released pseudo-label files."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests_support import data_dir, parity_dir

from egoexo.formats.ego2exo import read_ego2exo, to_json, write_ego2exo
from egoexo.formats.ego2exo_builder import Annotations, Built, build_ego2exo
from egoexo.formats.ego2exo_labels import segment_id
from egoexo.formats.ego2exo_membership import Membership, read_membership
from egoexo.formats.ego2exo_recipe import OFFICIAL, read_take_ids
from egoexo.formats.ego2exo_windows import frame_windows, overlapping_windows, window_table
from egoexo.formats.egoexo4d import parse_atomic_descriptions, parse_keysteps, parse_takes
from egoexo.formats.pseudo_labels import read_pseudo_labels, write_pseudo_labels

OWNS = {'lagtran': ['build_mini.json', 'windows.json', 'segment_ids.json', 'pseudo_labels.json', 'fixture.json']}

TOPIC = parity_dir('lagtran')
EGO2EXO_FILES = ('ego2exo_ego_exo.txt', 'ego2exo_exo_ego.txt')


@cache
def fixture(name: str) -> dict:
    if not (TOPIC / name).is_file():
        pytest.skip(f'{name} is not part of the repository; set EGOEXO_PARITY_DIR')
    return json.loads((TOPIC / name).read_text())


# ------------------------------------------------------------------------------------------------- the builder

def built(**options: object) -> Built:
    inputs = fixture('build_mini.json')['inputs']
    annotations = Annotations(parse_takes(inputs['takes']), parse_keysteps(inputs['keystep_train']),
                              parse_keysteps(inputs['keystep_val']), parse_atomic_descriptions(inputs['atomic_train']))
    options = dict(seed=fixture('build_mini.json')['python_random_seed'], legacy=True) | options
    return build_ego2exo(annotations, replace(OFFICIAL, take_ids=tuple(inputs['take_ids'])), **options)


def test_the_whole_file_equals_that_of_the_notebook(tmp_path: Path) -> None:
    expected = fixture('build_mini.json')['expected']
    result = built()
    assert to_json(result.content) == expected
    write_ego2exo(tmp_path / 'ego2exo.json', result.content)
    assert (tmp_path / 'ego2exo.json').read_text() == json.dumps(expected, indent=4)  # the order of keys as well
    assert read_ego2exo(tmp_path / 'ego2exo.json') == result.content
    printed = fixture('build_mini.json')['stdout'].splitlines()[:4]
    assert list(result.report.lines())[:4] == printed


def test_mended_build_differs_where_it_says_only() -> None:
    official, mended = built().content.splits, built(legacy=False)
    assert mended.report.notes['best exo camera is none of the take, another one taken'] == 2
    changed = [(old, new) for name, rows in official.items()
               for old, new in zip(rows, mended.content.splits[name], strict=True) if old != new]
    assert len(changed) == 2
    for old, new in changed:
        assert old.best_exo['cam_id'] == 'gp05' and '_gp05_0' in old.feature_file
        assert new == replace(old, feature_file=old.feature_file.replace('gp05', 'gp04'))


def test_membership_of_its_own_lists_gives_the_same_lists() -> None:
    lists = {name: tuple(row.segment_id for row in rows) for name, rows in built().content.splits.items()}
    again = built(membership=Membership(lists['exo_train'], lists['ego_train'])).content.splits
    for name in ('exo_train', 'ego_train'):
        # Without the draw of the lists, the cameras are drawn from another state.
        assert [(row.segment_id, row.text, row.label) for row in again[name]] == [
            (row.segment_id, row.text, row.label) for row in built().content.splits[name]]


def test_windows() -> None:
    num_queries = 0
    for case in fixture('windows.json'):
        table = window_table(case['n_frames'])
        assert (len(table), list(table[0]), list(table[-1])) == (case['n_windows'], case['first'], case['last'])
        for query in case['queries']:
            times = query['start'], query['end']
            try:
                found = overlapping_windows(table, *times)
            except Exception as error:
                found = type(error).__name__
            assert found == query['feature_indices'], (case['n_frames'], times)
            assert [list(pair) for pair in frame_windows(*times)] == query['frame_indices'], times
            num_queries += 1
    assert num_queries == 121


def test_segment_ids() -> None:
    rows = fixture('segment_ids.json')
    assert rows and all(segment_id(take, index) == key for take, index, key in rows)


def test_seed_texts_of_the_other_fixtures_are_those_of_this_set() -> None:
    assert fixture('fixture.json')['set'] == 'parity'
    assert fixture('fixture.json')['seed_str']['heads'] == 'lagtran/{name}'


# ----------------------------------------------------------------------------------------- pseudo-label files

@pytest.mark.parametrize('name', [*EGO2EXO_FILES, 'geoimnet_asia_usa.txt', 'geoimnet_usa_asia.txt',
                                  'geoplaces_asia_usa.txt', 'geoplaces_usa_asia.txt'])
def test_released_pseudo_labels(name: str, tmp_path: Path) -> None:
    path, expected = data_dir('lagtran') / name, fixture('pseudo_labels.json')[name]
    labels = read_pseudo_labels(path, num_classes=expected['n_class']).labels
    assert len(labels) == expected['rows']
    rows = [[str(key), str(label)] for key, label in labels.items()]
    assert (rows[0], rows[-1]) == (expected['first'], expected['last'])
    assert len(set(labels.values())) == expected['n_distinct']
    counts = Counter(labels.values())
    assert [counts[label] for label in range(expected['n_class'])] == expected['hist']
    assert str(sum(labels)) == expected['id_sum']
    assert path.stat().st_size == expected['bytes']
    write_pseudo_labels(tmp_path / name, labels, labels.values())
    assert (tmp_path / name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize('name', EGO2EXO_FILES)
def test_agreement_with_the_true_labels(name: str) -> None:
    expected = fixture('pseudo_labels.json')[name]
    confusion = np.array(expected['confusion_rows_true_cols_pred'])
    assert confusion.sum(1).tolist() == expected['true_hist']
    assert confusion.sum(0).tolist() == expected['hist']
    assert confusion.trace() == expected['correct']
    assert 100 * confusion.trace() / confusion.sum() == pytest.approx(expected['top1'], rel=1e-12)
    per_class = 100 * confusion.diagonal() / confusion.sum(1)
    assert per_class.tolist() == pytest.approx(expected['per_class'], rel=1e-12)
    assert per_class.mean() == pytest.approx(expected['mean_per_class'], rel=1e-12)


def test_published_agreement() -> None:
    tables = [fixture('pseudo_labels.json')[name] for name in EGO2EXO_FILES]
    assert [(table['rows'], table['correct'], round(table['top1'], 4), round(table['mean_per_class'], 4))
            for table in tables] == [(4986, 3830, 76.8151, 55.0151), (4100, 3176, 77.4634, 56.1013)]


def test_every_released_id_belongs_to_a_segment_of_the_released_takes() -> None:
    folder = data_dir('lagtran')
    takes = read_take_ids(folder / 'take_ids.txt')
    assert len(takes) == 249
    exo, ego = read_membership(*(folder / name for name in EGO2EXO_FILES), num_classes=24)
    known: dict[int, tuple[str, int]] = {}
    for index in range(193):  # one released id also belongs to a higher index of another take
        for take in takes:
            known.setdefault(segment_id(take, index), (take, index))
    found = [known[key] for key in (*exo, *ego)]
    assert len(set(found)) == 9086
    assert (max(known[key][1] for key in exo), max(known[key][1] for key in ego)) == (105, 104)
    assert {take for take, _ in found} == set(takes) - {'c0b7d130-2004-4450-ad94-ea3167bd9fab'}
    assert {known[key][0] for key in exo} == {known[key][0] for key in ego}
