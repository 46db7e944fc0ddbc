"""Classes of LEMMA as classes of EPIC-Kitchens."""

import json

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.lemma_epic_map import EPIC_100, LabelMap, read_label_map


def test_official_map():
    assert (len(EPIC_100.verbs), len(EPIC_100.nouns)) == (25, 64)
    assert (EPIC_100.verbs.count(-1), EPIC_100.nouns.count(-1)) == (3, 6)
    assert max(EPIC_100.verbs) < 97 and max(EPIC_100.nouns) < 300


def test_own_map(tmp_path):
    path = tmp_path / 'to_epic.json'
    path.write_text(json.dumps(dict(verbs=[3, -1], nouns=[0])))
    assert read_label_map(path) == LabelMap((3, -1), (0,))


@pytest.mark.parametrize(('content', 'found'), [
    ([], 'found a list'), (dict(verbs=[1]), r"found the keys \['verbs'\]"),
    (dict(verbs=[-2], nouns=[0]), 'verbs: .*-2'),
    (dict(verbs=[True], nouns=[0]), 'True'), (dict(verbs=[1], nouns=[]), 'nouns: .*an empty one'),
    (dict(verbs=[1], nouns={}), 'nouns: .*dict')])
def test_wrong_map(tmp_path, content, found):
    path = tmp_path / 'to_epic.json'
    path.write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=found):
        read_label_map(path)
