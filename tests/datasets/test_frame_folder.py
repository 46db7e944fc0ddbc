import os
from pathlib import Path

import pytest

from egoexo.datasets.frame_folder import FrameFolder, FrameTemplate, frame_folder
from egoexo.errors import ConfigError


def folder_of(root: Path, numbers: list[int]) -> str:
    for number in numbers:
        (root / f'frame_{number:010d}.jpg').touch()
    return str(root / 'frame_{frame:010d}.jpg')


def test_which_frames_are_there(tmp_path: Path) -> None:
    folder = FrameFolder(folder_of(tmp_path, [1, 2, 3, 7, 8, 12]))
    assert folder.runs.tolist() == [[1, 3], [7, 8], [12, 12]] and folder.last == 12
    assert [folder.num_missing(1, 12), folder.num_missing(2, 3), folder.num_missing(3, 7)] == [6, 0, 3]
    assert folder.num_missing(13, 15) == 3
    assert [folder.first_missing(*span) for span in ((1, 12), (7, 8), (7, 9), (12, 14))] == [4, None, 9, 13]
    assert [folder.nearest(number) for number in (0, 2, 4, 5, 6, 10, 99)] == [1, 2, 3, 3, 7, 8, 12]


def test_other_files_do_not_count(tmp_path: Path) -> None:
    pattern = folder_of(tmp_path, [1])
    for name in ('frame_0000000002.png', 'frame_x.jpg', 'flow_0000000002.jpg', 'frame_-000000003.jpg', 'frame_.jpg'):
        (tmp_path / name).touch()
    assert FrameFolder(pattern).runs.tolist() == [[1, 1]]


@pytest.mark.parametrize('make', [lambda path: None, lambda path: path.mkdir()])
def test_no_frames(make: object, tmp_path: Path) -> None:
    make(tmp_path / 'a')
    folder = FrameFolder(str(tmp_path / 'a' / '{frame}.jpg'))
    assert folder.num_missing(1, 5) == 5 and folder.first_missing(1, 5) == 1
    assert folder.nearest(3) is None and folder.last == 0


def test_a_folder_is_listed_once_until_it_changes(tmp_path: Path) -> None:
    pattern = folder_of(tmp_path, [1])
    first = frame_folder(pattern)
    assert frame_folder(pattern) is first
    (tmp_path / 'frame_0000000002.jpg').touch()
    os.utime(tmp_path, ns=(10**18, 10**18))
    assert frame_folder(pattern).last == 2


def test_templates(tmp_path: Path) -> None:
    template = FrameTemplate('{participant}/rgb_frames/{video}/{video}_{frame:06d}.png', tmp_path)
    pattern = template.pattern('P01', 'P01_101')
    assert pattern.format(frame=7) == f'{tmp_path}/P01/rgb_frames/P01_101/P01_101_000007.png'
    assert template.find('P01', 'P01_101') is None
    (tmp_path / 'P01/rgb_frames/P01_101').mkdir(parents=True)
    assert template.find('P01', 'P01_101') == pattern
    assert FrameTemplate('{frame}.jpg').pattern('P', 'V').format(frame=3) == '3.jpg'
    assert FrameTemplate('/other/{video}/{frame}.jpg', tmp_path).pattern('P', 'V') == '/other/V/{frame:}.jpg'


def test_braces_in_a_path_stay(tmp_path: Path) -> None:
    root = tmp_path / 'a{b}'
    template = FrameTemplate('{video}/{frame:03d}.jpg', root)
    (root / 'V').mkdir(parents=True)
    (root / 'V' / '004.jpg').touch()
    pattern = template.find('P', 'V')
    assert os.path.exists(pattern.format(frame=4)) and FrameFolder(pattern).runs.tolist() == [[4, 4]]


@pytest.mark.parametrize('template', [
    '{video}/frame.jpg', '{frame}/{video}.jpg', '{video}/{frame}_{frame}.jpg', '{video.__class__}/{frame}.jpg',
    '{}/{frame}.jpg', '{video}/{frame:s}.jpg', '{video/{frame}.jpg', '{uid}/{frame:03d}.jpg'])
def test_templates_that_are_none(template: str) -> None:
    with pytest.raises(ConfigError, match=r'frame_templates: expected paths like .*\{frame\} in the file name alone, '
                                          'found .*Correct it in the config'):
        FrameTemplate(template)
