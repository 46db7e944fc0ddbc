"""Recall of the top-5 set and average precision, on lists that a person can check."""

import numpy as np
import pytest
from tests_support import data_dir

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.anticipation import (
    anticipation_scores,
    average_precisions,
    check_scores,
    clipped_k,
    constant_baselines,
    per_class_recall,
    rank_classes,
    sample_recalls,
    top_k_mask,
)
from egoexo.evaluation.offline.anticipation import Annotations

LOGITS = np.array([[3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 2.0, 0.0], [2.0, 0.0, 3.0, 1.0]])
TARGETS = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]], np.float32)


def test_worked_example() -> None:
    scores = anticipation_scores(LOGITS, TARGETS, k=2)  # sets: 01, 23, 12, 02; classes 0, 1, 1, 3 are to be found
    assert scores == pytest.approx({
        'macro_recall@2': 100 * (1 + 1 / 2 + 0 + 0) / 4,
        'micro_recall@2': 100 * 2 / 4,
        'samples_recall@2': 100 * (1 / 2 + 0 + 1 + 0) / 4,  # the row without a class counts 0
        'macro_precision@2': 100 * (1 / 2 + 1 / 2 + 0 + 0) / 4,
        # class 0 ranks 0 3 2 1: hit first; class 1 2 0 1 3: first and third; class 3 1 3 0=2: third, in a tie of two
        'mAP': 100 * (1 + (1 + 2 / 3) / 2 + 1 / 4) / 3})


def test_per_class_and_per_sample() -> None:
    hits = top_k_mask(LOGITS, 2)
    assert per_class_recall(hits, TARGETS).tolist() == [1, 0.5, 0, 0]
    assert sample_recalls(hits, TARGETS).tolist() == [0.5, 0, 1, 0]
    precisions = average_precisions(rank_classes(LOGITS, TARGETS))
    assert np.isnan(precisions[2]) and precisions[[0, 1, 3]].tolist() == pytest.approx([1, 5 / 6, 1 / 4])


@pytest.mark.parametrize('seed', range(5))
def test_against_a_slow_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, targets = rng.integers(0, 6, (40, 7)).astype(np.float32), rng.random((40, 7)) < 0.2  # many ties
    targets[:, 3] = False
    for index, found in enumerate(average_precisions(rank_classes(scores, targets))):
        column, truth = scores[:, index], targets[:, index]
        expected, recall = 0.0, 0.0
        for threshold in sorted(set(column), reverse=True):
            chosen = column >= threshold
            new = (chosen & truth).sum() / max(truth.sum(), 1)
            expected, recall = expected + (new - recall) * (chosen & truth).sum() / chosen.sum(), new
        assert (np.isnan(found) and not truth.any()) or found == pytest.approx(expected, rel=1e-12)
    mask = top_k_mask(scores, 3)
    for row, chosen in zip(scores, mask, strict=True):
        assert sorted(np.flatnonzero(chosen)) == sorted(sorted(range(7), key=lambda c, row=row: (-row[c], c))[:3])


def test_ties_take_the_lower_class() -> None:
    assert top_k_mask(np.zeros((2, 7)), 5).tolist() == [[True] * 5 + [False] * 2] * 2


def test_weights_are_repetitions() -> None:
    weights = np.array([2, 0, 1, 3])
    again = np.repeat(np.arange(4), weights)
    assert anticipation_scores(LOGITS, TARGETS, 2, weights) == pytest.approx(
        anticipation_scores(LOGITS[again], TARGETS[again], 2))


def test_no_label_at_all() -> None:
    scores = anticipation_scores(LOGITS, np.zeros_like(TARGETS))
    assert set(scores.values()) == {0.0}


def test_fewer_classes_than_k() -> None:
    assert clipped_k(5, 5) == (5, '')
    assert anticipation_scores(LOGITS, np.ones_like(TARGETS))['macro_recall@5'] == 100
    assert 'only 4 classes: the top-5 set holds all of them' in clipped_k(5, 4)[1]
    with pytest.raises(ValueError, match='needs k >= 1 classes, got 0'):
        clipped_k(0, 4)


@pytest.mark.parametrize(('logits', 'message'), [
    (LOGITS[:3], r'expected one row of class scores per sample, shape \(4, 4\), found \(3, 4\)'),
    (LOGITS[:, :3], r'found \(4, 3\)'),
    (np.where(np.arange(4)[:, None] == 2, np.nan, LOGITS), 'sample c: expected finite class scores, found NaN or '
     'infinity, as in 1 of 4 samples. Check the features'),
])
def test_bad_scores(logits: np.ndarray, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        check_scores(logits, TARGETS, 'abcd')


def test_no_sample() -> None:
    with pytest.raises(PredictionError, match=r'found \(0, 4\)'):
        check_scores(LOGITS[:0], TARGETS[:0])


def test_constant_predictions() -> None:
    targets = np.eye(10)[np.random.default_rng(0).integers(0, 10, 200)]
    baselines = constant_baselines(targets, targets)
    assert {baseline['macro_recall@5'] for baseline in baselines.values()} == {50.0}
    assert baselines['prior']['micro_recall@5'] > baselines['uniform']['micro_recall@5']


@pytest.mark.parametrize(('part', 'expected'), [('verb', 500 / 19), ('noun', 500 / 31)])
def test_constant_predictions_on_the_released_tables(part: str, expected: float) -> None:
    annotations = Annotations(data_dir('egoexolearn'), part)
    for view in ('ego', 'exo'):
        train, val = (annotations.read(f'{view}_{split}', 'csv').targets for split in ('train', 'val'))
        for baseline in constant_baselines(val, train).values():
            assert baseline['macro_recall@5'] == pytest.approx(expected)
