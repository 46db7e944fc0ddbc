"""Relations files of Ego-Exo4D."""

import json

import numpy as np
import pytest
from relations_support import EGO, SIZES, box, mask_entry, relation_take

from egoexo.errors import AnnotationError
from egoexo.formats import relations
from egoexo.formats.relations import (
    is_ego,
    iter_annotated_frames,
    iter_relation_texts,
    iter_relations,
    parse_relation_take,
)
from egoexo.formats.rle import decode_rle, encode_mask


def changed(*path, value):
    """Text of a take with another value at a place."""
    take = relation_take('n')
    part = take
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return json.dumps(take)


BOWL = ('object_masks', 'steel bowl_0', 'cam01')


@pytest.fixture
def path(tmp_path):
    file = tmp_path / 'relations_val.json'
    takes = {f'u{number}': relation_take(f'name_{number}') for number in range(3)}
    file.write_text(json.dumps({'version': '1', 'annotations': takes, 'metadata': [1]}))
    return file


def test_a_take():
    take = parse_relation_take('u', json.dumps(relation_take('sfu_cooking_008_3')))
    assert (take.take_uid, take.take_name, take.scenario, take.problems) == ('u', 'sfu_cooking_008_3', 'Cooking', [])
    assert {name: {camera: list(frames) for camera, frames in views.items()} for name, views in take.masks.items()} == {
        'steel bowl_0': {'cam01': ['0', '30'], EGO: ['0', '60'], 'cam02': []},
        'salt/pepper_1': {EGO: ['30'], 'cam01': ['0', '30']}}
    assert list(take.masks['steel bowl_0']) == ['cam01', EGO, 'cam02']  # the order of the file
    assert take.annotated_frames['salt/pepper_1'] == {EGO: [0, 30, 60], 'cam01': [0, 30]}
    rle = take.masks['steel bowl_0'][EGO]['60']
    assert rle['size'] == [64, 64]
    assert np.array_equal(decode_rle(rle), box(SIZES[EGO], top=2))
    assert is_ego(EGO) and not is_ego('cam01')


def test_scenario_may_be_absent():
    assert parse_relation_take('u', changed('scenario', value=None)).scenario == ''


def test_takes_one_by_one(path):
    assert [(uid, take.take_name) for uid, take in iter_relations(path)] == [
        ('u0', 'name_0'), ('u1', 'name_1'), ('u2', 'name_2')]
    assert [uid for uid, _ in iter_relations(path, ('u2', 'u9'))] == ['u2']
    uid, text = next(iter_relation_texts(path, ['u1']))
    assert (uid, json.loads(text)) == ('u1', relation_take('name_1'))


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr('egoexo.formats.json_stream._CHUNK', 1000)
    take = json.dumps(relation_take('n'))
    (tmp_path / 'r.json').write_text('{"annotations": {' + ', '.join(f'"u{key}": {take}' for key in range(50)) + '}}')
    with relations.JsonStream(tmp_path / 'r.json', AnnotationError, 'a relations file') as stream:
        for _ in stream.members():
            for _ in stream.members():
                stream.text()
                assert len(stream._buffer) < 4 * len(take)


def test_annotated_frames_alone(path, monkeypatch):
    monkeypatch.setattr(relations, 'decompress_from_uri', None)
    found = dict(iter_annotated_frames(path, ['u0', 'u2']))
    assert list(found) == ['u0', 'u2']
    assert found['u2'] == {'steel bowl_0': {'cam01': [0, 30, 60], EGO: [0, 30, 60], 'cam02': [0, 30, 60]},
                           'salt/pepper_1': {EGO: [0, 30, 60], 'cam01': [0, 30]}}


