"""Segment ids and top-level steps."""

import re

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.ego2exo_labels import segment_id, top_level_names
from egoexo.formats.egoexo4d import TaxonomyNode

NODES = {0: TaxonomyNode('Soup', None, False), 1: TaxonomyNode('Cook', 0, False), 2: TaxonomyNode('Sub', 1, False),
         3: TaxonomyNode('Boil', 2, True), 4: TaxonomyNode('Serve', 0, True), 5: TaxonomyNode('Stir', 1, True)}


@pytest.mark.parametrize(('take', 'index', 'expected'), [
    ('fce858fe-d30b-4a72-822d-79c92d29971e', 17, 99359709), ('abc', 0, 1467314622), ('', 12, 3255489751)])
def test_ids(take, index, expected):
    assert segment_id(take, index) == expected


def test_leaves_get_the_name_below_the_root():
    assert top_level_names(NODES) == {3: 'Cook', 4: 'Serve', 5: 'Cook'}
    assert top_level_names({0: TaxonomyNode('Soup', None, True)}) == {}


@pytest.mark.parametrize(('change', 'message'), [
    ({2: TaxonomyNode('Sub', 9, False)}, 'T node 3: expected a chain of parents that ends at node 0, found the parent '
     '9, which is missing'),
    ({2: TaxonomyNode('Sub', 3, False)}, 'found the parent 2, which leads nowhere'),
    ({2: TaxonomyNode('Sub', None, False)}, 'found the parent 2, which leads nowhere')])
def test_broken_chains(change, message):
    with pytest.raises(AnnotationError, match=re.escape(message)):
        top_level_names(NODES | change, 'T')
