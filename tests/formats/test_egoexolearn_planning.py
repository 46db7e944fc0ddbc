"""Lists of action planning: values, round trips, and the text of every refusal."""

from pathlib import Path

import pytest
from tests_support import data_dir

from egoexo.errors import AnnotationError
from egoexo.formats import egoexolearn_planning as fmt
from egoexo.formats.clip_list import repeat_rows

ROW = 'u|58|[18, 24, 10, 18, 18, 24, 18, 18]'


def put(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def test_round_trip(tmp_path: Path) -> None:
    text = f'{ROW}\nv|21.5|[17, 21, 24, 4, 1, 1, 1, 0]'
    rows = fmt.read_planning_list(put(tmp_path / 'l.txt', text))
    assert rows[0] == ('u', '58', 58.0, (18, 24, 10, 18, 18, 24, 18, 18))
    assert rows[1].end_sec == 21.5
    fmt.write_planning_list(tmp_path / 'again.txt', rows)
    assert (tmp_path / 'again.txt').read_text() == text
    assert fmt.read_planning_list(put(tmp_path / 'l.txt', text + '\n')) == rows


@pytest.mark.parametrize(('row', 'message'), [
    ('u|58', r"l\.txt line 2: expected uid\|end\|\[class ids\], found 'u\|58'"),
    ('u|5,8|[1, 1, 1, 1, 1, 1, 1, 1]', 'line 2: expected uid'),
    ('u|58|[1, 1, 1, 1, 1, 1, 1]', r"line 2: expected a video uid and 8 class ids from 0 to 26, found the uid 'u' and "
     r'the classes \[1, 1, 1, 1, 1, 1, 1\]\. Correct the line\.'),
    ('u|58|[1, 1, 1, 1, 1, 1, 1, 27]', 'line 2: expected a video uid and 8 class ids'),
    ('u|58|[1, 1, 1, 1, 1, 1, 1, -1]', 'line 2: expected a video uid and 8 class ids'),
    ('..|58|[1, 1, 1, 1, 1, 1, 1, 1]', r"line 2: .*found the uid '\.\.'"),
    ('', "line 2: .*found ''"),
])
def test_broken_list(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        fmt.read_planning_list(put(tmp_path / 'l.txt', f'{ROW}\n{row}\n{ROW}'))


def test_empty_and_missing_list(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r'l\.txt: expected a planning list, found an empty file\. Fetch'):
        fmt.read_planning_list(put(tmp_path / 'l.txt', '\n'))
    with pytest.raises(AnnotationError, match='found nothing: it does not exist'):
        fmt.read_planning_list(tmp_path / 'none.txt')


def test_other_horizon_and_classes(tmp_path: Path) -> None:
    path = put(tmp_path / 'l.txt', 'u|1.0|[3, 40]')
    assert fmt.read_planning_list(path, num_classes=41, horizon=2)[0].labels == (3, 40)


def test_names() -> None:
    assert fmt.list_name('ego', 'val', gaze=True) == 'val_ego_gaze_anno_list.txt'
    assert fmt.list_name('exo', 'test') == 'test_exo_anno_list.txt'


@pytest.mark.parametrize(('num_rows', 'expected'), [(0, ''), (2, 'ab'), (3, 'abc'), (8, 'abcabcab')])
def test_repeated_rows(num_rows: int, expected: str) -> None:
    assert repeat_rows('abc', num_rows) == list(expected)


def test_released_lists(tmp_path: Path) -> None:
    folder = data_dir('egoexolearn') / 'action_anticipation_planning_benchmark/planning_annotation' / fmt.LIST_FOLDER
    paths = sorted(folder.glob('*.txt'))
    assert paths
    for path in paths:
        fmt.write_planning_list(tmp_path / path.name, fmt.read_planning_list(path))
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
