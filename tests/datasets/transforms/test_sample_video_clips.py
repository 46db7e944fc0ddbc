import random
from pathlib import Path

import pytest
from video_support import write_video

from egoexo.datasets.transforms import LoadClipFrames, SampleVideoClips
from egoexo.datasets.transforms.sample_video_clips import video_clip_frames
from egoexo.errors import ConfigError


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp('video') / 'a.mp4', 60, fps=15.0)


def views(path: Path, **options: object) -> list[list[int]]:
    results = SampleVideoClips(**options)(dict(video_path=str(path)))
    results['video'].close()
    return results['views'].tolist()


def test_frames_of_a_clip() -> None:
    assert video_clip_frames(2.9, 8.0, 4, 100).tolist() == [2, 4, 6, 9]  # 0, 2.3, 4.7, 7
    assert video_clip_frames(95, 8.0, 4, 100).tolist() == [95, 97, 99, 99]
    assert video_clip_frames(0, 0.5, 3, 100).tolist() == [0, 0, 0]


def test_views_of_a_test_leave_out_the_end(video: Path) -> None:
    # 8 frames, every second one at 30 per second: 16 / 30 s are 8 frames at 15 per second, which leaves 52.
    found = views(video, clip_len=8, mode='test', num_views=4)
    assert found == [list(range(start, start + 8)) for start in (0, 13, 26, 39)]


def test_training_and_validation_see_one_clip(video: Path) -> None:
    random.seed(2)
    start = int(random.uniform(0, 52))
    random.seed(2)
    assert views(video, clip_len=8) == [list(range(start, start + 8))]
    assert views(video, clip_len=8, mode='val') == [list(range(26, 34))]


def test_a_video_shorter_than_the_clip(video: Path) -> None:
    found = views(video, clip_len=100, mode='test', num_views=2)
    assert found[0] == found[1] and found[0][-1] == 59 and found[0][0] == 0


def test_the_video_is_opened_once(video: Path) -> None:
    results = LoadClipFrames('rgb')(SampleVideoClips(clip_len=8, mode='val')(dict(video_path=str(video))))
    assert results['frames'].shape == (8, 64, 192, 3) and 'video' not in results


@pytest.mark.parametrize(('options', 'text'), [
    (dict(mode='all'), "mode: expected 'train' or 'val' or 'test'"),
    (dict(clip_len=0), 'clip_len: expected at least 1'),
    (dict(target_fps=0), 'target_fps: expected above 0, found 0')])
def test_bad_options(options: dict, text: str) -> None:
    with pytest.raises(ConfigError, match=f'SampleVideoClips, {text}'):
        SampleVideoClips(**options)
