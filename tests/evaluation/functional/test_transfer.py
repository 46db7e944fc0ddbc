"""Formulas of segment classification: values that a person can work out, ties, absent classes, refusals."""

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.transfer import (
    METRICS,
    check_labels,
    check_logits,
    class_accuracies,
    class_accuracy_text,
    class_mean,
    confusion_matrix,
    constant_baseline,
    hits_at,
    predicted_classes,
    top_k_note,
    transfer_scores,
)

LABELS = np.array([0, 0, 0, 2, 2, 5])
PREDICTED = np.array([0, 0, 2, 2, 0, 5])


def test_scores_by_hand() -> None:
    hits = np.array([True, True, True, True, False, True])
    scores = transfer_scores(LABELS, PREDICTED, 6, hits)
    assert tuple(scores) == METRICS
    assert scores == pytest.approx(dict(top1=400 / 6, top5=500 / 6, mean_class_acc=100 * (2 / 3 + 1 / 2 + 1) / 6))
    assert list(transfer_scores(LABELS, PREDICTED, 6)) == ['top1', 'mean_class_acc']


@pytest.mark.parametrize(('absent', 'expected'), [
    ('zero', (2 / 3 + 1 / 2 + 1) / 6), ('ignore', (2 / 3 + 1 / 2 + 1) / 3), ('distinct', (2 / 3 + 1 / 2) / 3)])
def test_classes_without_a_segment(absent: str, expected: float) -> None:
    assert transfer_scores(LABELS, PREDICTED, 6, absent=absent)['mean_class_acc'] == pytest.approx(100 * expected)


def test_class_mean_at_its_borders() -> None:
    assert class_mean(np.zeros(3), np.zeros(3, int), 'ignore') == 0
    with pytest.raises(ValueError, match="absent must be one of zero, ignore, distinct, got 'drop'"):
        class_mean(np.zeros(3), np.ones(3, int), 'drop')


def test_confusions_and_class_accuracies() -> None:
    confusions = confusion_matrix(LABELS, PREDICTED, 6)
    assert confusions[0].tolist() == [2, 0, 1, 0, 0, 0] and confusions[2].tolist() == [1, 0, 1, 0, 0, 0]
    assert confusions.sum() == 6 and confusions.dtype == np.int64
    accuracies, support = class_accuracies(confusions)
    assert accuracies.tolist() == [2 / 3, 0, 0.5, 0, 0, 1] and support.tolist() == [3, 0, 2, 0, 0, 1]
    assert class_accuracy_text(accuracies).splitlines() == [repr(100 * (2 / 3)), '0.0', '50.0', '0.0', '0.0', '100.0']


def test_ties_go_to_the_lower_class() -> None:
    logits = np.array([[1.0, 1.0, 1.0, 0.0]] * 4, np.float32)
    labels = np.arange(4)
    assert [hits_at(logits, labels, k).tolist() for k in (1, 2, 4)] == [
        [True, False, False, False], [True, True, False, False], [True] * 4]
    np.testing.assert_array_equal(hits_at(logits, labels, 1), predicted_classes(logits) == labels)


def test_top_k_agrees_with_sorting() -> None:
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((200, 9)).astype(np.float32), rng.integers(0, 9, 200)
    order = np.argsort(-logits, axis=1, kind='stable')
    for k in (1, 5, 9):
        np.testing.assert_array_equal(hits_at(logits, labels, k), (order[:, :k] == labels[:, None]).any(1))


def test_weights_are_repetitions() -> None:
    rng = np.random.default_rng(1)
    labels, predicted, hits = rng.integers(0, 7, 50), rng.integers(0, 7, 50), rng.random(50) < 0.5
    weights = rng.integers(0, 4, 50)
    again = np.repeat(np.arange(50), weights)
    for absent in ('zero', 'ignore', 'distinct'):
        assert transfer_scores(labels, predicted, 7, hits, absent, weights) == transfer_scores(
            labels[again], predicted[again], 7, hits[again], absent)


def test_the_order_of_rows_makes_no_difference() -> None:
    rng = np.random.default_rng(2)
    labels, predicted, order = rng.integers(0, 7, 50), rng.integers(0, 7, 50), rng.permutation(50)
    assert transfer_scores(labels, predicted, 7) == transfer_scores(labels[order], predicted[order], 7)


def test_constant_baseline() -> None:
    labels = np.repeat(np.arange(8), [9, 1, 2, 3, 4, 5, 6, 7])
    assert constant_baseline(labels, 8) == pytest.approx(
        dict(top1=900 / 37, top5=100 * (9 + 7 + 6 + 5 + 4) / 37, mean_class_acc=100 / 8))
    assert 'top5' not in constant_baseline(labels % 4, 4)


def test_too_few_classes_for_top5() -> None:
    assert top_k_note(5) == '' and 'only 4 classes' in top_k_note(4)


@pytest.mark.parametrize(('logits', 'labels', 'message'), [
    (np.zeros((2, 3)), np.array([0]), r'expected one row of class scores per segment, shape \(1, C\), found \(2, 3\)'),
    (np.zeros((0, 3)), np.zeros(0, int), r'found \(0, 3\). Predict'),
    (np.zeros(3), np.array([0]), r'found \(3,\)'),
    (np.array([[0, 1], [np.nan, 1]]), np.array([0, 1]), 'sample b: expected finite class scores, found NaN'),
    (np.zeros((2, 3)), np.array([0, 3]), 'sample b: expected a true class from 0 to 2, found 3, and 1 of 2 samples'),
    (np.zeros((2, 3)), np.array([-1, 0]), 'sample a: expected a true class from 0 to 2, found -1'),
    (np.zeros((2, 3)), np.array([0.0, 1.0]), 'sample a: expected a true class from 0 to 2, found 0.0'),
])
def test_bad_input(logits: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        check_logits(logits, labels, ['a', 'b'])


def test_bad_labels_without_names() -> None:
    with pytest.raises(PredictionError, match='sample 1: expected a predicted class from 0 to 3, found 4'):
        check_labels(np.array([3, 4]), 4, what='predicted class')
