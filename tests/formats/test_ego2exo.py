"""Reading and writing ego2exo.json."""

import json
import re

import pytest
from ego2exo_support import ego2exo_json

from egoexo.errors import AnnotationError
from egoexo.formats.ego2exo import SPLITS, Segment, read_ego2exo, to_json, write_ego2exo


def changed(tmp_path, table, key, value, split='exo_train'):
    """File with another value in one row; ``value`` of ``...`` removes the key."""
    content = ego2exo_json()
    row = content[split][table][0]
    if value is ...:
        del row[key]
    else:
        row[key] = value
    return written(tmp_path, content)


def written(tmp_path, content):
    path = tmp_path / 'ego2exo.json'
    path.write_text(json.dumps(content))
    return path


def test_every_field(tmp_path):
    content = read_ego2exo(written(tmp_path, ego2exo_json()))
    assert content.classes == ('Cook', 'Clean up')
    assert set(content.splits) == set(SPLITS)
    assert content.splits['exo_train'] == (Segment(
        segment_id=7, label=0, class_name='Cook', text='stirs.', annotator_texts={'a': 'stirs.'}, take_uid='t0',
        segment_index=0, start_sec=0.0, end_sec=1.5, feature_file='features/omnivore_video/t0_c.pt',
        feature_indices=(0, 1), video_file='takes/t0/v.mp4', frame_indices=((0, 31), (16, 47)),
        best_exo={'cam_id': 'cam01', 'raw_cam_id': '1'}), )
    assert content.splits['ego_train'][0].segment_id == 2**32 - 1


def test_round_trip(tmp_path):
    write_ego2exo(tmp_path / 'new' / 'a.json', read_ego2exo(written(tmp_path, ego2exo_json())))
    text = (tmp_path / 'new' / 'a.json').read_text()
    assert text.startswith('{\n    "categories": [\n        {\n            "category_name": "Cook",')
    assert json.loads(text) == {key: ego2exo_json()[key] for key in json.loads(text)}
    assert to_json(read_ego2exo(tmp_path / 'new' / 'a.json')) == json.loads(text)


def test_tables_are_joined_by_id_in_the_order_of_the_clips(tmp_path):
    content = ego2exo_json()
    for table in ('clips', 'annotations', 'metadata', 'descriptions'):
        row = json.loads(json.dumps(content['exo_train'][table][0]))
        row['id' if table == 'clips' else 'segment_id'] = 8
        content['exo_train'][table].insert(table == 'clips', row)
    content['info'] = 'anything'
    content['exo_train']['descriptions'][0]['text_caption'] = 'of 8'
    found = read_ego2exo(written(tmp_path, content)).splits['exo_train']
    assert [(row.segment_id, row.text) for row in found] == [(7, 'stirs.'), (8, 'of 8')]


@pytest.mark.parametrize(('table', 'key', 'value'), [
    ('clips', 'feature_indices', []), ('metadata', 'best_exo', None), ('metadata', 'end_time', 0),
    ('metadata', 'end_time', -1.5), ('descriptions', 'text_caption', ' ')])
def test_what_the_release_may_hold(tmp_path, table, key, value):
    assert read_ego2exo(changed(tmp_path, table, key, value)).splits['exo_train'][0].segment_id == 7


