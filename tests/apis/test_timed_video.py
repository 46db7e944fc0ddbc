from pathlib import Path

import numpy as np
import pytest
from video_support import write_video

import egoexo.apis.timed_video as module
from egoexo.apis.timed_video import TimedVideo
from egoexo.errors import VideoError
from tests.datasets.conftest import number_shown


def numbers(path: Path, **options: object) -> list[int]:
    with TimedVideo(path, **options) as video:
        blocks = list(video.blocks())
        assert [start for start, _ in blocks] == np.cumsum([0] + [len(frames) for _, frames in blocks])[:-1].tolist()
        shown = [number_shown(frame) for _, frames in blocks for frame in frames]
        assert len(shown) == len(video)
    return shown


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp('timed') / 'clip.mp4', 50)


@pytest.mark.parametrize('block', [1, 7, 64])
def test_every_frame_once_whatever_the_block(video: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, '_MAX_BLOCK', block)
    assert numbers(video) == list(range(50))


@pytest.mark.parametrize(('fps', 'expected'), [
    (25.0, list(range(50))), (5.0, list(range(0, 50, 5))), (50.0, [number // 2 for number in range(100)]),
    (10.0, [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 30, 32, 35, 37, 40, 42, 45, 47])])
@pytest.mark.parametrize('block', [3, 64])
def test_another_rate_takes_the_picture_on_screen(video: Path, monkeypatch: pytest.MonkeyPatch, block: int, fps: float,
                                                  expected: list[int]) -> None:
    monkeypatch.setattr(module, '_MAX_BLOCK', block)
    assert numbers(video, fps=fps, resample=True) == expected


def test_another_rate_is_refused_unless_asked_for(video: Path) -> None:
    with pytest.raises(VideoError, match=r'has 25 frames per second, the first video 30: .* --video-fps 30\.'):
        TimedVideo(video, 30.0)


def test_rates_that_are_almost_equal_are_corrected_by_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / 'ntsc.mp4', 300, 24.0)
    shown = numbers(path, fps=24.2)
    assert shown == [int((index / 24.2 + 5e-4) * 24) for index in range(302)]  # 12.5 s; half a ms is rounding
