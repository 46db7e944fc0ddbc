"""Sentences out of interaction codes."""

import pytest

from egoexo.formats.lemma_narration import clean_narration


@pytest.mark.parametrize(('code', 'sentence'), [
    ('open${s0}@fridge', 'open fridge'), ('put${m0}@a|b:{m1}@c:{m2}@d', 'put a and b to the c with d'),
    ('cut${s0}@a:{s1}@b:{s2}@c', 'cut a with b with c'), ('null$', 'null$'), ('', '')])
def test_sentence(code, sentence):
    assert clean_narration(code) == sentence