@pytest.mark.parametrize(('table', 'key', 'value', 'message'), [
    ('clips', 'id', 'x', "exo_train clips row 0: expected an object with a whole number 'id', found 'x'"),
    ('clips', 'id', -1, 'found -1'), ('clips', 'id', 2**63, f'found {2**63}'), ('clips', 'id', True, 'found True'),
    ('annotations', 'segment_id', ..., 'exo_train annotations row 0: .*found None'),
    ('annotations', 'segment_id', 8, r'for each of the 1 clips, found 1 missing ids \(first \[7\]\) and 1 extra'),
    ('annotations', 'category', 2, "segment 7 category: expected a class id from 0 to 1.*found 2 with the name 'Cook'"),
    ('annotations', 'category', 0.0, 'found 0.0'), ('annotations', 'class_name', 'cook', "with the name 'cook'"),
    ('metadata', 'start_time', '3', "segment 7 start_time: expected seconds, found '3'"),
    ('metadata', 'end_time', 1e300, 'end_time: expected seconds, found 1e[+]300'),
    ('metadata', 'end_time', True, 'end_time: expected seconds'),
    ('metadata', 'segment_index', -1, 'segment_index: expected a whole number, 0 or more, found -1'),
    ('metadata', 'take_uid', '../t', r"take_uid: expected the uid of a take, found '\.\./t'"),
    ('metadata', 'take_uid', '..', 'take_uid'),
    ('metadata', 'best_exo', 'cam01', 'best_exo: expected an object or null'),
    ('metadata', 'best_exo', ..., 'best_exo: expected an object or null, found nothing'),
    ('descriptions', 'text_caption', None, 'text_caption: expected a text, found None'),
    ('descriptions', 'annotator_texts', {'a': 1}, 'annotator_texts: expected a text per annotator'),
    ('clips', 'feature_indices', [0, -1], r'feature_indices: expected row numbers, 0 or more, found \[0, -1\]'),
    ('clips', 'feature_indices', [True], 'feature_indices'), ('clips', 'feature_indices', [1.0], 'feature_indices'),
    ('clips', 'feature_indices', 3, 'feature_indices: expected a list, found 3'),
    ('clips', 'frame_indices', [[0, 31], [16]], 'frame_indices: expected pairs of frame numbers'),
    ('clips', 'frame_indices', [[0, None]], 'frame_indices')])
def test_what_it_may_not_hold(tmp_path, table, key, value, message):
    with pytest.raises(AnnotationError, match=message):
        read_ego2exo(changed(tmp_path, table, key, value))


@pytest.mark.parametrize('path', ['/etc/passwd', '../a.pt', 'features/../../a.pt', 'a\\b.pt', 'a\0.pt', 'a\n.pt', '',
                                  'a' * 1001, None, 3])
@pytest.mark.parametrize('key', ['feature_file_name', 'video_file_name'])
def test_paths_stay_below_the_root(tmp_path, key, path):
    with pytest.raises(AnnotationError, match=f'segment 7 {key}: expected a path below the data root'):
        read_ego2exo(changed(tmp_path, 'clips', key, path))


def test_repeated_ids_are_counted(tmp_path):
    content = ego2exo_json()
    content['ego_val']['clips'] *= 3
    with pytest.raises(AnnotationError, match=re.escape('ego_val clips: expected each segment id once, found 2 '
                                                        'repeated (first [9, 9])')):
        read_ego2exo(written(tmp_path, content))


@pytest.mark.parametrize(('key', 'value', 'message'), [
    ('ego_val', None, 'ego_val: expected an object with the lists clips, annotations, metadata, descriptions, found a '
     'NoneType'), ('ego_val', {'clips': 3}, "found {'clips': 'int'}"), ('categories', [], 'found []'),
    ('categories', {}, 'categories: expected a list of objects'), ('categories', ['Cook'], "found 'Cook'"),
    ('categories', [dict(category_name='Cook', category_id=1)], 'expected the class ids 0 to 0, found [1]'),
    ('categories', [dict(category_name='Cook', category_id=0), dict(category_name='Cook', category_id=1)], 'each id'),
    ('categories', [dict(category_name='', category_id=0)], 'each id and name once')])
def test_malformed_tables(tmp_path, key, value, message):
    with pytest.raises(AnnotationError, match=re.escape(message)):
        read_ego2exo(written(tmp_path, ego2exo_json() | {key: value}))


@pytest.mark.parametrize(('content', 'found'), [([], 'a list'), ({'clips': []}, r"the keys \['clips'\]")])
def test_another_file(tmp_path, content, found):
    with pytest.raises(AnnotationError, match=f'the keys categories, ego_train, ego_val.*found {found}'):
        read_ego2exo(written(tmp_path, content))
