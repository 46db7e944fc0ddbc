from pathlib import Path

import numpy as np
import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.segment_csv import (
    AnnotatedVideo,
    Segment,
    collect_classes,
    frame_labels,
    read_class_list,
    read_segments,
    require_known_classes,
    row_ranges,
    write_segments,
)

HEAD = 'video,start_sec,end_sec,label\n'


def written(folder: Path, text: str, name: str = 'train.csv') -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_lines_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + 'kitchen/b.mp4,5,7.5,"Cut, finely"\na.mkv,0,1,Cut\n\nkitchen/b,0.5,5,Add\nc,,,\n')
    videos = read_segments(path)
    assert list(videos) == ['kitchen__b', 'a', 'c']
    assert videos['kitchen__b'].segments == (Segment(0.5, 5.0, 'Add', 5), Segment(5.0, 7.5, 'Cut, finely', 2))
    assert videos['c'] == AnnotatedVideo('c', '', (), 6)


def test_spreadsheets_mark_and_line_ends(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeffvideo,view,start_sec,end_sec,label\r\na,ego,0,1,Cut\r\nb,exo,0,1,Cut\r\n')
    assert [(video.uid, video.view) for video in read_segments(path).values()] == [('a', 'ego'), ('b', 'exo')]


@pytest.mark.parametrize('view', ['', 'exo'])
def test_written_and_read_back(tmp_path: Path, view: str) -> None:
    segments = (Segment(0.1 + 0.2, 1.0, 'Cut, "finely"', 2), Segment(1.0, 2 / 3 + 1, 'Añadir', 3))
    videos = [AnnotatedVideo('a', view, segments, 2), AnnotatedVideo('b', view, (), 4)]
    write_segments(tmp_path / 'own' / 'train.csv', videos)
    assert list(read_segments(tmp_path / 'own' / 'train.csv').values()) == videos
    assert ('view' in (tmp_path / 'own' / 'train.csv').read_text().splitlines()[0]) == bool(view)


@pytest.mark.parametrize(('text', 'message'), [
    ('', 'expected a head line and at least one line below it, found an empty file'),
    (HEAD, 'found a head line alone'),
    ('a,0,1,Cut\n', r'line 1: expected the head line video,start_sec,end_sec,label .*, found a,0,1,Cut'),
    ('video;start_sec;end_sec;label\n', 'found video;start_sec;end_sec;label. Separate the columns by commas'),
    ('video,start_sec,end_sec,label,note\na,0,1,Cut,x\n', 'line 1: expected the head line .* found .*,note'),
    (HEAD + 'a,0,1\n', r'line 2: expected 4 fields \(video,start_sec,end_sec,label\), found 3'),
    (HEAD + 'a,0,1,Cut, finely\n', 'expected 4 fields .* found 5. Put a name that holds a comma into double quotes'),
    (HEAD + ',0,1,Cut\n', 'line 2: expected the name of a video'),
    (HEAD + 'a,0,1,\n', 'line 2: expected the name of a class, found an empty label'),
    (HEAD + 'a,x,1,Cut\n', "line 2: expected start_sec in seconds, 0 or more, found 'x'"),
    (HEAD + 'a,0,nan,Cut\n', "expected end_sec in seconds, 0 or more, found 'nan'"),
    (HEAD + 'a,-1,1,Cut\n', "expected start_sec in seconds, 0 or more, found '-1'"),
    (HEAD + 'a,0,inf,Cut\n', "found 'inf'"),
    (HEAD + 'a,2,2,Cut\n', 'line 2: expected end_sec after start_sec 2, found 2'),
    (HEAD + 'a,4,6,Cut\nb,0,1,Cut\na,0,4.5,Add\n',
     'line 2: expected segments of a that do not overlap, found 4 to 6 s, while line 4 lasts until 4.5 s. Cut one'),
    (HEAD + 'a,4,6,Cut\na,4,6,Cut\n', 'line 3: .* found the segment of line 2 a second time. Remove one'),
    ('video,start_sec,end_sec,label,view\na,0,1,Cut,top\n', "line 2: expected the view 'ego' or 'exo', or nothing"),
    ('video,start_sec,end_sec,label,view\na,0,1,Cut,ego\na,1,2,Cut,exo\n',
     "line 3: expected the view 'ego' of a in line 2, found 'exo'"),
    (HEAD + '"a,0,1,Cut\n', 'expected a line of a CSV file, found .* Close every double quote'),
])
def test_malformed_files_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message) as caught:
        read_segments(written(tmp_path, text))
    assert 'train.csv' in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match='expected an annotation file, found No such file'):
        read_segments(tmp_path / 'nothing.csv')
    (tmp_path / 'latin.csv').write_bytes('video,start_sec,end_sec,label\na,0,1,Añadir\n'.encode('latin-1'))
    with pytest.raises(AnnotationError, match='expected UTF-8 text, found .* Save it as UTF-8 CSV'):
        read_segments(tmp_path / 'latin.csv')


def test_class_list(tmp_path: Path) -> None:
    assert read_class_list(written(tmp_path, 'Cut\n\nAdd sauce \r\n')) == ('background', 'Cut', 'Add sauce')
    assert read_class_list(written(tmp_path, 'background\nCut\n')) == ('background', 'Cut')


@pytest.mark.parametrize(('text', 'message'), [
    ('Cut\nAdd\nCut\n', "line 3: expected each class once, found 'Cut' as in line 1"),
    ('Cut\nbackground\n', "line 2: expected 'background' in the first line or nowhere"),
    ('\n', 'expected one class name per line, found none'),
])
def test_malformed_class_lists(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read_class_list(written(tmp_path, text, 'classes.txt'))


def test_unknown_classes_name_line_and_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + 'a,0,1,Cut\na,1,2,Adds\na,2,3,Fly\na,3,4,background\n')
    videos = read_segments(path)
    assert collect_classes(videos) == ('background', 'Adds', 'Cut', 'Fly')
    with pytest.raises(AnnotationError) as caught:
        require_known_classes(videos, ('background', 'Add', 'Cut'), path, 'classes.txt')
    assert str(caught.value) == (f"{path} line 3: expected one of the 3 classes of classes.txt, found 'Adds' (2 such "
                                 "lines). Did you mean 'Add'? Correct the lines, or add the class to classes.txt.")
    require_known_classes(videos, ('background', 'Adds', 'Cut', 'Fly'), path, 'classes.txt')


def test_rows_get_the_segment_that_covers_their_time() -> None:
    segments = (Segment(0.2, 0.6, 'Cut'), Segment(0.6, 0.601, 'Add'), Segment(0.7, 9.0, 'Add'))
    times = np.arange(6) / 5  # 0, 0.2, ..., 1.0, some of them not exact
    np.testing.assert_array_equal(frame_labels(segments, times, ('background', 'Add', 'Cut')), [0, 2, 2, 1, 1, 1])
    np.testing.assert_array_equal(row_ranges(segments, times), [[1, 3], [3, 4], [4, 6]])
    np.testing.assert_array_equal(frame_labels((), times, ('background',)), np.zeros(6))
    np.testing.assert_array_equal(row_ranges((Segment(0.21, 0.39, 'Cut'),), times), [[2, 2]])
