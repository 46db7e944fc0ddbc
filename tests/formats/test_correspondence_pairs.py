"""Tracks of a take and official lists of pairs."""

import json

import pytest

from egoexo.errors import AnnotationError, ConfigError
from egoexo.formats.correspondence_pairs import (
    PairItem,
    Track,
    create_pairs,
    iter_tracks,
    pairs_file_name,
    read_pairs,
    write_pairs,
)
from egoexo.formats.correspondence_take import TakeAnnotation

RLE = {'size': [2, 3], 'counts': '132'}
EGO = 'aria01_214-1'
TAKE = TakeAnnotation('u0', {
    'salt/pepper 1_0': {'cam02': {'60': RLE}, EGO: {'30': RLE, '0': RLE}, 'cam01': {'0': None, '90': RLE}},
    'without ego_0': {'cam01': {'0': RLE}},
    'without exo_0': {EGO: {'0': RLE}},
    'two egos_0': {'aria02_1': {'0': RLE}, 'cam01': {}, EGO: {'30': RLE}},
}, [0, 30])


def test_tracks_in_official_order():
    assert list(iter_tracks(TAKE, 'ego2exo')) == [
        Track('salt/pepper 1_0', EGO, 'cam02', ['30', '0']), Track('salt/pepper 1_0', EGO, 'cam01', ['30', '0']),
        Track('two egos_0', EGO, 'cam01', ['30'])]
    # A mask that could not be read cannot be asked for.
    assert list(iter_tracks(TAKE, 'exo2ego')) == [
        Track('salt/pepper 1_0', 'cam02', EGO, ['60']), Track('salt/pepper 1_0', 'cam01', EGO, ['90']),
        Track('two egos_0', 'cam01', EGO, [])]


def test_unknown_direction():
    with pytest.raises(ConfigError, match="expected one of ego2exo, exo2ego, found 'ego-exo'"):
        list(iter_tracks(TAKE, 'ego-exo'))
    with pytest.raises(ConfigError, match='direction'):
        pairs_file_name('val', 'exo')


def test_pairs():
    pairs = list(create_pairs([TAKE], 'exo2ego', 'data/root/'))
    ego = 'data/root//u0//aria01_214-1//salt/pepper 1_0'
    exo = ['data/root//u0//cam02//salt/pepper 1_0', 'data/root//u0//cam01//salt/pepper 1_0']
    assert pairs == [[f'{ego}//rgb//60', f'{ego}//mask//60', f'{exo[0]}//rgb//60', f'{exo[0]}//mask//60'],
                     [f'{ego}//rgb//90', f'{ego}//mask//90', f'{exo[1]}//rgb//90', f'{exo[1]}//mask//90']]
    assert len(list(create_pairs([TAKE, TAKE], 'ego2exo', 'd'))) == 10


@pytest.mark.parametrize('name', ['a//b', '/a', 'a/'])
def test_names_that_cannot_stand_in_a_list(name):
    take = TakeAnnotation('u0', {name: {EGO: {'0': RLE}, 'cam01': {}}}, [])
    with pytest.raises(AnnotationError, match='take u0 object: expected a name without \'//\''):
        list(create_pairs([take], 'ego2exo', 'd'))


@pytest.mark.parametrize('root', ['d', 'd/', '/a//b/', ''])
def test_read_from_the_end(tmp_path, root):
    path = tmp_path / pairs_file_name('train', 'ego2exo')
    assert path.name == 'train_egoexo_pairs.json'
    # As the official code writes them, a slash at the end of the root included.
    pairs = [[pair.replace('d//', f'{root}//', 1) for pair in row] for row in create_pairs([TAKE], 'ego2exo', 'd')]
    path.write_text(json.dumps(pairs))
    assert read_pairs(path)[:3] == [
        PairItem('u0', 'salt/pepper 1_0', EGO, 'cam02', '30'), PairItem('u0', 'salt/pepper 1_0', EGO, 'cam02', '0'),
        PairItem('u0', 'salt/pepper 1_0', EGO, 'cam01', '30')]


def test_written_and_read(tmp_path):
    pairs = list(create_pairs([TAKE], 'ego2exo', 'd'))
    assert write_pairs(tmp_path / 'sub' / 'p.json', iter(pairs)) == 5
    assert (tmp_path / 'sub' / 'p.json').read_text() == json.dumps(pairs)
    items = read_pairs(tmp_path / 'sub' / 'p.json')
    assert len(items) == 5
    assert items[0].object_name is items[1].object_name  # one text in memory
    assert write_pairs(tmp_path / 'p.json', []) == 0
    assert read_pairs(tmp_path / 'p.json') == []


GOOD = ['d//u//aria1//o//rgb//0', 'd//u//aria1//o//mask//0', 'd//u//cam01//o//rgb//0', 'd//u//cam01//o//mask//0']


@pytest.mark.parametrize(('pair', 'message'), [
    (3, r'p\.json pair 1: expected four texts <root>//<take>.*found 3. Make the list again'),
    (GOOD[:3], 'expected four texts'), ([*GOOD[:3], 4], 'four texts'), ([*GOOD[:3], 'd//u//cam'], 'four texts'),
    ([GOOD[1], GOOD[0], *GOOD[2:]], 'picture and mask of an ego camera, then those of an exo camera'),
    ([*GOOD[:3], GOOD[3].replace('//u', '//v')], 'of one take, object and frame'),
    ([*GOOD[:3], GOOD[3].replace('//0', '//1')], 'of one take'), ([*GOOD[:2], *GOOD[:2]], 'and an exo camera'),
    ([*GOOD[2:], *GOOD[:2]], "expected an ego camera .*found 'cam01' and 'aria1'"),
    ([part.replace('//0', '//x') for part in GOOD], "frame: .*found 'x'"),
    ([part.replace('//u', '//..') for part in GOOD], "take: .*found '..'"),
    ([part.replace('//o', '//\x1b') for part in GOOD], 'object: expected the name'),
])
def test_refuses(tmp_path, pair, message):
    (tmp_path / 'p.json').write_text(json.dumps([GOOD, pair]))
    with pytest.raises(AnnotationError, match=message):
        read_pairs(tmp_path / 'p.json')


@pytest.mark.parametrize(('text', 'message'), [('{}', 'a list of pairs in JSON, a list'), ('[[', 'valid JSON'),
                                               ('[] 3', 'the end of the file')])
def test_refuses_a_file(tmp_path, text, message):
    (tmp_path / 'p.json').write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read_pairs(tmp_path / 'p.json')
