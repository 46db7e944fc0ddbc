"""Feature windows and frames of a segment."""

import pytest

from egoexo.formats.ego2exo_windows import frame_windows, nearest_window, overlapping_windows, window_table


@pytest.mark.parametrize(('num_frames', 'table'), [
    (0, []), (16, []), (20, [(-12, 19)]), (31, [(-1, 30)]), (32, [(0, 31)]), (33, [(0, 31), (1, 32)]),
    (48, [(0, 31), (16, 47)]), (50, [(0, 31), (16, 47), (18, 49)])])
def test_table(num_frames, table):
    assert window_table(num_frames) == table


def scanned(table, start, end):
    """The notebook's two loops."""
    first = 0
    while table[first][1] < start * 30:
        first += 1
    last = first
    while last < len(table) and table[last][0] < end * 30:
        last += 1
    return list(range(first, last))


@pytest.mark.parametrize('num_frames', [20, 32, 33, 50, 301, 1600])
def test_overlap_equals_a_plain_scan(num_frames):
    table = window_table(num_frames)
    for start in range(-30, num_frames + 40, 7):
        for length in (-20, 0, 1, 16, 33, 200):
            times = start / 30, (start + length) / 30
            try:
                expected = scanned(table, *times)
            except IndexError:
                with pytest.raises(KeyError):
                    overlapping_windows(table, *times)
                continue
            assert overlapping_windows(table, *times) == expected


@pytest.mark.parametrize(('start', 'end', 'expected'), [
    (1.0, 1.0, [0, 1]), (0.0, 0.0, []), (2.0, 1.0, []), (0.0, 1e9, list(range(18))), (1.03, 1.06, [0, 1])])
def test_borders(start, end, expected):
    assert overlapping_windows(window_table(300), start, end) == expected


@pytest.mark.parametrize('num_frames', [0, 16, 20, 32])
def test_start_after_the_last_window(num_frames):
    with pytest.raises(KeyError):
        overlapping_windows(window_table(num_frames), 32 / 30, 3.0)


@pytest.mark.parametrize(('start', 'end', 'expected'), [(0.0, 0.0, 0), (99.0, 100.0, 17), (1.05, 1.0, 1), (-9, -8, 0)])
def test_nearest(start, end, expected):
    assert nearest_window(window_table(300), start, end) == expected


@pytest.mark.parametrize(('start', 'end', 'expected'), [
    (0.0, 0.0, [(0, 0)]), (0.0, 31 / 30, [(0, 31)]), (0.0, 1.0, [(0, 30)]), (1.0, 1.5, [(14, 45)]),
    (0.0, 47 / 30, [(0, 31), (16, 47)]), (0.0, 48 / 30, [(0, 31), (16, 47), (17, 48)]), (3.0, 2.0, [(29, 60)])])
def test_frames(start, end, expected):
    assert frame_windows(start, end) == expected
