from pathlib import Path

import pytest
from recognition_report_support import write_epic
from video_support import write_video

from egoexo.apis.recognition_segments import open_source, read_segments
from egoexo.errors import AnnotationError, DataError


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return write_epic(tmp_path_factory.mktemp('epic') / 'root') / 'rgb_frames/P01/rgb_frames/P01_101'


def test_folder_of_frames_at_the_rate_of_its_name(folder):
    source = open_source(folder)
    assert (source.fps, source.last_frame) == (50.0, 310)
    item = source.item(1.0, 2.5)
    assert item == dict(start_frame=50, stop_frame=125, frame_rate=50.0,
                        frame_pattern=f'{folder}/frame_{{frame:010d}}.jpg')
    assert Path(item['frame_pattern'].format(frame=50)).is_file()


def test_whole_video_and_its_borders(folder):
    source = open_source(folder, fps=10)
    assert {name: source.item(None, None)[name] for name in ('start_frame', 'stop_frame')} == dict(
        start_frame=1, stop_frame=310)
    assert source.item(30.9, 99)['stop_frame'] == 310 and source.item(0, 0.01)['stop_frame'] == 1


def test_video_is_counted_at_sixty_frames_per_second(tmp_path):
    source = open_source(write_video(tmp_path / 'P01_01.mp4', num_frames=30, fps=30))
    assert (source.fps, source.last_frame, source.pattern) == (60.0, 60, '')
    assert source.item(0.5, None) == dict(start_frame=30, stop_frame=60, frame_rate=60.0,
                                          video_path=str(tmp_path / 'P01_01.mp4'))


def test_numbers_without_zeros_and_braces_in_names(tmp_path):
    folder = tmp_path / 'a{b}'
    folder.mkdir()
    for number in range(8, 13):
        (folder / f'img{number}.jpg').write_bytes(b'x')
    source = open_source(folder)
    assert source.last_frame == 12 and Path(source.item(None, None)['frame_pattern'].format(frame=12)).is_file()


@pytest.mark.parametrize(('times', 'text'), [
    ((2, 1), 'a segment inside its 6.20 s.* found 2 to 1 s'), ((-1, 1), 'found -1 to 1 s'),
    ((7, 8), 'found 7 to 8 s'), ((float('nan'), 2), 'found nan to 2 s')])
def test_segment_outside_is_refused(folder, times, text):
    with pytest.raises(DataError, match=text):
        open_source(folder).item(*times)


@pytest.mark.parametrize(('names', 'text'), [
    ((), 'numbered pictures, e.g. frame_0000000001.jpg, found none'),
    (('a_1.jpg', 'b_1.jpg'), 'one series of numbered pictures, found a_<number>.jpg, b_<number>.jpg')])
def test_folder_without_one_series_is_refused(tmp_path, names, text):
    for name in names:
        (tmp_path / name).write_bytes(b'x')
    with pytest.raises(DataError, match=text):
        open_source(tmp_path)


def test_missing_source_and_impossible_rate(tmp_path, folder):
    with pytest.raises(DataError, match='a video file or a folder of frames, found nothing'):
        open_source(tmp_path / 'absent.mp4')
    with pytest.raises(ValueError, match='fps must be a positive number, got 0'):
        open_source(folder, fps=0)


def test_table_of_segments(tmp_path):
    path = tmp_path / 'segments.csv'
    path.write_text('source,start_sec,end_sec,narration\na/P01_101,1.5,2,wash cup\nb.mp4,,,\n')
    first, second = read_segments(path)
    assert first == dict(source=tmp_path / 'a/P01_101', start_sec=1.5, end_sec=2.0, sample_id='P01_101_0',
                         narration='wash cup')
    assert (second['start_sec'], second['sample_id'], second['narration']) == (None, 'b_1', '')
    assert read_segments(path, '/data')[1]['source'] == Path('/data/b.mp4')


@pytest.mark.parametrize(('content', 'text'), [
    ('', 'columns source, start_sec, end_sec, found an empty file'), ('source,start_sec\n', 'found source, start_sec'),
    ('source,start_sec,end_sec\n', 'at least one segment, found only a head line'),
    ('source,start_sec,end_sec\n,1,2\n', 'line 2: expected a source, found none'),
    ('source,start_sec,end_sec\na,1,2\na,1;5,2\n', "line 3, start_sec: expected seconds, or nothing, found '1;5'"),
    ('source,start_sec,end_sec\na,1,inf\n', "end_sec: expected seconds")])
def test_malformed_tables(tmp_path, content, text):
    path = tmp_path / 'segments.csv'
    path.write_text(content)
    with pytest.raises(AnnotationError, match=text):
        read_segments(path)
