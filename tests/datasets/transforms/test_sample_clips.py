import random

import pytest

from egoexo.datasets.transforms import SampleClips
from egoexo.errors import ConfigError, DataError


def views(start: int, stop: int, **options: object) -> list[list[int]]:
    return SampleClips(**options)(dict(start_frame=start, stop_frame=stop))['views'].tolist()


def test_training_draws_one_clip() -> None:
    random.seed(1)
    offset = random.randint(0, 37)
    random.seed(1)
    assert views(11, 110) == [list(range(11 + offset, 11 + offset + 63, 2))]


def test_short_segments_begin_early_or_late() -> None:
    random.seed(0)
    found = {tuple(views(5, 6, clip_len=3, frame_interval=4)[0]) for _ in range(100)}
    assert found == {(5, 5, 6), (5, 6, 6)}, 'from 7 frames before the segment to its first one'


def test_tests_see_ten_views_and_validation_the_sixth() -> None:
    every = views(1, 100, mode='test')
    assert len(every) == 10 and [view[0] for view in every] == [1, 5, 9, 13, 17, 22, 26, 30, 34, 38]
    assert views(1, 100, mode='val') == [every[5]]
    assert every[9][-1] == 100


@pytest.mark.parametrize('mode', ['train', 'val', 'test'])
def test_a_segment_of_one_frame(mode: str) -> None:
    assert all(view == [7] * 32 for view in views(7, 7, mode=mode))


def test_a_segment_of_no_frame() -> None:
    with pytest.raises(DataError, match=r"'x': expected a stop frame not before the start frame, found 8 to 7."):
        SampleClips()(dict(sample_id='x', start_frame=8, stop_frame=7))


@pytest.mark.parametrize(('options', 'text'), [
    (dict(mode='tests'), "SampleClips, mode: expected 'train' or 'val' or 'test', found 'tests'"),
    (dict(clip_len=0), 'SampleClips, clip_len: expected at least 1, found 0'),
    (dict(num_views=0), 'SampleClips, num_views: expected at least 1')])
def test_bad_options(options: dict, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        SampleClips(**options)
