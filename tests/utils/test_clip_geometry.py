import random

import numpy as np
import pytest

from egoexo.utils.clip_geometry import (
    centre_crop,
    clip_starts,
    draw_crop,
    draw_short_side,
    draw_start,
    resized_shape,
    three_crops,
    view_frames,
)


@pytest.mark.parametrize(('num_frames', 'low', 'high'), [(70, 0, 7), (63, 0, 0), (60, -3, 0), (1, -62, 0)])
def test_start_of_a_training_clip(num_frames: int, low: int, high: int) -> None:
    random.seed(0)
    drawn = {draw_start(num_frames, 63) for _ in range(2000)}
    assert drawn == set(range(low, high + 1))


def test_starts_of_views_round_halves_to_even() -> None:
    assert clip_starts(64, 63, 3) == [0, 0, 1]  # a gap of 0.5
    assert clip_starts(66, 63, 3) == [0, 2, 3]  # 1.5
    assert clip_starts(10, 63, 10) == [0] * 10


def test_a_single_view_lies_in_the_middle() -> None:
    assert clip_starts(73, 63, 1) == [5]


def test_frames_are_clamped_to_the_segment() -> None:
    assert view_frames([-2, 3], 10, 4, 3, 2).tolist() == [[10, 10, 12], [13, 13, 13]]
    assert view_frames([0], 7, 1, 32, 2).tolist() == [[7] * 32]


def test_short_sides_stay_in_their_range() -> None:
    np.random.seed(0)  # noqa: NPY002
    drawn = {draw_short_side((30, 33)) for _ in range(500)}
    assert drawn == {30, 31, 32, 33}
    np.random.seed(0)  # noqa: NPY002
    value = np.random.uniform(1 / 320, 1 / 256)  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    assert draw_short_side((256, 320), inverse=True) == round(1 / value)


def test_inverse_draws_prefer_short_sides() -> None:
    np.random.seed(1)  # noqa: NPY002
    plain = np.mean([draw_short_side((100, 400)) for _ in range(2000)])
    inverse = np.mean([draw_short_side((100, 400), inverse=True) for _ in range(2000)])
    assert plain == pytest.approx(250, abs=6) and inverse == pytest.approx(400 / 3 * np.log(4), abs=6)


@pytest.mark.parametrize(('shape', 'short', 'expected'), [
    ((256, 456), 256, (256, 456)), ((256, 456), None, (256, 456)), ((1080, 1920), 256, (256, 455)),
    ((1920, 1080), 256, (455, 256)), ((240, 240), 256, (256, 256))])
def test_shapes(shape: tuple[int, int], short: int | None, expected: tuple[int, int]) -> None:
    assert resized_shape(*shape, short) == expected


def test_crops_are_drawn_only_where_there_is_room() -> None:
    np.random.seed(0)  # noqa: NPY002
    assert draw_crop(256, 256, 256) == (0, 0)  # the released function fails here
    untouched = np.random.uniform()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    assert untouched == np.random.uniform()  # noqa: NPY002
    drawn = {draw_crop(12, 8, 8) for _ in range(200)}
    assert drawn == {(top, 0) for top in range(4)}, 'the last place is never drawn'


def test_the_top_is_drawn_before_the_left() -> None:
    np.random.seed(3)  # noqa: NPY002
    expected = (np.random.randint(0, 100), np.random.randint(0, 7))  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    assert draw_crop(110, 17, 10) == expected


def test_places_of_fixed_crops() -> None:
    assert centre_crop(256, 457, 224) == (16, 117)
    assert three_crops(256, 456, 256) == [(0, 0), (0, 100), (0, 200)]
    assert three_crops(498, 280, 280) == [(0, 0), (109, 0), (218, 0)]
    assert three_crops(10, 10, 8) == [(1, 0), (1, 1), (1, 2)]
