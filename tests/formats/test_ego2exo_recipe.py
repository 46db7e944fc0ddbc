"""Recipes and lists of takes."""

import json
import re

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.ego2exo_recipe import OFFICIAL, Recipe, read_recipe, read_take_ids


def test_official_numbers():
    assert (len(set(OFFICIAL.scenarios)), len(set(OFFICIAL.classes)), OFFICIAL.take_ids) == (11, 24, None)
    assert (OFFICIAL.classes[0], OFFICIAL.classes[2], OFFICIAL.classes[21]) == (
        'Clean up', 'Prepare ingredients', 'Get Ingredients')


@pytest.mark.parametrize(('content', 'take_ids'), [
    ({}, None), ({'take_ids': None}, None), ({'take_ids': ['t1', 't0']}, ('t1', 't0'))])
def test_recipe(tmp_path, content, take_ids):
    (tmp_path / 'r.json').write_text(json.dumps(dict(scenarios=['A & B'], classes=['x', 'y z']) | content))
    assert read_recipe(tmp_path / 'r.json') == Recipe(('A & B', ), ('x', 'y z'), take_ids)


@pytest.mark.parametrize(('content', 'message'), [
    ([], 'found a list'), ({'scenarios': ['A']}, "the keys ['scenarios']"),
    (dict(scenarios=['A'], classes=['x'], seed=3), "the keys ['classes', 'scenarios', 'seed']"),
    (dict(scenarios=[], classes=['x']), 'scenarios: expected a list of one or more, found []'),
    (dict(scenarios='Tea', classes=['x']), "found 'Tea'"),
    (dict(scenarios=['A'], classes=['x', 'y', 'x']), "classes: expected each entry once, found 1 repeated (first ['"),
    (dict(scenarios=['A'], classes=['x', 3]), 'classes entry 2: expected a name, found 3'),
    (dict(scenarios=['A'], classes=['x'], take_ids=['../t']), "take_ids entry 1: expected the uid of a take")])
def test_malformed_recipe(tmp_path, content, message):
    (tmp_path / 'r.json').write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=re.escape(message)):
        read_recipe(tmp_path / 'r.json')


@pytest.mark.parametrize('text', ['t1\nt0', 't1\nt0\n', 't1\r\nt0\r\n'])
def test_take_ids(tmp_path, text):
    (tmp_path / 't.txt').write_bytes(text.encode())
    assert read_take_ids(tmp_path / 't.txt') == ('t1', 't0')


@pytest.mark.parametrize(('text', 'message'), [
    ('', 'expected a list of one or more, found []'), ('a\n\nb', "entry 2: expected the uid of a take, found ''"),
    ('a b', "entry 1: expected the uid of a take, found 'a b'"),
    ('a\nb\na\na', "expected each entry once, found 2 repeated (first ['a', 'a'])")])
def test_malformed_take_ids(tmp_path, text, message):
    (tmp_path / 't.txt').write_text(text)
    with pytest.raises(AnnotationError, match=re.escape(message)):
        read_take_ids(tmp_path / 't.txt')
