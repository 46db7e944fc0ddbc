"""Texts of segments."""

import random

import pytest

from egoexo.errors import ConfigError
from egoexo.formats.ego2exo_texts import by_annotator, collect_text, strip_subject
from egoexo.formats.egoexo4d import Annotator, Description


class NoDraw(random.Random):
    """Fails when asked."""

    def sample(self, *arguments, **options):
        raise AssertionError('drawn')


def row(timestamp, text, cam='cam01'):
    return Description(timestamp, text, cam and {'cam_id': cam})


ROWS = (row(1, 'C one.'), row(2, 'The woman two.', None), row(3, 'O three.', 'cam02'), row(9, 'C nine.', 'cam03'))


def test_sentences_inside_both_borders_included():
    found = collect_text({'b': ROWS, 'a': ROWS[:1], 'none': ()}, 1, 3, NoDraw())
    assert found.texts == {'b': 'one. e woman two. three.', 'a': 'one.'}
    assert found.best_exo == [{'cam_id': 'cam01'}, None, {'cam_id': 'cam02'}, {'cam_id': 'cam01'}]
    assert not found.is_fallback
    assert collect_text({'b': ROWS}, 1, 3, NoDraw(), 'subject').texts == {'b': 'one. The woman two. three.'}


@pytest.mark.parametrize(('start', 'end', 'text'), [
    (4, 5, 'three. nine.'),  # straddled: the one before and the one after
    (3, 8, 'three.'),  # a sentence of its own
    (10, 11, 'nine.'),  # after all: the last one
    (0.2, 0.4, 'nine. one.'),  # before all: the last one stands in for the missing one before
    (1.5, 1.6, 'one. e woman two.')])
def test_neighbours_where_none_is_inside(start, end, text):
    found = collect_text({'a': ROWS}, start, end, random.Random(0))
    assert found.texts == {'a': text}
    assert found.is_fallback == (end != 8)


def test_one_sentence_stands_in_twice():
    found = collect_text({'a': ROWS[:1]}, 0, 0.5, random.Random(0))
    assert found == ({'a': 'one. one.'}, [{'cam_id': 'cam01'}] * 2, True)


def test_annotator_of_the_neighbours_is_drawn():
    annotators = {'a': ROWS[:2], 'b': ROWS[2:], 'c': ()}
    drawn = [collect_text(annotators, 4, 5, random.Random(seed)).texts for seed in range(20)]
    expected = [random.Random(seed).sample('abc', 1)[0] for seed in range(20)]
    assert drawn == [dict(a={'a': 'e woman two.'}, b={'b': 'three. nine.'}, c={})[name] for name in expected]
    assert set(expected) == set('abc')


def test_sentences_of_two_characters_count_as_none():
    found = collect_text({'a': (row(1, 'C ', None), row(5, 'C ends.'))}, 0, 2, random.Random(0))
    assert found == ({'a': 'ends. ends.'}, [None, {'cam_id': 'cam01'}, {'cam_id': 'cam01'}], True)


def test_nobody_wrote_anything():
    assert collect_text({}, 0, 1, NoDraw()) == ({}, [], False)


def test_the_last_list_of_an_annotator_counts_at_its_first_place():
    found = by_annotator([Annotator('x', ROWS[:1]), Annotator('y', ()), Annotator('x', ROWS[1:])])
    assert list(found.items()) == [('x', ROWS[1:]), ('y', ())]


@pytest.mark.parametrize(('text', 'legacy', 'subject'), [
    ('C cuts.', 'cuts.', 'cuts.'), ('O  waits.', ' waits.', 'waits.'), ('Cuts.', 'ts.', 'Cuts.'), ('C', '', 'C'),
    ('', '', ''), ('c cuts.', 'cuts.', 'c cuts.')])
def test_subjects(text, legacy, subject):
    assert (strip_subject(text), strip_subject(text, 'subject')) == (legacy, subject)


def test_unknown_strip():
    with pytest.raises(ConfigError, match="strip: expected one of legacy, subject, found 'none'"):
        strip_subject('C cuts.', 'none')
