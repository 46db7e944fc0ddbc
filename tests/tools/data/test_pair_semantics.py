"""The miner of pairs."""

import json
import pickle

import pytest
import suml_support as support

from egoexo.errors import AnnotationError
from egoexo.formats.semantic_pairs import read_semantic_pairs
from tools.data.pair_semantics import main, pair_semantics


@pytest.fixture
def root(tmp_path):
    support.write_lemma(tmp_path / 'lemma', pictures=False)
    return support.write_epic(tmp_path, pictures=False)


def mine(root, **options):
    return pair_semantics(root / 'train.csv', root / 'lemma', root / 'pairs.json', root / 'lemma' / 'to_epic.json',
                          **options)


def test_three_times_the_same_as_released(root):
    counts = mine(root)
    assert counts == dict(rows=5, entries=12, same=1, sub=1, sub_verb=1, sub_noun=1, none=1)
    pairs = read_semantic_pairs(root / 'pairs.json')
    kind, found = pairs.match(0)
    assert kind == 'same' and [entry.index for entry in found] == [3, 4, 5]
    assert len({entry.frames for entry in found}) == 1
    # 32 pictures around frame 16 of 24, every second one.
    assert found[0].frames[:9:4] == ('k1/img_00000.jpg',) * 3 and found[0].frames[16] == 'k1/img_00016.jpg'
    assert found[0].frames[-1] == 'k1/img_00023.jpg' and len(found[0].frames) == 32
    assert [(kind, [entry.index for entry in found]) for kind, found in map(pairs.match, range(1, 5))] == [
        ('sub', [0, 1, 2]), ('sub_verb', [0, 1, 2]), ('sub_noun', [0, 1, 2]), (None, [])]
    assert pairs.match(1)[1][0].narration == 'cut cup with knife'
    assert pairs.match(1)[1][0].verbs == (3,) and pairs.match(1)[1][0].nouns == (1, 0)


def test_different_clips(root):
    assert mine(root, distinct=True, limit=5)['entries'] == 4
    pairs = read_semantic_pairs(root / 'pairs.json')
    assert [entry.index for entry in pairs.match(1)[1]] == [0, 9]
    assert [entry.index for entry in pairs.match(3)[1]] == [0, 6, 9]


def test_no_absolute_path_is_written(root):
    mine(root)
    assert str(root) not in (root / 'pairs.json').read_text()


def test_command(root, capsys):
    arguments = ['--ann', str(root / 'train.csv'), '--lemma', str(root / 'lemma'), '--out', str(root / 'pairs.json')]
    assert main([*arguments, '--label-map', str(root / 'lemma' / 'to_epic.json')]) == 0
    assert capsys.readouterr().out == (f'{root}/pairs.json: rows 5, entries 12, same 1, sub 1, sub_verb 1, sub_noun 1, '
                                       'none 1\n')
    # The official map is for the 25 verbs of LEMMA.
    assert main(arguments) == 2
    assert 'a class for each of the 4 of LEMMA, found 25. Give the map' in capsys.readouterr().err


def test_frames_with_gaps(root):
    rows = [row for row in support.frames() if row[:2] != ('k2|P1', 4)]
    (root / 'lemma' / 'full' / 'rec_tpv_frames.p').write_bytes(pickle.dumps(rows, 3))
    with pytest.raises(AnnotationError, match=r'video k2\|P1 of LEMMA: expected frames that count from 0 without gaps, '
                                              'found none with the number 4'):
        mine(root)
    assert not (root / 'pairs.json').exists()


def test_a_list_without_labels(root):
    lines = [line.split(',')[:9] for line in (root / 'train.csv').read_text().splitlines()]
    (root / 'train.csv').write_text('\n'.join(map(','.join, lines)))
    assert mine(root)['none'] == 5
    assert json.loads((root / 'pairs.json').read_text())['0']['same'] == []
