import json
from pathlib import Path

import numpy as np
import pytest
from correspondence_support import EGO, take_uid, write_correspondence_root
from PIL import Image

from egoexo.datasets.correspondence_check import check_take
from egoexo.datasets.correspondence_list import list_pairs
from egoexo.datasets.correspondence_takes import CorrespondenceTakes

UID = take_uid('val', 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_correspondence_root(tmp_path / 'prepared', dict(val=1))


def check(root: Path, full: bool = False) -> list[str]:
    takes = CorrespondenceTakes(root)
    takes.read(UID)
    return check_take(takes, list_pairs(takes, [UID], 'ego2exo'), full)


def paint(path: Path, size: tuple[int, int]) -> None:
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(path)


def test_sound_take(root: Path) -> None:
    assert check(root) == check(root, full=True) == []


def test_other_proportions_than_the_masks(root: Path) -> None:
    path = root / UID / 'cam01' / '0.jpg'
    paint(path, (48, 64))
    expected = f'cam01: {path} is 64x48, which has not the proportions of masks of 128x72'
    assert check(root) == [expected]
    assert check(root, full=True) == [expected, 'cam01: pictures of 2 sizes, 64x48, 64x36']


def test_a_later_picture_is_looked_at_with_full(root: Path) -> None:
    paint(root / UID / EGO / '90.jpg', (16, 16))
    assert check(root) == [] and check(root, full=True) == [f'{EGO}: pictures of 2 sizes, 32x32, 16x16']
    (root / UID / EGO / '60.jpg').write_bytes(b'')
    (root / UID / EGO / '90.jpg').write_bytes((root / UID / EGO / '0.jpg').read_bytes()[:200])
    problems = check(root, full=True)
    assert len(problems) == 1 and problems[0].startswith(f'{EGO}: 2 pictures cannot be read, first ')


def test_first_picture_is_no_picture(root: Path) -> None:
    (root / UID / 'cam02' / '0.jpg').write_bytes(b'no picture')
    assert check(root)[0].startswith('cam02: 1 pictures cannot be read, first ')
    assert check(root)[0].endswith('0.jpg: expected a JPEG picture, found no header of one (UnidentifiedImageError). '
                                   'It is damaged or of another kind. Extract the pictures again.')
    (root / UID / 'cam02' / '0.jpg').unlink()
    assert check(root) == []  # the missing ones are counted elsewhere


def test_damaged_masks(root: Path) -> None:
    path = root / UID / 'annotation.json'
    content = json.loads(path.read_text())
    content['masks']['cup_2']['cam01']['60']['counts'] = '1'
    path.write_text(json.dumps(content))
    assert check(root) == []
    problems = check(root, full=True)
    assert len(problems) == 1
    assert problems[0].startswith('1 masks are damaged, first mask of frame 60 counts: expected run lengths')
