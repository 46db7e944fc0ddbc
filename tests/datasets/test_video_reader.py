from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from egoexo.datasets.video_reader import BACKENDS, VideoReader
from egoexo.errors import ConfigError, VideoError
from tests.datasets.conftest import number_shown


@pytest.mark.parametrize('backend', sorted(BACKENDS))
def test_order_and_repetition_are_kept(h264: Path, sequential: Callable, backend: str) -> None:
    wanted = [70, 3, 3, 99, 0, 70]
    with VideoReader(h264, backend=backend) as video:
        batch = video.get_batch(wanted)
        assert (video.num_frames, len(video), video.fps, video.size) == (100, 100, 25.0, (64, 192))
        np.testing.assert_allclose(video.timestamps_sec, np.arange(100) / 25, atol=1e-6)
    assert batch.dtype == np.uint8
    assert [number_shown(frame) for frame in batch] == wanted
    np.testing.assert_array_equal(batch, sequential(h264)[wanted])


@pytest.mark.parametrize('indices', [[100], [5, -1], [0, 3000]])
def test_numbers_outside_the_file(h264: Path, indices: list[int]) -> None:
    with VideoReader(h264) as video, pytest.raises(VideoError, match=r'expected frame numbers 0 to 99, found \['):
        video.get_batch(indices)


def test_numbers_must_be_whole_and_none_gives_none(h264: Path) -> None:
    with VideoReader(h264) as video:
        assert video.get_batch([]).shape == (0, 64, 192, 3)
        assert number_shown(video.get_batch(np.array([7], dtype=np.int32))[0]) == 7
        with pytest.raises(TypeError):
            video.get_batch([1.5])


def test_seconds_to_frames(h264: Path, tmp_path: Path, make_video: Callable) -> None:
    with VideoReader(h264) as video:
        assert video.frames_at([-1, 0, 0.039, 0.04, 2.0, 2.0399, 99]).tolist() == [0, 0, 0, 1, 50, 51, 99]
    path = make_video(tmp_path / 'variable.mkv', 4, times_ms=[0, 100, 1000, 1010])
    with VideoReader(path) as video:
        assert video.frames_at([0.05, 0.1, 0.999, 1.005, 5]).tolist() == [0, 1, 1, 2, 3]


def test_missing_file_and_unknown_backend(h264: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r'nowhere\.mp4: expected a video file, found nothing'):
        VideoReader(tmp_path / 'nowhere.mp4')
    with pytest.raises(ConfigError, match=r"expected one of \['decord', 'pyav'\], found 'opencv'"):
        VideoReader(h264, backend='opencv')


def test_closed_reader_says_so(h264: Path) -> None:
    with VideoReader(h264) as video:
        pass
    video.close()
    with pytest.raises(VideoError, match='found one that was closed'):
        video.get_batch([0])
