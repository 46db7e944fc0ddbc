from pathlib import Path

import numpy as np
import pytest
from video_support import write_video

from egoexo.datasets.transforms.load_segment_frames import LoadSegmentFrames, segment_bounds, segment_frame_ids
from egoexo.errors import VideoError
from tests.datasets.conftest import number_shown


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp('video') / 'a.mp4', 60, fps=25.0)


def load(path: Path, start_sec: float, end_sec: float, **options: object) -> dict:
    return LoadSegmentFrames(**options)(dict(video_path=str(path), start_sec=start_sec, end_sec=end_sec))


def test_frames_of_a_segment(video: Path) -> None:
    found = load(video, 0.4, 2.0)  # frames 10 to 50, parts of (50 - 10 - 1) / 8
    assert found['frame_ids'] == [12, 17, 22, 27, 32, 36, 41, 46]
    assert [number_shown(frame) for frame in found['frames']] == found['frame_ids']


@pytest.mark.parametrize(('span', 'expected'), [
    ((1.0, 1.0), [25, 26, 27, 28, 28, 29, 30, 31]),  # no length: 8 frames
    ((2.2, 9.0), [55, 55, 56, 56, 57, 57, 58, 58]),  # cut off at the end of the file
    ((2.39, 2.4), [59] * 8)])  # one frame left, 60 * 0.04 = 2.4 s
def test_short_segments(video: Path, span: tuple[float, float], expected: list[int]) -> None:
    found = load(video, *span)['frame_ids']
    assert len(found) == 8 and found == sorted(found)
    assert found[0] >= expected[0] - 1 and found[-1] <= min(expected[-1] + 1, 59)


def test_jitter_follows_the_seed_and_stays_in_the_parts(video: Path) -> None:
    np.random.seed(3)  # noqa: NPY002 as the loader seeds each sample
    first = load(video, 0.0, 2.0, jitter=True)['frame_ids']
    np.random.seed(3)  # noqa: NPY002
    assert load(video, 0.0, 2.0, jitter=True)['frame_ids'] == first
    assert segment_frame_ids(0, 50, 8, jitter=True, rng=np.random.RandomState(3)) == first
    bounds = np.round(np.arange(9) * 49 / 8)
    assert all(low <= frame <= high for low, frame, high in zip(bounds[:-1], first, bounds[1:], strict=True))


def test_other_numbers_of_frames(video: Path) -> None:
    assert load(video, 0.0, 2.4, num_frames=3)['frames'].shape == (3, 64, 192, 3)


@pytest.mark.parametrize(('span', 'expected'), [
    ((1.0, 2.0), (30, 60)), ((1.0, 1.1), (30, 38)), ((29.95, 31.0), (898, 900)), ((31.0, 32.0), (930, 900)),
    ((0.05, 0.55), (2, 17))])  # round(1.5) is 2; int(0.5 * 30) is 15
def test_bounds(span: tuple[float, float], expected: tuple[int, int]) -> None:
    assert segment_bounds(*span, fps=30.0, num_frames=900, least=8) == expected


def test_a_segment_behind_the_video(video: Path) -> None:
    with pytest.raises(VideoError, match=r'a.mp4: expected frames of 3 to 4 s, found 60 frames, 2.4 s. Fetch'):
        load(video, 3.0, 4.0)
