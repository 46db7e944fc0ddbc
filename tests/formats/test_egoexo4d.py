"""Readers of Ego-Exo4D's takes, keysteps and atomic descriptions."""

import re

import ego2exo_support as support
import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.egoexo4d import (
    Annotator,
    Description,
    Keystep,
    Stream,
    TaxonomyNode,
    parse_atomic_descriptions,
    parse_keysteps,
    parse_takes,
    read_atomic_descriptions,
    read_keysteps,
    read_takes,
)

KEYSTEPS, DESCRIPTIONS = 'annotations/keystep_train', 'annotations/atomic_descriptions_train'


@pytest.fixture
def content():
    return support.release()


def test_files(tmp_path, content):
    root = support.write_release(tmp_path, content)
    assert read_takes(root / 'takes.json') == parse_takes(content['takes'])
    assert read_keysteps(root / f'{KEYSTEPS}.json') == parse_keysteps(content[KEYSTEPS])
    assert read_atomic_descriptions(root / f'{DESCRIPTIONS}.json') == parse_atomic_descriptions(content[DESCRIPTIONS])


def test_takes(content):
    takes = parse_takes(content['takes'])
    assert list(takes) == ['t0', 't1', 'v0']
    assert takes['t0'][:3] == ('t0', 'takes/t0', 60.0)
    assert takes['t0'].cameras == {'aria01': {'rgb': Stream('aria01', '214-1')}, 'cam01': {'0': Stream('cam01', '0')},
                                   'cam02': {'0': Stream('cam02', '0')}}


@pytest.mark.parametrize('change', [dict(duration_sec=None), dict(frame_aligned_videos=None), dict(capture={}, x=1)])
def test_takes_that_were_never_cut(content, change):
    content['takes'][0].update(change)
    found = parse_takes(content['takes'])['t0']
    assert found.duration_sec == change.get('duration_sec', 60.0)
    assert bool(found.cameras) == ('frame_aligned_videos' not in change)


@pytest.mark.parametrize(('key', 'value', 'message'), [
    ('take_uid', None, 'takes.json take 0 take_uid: expected a name that may be part of a file name, found None'),
    ('take_uid', 'a/b', "take_uid: expected a name that may be part of a file name, found 'a/b'"),
    ('take_uid', '..', "found '..'"), ('take_uid', 't1', 'take t1: expected each take once, found it a second time'),
    ('root_dir', '/takes/t0', 'take t0 root_dir: expected a relative path without ".."'),
    ('root_dir', 'takes/../..', 'root_dir'), ('root_dir', 3, 'found 3'),
    ('duration_sec', '60', "take t0 duration_sec: expected seconds, found '60'"),
    ('duration_sec', float('nan'), 'found nan'), ('duration_sec', 1e7, 'found 10000000.0'),
    ('frame_aligned_videos', ['cam01'], "take t0 frame_aligned_videos: expected an object, found ['cam01']"),
    ('frame_aligned_videos', {'../cam': {}}, "take t0 camera: expected a name that may be part of a file name"),
    ('frame_aligned_videos', {'cam01': {'0': None}}, 'take t0 camera cam01: expected an object, found nothing'),
    ('frame_aligned_videos', {'cam01': {'0': {'cam_id': 'cam01', 'stream_id': 0}}}, 'camera cam01 stream_id: expected'),
    ('frame_aligned_videos', {'cam01': {'0': {'cam_id': '/', 'stream_id': '0'}}}, 'camera cam01 cam_id: expected')])
def test_malformed_takes(content, key, value, message):
    content['takes'][0][key] = value
    with pytest.raises(AnnotationError, match=re.escape(message)):
        parse_takes(content['takes'])


def test_streams_that_were_never_exported(content):
    content['takes'][0]['frame_aligned_videos']['cam01'] = {'0': dict(cam_id='cam01', stream_id=None), '1': {}}
    assert parse_takes(content['takes'])['t0'].cameras['cam01'] == {}


def test_some_takes_only(content):
    content['takes'][0] = dict(take_uid='t0')
    assert list(parse_takes(content['takes'], ['v0', 'other', 't1'])) == ['t1', 'v0']


def test_takes_are_a_list():
    with pytest.raises(AnnotationError, match='takes.json: expected a list, found {}'):
        parse_takes({})


def test_keysteps(content):
    found = parse_keysteps(content[KEYSTEPS])
    assert found.takes['t0'][:2] == ('t0', 'Tea')
    assert found.takes['t0'].segments[1] == Keystep(5.0, 9.0, 3)
    assert found.taxonomy['Tea'][0] == TaxonomyNode('Root', None, False)
    assert found.taxonomy['Soup'][2] == TaxonomyNode('Boil', 1, True)


