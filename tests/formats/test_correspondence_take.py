"""Annotation of a prepared take, and the list of takes."""

import json

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.correspondence_take import (
    TakeAnnotation,
    parse_take_annotation,
    read_split,
    read_take_annotation,
    take_to_json,
    write_split,
    write_take_annotation,
)

RLE = {'size': [2, 3], 'counts': '132'}
TAKE = TakeAnnotation('u0', {'salt/pepper 1_0': {'aria01_214-1': {'30': RLE, '0': None}, 'cam01': {}}}, [0, 30],
                      {'salt/pepper 1_0': {'aria01_214-1': [0, 30], 'cam01': []}})
OFFICIAL = {'masks': TAKE.masks, 'subsample_idx': [0, 30]}


def test_written_and_read(tmp_path):
    path = tmp_path / 'u0' / 'annotation.json'
    write_take_annotation(path, TAKE)
    assert read_take_annotation(path) == TAKE
    assert list(read_take_annotation(path).masks['salt/pepper 1_0']['aria01_214-1']) == ['30', '0']
    content = json.loads(path.read_text())
    assert content == OFFICIAL | {'annotated_frames': TAKE.annotated_frames}
    assert list(content) == ['masks', 'subsample_idx', 'annotated_frames']


def test_official_files_do_not_say_what_was_looked_at():
    take = parse_take_annotation('u0', OFFICIAL, 'x')
    assert take.annotated_frames is None
    assert take_to_json(take) == OFFICIAL


def test_frame_numbers_may_be_texts_or_absent():
    assert parse_take_annotation('u', {'masks': {}, 'subsample_idx': ['0', '30']}, 'x').subsample_idx == [0, 30]
    assert parse_take_annotation('u', {'masks': {}}, 'x') == TakeAnnotation('u', {}, [], None)


@pytest.mark.parametrize(('content', 'message'), [
    ([], r'x: expected an object, found \[\]. Make it again with tools/data/prepare_correspondence.py'),
    ({}, 'x masks: expected an object, found nothing'),
    ({'masks': {'o': 3}}, "object 'o': expected an object, found 3"),
    ({'masks': {'': {}}}, 'object: expected the name of an object'),
    ({'masks': {'o': {'../c': {}}}}, "object 'o' camera: expected a name"),
    ({'masks': {'o': {'c': []}}}, "object 'o' camera c: expected an object"),
    ({'masks': {'o': {'c': {'x': RLE}}}}, 'camera c frame: expected a frame number'),
    ({'masks': {'o': {'c': {'3': 'x'}}}}, "camera c frame 3: expected a mask"),
    ({'masks': {'o': {'c': {'3': {'size': [10**9, 1], 'counts': ''}}}}}, 'frame 3 size: expected height and width'),
    ({'masks': {}, 'subsample_idx': 3}, 'subsample_idx: expected a list of frame numbers, found 3'),
    ({'masks': {}, 'subsample_idx': [0, '30']}, "subsample_idx: .*found \\[0, '30'\\]"),
    ({'masks': {}, 'subsample_idx': [True]}, 'found \\[True\\]'),
    ({'masks': {}, 'annotated_frames': []}, 'annotated_frames: expected an object'),
    ({'masks': {}, 'annotated_frames': {'o': {'c': [1.0]}}}, "object 'o' c: expected a list of frame numbers"),
])
def test_refuses(content, message):
    with pytest.raises(AnnotationError, match=message):
        parse_take_annotation('u', content, 'x')


def test_names_the_file(tmp_path):
    (tmp_path / 'annotation.json').write_text('[1]')
    with pytest.raises(AnnotationError, match=r'annotation\.json: expected an object, found \[1\]'):
        read_take_annotation(tmp_path / 'annotation.json')
    with pytest.raises(AnnotationError, match='expected the annotation of a take, found nothing: it does not exist'):
        read_take_annotation(tmp_path / 'b.json')


def test_split(tmp_path):
    split = {'train': ['b', 'a'], 'val': [], 'test': ['c']}
    write_split(tmp_path / 'sub' / 'split.json', split)
    assert read_split(tmp_path / 'sub' / 'split.json') == read_split(tmp_path / 'sub') == split
    (tmp_path / 'split_checking.json').write_text('{"val": ["d"]}')  # what the official evaluation reads
    assert read_split(tmp_path) == {'val': ['d']}
    write_split(tmp_path / 'split.json', split)
    assert read_split(tmp_path) == split


@pytest.mark.parametrize(('text', 'message'), [
    ('[]', 'expected an object'), ('{"val": "x"}', "split.json val: expected a list of take uids, found 'x'. Copy"),
    ('{"val": ["../x"]}', 'val: expected a name'), ('{"val": [3]}', 'found 3'),
    ('{"val": ["a", "b", "a"]}', r"val: expected each take once, found 1 more than once \(first \['a'\]\)"),
])
def test_refuses_a_split(tmp_path, text, message):
    (tmp_path / 'split.json').write_text(text)
    with pytest.raises(AnnotationError, match=message):
        read_split(tmp_path)


def test_names_the_missing_list(tmp_path):
    with pytest.raises(AnnotationError, match=r'split\.json: expected a list of takes per split, found nothing'):
        read_split(tmp_path)
