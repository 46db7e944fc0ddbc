"""Pair files of SUM-L and the rule that makes them."""

import json

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.semantic_pairs import (
    KINDS,
    PairEntry,
    SemanticPairs,
    mine_pairs,
    read_pair_choices,
    read_semantic_pairs,
    write_semantic_pairs,
)

CUT = PairEntry(0, (3,), (1, 0), ('k1/a.jpg', 'k1/b.jpg'), 'cut cup with knife')
PUT = PairEntry(3, (1, -1), (1,), ('k1/b.jpg', 'k1/c.jpg'), 'put cup')
NONE = dict.fromkeys(KINDS, ())


def entry(index, verbs, nouns):
    return PairEntry(index, verbs, nouns, ('a',), '')


def indices(lists):
    return {kind: [found.index for found in lists[kind]] for kind in KINDS if lists[kind]}


def test_first_rule_that_holds():
    entries = [entry(0, (1,), (2,)), entry(1, (1, 3), (2,)), entry(2, (1,), (4,)), entry(3, (5,), (2, 4)),
               entry(4, (5,), (6,)), entry(5, (1, 1), (2, 2)), entry(6, (1, -1), (2,))]
    assert indices(next(mine_pairs([(1, 2)], entries))) == dict(same=[0, 5], sub=[1, 6], sub_verb=[2], sub_noun=[3])


def test_lists_end_and_rows_without_labels_find_nothing():
    entries = [entry(number, (1,), (number % 2,)) for number in range(10)] + [entry(10, (-1,), (-1,))]
    found = list(mine_pairs([(1, 0), (-1, 0), (1, -1), (-1, -1), (7, 7)], entries, limit=2))
    assert [indices(lists) for lists in found] == [dict(same=[0, 2], sub_verb=[1, 3]), {}, {}, {}, {}]


def test_alike_queries_are_answered_once():
    found = list(mine_pairs([(1, 0)] * 3, [entry(0, (1,), (0,))]))
    assert found[0] is found[1] is found[2]


def test_written_and_read(tmp_path):
    path = tmp_path / 'pairs' / 'pairs.json'
    rows = [(0, NONE | dict(same=[CUT, CUT], sub_noun=[PUT])), (1, NONE), (7, NONE | dict(sub=[PUT]))]
    assert write_semantic_pairs(path, iter(rows)) == 3
    pairs = read_semantic_pairs(path)
    assert pairs.rows == [0, 1, 7] and len(pairs) == 3 and 7 in pairs and 2 not in pairs
    assert pairs.match(0) == ('same', [CUT, CUT])
    assert pairs.of(0, 'sub_noun') == pairs.match(7)[1] == [PUT]
    assert pairs.match(1) == (None, [])
    assert pairs.entries == [CUT, PUT]
    assert json.loads(path.read_text())['7']['sub'] == [
        {'3': [[1, -1], [1], [['k1/b.jpg'], ['k1/c.jpg']], 'put cup']}]


def official(tmp_path, frame='/usa/x/LEMMA_dataset/k1/a.jpg', **changes):
    """One row as the authors write it, with indentation and paths of their disk."""
    row = {kind: [] for kind in KINDS} | {'sub': [{'4': [[3], [1], [[frame]], 'cut cup']}]} | changes
    path = tmp_path / 'official.json'
    path.write_text(json.dumps({'0': row}, indent=4))
    return path


@pytest.mark.parametrize(('prefix', 'expected'), [
    (('/usa/x/LEMMA_dataset', ''), 'k1/a.jpg'), (('/usa/x/LEMMA_dataset/', '/data/lemma/'), '/data/lemma/k1/a.jpg'),
    (('/usa/x', '..'), '../LEMMA_dataset/k1/a.jpg'), (('', ''), 'usa/x/LEMMA_dataset/k1/a.jpg')])
def test_paths_of_the_official_file(tmp_path, prefix, expected):
    assert read_semantic_pairs(official(tmp_path), prefix).of(0, 'sub')[0].frames == (expected,)


