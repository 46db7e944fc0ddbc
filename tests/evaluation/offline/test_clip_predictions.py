"""Prediction files of anticipation and planning: what is read and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.offline.clip_predictions import ClipPredictions

IDS = np.array(['a|1|2', 'b|3|4'])
LOGITS = np.arange(6, dtype=np.float32).reshape(2, 3)


def saved(path: Path, **changes: object) -> Path:
    arrays = {'ego_val/ids': IDS, 'ego_val/logits': LOGITS} | {
        f'ego_val/{name}': value for name, value in changes.items()}
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


def test_arrays_are_read(tmp_path: Path) -> None:
    predictions = ClipPredictions(saved(tmp_path / 'p.npz', samples=np.ones((2, 5, 8), np.int32)), ndim=2)
    assert predictions.subsets == ['ego_val']
    found = predictions.read('ego_val')
    assert found.ids == IDS.tolist() and (found.logits == LOGITS).all() and found.logits.dtype == np.float32
    assert found.samples.shape == (2, 5, 8) and found.samples.dtype == np.int64


def test_a_submission_folder_and_half_precision(tmp_path: Path) -> None:
    saved(tmp_path / 'predictions.npz', logits=LOGITS.astype(np.float16))
    assert ClipPredictions(tmp_path, ndim=2).read('ego_val').logits.dtype == np.float32


def test_sequences_alone(tmp_path: Path) -> None:
    path = saved(tmp_path / 'p.npz', logits=None, samples=np.ones((2, 5, 8), int))
    assert ClipPredictions(path, ndim=3).read('ego_val').logits is None


@pytest.mark.parametrize(('changes', 'message'), [
    (dict(ids=None), 'expected ego_val/ids and ego_val/logits, found only ego_val/logits. Predict with'),
    (dict(logits=None), 'found only ego_val/ids'),
    (dict(scores=LOGITS), r'arrays called <list>/\{ids,logits,samples\}, e.g. ego_val/logits, found other ones: ego'),
    (dict(ids=IDS[:1].repeat(2)), r'ego_val/ids: expected each sample once, found 1 that come twice: a\|1\|2. Keep'),
    (dict(ids=np.arange(2)), r'expected the sample ids as text, shape \(n,\) with n >= 1, found int64 \(2,\)'),
    (dict(ids=IDS[:0], logits=LOGITS[:0]), r'found <U5 \(0,\)'),
    (dict(logits=LOGITS[:1]), 'expected 2 rows, one for each of ego_val/ids, found 1.'),
    (dict(logits=LOGITS[None]), r'expected floating numbers \(n, C\), found float32 \(1, 2, 3\). Check that the file'),
    (dict(logits=LOGITS.astype(int)), r'expected floating numbers \(n, C\), found int64'),
    (dict(logits=LOGITS[:, :0]), r'found float32 \(2, 0\)'),
    (dict(logits=np.where(LOGITS == 4, np.nan, LOGITS)), r'finite numbers, found NaN or infinity for 1 of 2 samples: '
     r'b\|3\|4. Check the features'),
    (dict(samples=np.ones((2, 8), int)), r'expected integers \(n, K, Z\), found int64 \(2, 8\)'),
    (dict(samples=np.ones((2, 5, 8))), r'expected integers \(n, K, Z\), found float64'),
])
def test_files_that_cannot_be_scored(tmp_path: Path, changes: dict, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        ClipPredictions(saved(tmp_path / 'p.npz', **changes), ndim=2).read('ego_val')


def test_damaged_files(tmp_path: Path) -> None:
    path = saved(tmp_path / 'p.npz')
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(PredictionError, match='p.npz: expected an .npz with <list>/ids and <list>/logits, found a file '
                                              'that is no such archive'):
        ClipPredictions(path, ndim=2)
    with pytest.raises(PredictionError, match=r'absent.npz: expected an .npz'):
        ClipPredictions(tmp_path / 'absent.npz', ndim=2)
    np.savez(tmp_path / 'none.npz')
    with pytest.raises(PredictionError, match='found no array. Predict with'):
        ClipPredictions(tmp_path / 'none.npz', ndim=2)
