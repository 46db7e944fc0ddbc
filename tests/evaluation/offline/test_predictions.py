"""Saved predictions in both forms, and every way they can be wrong."""

import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.offline.predictions import FramePredictions, first_five
from egoexo.formats.egoexolearn import write_frame_prediction

LABELS = {'a': np.array([1, 2, 27]), 'b': np.array([0, 0])}


def save_folder(path: Path) -> Path:
    for uid, labels in LABELS.items():
        write_frame_prediction(path / uid, labels)
    (path / '.DS_Store').write_text('')
    return path


def save_archive(path: Path) -> Path:
    np.savez(path / 'p.npz', **{uid: labels.astype(np.uint8) for uid, labels in LABELS.items()})
    return path / 'p.npz'


@pytest.mark.parametrize('save', [save_folder, save_archive])
def test_both_forms_hold_the_same(tmp_path: Path, save: object) -> None:
    predictions = FramePredictions(save(tmp_path))
    assert predictions.names == ['a', 'b']
    for uid, labels in LABELS.items():
        assert predictions.read(uid).dtype == np.int64
        np.testing.assert_array_equal(predictions.read(uid), labels)


def scoped_folder(path: Path) -> Path:
    for uid, labels in LABELS.items():
        write_frame_prediction(path / 'ego_val' / uid, labels)
    write_frame_prediction(path / 'ego_test' / 'a', LABELS['b'])
    write_frame_prediction(path / 'plots' / 'a', LABELS['b'])
    return path


def scoped_archive(path: Path) -> Path:
    arrays = {f'ego_val/{uid}': labels for uid, labels in LABELS.items()}
    np.savez(path / 'p.npz', **arrays, **{'ego_test/a': LABELS['b']})
    return path / 'p.npz'


@pytest.mark.parametrize('save', [scoped_folder, scoped_archive])
def test_names_by_list(tmp_path: Path, save: object) -> None:
    predictions = FramePredictions(save(tmp_path))
    assert predictions.names == ['ego_test/a', 'ego_val/a', 'ego_val/b']
    assert predictions.find('ego_test', 'b') is None
    np.testing.assert_array_equal(predictions.read(predictions.find('ego_val', 'a')), LABELS['a'])
    np.testing.assert_array_equal(predictions.read(predictions.find('ego_test', 'a')), LABELS['b'])


def test_a_bare_name_serves_every_list(tmp_path: Path) -> None:
    predictions = FramePredictions(save_folder(tmp_path))
    assert predictions.find('ego_val', 'a') == predictions.find('ego_gaze_val', 'a') == 'a'


@pytest.mark.parametrize(('array', 'message'), [
    (np.array([1.0, 2.0]), r'array a: expected integer class ids .* found float64 \(2,\)'),
    (np.zeros((2, 3), int), r'array a: .*found int64 \(2, 3\)'),
    (np.zeros(0, int), r'array a: .*found int64 \(0,\)'),
    (np.array([3, 28]), 'array a: expected class ids from 0 to 27, found class ids from 3 to 28'),
    (np.array([-1, 3]), 'array a: .*found class ids from -1 to 3'),
    (np.array([{}, 3]), r'array a: .*cannot be read \(ValueError: Python objects'),
])
def test_bad_arrays(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.savez(tmp_path / 'p.npz', a=array)
    with pytest.raises(PredictionError, match=message):
        FramePredictions(tmp_path / 'p.npz').read('a')


def truncated(path: Path) -> Path:
    archive = save_archive(path)
    archive.write_bytes(archive.read_bytes()[:200])
    return archive


def doubled(path: Path) -> Path:
    archive = save_archive(path)
    with warnings.catch_warnings(), zipfile.ZipFile(archive, 'a') as file:
        warnings.simplefilter('ignore')
        file.writestr('b.npy', file.read('a.npy'))
    return archive


def bare_array(path: Path) -> Path:
    np.save(path / 'p.npy', LABELS['a'])
    return path / 'p.npy'


def twice_in_folder(path: Path) -> Path:
    write_frame_prediction(path / 'a.txt', LABELS['a'])
    return save_folder(path)


def bare_and_by_list(path: Path) -> Path:
    write_frame_prediction(path / 'ego_val' / 'a', LABELS['a'])
    return save_folder(path)


def parent_folder(path: Path) -> Path:
    save_folder(path / 'val')
    return path


def empty_archive(path: Path) -> Path:
    np.savez(path / 'p.npz')
    return path / 'p.npz'


def text_file(path: Path) -> Path:
    (path / 'p.txt').write_text('1 2 3')
    return path / 'p.txt'


@pytest.mark.parametrize(('save', 'message'), [
    (truncated, 'found a file that is no such archive'),
    (text_file, 'found a file that is no such archive'),
    (bare_array, 'found a file that is no such archive'),
    (doubled, 'two predictions for 1 of 2 videos: b. Keep one'),
    (twice_in_folder, 'two predictions for 1 of 2 videos: a. Keep one'),
    (bare_and_by_list, 'two predictions for 1 of 2 videos: a. Keep one'),
    (parent_folder, 'expected result files <uid>, found none, but the folders val'),
    (empty_archive, 'found no array'),
    (lambda path: path, 'it is empty'),
    (lambda path: path / 'absent', 'expected a result folder or an .npz .* found nothing'),
])
def test_bad_sources(tmp_path: Path, save: object, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        FramePredictions(save(tmp_path))


@pytest.mark.parametrize(('count', 'text'), [(2, '0, 1'), (5, '0, 1, 2, 3, 4'), (7, '0, 1, 2, 3, 4 (2 more)')])
def test_first_five(count: int, text: str) -> None:
    assert first_five([str(number) for number in range(count)]) == text
