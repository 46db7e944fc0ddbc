"""Official EgoExoLearn files: values, round trips, and the text of every refusal."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError, PredictionError
from egoexo.formats import egoexolearn as fmt

TAS = 'temporal_action_segmentation_benchmark/tas_annotation'


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(('content', 'dropped', 'kept'), [
    (b'10\r\n10\r\n0\r\n24', [10, 10, 0], [10, 10, 0, 24]),
    (b'10\n10\n0\n24', [10, 10, 0], [10, 10, 0, 24]),
    (b'10\n10\n0\n24\n', [10, 10, 0, 24], [10, 10, 0, 24]),
    (b'10\r\n0\r\n', [10, 0], [10, 0]),
    (b'10\r\n0\r24\n3', [10, 0, 24], [10, 0, 24, 3]),
    (b'5\r6\r', [5, 6], [5, 6]),
    (b'7\n27', [7], [7, 27]),
], ids=['crlf', 'lf', 'lf-ended', 'crlf-ended', 'mixed', 'cr', 'two'])
def test_frame_labels_are_cut_as_officially(
        tmp_path: Path, content: bytes, dropped: list[int], kept: list[int]) -> None:
    path = put(tmp_path / 'v.txt', content)
    official = path.read_text().split('\n')[:-1]
    labels = fmt.read_frame_labels(path)
    assert labels.dtype == np.int64
    assert labels.tolist() == dropped == [int(label) for label in official]
    assert fmt.read_frame_labels(path, drop_last_line=False).tolist() == kept


def test_the_dropped_element_is_not_looked_at(tmp_path: Path) -> None:
    path = put(tmp_path / 'v.txt', b'1\n2\nend')
    assert fmt.read_frame_labels(path).tolist() == [1, 2]
    with pytest.raises(AnnotationError, match="line 3: .*found unknown class id 'end'"):
        fmt.read_frame_labels(path, drop_last_line=False)


@pytest.mark.parametrize(('content', 'message'), [
    (b'1\r\n\r\n\r\n2\r\n3', r'line 2: .*found empty label \(2 such lines of 4\)'),
    (b'1\n2\n\n\n', 'line 3: .*found empty label'),
    (b'1\n28\n3', "line 2: .*found unknown class id '28'"),
    (b'1\n-1\n3', "line 2: .*found unknown class id '-1'"),
    (b'1\n07\n3', "line 2: .*found unknown class id '07'"),
    (b'1\n 7\n3', "line 2: .*found unknown class id ' 7'"),
    (b'cut tomato\n7\n3', "line 1: .*found unknown class id 'cut tomato'"),
    (b'1\n100\n3', "line 2: .*found unknown class id '100'"),
    (b'\xef\xbb\xbf1\n2', 'line 1: .*found unknown class id'),
    (b'1\n1.0\n3', "line 2: .*found unknown class id '1.0'"),
    (b'', 'found no label'),
    (b'24', 'found no label'),
])
def test_bad_frame_labels(tmp_path: Path, content: bytes, message: str) -> None:
    path = put(tmp_path / 'v.txt', content)
    with pytest.raises(AnnotationError, match=message) as caught:
        fmt.read_frame_labels(path)
    assert str(path) in str(caught.value)


def test_other_class_counts(tmp_path: Path) -> None:
    path = put(tmp_path / 'v.txt', b'5\n123\n99\n0')
    assert fmt.read_frame_labels(path, num_classes=124, drop_last_line=False).tolist() == [5, 123, 99, 0]
    with pytest.raises(AnnotationError, match='expected a class id from 0 to 5'):
        fmt.read_frame_labels(path, num_classes=6)


@pytest.mark.parametrize('read', [
    fmt.read_split, fmt.read_frame_labels, fmt.read_class_names, fmt.read_video_meta])
def test_missing_annotation_file(tmp_path: Path, read: object) -> None:
    with pytest.raises(AnnotationError, match=r'absent: expected a .*found nothing: it does not exist. Check'):
        read(tmp_path / 'absent')


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match='found a folder'):
        fmt.read_frame_labels(tmp_path)


@pytest.mark.parametrize('content', [b'a.txt\nb.x.txt\nc.txt', b'a.txt\r\nb.x.txt\r\nc.txt\r\n', b'a\nb\nc\n\n'])
def test_split(tmp_path: Path, content: bytes) -> None:
    assert fmt.read_split(put(tmp_path / 's.bundle', content)) == ['a', 'b', 'c']


@pytest.mark.parametrize(('content', 'message'), [
    (b'', 'found an empty file'),
    (b'\n \n', 'found an empty file'),
    (b'a.txt\n\nb.txt', "line 2: expected a video <uid>.txt, found ''"),
    (b'a.txt\n../b.txt', 'line 2'),
    (b'a.txt\nb.txt\na.txt', 'line 3: .*found a, which is already in line 1'),
    (b'\xff\xfe', 'in UTF-8, found byte 0xff at offset 0'),
])
def test_bad_split(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_split(put(tmp_path / 's.bundle', content))


def test_writers_put_down_the_released_bytes(tmp_path: Path) -> None:
    fmt.write_split(tmp_path / 'splits' / 's.bundle', ['a', 'b'])
    fmt.write_frame_labels(tmp_path / 'v.txt', np.array([3, 3, 10]))
    fmt.write_frame_prediction(tmp_path / 'v', np.array([3, 3, 10, 3]))
    assert (tmp_path / 'splits' / 's.bundle').read_bytes() == b'a.txt\nb.txt'
    assert (tmp_path / 'v.txt').read_bytes() == b'3\r\n3\r\n10'
    assert (tmp_path / 'v').read_bytes() == b'### Frame level recognition: ###\n3 3 10 3'


@pytest.mark.parametrize('labels', [np.zeros((2, 2), int), np.zeros(0, int), np.zeros(3), np.array([1, -1])])
def test_writers_refuse_what_is_no_label_sequence(tmp_path: Path, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match='non-empty 1-D array of class ids'):
        fmt.write_frame_prediction(tmp_path / 'v', labels)


def test_random_labels_survive_both_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(rng.integers(0, 28, 200), rng.integers(1, 30, 200))
    fmt.write_frame_labels(tmp_path / 'v.txt', labels)
    fmt.write_frame_prediction(tmp_path / 'v', labels)
    np.testing.assert_array_equal(fmt.read_frame_labels(tmp_path / 'v.txt'), labels[:-1])
    np.testing.assert_array_equal(fmt.read_frame_labels(tmp_path / 'v.txt', drop_last_line=False), labels)
    np.testing.assert_array_equal(fmt.read_frame_prediction(tmp_path / 'v'), labels)


@pytest.mark.parametrize('content', [
    b'### Frame level recognition: ###\n1 2 27', b'### Frame level recognition: ###\r\n 1  2\t27 \r\nrest',
    b'#\n1 2 27\n'])
def test_prediction_is_line_two(tmp_path: Path, content: bytes) -> None:
    assert fmt.read_frame_prediction(put(tmp_path / 'v', content)).tolist() == [1, 2, 27]


@pytest.mark.parametrize(('content', 'message'), [
    (b'', "line 1: expected .*found ''"),
    (b'1 2 3', "line 1: expected '### Frame level recognition: ###', found '1 2 3'"),
    (b'### Frame level recognition: ###', 'no label in line 2'),
    (b'### Frame level recognition: ###\n  \n', 'no label in line 2'),
    (b'### Frame level recognition: ###\n1 2 28 29', r"frame 2: .*found unknown class id '28'.*2 such frames of 4"),
    (b'### Frame level recognition: ###\n1 nan 3', "frame 1: .*found unknown class id 'nan'"),
    (b'### Frame level recognition: ###\n1 2.0', "frame 1: .*found unknown class id '2.0'"),
])
def test_bad_prediction(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        fmt.read_frame_prediction(put(tmp_path / 'v', content))


def test_missing_prediction(tmp_path: Path) -> None:
    with pytest.raises(PredictionError, match='does not exist'):
        fmt.read_frame_prediction(tmp_path / 'v')


@pytest.mark.parametrize(('records', 'message'), [
    ([{'key': 'a', 'value': '1'}, {'key': 'b', 'value': '3'}], r'ids 1 to 2 once each, found \[1, 3\]'),
    ([{'key': 'a', 'value': '1'}, {'key': 'b', 'value': '1'}], 'record 1: expected a name and an id of its own'),
    ([{'key': 'a'}], 'record 0: expected a list of'),
    ({'1': 'a'}, 'record 0: expected a list of'),
])
def test_bad_class_names(tmp_path: Path, records: object, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_class_names(put(tmp_path / 'c.json', json.dumps(records).encode()))


def test_class_names_are_ordered_by_id(tmp_path: Path) -> None:
    records = [{'key': 'b', 'value': '2'}, {'key': 'a', 'value': '1'}]
    assert fmt.read_class_names(put(tmp_path / 'c.json', json.dumps(records).encode())) == ('background', 'a', 'b')


RECORD = {'video_uid': 'u', 'num_frames': 10.0, 'fps': 25.0, 'width': 320.0, 'height': 180.0, 'view': 'exo',
          'scene': 'kitchen', 'task': 'task2'}


def test_video_meta(tmp_path: Path) -> None:
    path = put(tmp_path / 'm.json', json.dumps([RECORD]).encode())
    assert fmt.read_video_meta(path) == {'u': fmt.VideoMeta('u', 10, 25.0, 320, 180, 'exo', 'kitchen', 'task2')}


@pytest.mark.parametrize(('content', 'message'), [
    (json.dumps([RECORD, RECORD]), 'record 1: .*found u, which is named twice'),
    (json.dumps([{'video_uid': 'u'}]), "record 0: .*KeyError.*'num_frames'"),
    (json.dumps(['u']), 'record 0: .*TypeError'),
    (json.dumps([RECORD])[:-5], 'is not valid JSON'),
])
def test_bad_video_meta(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_video_meta(put(tmp_path / 'm.json', content.encode()))


def test_released_files() -> None:
    root = data_dir('egoexolearn')
    names = fmt.read_class_names(root / TAS / 'semantic_en.json')
    assert (len(names), names[0], names[1], names[27]) == (28, 'background', 'Prepare tomato', 'Other')
    meta = fmt.read_video_meta(root / 'video_meta_downsampled.json')
    uids = fmt.read_split(root / TAS / 'splits' / 'exo_val_annotations.bundle')
    assert len(uids) == 25
    assert [sum(meta[uid].task == f'task{number}' for uid in uids) for number in range(1, 6)] == [5, 4, 4, 7, 5]
    paths = [root / TAS / 'gts_fps25' / f'{uid}.txt' for uid in uids]
    assert sum(fmt.read_frame_labels(path).size for path in paths) == 141309
    assert sum(fmt.read_frame_labels(path, drop_last_line=False).size for path in paths) == 141309 + 25


def test_released_bytes_are_written_back(tmp_path: Path) -> None:
    source = data_dir('egoexolearn') / TAS
    split = source / 'splits' / 'ego_val_annotations.bundle'  # the exo lists were released with CRLF
    uids = fmt.read_split(split)
    fmt.write_split(tmp_path / 'split', uids)
    assert (tmp_path / 'split').read_bytes() == split.read_bytes()
    labels = source / 'gts_fps25' / f'{uids[0]}.txt'
    fmt.write_frame_labels(tmp_path / 'labels', fmt.read_frame_labels(labels, drop_last_line=False))
    assert (tmp_path / 'labels').read_bytes() == labels.read_bytes()
