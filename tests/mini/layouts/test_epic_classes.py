"""Class tables hold all classes; tail classes are the smallest ones with a fifth of the rows."""

import ast
import csv

import pytest

from egoexo.mini.layouts.epic_classes import (
    NOUN_IDS,
    VERB_IDS,
    VERB_WORDS,
    noun_form,
    tail_classes,
    verb_form,
    write_classes,
    write_tails,
)
from egoexo.mini.vocabulary import OBJECTS, VERBS


def read(path) -> list[dict[str, str]]:
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def test_tables_have_the_official_columns_and_all_classes(tmp_path):
    keys = write_classes(tmp_path)
    for kind, count in (('verb', 19), ('noun', 26)):
        rows = read(tmp_path / 'annotations' / f'EPIC_100_{kind}_classes.csv')
        assert list(rows[0]) == ['id', 'key', 'instances', 'category']
        assert [int(row['id']) for row in rows] == list(range(count))
        assert [row['key'] for row in rows] == keys[kind]
        assert len(set(keys[kind])) == count
        instances = [name for row in rows for name in ast.literal_eval(row['instances'])]
        assert len(set(instances)) == len(instances), 'a word names one class'
        assert all(row['key'] == ast.literal_eval(row['instances'])[0] and row['category'] for row in rows)


def test_ids_follow_the_vocabulary():
    assert list(VERB_IDS) == list(VERBS) == list(VERB_WORDS)
    assert list(NOUN_IDS) == list(OBJECTS)


@pytest.mark.parametrize(('words', 'form'), [('knife', 'knife'), ('frying pan', 'pan:frying'),
                                             ('pair of chopsticks', 'chopsticks')])
def test_nouns_have_their_head_first(words, form):
    assert noun_form(words) == form


def test_verbs_are_joined_by_hyphens():
    assert verb_form('put down') == 'put-down'


@pytest.mark.parametrize(
    ('counts', 'tail'),
    [
        ((8, 1, 1), [1, 2]),  # exactly a fifth
        ((7, 1, 1, 1), [1, 2]),  # a third one would be too much; lower ids first
        ((5, 0, 5), [1]),  # a class without rows is a tail class
        ((1, 1), []),
    ],
)
def test_tail_classes_have_a_fifth_of_the_rows(counts, tail):
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    assert tail_classes(labels, len(counts)) == tail


def test_tails_are_written_as_one_column(tmp_path):
    tails = write_tails(tmp_path, [0] * 9 + [3], [25] * 9 + [2])
    for kind, common in (('verb', 0), ('noun', 25)):
        rows = read(tmp_path / 'annotations' / f'EPIC_100_tail_{kind}s.csv')
        assert [int(row[kind]) for row in rows] == tails[kind]
        assert common not in tails[kind]
        assert len(rows) == {'verb': 18, 'noun': 25}[kind]
