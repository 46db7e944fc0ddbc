"""Frames as JPEG files: numbered, near the picture, whole folders only."""

import cv2
import numpy as np
import pytest

from egoexo.errors import VideoError
from egoexo.mini.pictures import write_pictures


def blocks(count: int = 5) -> list[np.ndarray]:
    """Two blocks of smooth pictures; picture i is i shades brighter than the first."""
    ramp = np.mgrid[:32, :48].sum(0)[..., None] + np.array([0, 40, 80])
    pictures = np.stack([ramp + index for index in range(count)]).astype(np.uint8)
    return [pictures[:2], pictures[2:]]


def test_files_are_numbered_and_show_the_pictures(tmp_path):
    assert write_pictures(tmp_path / 'v', blocks(), 'frame_{:010d}.jpg', 1) == 5
    names = sorted(path.name for path in (tmp_path / 'v').iterdir())
    assert names == [f'frame_000000000{number}.jpg' for number in (1, 2, 3, 4, 5)]
    for picture, name in zip(np.concatenate(blocks()), names, strict=True):
        assert np.abs(cv2.imread(str(tmp_path / 'v' / name)).astype(float) - picture).mean() < 1.5


def test_the_same_pictures_give_the_same_bytes(tmp_path):
    for name in ('a', 'b'):
        write_pictures(tmp_path / name, blocks(), '{}.jpg', 0)
    for number in range(5):
        assert (tmp_path / f'a/{number}.jpg').read_bytes() == (tmp_path / f'b/{number}.jpg').read_bytes()


def test_a_folder_is_whole_or_absent(tmp_path):
    def broken():
        yield blocks()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_pictures(tmp_path / 'v', broken(), '{}.jpg', 0)
    assert not (tmp_path / 'v').exists()
    # What is left has a longer video's frames; a second run must not keep them.
    (tmp_path / 'v.part' / '99.jpg').touch()
    write_pictures(tmp_path / 'v', blocks(), '{}.jpg', 0)
    assert len(list((tmp_path / 'v').iterdir())) == 5
    assert [path.name for path in tmp_path.iterdir()] == ['v']


def test_no_frame_is_refused(tmp_path):
    with pytest.raises(VideoError, match='no frame was given; expected at least one block'):
        write_pictures(tmp_path / 'v', [], '{}.jpg', 0)
    assert not list(tmp_path.iterdir())