@pytest.mark.parametrize(('frame', 'prefix', 'found'), [
    ('/usa/x/a.jpg', None, r"paths below the root of LEMMA, found '/usa/x/a\.jpg'.*path_prefix"),
    ('/usa/x/a.jpg', ('/usa/y', ''), "paths below '/usa/y'"), ('../a.jpg', None, 'paths below the root'),
    ('/usa/x/../../a.jpg', ('/usa/x', ''), 'paths below'), ('/usa/x', ('/usa/x', ''), 'paths below'),
    (3, None, 'paths below'), (None, None, 'paths below')])
def test_paths_that_lead_elsewhere(tmp_path, frame, prefix, found):
    with pytest.raises(AnnotationError, match=found):
        read_semantic_pairs(official(tmp_path, frame), prefix)


@pytest.mark.parametrize(('sub', 'found'), [
    ([3], 'entries {number'), ([{}], 'entries {number'), ([{'1': [[1], [1], [['a']], 'x'], '2': []}], 'entries'),
    ([{'-1': [[1], [1], [['a']], 'x']}], 'entries'), ([{'1': [[1], [1], [], 'x']}], 'entries'),
    ([{'1': [[1], [1], [['a']], 3]}], 'entries'), ([{'1': [['1'], [1], [['a']], 'x']}], 'row 0 sub entry 1: .*class'),
    ([{'1': [[-2], [1], [['a']], 'x']}], 'class ids'), ([{'1': [[1], [1], [['a', 'b']], 'x']}], 'paths below'),
    ({}, 'lists same, sub')])
def test_wrong_entries(tmp_path, sub, found):
    with pytest.raises(AnnotationError, match=found):
        read_semantic_pairs(official(tmp_path, sub=sub))


@pytest.mark.parametrize(('text', 'found'), [
    ('[]', 'an object'), ('{}', 'at least one row'), ('{"a": {}}', "numbers of rows as keys, found 'a'"),
    ('{"01": {}}', 'numbers of rows'), ('{"0": {"same": []}}', r"found the keys \['same'\]"), ('{"0": 3}', 'found 3'),
    ('{"0": {"same": [], "sub": [], "sub_verb": [], "sub_noun": []}', 'the end of the file'),
    ('{"0": {"same": [], "sub": [], "sub_verb": [], "sub_noun": []}} x', 'the end of the file')])
def test_wrong_files(tmp_path, text, found):
    path = tmp_path / 'pairs.json'
    path.write_text(text)
    with pytest.raises(AnnotationError, match=found):
        read_semantic_pairs(path)


def test_a_row_of_another_list():
    pairs = SemanticPairs('pairs.json')
    pairs.add(0, NONE)
    with pytest.raises(AnnotationError, match=r'pairs\.json: expected an entry for row 1 of the training list'):
        pairs.match(1)


def test_choices(tmp_path):
    path = tmp_path / 'choices.txt'
    path.write_text('0,0,open fridge,-1,0,x\n1, 2, cut, 5, 0.4, y\n2,3,take, with comma,7,0.1,z\n')
    assert read_pair_choices(path) == {0: (0, -1), 1: (2, 5), 2: (3, 7)}


@pytest.mark.parametrize(('line', 'found'), [
    ('0,2', "line 1: expected row, match type.*found '0,2'"), ('a,2,x,3,4,5', 'row, match type'),
    ('0,2,x,y,4,5', 'row, match type'), ('0,5,x,3,4,5', 'a match type from 0 to 4, found row 0 with 5'),
    ('0,2,x,3,4,5\n0,2,x,3,4,5', 'line 2: .*found row 0 again')])
def test_wrong_choices(tmp_path, line, found):
    path = tmp_path / 'choices.txt'
    path.write_text(line)
    with pytest.raises(AnnotationError, match=found):
        read_pair_choices(path)
