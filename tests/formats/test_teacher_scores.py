import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.teacher_scores import TeacherScores, read_teacher_scores

ROWS = np.array([[0.5, 1, 2], [3, 4, 5]], dtype=np.float32)


def check(table: TeacherScores) -> None:
    assert len(table) == 2 and table.num_classes == 3 and 'b.mp4' in table and 'c.mp4' not in table
    assert table['b.mp4'].tolist() == [3, 4, 5] and table['b.mp4'].dtype == np.float32


def test_our_form(tmp_path: Path) -> None:
    np.savez(tmp_path / 'a.npz', paths=np.array(['a.mp4', 'b.mp4']), rows=ROWS)
    check(read_teacher_scores(tmp_path / 'a.npz'))


@pytest.mark.parametrize('convert', [
    lambda row: row, lambda row: row.tolist(), lambda row: row.astype(np.float64)[None]])
@pytest.mark.parametrize('protocol', [2, 4])
def test_the_released_form(convert: object, protocol: int, tmp_path: Path) -> None:
    content = {'a.mp4': convert(ROWS[0]), 'b.mp4': convert(ROWS[1])}
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(content, protocol=protocol))
    check(read_teacher_scores(tmp_path / 'a.pkl'))


class Evil:
    def __reduce__(self) -> tuple:
        return os.mkdir, ('teacher_was_run',)


@pytest.mark.parametrize(('content', 'text'), [
    ([1, 2], 'a file of teacher scores'), ({}, 'a file of teacher scores'), ({1: [2.0]}, 'a file of teacher scores'),
    ({'a': [1.0], 'b': [1.0, 2.0]}, 'a file of teacher scores'), ({'a': Evil()}, 'Nothing of it was executed'),
    ({'a': [float('nan')]}, 'expected finite numbers, found NaN or Inf')])
def test_other_pickles(content: object, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where the hostile one would leave its trace
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(content))
    with pytest.raises(AnnotationError, match=text):
        read_teacher_scores(tmp_path / 'a.pkl')
    assert [path.name for path in tmp_path.iterdir()] == ['a.pkl']


@pytest.mark.parametrize(('arrays', 'text'), [
    (dict(paths=np.array(['a']), scores=ROWS[:1]), 'expected the arrays paths and rows, found paths, scores'),
    (dict(paths=np.array(['a', 'a']), rows=ROWS), r'2 paths, 1 distinct, and rows \(2, 3\)'),
    (dict(paths=np.array(['a']), rows=ROWS), r'1 paths, 1 distinct, and rows \(2, 3\)'),
    (dict(paths=np.array([1, 2]), rows=ROWS), r'expected paths as text \(n,\) and rows as floats, found int64 \(2,\)')])
def test_other_arrays(arrays: dict, text: str, tmp_path: Path) -> None:
    np.savez(tmp_path / 'a.npz', **arrays)
    with pytest.raises(AnnotationError, match=text):
        read_teacher_scores(tmp_path / 'a.npz')


def test_a_video_without_scores() -> None:
    with pytest.raises(AnnotationError, match=r"memory: expected scores of the video 'x.mp4', found none among 1. Run "
                                              'the teacher on all videos, under the paths of the list'):
        TeacherScores(['a'], ROWS[:1])['x.mp4']


def test_no_file(tmp_path: Path) -> None:
    for name in ('a.npz', 'a.pkl'):
        with pytest.raises(AnnotationError, match='expected a file of teacher scores, found nothing'):
            read_teacher_scores(tmp_path / name)