@pytest.mark.parametrize(('path', 'value', 'message'), [
    (('annotations',), [], 'keysteps annotations: expected an object, found []'),
    (('taxonomy',), None, 'keysteps taxonomy: expected an object, found nothing'),
    (('annotations', 't0', 'scenario'), None, 'take t0 scenario: expected a text, found None'),
    (('annotations', 't0', 'segments'), {}, 'take t0 segments: expected a list, found {}'),
    (('annotations', 't0', 'segments', 1), 3, 'take t0 segment 1: expected an object, found 3'),
    (('annotations', 't0', 'segments', 1, 'start_time'), float('nan'), '1 start_time: expected seconds, found'),
    (('annotations', 't0', 'segments', 1, 'end_time'), float('inf'), 'segment 1 end_time: expected seconds, found inf'),
    (('annotations', 't0', 'segments', 1, 'end_time'), True, 'end_time: expected seconds, found True'),
    (('annotations', 't0', 'segments', 1, 'step_id'), '2', "step_id: expected a whole number, found '2'"),
    (('annotations', 't0', 'segments', 1, 'step_id'), 2**70, 'step_id: expected a whole number'),
    (('taxonomy', 'Tea'), [], 'taxonomy Tea: expected an object, found []'),
    (('taxonomy', 'Tea', '2', 'id'), None, 'taxonomy Tea node 2 id: expected a whole number, found None'),
    (('taxonomy', 'Tea', '2', 'name'), '', "node 2 name: expected a text, found ''"),
    (('taxonomy', 'Tea', '2', 'parent_id'), '1', "node 2 parent_id: expected a whole number, found '1'"),
    (('taxonomy', 'Tea', '2', 'is_leafnode'), 'yes', "node 2 is_leafnode: expected true or false, found 'yes'")])
def test_malformed_keysteps(content, path, value, message):
    part = content[KEYSTEPS]
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(AnnotationError, match=re.escape(message)):
        parse_keysteps(content[KEYSTEPS])


def test_descriptions(content):
    found = parse_atomic_descriptions(content[DESCRIPTIONS])
    assert list(found) == ['t0', 't1']
    assert found['t0'][0].annotator_id == 'a'
    assert found['t0'][0].descriptions[1] == Description(6.0, 'C stirs 1.', {'cam_id': 'cam01', 'raw_cam_id': '1'})
    content[DESCRIPTIONS]['annotations']['t0'] = 'not looked at'
    assert list(parse_atomic_descriptions(content[DESCRIPTIONS], ['t1', 'other'])) == ['t1']


@pytest.mark.parametrize('best', [None, {'cam_id': None}, {}])
def test_best_exo_may_be_missing(best):
    row = dict(timestamp=1, text='', best_exo=best)
    content = dict(annotations=dict(t=[dict(annotator_id='3', descriptions=[row])]))
    assert parse_atomic_descriptions(content) == {'t': (Annotator('3', (Description(1, '', best),)),)}


@pytest.mark.parametrize(('key', 'value', 'message'), [
    ('timestamp', None, 'take t0 annotation 0 description 2 timestamp: expected seconds, found None'),
    ('timestamp', float('nan'), 'timestamp: expected seconds, found nan'),
    ('text', None, 'description 2 text: expected a text, found nothing'),
    ('best_exo', 'cam01', "description 2 best_exo: expected an object, found 'cam01'"),
    ('best_exo', {'cam_id': '../x'}, "best_exo cam_id: expected a name that may be part of a file name, found '../x'")])
def test_malformed_descriptions(content, key, value, message):
    content[DESCRIPTIONS]['annotations']['t0'][0]['descriptions'][2][key] = value
    with pytest.raises(AnnotationError, match=re.escape(message)):
        parse_atomic_descriptions(content[DESCRIPTIONS])


@pytest.mark.parametrize(('rows', 'message'), [
    ({}, 'take t0: expected a list, found {}'), ([3], 'take t0 annotation 0: expected an object, found 3'),
    ([dict(annotator_id=3, descriptions=[])], 'annotator_id: expected a text, found 3'),
    ([dict(annotator_id='a')], 'annotation 0 descriptions: expected a list, found nothing')])
def test_malformed_annotators(rows, message):
    with pytest.raises(AnnotationError, match=re.escape(message)):
        parse_atomic_descriptions(dict(annotations=dict(t0=rows)))