@pytest.mark.parametrize(('key', 'value', 'problem'), [
    ('encodedMask', 'A*', r"frame 30: expected the characters A-Z.*found '\*'"),
    ('encodedMask', 'IZA', "frame 30 counts: expected run lengths in the compressed form of COCO, found 'a'"),
    ('encodedMask', '', 'found an empty text'), ('encodedMask', None, 'expected a text encodedMask, found None'),
    ('width', 65, r'add up to 36 x 65 = 2,340 pixels, found a sum of 2,304'), ('width', None, r'size: .*\[36, None\]'),
    ('height', '36', r"found \['36', 64\]"), ('height', 10**9, 'height and width of at most'),
])
def test_a_mask_that_cannot_be_read_is_none_and_told(key, value, problem):
    text = changed(*BOWL, 'annotation', '30', value=mask_entry(box(SIZES['cam01'])) | {key: value})
    take = parse_relation_take('u', text, 'r.json take u')
    assert take.masks['steel bowl_0']['cam01'] == {
        '0': encode_mask(box(SIZES['cam01'], top=0)), '30': None}
    assert len(take.problems) == 1
    with pytest.raises(AssertionError, match=problem):
        raise AssertionError(take.problems[0])
    assert take.problems[0].startswith("r.json take u object 'steel bowl_0' camera cam01 frame 30")


@pytest.mark.parametrize(('place', 'value', 'message'), [
    (('take_name', ), '../x', "take u take_name: expected a name that may be part of a file name, found '../x'"),
    (('scenario', ), 3, 'scenario: expected a text, found 3'),
    (('object_masks', ), None, 'object_masks: expected an object, found nothing'),
    (('object_masks', 'steel bowl_0'), [], "object 'steel bowl_0': expected an object, found \\[\\]"),
    (('object_masks', 'steel bowl_0', '../cam'), {}, 'camera: expected a name that may be part'),
    (('object_masks', ''), {}, "object: expected the name of an object"),
    ((*BOWL, ), 'x', "object 'steel bowl_0' camera cam01: expected an object, found 'x'"),
    ((*BOWL, 'annotation'), None, 'camera cam01 annotation: expected an object, found nothing'),
    ((*BOWL, 'annotation', '1/2'), {}, 'camera cam01 frame: expected a frame number'),
    ((*BOWL, 'annotation', '30'), 3, 'camera cam01 frame 30: expected an object, found 3'),
    ((*BOWL, 'annotated_frames'), None, 'annotated_frames: expected a list of frame numbers, found None'),
    ((*BOWL, 'annotated_frames'), [1, '2'], "found \\[1, '2'\\]"),
    ((*BOWL, 'annotated_frames'), [-1], 'found \\[-1\\]'), ((*BOWL, 'annotated_frames'), [10**9], 'frame numbers'),
])
def test_refuses_a_malformed_take(place, value, message):
    with pytest.raises(AnnotationError, match=message):
        parse_relation_take('u', changed(*place, value=value))


@pytest.mark.parametrize(('text', 'message'), [
    ('{"a": 1}', r"relations_val\.json: expected a relations file with the key 'annotations', found none. Download"),
    ('[]', 'a relations file in JSON, an object'), ('{"annotations": []}', r"an object, found '\['"),
    ('{"annotations": {"../u": {}}}', 'take: expected a name'),
    ('{"annotations": {"u": []}}', 'take u: expected an object'),
    ('{"annotations": {"u": {"take_name": "n", "take_name": "n"}}}', "take u: .*the key 'take_name' twice"),
    ('{"annotations": {"u": {}, "u": {}}}', "take u take_name: expected"),
    ('{"annotations": {"u": {"take_name": "n"', 'valid JSON'), ('{"annotations": {}} x', 'the end of the file'),
])
def test_refuses_a_malformed_file(path, text, message):
    path.write_text(text)
    with pytest.raises(AnnotationError, match=message):
        list(iter_relations(path))


def test_a_take_that_comes_twice(path):
    take = json.dumps(relation_take('n'))
    path.write_text(f'{{"annotations": {{"u": {take}, "u": {take}}}}}')
    with pytest.raises(AnnotationError, match="each key once, found 'u'"):
        list(iter_relations(path))
