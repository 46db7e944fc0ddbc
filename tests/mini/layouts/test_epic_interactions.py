"""Interaction maps: an array of pairs, indexed with the number of the frame, which the reader of the toolbox reads."""

from pathlib import Path

import numpy as np
import pytest

from egoexo.formats.interaction_maps import read_interaction_boxes
from egoexo.mini.epic_boxes import FrameBoxes
from egoexo.mini.layouts.epic_interactions import write_interaction_map

ROWS = np.arange(18, dtype=np.float32).reshape(3, 6)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Four frames: an object in the first, two objects and a hand in the third."""
    write_interaction_map(tmp_path / 'maps/a.npy', FrameBoxes(np.array([0, 2, 2]), ROWS),
                          FrameBoxes(np.array([2]), ROWS[:1]), 4)
    return tmp_path / 'maps/a.npy'


def test_entry_f_belongs_to_the_frame_numbered_f(path: Path):
    """Frames count from 0 in the simulation and from 1 in the files."""
    content = np.load(path, allow_pickle=True)  # written here
    assert (content.shape, content.dtype) == ((5,), np.dtype(object))
    assert all(isinstance(pair, tuple) for pair in content)
    assert content[0] == content[2] == content[4] == (None, None)
    assert content[1][0].tolist() == ROWS[:1].tolist()
    assert content[1][1] is None
    assert [boxes.tolist() for boxes in content[3]] == [ROWS[1:].tolist(), ROWS[:1].tolist()]


def test_the_reader_reads_the_same(path: Path):
    for ours, theirs in zip(read_interaction_boxes(path), np.load(path, allow_pickle=True), strict=True):
        for found, expected in zip(ours, theirs, strict=True):
            assert (found is None) == (expected is None)
            np.testing.assert_array_equal(found, expected)


def test_a_whole_video_is_read(epic_root: Path):
    path = min((epic_root / 'interaction_maps').iterdir())
    pairs = read_interaction_boxes(path)
    (frames,) = epic_root.glob(f'rgb_frames/*/rgb_frames/{path.stem}')
    assert len(pairs) == 1 + len(list(frames.iterdir()))
    for column, most in ((0, 3), (1, 2)):
        assert .8 < sum(len(pair[column]) for pair in pairs if pair[column] is not None) / len(pairs) <= most
