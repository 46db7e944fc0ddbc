from pathlib import Path

import cv2
import numpy as np
import pytest
from clip_frames_support import numbers_shown, write_frames
from video_support import write_video

from egoexo.datasets.transforms import LoadClipFrames
from egoexo.datasets.transforms import load_clip_frames as module
from egoexo.errors import ConfigError, DataError, VideoError
from tests.datasets.conftest import picture


@pytest.fixture
def pattern(tmp_path: Path) -> str:
    return str(write_frames(tmp_path / 'v', [*range(1, 9), 12]) / 'frame_{frame:010d}.jpg')


@pytest.fixture
def read_paths(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that were read."""
    paths: list[str] = []
    read = module.read_frame
    monkeypatch.setattr(module, 'read_frame', lambda path: (paths.append(Path(path).name), read(path))[1])
    return paths


def views(*rows: list[int]) -> np.ndarray:
    return np.array(rows, dtype=np.int64)


def shown(results: dict) -> list[list[int]]:
    numbers = numbers_shown(results['frames'])
    return [[numbers[row] for row in view] for view in results['view_rows'].tolist()]


def test_each_frame_is_read_once(pattern: str, read_paths: list[str]) -> None:
    found = LoadClipFrames()(dict(frame_pattern=pattern, views=views([2, 4, 6, 8], [8, 8, 2, 7])))
    assert shown(found) == [[2, 4, 6, 8], [8, 8, 2, 7]]
    assert read_paths == [f'frame_{number:010d}.jpg' for number in (2, 4, 6, 7, 8)]
    assert found['frame_shape'] == (64, 192) and found['frames'].dtype == np.uint8 and found['num_replaced'] == 0


def test_a_clip_of_one_frame(pattern: str, read_paths: list[str]) -> None:
    found = LoadClipFrames()(dict(frame_pattern=pattern, views=np.full((10, 32), 3)))
    assert found['frames'].shape == (1, 64, 192, 3) and len(read_paths) == 1
    assert found['view_rows'].shape == (10, 32) and not found['view_rows'].any()


def test_orders_of_channels(pattern: str) -> None:
    blue_first, red_first = (LoadClipFrames(order)(dict(frame_pattern=pattern, views=views([1])))
                             for order in ('bgr', 'rgb'))
    assert np.array_equal(blue_first['frames'], red_first['frames'][..., ::-1])
    assert np.array_equal(blue_first['frames'][0], cv2.imread(pattern.format(frame=1)))
    assert (blue_first['channel_order'], red_first['channel_order']) == ('bgr', 'rgb')


def test_a_missing_frame(pattern: str) -> None:
    item = dict(sample_id='P01_101_4', start_frame=5, stop_frame=12, frame_pattern=pattern, views=views([8, 10]))
    with pytest.raises(DataError, match=r'segment P01_101_4, frames 5 to 12: expected a file of each frame, found '
                                        r"none of 1, first .*frame_0000000010.jpg.* set on_missing_frame='nearest'"):
        LoadClipFrames()(item)


def test_the_nearest_frame_stands_in(pattern: str, read_paths: list[str]) -> None:
    item = dict(frame_pattern=pattern, views=views([8, 10, 11, 12], [0, 1, 9, 30]), on_missing_frame='nearest')
    found = LoadClipFrames()(item)
    assert shown(found) == [[8, 8, 12, 12], [1, 1, 8, 12]]
    assert found['num_replaced'] == 5 and len(read_paths) == 3


def test_a_folder_without_any_frame(tmp_path: Path) -> None:
    with pytest.raises(DataError, match='expected a file of each frame, found none of 1'):
        LoadClipFrames()(dict(frame_pattern=f'{tmp_path}/{{frame}}.jpg', views=views([1]), on_missing_frame='nearest'))


def test_a_damaged_frame(pattern: str) -> None:
    path = Path(pattern.format(frame=4))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match=r'0004.jpg: expected a JPEG or PNG picture, found .* cannot be decoded'):
        LoadClipFrames()(dict(frame_pattern=pattern, views=views([3, 4])))


def test_frames_of_two_sizes(pattern: str) -> None:
    cv2.imwrite(pattern.format(frame=6), np.zeros((48, 192, 3), np.uint8))
    with pytest.raises(DataError, match=r'0006.jpg: expected 64 x 192 pixels, as in .*frame_0000000005.jpg, '
                                        'found 48 x 192. Extract all frames of this video again in one size'):
        LoadClipFrames()(dict(frame_pattern=pattern, views=views([5, 6, 7])))


def test_a_list_of_paths(pattern: str, read_paths: list[str]) -> None:
    paths = [pattern.format(frame=number) for number in (3, 5, 3, 8)]
    assert shown(LoadClipFrames()(dict(frame_paths=paths))) == [[3, 5, 3, 8]]
    assert len(read_paths) == 3, 'a path that is named twice is read once'
    assert shown(LoadClipFrames()(dict(frame_paths=paths, views=views([0, 2], [3, 3])))) == [[3, 3], [8, 8]]
    with pytest.raises(DataError, match=r'views: expected places in 4 paths, found \[4\]'):
        LoadClipFrames()(dict(frame_paths=paths, views=views([0, 4])))


def test_a_video_file(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'a.mp4', 40, fps=25.0)
    found = LoadClipFrames('rgb')(dict(video_path=str(path), views=views([0, 5, 5], [39, 1, 0])))
    assert shown(found) == [[0, 5, 5], [39, 1, 0]] and len(found['frames']) == 4
    # At 50 frames per second, counted from 1, two numbers show one picture.
    found = LoadClipFrames('bgr')(dict(video_path=str(path), views=views([1, 2, 3, 4, 5], [75, 76, 77, 90, 1]),
                                       frame_rate=50.0))
    assert shown(found) == [[0, 0, 1, 1, 2], [37, 37, 38, 39, 0]]
    assert len(found['frames']) == 6, 'each picture is decoded once'
    blue_first = found['frames'][0][20:40].astype(int)
    gaps = [np.abs(blue_first[..., ::step] - picture(0)[20:40]).mean() for step in (-1, 1)]
    assert gaps[0] < gaps[1] - 5


def test_an_open_video_is_used_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / 'a.mp4', 5)
    video = module.VideoReader(path)
    monkeypatch.setattr(module, 'VideoReader', None)
    found = LoadClipFrames()(dict(video_path=str(path), video=video, views=views([0, 3])))
    assert shown(found) == [[0, 3]] and 'video' not in found


def test_a_video_that_is_none(tmp_path: Path) -> None:
    (tmp_path / 'a.mp4').write_bytes(b'no video')
    with pytest.raises(VideoError, match=r'a.mp4: expected a video file'):
        LoadClipFrames()(dict(video_path=str(tmp_path / 'a.mp4'), views=views([0])))


def test_nothing_to_read_from() -> None:
    with pytest.raises(ConfigError, match=r"sample 'x': expected frame_pattern, frame_paths or video_path, found only"):
        LoadClipFrames()(dict(sample_id='x', views=views([0])))
    with pytest.raises(ConfigError, match=r"channel_order: expected 'bgr' or 'rgb', found 'gbr'"):
        LoadClipFrames('gbr')
