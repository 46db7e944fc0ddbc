"""Ground truth of correspondence."""

import json

import pytest
from relations_support import EGO, relation_take

from egoexo.errors import AnnotationError
from egoexo.formats.correspondence_take import TakeAnnotation, write_split, write_take_annotation
from egoexo.formats.correspondence_truth import (
    build_ground_truth,
    iter_ground_truth,
    iter_prepared_takes,
    write_ground_truth,
)
from egoexo.formats.relations import parse_relation_take

FRAMES = {'steel bowl_0': {'cam01': [0, 30, 60], EGO: [0, 30, 60], 'cam02': [0, 30, 60]},
          'salt/pepper_1': {EGO: [0, 30, 60], 'cam01': [0, 30]}}


def take(uid, frames=FRAMES):
    masks = parse_relation_take(uid, json.dumps(relation_take('n'))).masks
    return TakeAnnotation(uid, masks, [0, 30, 60], frames)


@pytest.fixture
def root(tmp_path):
    """Two takes of ours, one of the official code, and one whose video was missing."""
    write_split(tmp_path / 'split.json', {'train': ['x'], 'val': ['u1', 'gone', 'u0'], 'test': ['u2']})
    for uid, frames in (('u0', FRAMES), ('u1', FRAMES), ('u2', None)):
        write_take_annotation(tmp_path / uid / 'annotation.json', take(uid, frames))
    (tmp_path / 'relations.json').write_text(json.dumps({'annotations': {'u2': relation_take('n')}}))
    return tmp_path


def test_written_and_read(tmp_path):
    path = tmp_path / 'gt.json'
    assert write_ground_truth(path, [take('u0'), take('u1')]) == 2
    content = json.loads(path.read_text())
    assert list(content) == ['version', 'challenge', 'annotations']
    assert (content['version'], content['challenge']) == ('xx', 'xx')
    assert content['annotations']['u1'] == {'masks': take('u1').masks, 'subsample_idx': [0, 30, 60],
                                            'annotated_frames': FRAMES}
    assert list(iter_ground_truth(path)) == [take('u0'), take('u1')]


def test_takes_of_a_prepared_root(root):
    assert list(iter_prepared_takes(root, 'val')) == [take('u1'), take('u0')]  # in the order of the split
    assert list(iter_ground_truth(root)) == [take('u1'), take('u0')]
    with pytest.raises(AnnotationError, match=r"list of takes: expected the split 'dev', found train, val, test"):
        list(iter_prepared_takes(root, 'dev'))
    with pytest.raises(AnnotationError, match=r"takes of the split 'train' with annotation.json, found none of 1"):
        list(iter_prepared_takes(root, 'train'))


def test_built(root):
    assert build_ground_truth(root, 'val') == 2
    assert list(iter_ground_truth(root / 'correspondence-gt.json')) == [take('u1'), take('u0')]


def test_built_of_takes_that_the_official_code_prepared(root):
    with pytest.raises(AnnotationError, match="take u2: expected the key 'annotated_frames', found none: the official"):
        list(iter_ground_truth(root, 'test'))
    with pytest.raises(AnnotationError, match=r"found none for 5 \(first \['steel bowl_0 cam01'.*Give the relations"):
        build_ground_truth(root, 'test')
    assert not (root / 'correspondence-gt.json').exists()
    assert build_ground_truth(root, 'test', root / 'gt.json', root / 'relations.json') == 1
    assert list(iter_ground_truth(root / 'gt.json')) == [take('u2')]


def test_the_relations_file_is_not_read_when_it_is_not_needed(root):
    assert build_ground_truth(root, 'val', root / 'gt.json', root / 'absent.json') == 2


def test_only_cameras_with_masks_are_written(root):
    frames = {name: views | {'cam09': [0]} for name, views in FRAMES.items()} | {'other_0': {}}
    write_take_annotation(root / 'u0' / 'annotation.json', take('u0', frames))
    build_ground_truth(root, 'val', root / 'gt.json')
    assert list(iter_ground_truth(root / 'gt.json'))[1].annotated_frames == FRAMES


@pytest.mark.parametrize(('text', 'message'), [
    ('{"version": "xx"}', "a ground truth of correspondence with the key 'annotations', found none"),
    ('[]', 'an object'), ('{"annotations": []}', 'an object'), ('{"annotations": {"..": {}}}', 'take: expected a name'),
    ('{"annotations": {"u": {}}}', 'take u masks: expected an object, found nothing'),
    ('{"annotations": {"u": {"masks": {}}}}', "take u: expected the key 'annotated_frames'"),
    ('{"annotations": {}} 1', 'the end of the file'),
])
def test_refuses(tmp_path, text, message):
    (tmp_path / 'gt.json').write_text(text)
    with pytest.raises(AnnotationError, match=message):
        list(iter_ground_truth(tmp_path / 'gt.json'))
