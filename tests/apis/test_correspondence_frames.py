"""Pictures out of the videos of a take."""

import cv2
import numpy as np
import pytest

from egoexo.apis.correspondence_frames import (
    TooSmallError,
    check_target_size,
    extract_frames,
    picture_size,
    video_path,
)
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import ConfigError, DataError
from egoexo.mini.video import write_mp4


@pytest.mark.parametrize('size', [None, 'none', 16, 480, 2**15])
def test_sizes_that_can_be_meant(size):
    check_target_size(size)


@pytest.mark.parametrize('size', [0, -1, 15, 2**16, 480.0, True, '480', 'official'])
def test_refuses_other_sizes(size):
    with pytest.raises(ConfigError, match="target_size: expected the longest side in pixels, 16 or more, or 'none'"):
        check_target_size(size)


@pytest.mark.parametrize(('height', 'width', 'ego', 'target', 'expected'), [
    (1408, 1408, True, None, (704, 704)), (2160, 3840, False, None, (540, 960)),
    (1519, 2705, False, None, (379, 676)),  # rounded down, as the official code does
    (448, 796, False, 'none', (448, 796)), (2160, 3840, False, 960, (540, 960)), (1408, 1408, True, 480, (480, 480)),
    (448, 796, False, 480, (270, 480)), (796, 448, False, 480, (480, 270)), (448, 796, False, 960, (448, 796)),
    (16, 4000, False, 100, (1, 100)),
])
def test_size_of_a_picture(height, width, ego, target, expected):
    assert picture_size(height, width, ego, target) == expected


def test_official_sizes_need_full_resolution():
    with pytest.raises(TooSmallError, match=r'a\.mp4: expected a height of at least 1408 pixels .*found a video of '
                                            '796x448. .*use --target-size none, or'):
        picture_size(448, 796, False, None, 'a.mp4')
    assert issubclass(TooSmallError, DataError)


def test_path_of_a_video(tmp_path):
    folder = tmp_path / 'takes' / 'n' / 'frame_aligned_videos'
    (folder / 'downscaled' / '448').mkdir(parents=True)
    assert video_path(tmp_path, 'n', 'cam01', small=True) == folder / 'cam01.mp4'  # to be named as missing
    (folder / 'downscaled' / '448' / 'cam01.mp4').touch()
    assert video_path(tmp_path, 'n', 'cam01') == folder / 'cam01.mp4'
    assert video_path(tmp_path, 'n', 'cam01', small=True) == folder / 'downscaled' / '448' / 'cam01.mp4'
    (folder / 'cam01.mp4').touch()
    assert video_path(tmp_path, 'n', 'cam01', small=True) == folder / 'cam01.mp4'


@pytest.fixture
def video(tmp_path):
    rng = np.random.default_rng(0)
    frames = np.kron(rng.integers(0, 255, (65, 9, 16, 3)), np.ones((1, 8, 8, 1))).astype(np.uint8)
    write_mp4(tmp_path / 'v.mp4', [frames], 30, (128, 72))
    with VideoReader(tmp_path / 'v.mp4') as reader:
        yield reader


@pytest.mark.parametrize('size', [(72, 128), (36, 64), (18, 32)])
def test_pictures_are_those_of_opencv(video, tmp_path, size):
    folder = tmp_path / 'u' / 'cam01'
    extract_frames(video, folder, [0, 30, 60], size)
    assert sorted(path.name for path in folder.iterdir()) == ['0.jpg', '30.jpg', '60.jpg']
    for frame in (0, 30, 60):
        expected = cv2.resize(video.get_batch([frame])[0], size[::-1], interpolation=cv2.INTER_LINEAR)
        cv2.imwrite(str(tmp_path / 'expected.jpg'), expected[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
        assert (folder / f'{frame}.jpg').read_bytes() == (tmp_path / 'expected.jpg').read_bytes()
        assert cv2.imread(str(folder / f'{frame}.jpg')).shape == (*size, 3)


def test_one_frame_at_a_time(video, tmp_path, monkeypatch):
    asked = []
    inner = video.get_batch
    monkeypatch.setattr(video, 'get_batch', lambda frames: asked.append(list(frames)) or inner(frames))
    extract_frames(video, tmp_path / 'c', [0, 30], (36, 64))
    assert asked == [[0], [30]]
