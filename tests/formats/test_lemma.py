"""Annotations of LEMMA."""

import json
import pickle

import numpy as np
import pytest
import suml_support as support

from egoexo.errors import AnnotationError
from egoexo.formats.lemma import (
    REPEAT,
    LemmaLabel,
    LemmaSegment,
    LemmaVideo,
    clip_frames,
    is_inside,
    read_lemma,
    read_lemma_frames,
    read_lemma_names,
    read_lemma_segments,
    read_lemma_split,
)


@pytest.fixture
def root(tmp_path):
    return support.write_lemma(tmp_path / 'lemma', pictures=False)


def test_segments_of_a_split(root):
    lemma = read_lemma(root)
    # Nobody does anything in the middle of k1, and k3 is in no list.
    assert lemma.segments == (LemmaSegment('k1|P1', 0, 10), LemmaSegment('k1|P1', 16, 8), LemmaSegment('k2|P1', 0, 9),
                              LemmaSegment('k2|P1', 9, 7))
    assert lemma.split_videos == ('k1|P1', 'k2|P1')
    assert list(lemma.videos) == ['k1|P1', 'k2|P1', 'k3|P1']
    assert [lemma.label(segment).verbs for segment in lemma.segments] == [(0,), (2,), (3,), (0,)]
    assert lemma.label(lemma.segments[2]) == LemmaLabel((3,), (0, 1, 4), (3,))
    assert lemma.names.verbs[3] == 'put' and REPEAT == 3


def test_frames_of_a_clip(root):
    video = read_lemma(root).videos['k1|P1']
    assert video.clip(20, clip_len=4) == [f'k1/img_{number:05d}.jpg' for number in (16, 18, 20, 22)]
    assert video.clip(23, clip_len=4)[2:] == ['k1/img_00023.jpg'] * 2
    assert video.label(12).interactions == (0,)
    assert video.label(24) is None
    assert clip_frames(0, 10, 4, 1) == [0, 0, 0, 1]


def test_several_boxes_are_joined():
    labels = (LemmaLabel((2,), (3,), (7,)), LemmaLabel((1, 2), (4,), (8,)))
    assert LemmaVideo({0: 'a'}, {0: labels}).label(0) == LemmaLabel((1, 2), (3, 4), (7,))


def test_a_segment_of_two_boxes_counts_if_one_does_something(root):
    rows = support.frames()
    idle = next(row for row in rows if row[:2] == ('k1|P1', 10))
    rows.append((*idle[:6], [[2, [[2]]]], [[0]], [2]))
    _pickle(root / 'full' / 'rec_tpv_frames.p', rows)
    assert LemmaSegment('k1|P1', 10, 6) in read_lemma(root).segments


def test_numbers_of_numpy_and_text(root):
    rows = [(name, str(frame), person, flow, rgb, np.array(box), [[np.int64(verb), nouns] for verb, nouns in actions],
             task, hois) for name, frame, person, flow, rgb, box, actions, task, hois in support.frames()]
    _pickle(root / 'full' / 'rec_tpv_frames.p', rows)
    _pickle(root / 'full' / 'rec_fpv_segments_indices.p',
            [(name, np.int32(start), np.int64(length)) for name, start, length in support.segments()])
    lemma = read_lemma(root)
    assert len(lemma.segments) == 4
    assert type(lemma.label(lemma.segments[0]).verbs[0]) is int and type(lemma.segments[0].length) is int


def test_split_has_both_persons(root):
    assert read_lemma_split(root / 'splits' / '1tpv_train.json') == ['k1', 'k2', 'k1|P1', 'k2|P1', 'k1|P2', 'k2|P2']


def test_all_missing_files_are_named(root):
    (root / 'metadata' / 'all_objs.json').unlink()
    (root / 'full' / 'rec_tpv_frames.p').unlink()
    with pytest.raises(AnnotationError, match=r'nothing in the place of metadata/all_objs.json, full/rec_tpv_frames.p'):
        read_lemma(root)


def _pickle(path, content):
    path.write_bytes(pickle.dumps(content, 3))


def _row(**changes):
    names = ('name', 'frame', 'person', 'flow', 'rgb', 'box', 'actions', 'task', 'hois')
    return tuple((dict(zip(names, support.frames()[0], strict=True)) | changes).values())


@pytest.mark.parametrize(('row', 'found'), [
    (_row()[:8], r'row 0: expected 9 values'), (_row(name=3), r'the name of a video and the number of a frame'),
    (_row(frame=-1), r'the number of a frame'), (_row(rgb=[]), r'the path of a picture'),
    (_row(rgb=['../x.jpg']), r'below the root, found \[.\.\./x\.jpg'), (_row(rgb=['/x.jpg']), r'below the root'),
    (_row(actions=[[4, [[1]]]]), r'verb ids .*all_acts\.json'), (_row(actions=[[0, [[9]]]]), r'lists of noun ids'),
    (_row(actions=[[True, [[1]]]]), 'verb ids'), (_row(actions=[[0]]), 'verb ids'), (_row(actions=3), 'verb ids'),
    (_row(hois=[]), 'interaction ids'), (_row(hois=[[1]]), 'interaction ids')])
def test_wrong_rows(root, row, found):
    _pickle(root / 'full' / 'rec_tpv_frames.p', [row])
    with pytest.raises(AnnotationError, match=found):
        read_lemma_frames(root / 'full' / 'rec_tpv_frames.p', read_lemma_names(root))


@pytest.mark.parametrize(('rows', 'found'), [([('k1|P1', 3)], '3 values'), ([('k1|P1', 0, 0)], 'a number of frames'),
                                             ([], 'a list without any'), ({}, 'a list of rows, found a dict')])
def test_wrong_segments(root, rows, found):
    path = root / 'full' / 'rec_fpv_segments_indices.p'
    _pickle(path, rows)
    with pytest.raises(AnnotationError, match=found):
        read_lemma_segments(path)


def test_segments_of_other_frames(root):
    _pickle(root / 'full' / 'rec_fpv_segments_indices.p', [*support.segments(), ('k1|P1', 24, 2), ('k2|P2', 0, 2)])
    with pytest.raises(AnnotationError, match=r"begin at a frame of rec_tpv_frames\.p, found 2 others, first "
                                              r"\('k1\|P1', 24, 2\)"):
        read_lemma(root)


def test_a_split_without_segments(root):
    (root / 'splits' / '1tpv_train.json').write_text('["k9"]')
    with pytest.raises(AnnotationError, match=r'videos with segments in rec_fpv_segments_indices\.p, found none'):
        read_lemma(root)


@pytest.mark.parametrize(('file', 'content', 'found'), [
    ('metadata/all_hois.json', ['a'], r"the name 'null\$' of doing nothing"), ('metadata/all_acts.json', {}, 'a dict'),
    ('splits/1tpv_train.json', [], 'a list of names'), ('splits/1tpv_train.json', [1], 'a list of names')])
def test_wrong_lists(root, file, content, found):
    (root / file).write_text(json.dumps(content))
    with pytest.raises(AnnotationError, match=found):
        read_lemma(root)


@pytest.mark.parametrize(('name', 'inside'), [('a/b.jpg', True), ('a..b.jpg', True), ('a/../../b', False),
                                              ('..', False), ('/a', False), ('', False), ('a\0b', False),
                                              ('a\\b', False), (3, False)])
def test_paths(name, inside):
    assert is_inside(name) is inside
