"""Prefix edit distances and the area under their curve."""

import numpy as np
import pytest
from tests_support import data_dir

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.planning import (
    area_weights,
    best_distances,
    check_logits,
    check_sequences,
    constant_logits,
    planning_scores,
    prefix_distances,
    repeated_scores,
)
from egoexo.evaluation.functional.planning_decoding import decode
from egoexo.evaluation.offline.planning import Annotations


def slow_distance(first: list[int], second: list[int]) -> int:
    if not first or not second:
        return len(first) + len(second)
    return min(slow_distance(first[1:], second) + 1, slow_distance(first, second[1:]) + 1,
               slow_distance(first[1:], second[1:]) + (first[0] != second[0]))


def test_every_prefix_against_the_definition() -> None:
    pred, true = np.random.default_rng(0).integers(0, 3, (2, 60, 5))
    found = prefix_distances(pred, true)
    for index in range(60):
        assert found[index].tolist() == [
            slow_distance(pred[index, :z].tolist(), true[index, :z].tolist()) for z in range(1, 6)]


def test_leading_dimensions_are_broadcast() -> None:
    pred, true = np.random.default_rng(0).integers(0, 3, (2, 6, 4))
    every = prefix_distances(pred[:, None], true[None])
    assert every.shape == (6, 6, 4)
    assert (every[[0, 3], [5, 2]] == prefix_distances(pred[[0, 3]], true[[5, 2]])).all()


def test_long_sequences_do_not_overflow() -> None:
    assert prefix_distances(np.zeros(300, int), np.ones(300, int))[-1] == 300


@pytest.mark.parametrize(('pred', 'true'), [(np.zeros(3), np.zeros(4)), (np.zeros((2, 0)), np.zeros((2, 0)))])
def test_lengths_that_differ(pred: np.ndarray, true: np.ndarray) -> None:
    with pytest.raises(ValueError, match='sequences of the same length Z >= 1'):
        prefix_distances(pred, true)


def test_worked_example() -> None:
    targets = np.array([[3, 4, 5], [-1, -1, -1]])
    sequences = np.array([[[3, 4, 6], [1, 1, 5]], [[0, 0, 0], [1, 1, 1]]])
    assert best_distances(sequences, targets).tolist() == [[0, 0, 1 / 3], [1, 1, 1]]  # a row of -1 is never met
    scores = planning_scores(best_distances(sequences, targets))
    assert scores == pytest.approx({'1-AUED': 1 - (0.25 + 0.5 + 1 / 3) / 2, 'AUED': (0.25 + 0.5 + 1 / 3) / 2,
                                    'ED@1': 0.5, 'ED@2': 0.5, 'ED@3': 2 / 3})


def test_the_best_sequence_is_chosen_at_every_horizon() -> None:
    distances = best_distances(np.array([[[1, 9, 9, 9], [0, 2, 3, 4]]]), np.array([[1, 2, 3, 4]]))
    assert distances.tolist() == [[0, 0.5, 1 / 3, 0.25]]


def test_one_step_has_no_area() -> None:
    assert area_weights(1).tolist() == [1]
    assert planning_scores(np.array([[0.0], [1.0]]))['1-AUED'] == 0.5
    assert area_weights(8).sum() == pytest.approx(1)


def test_weights_and_repeats() -> None:
    distances = np.random.default_rng(0).random((5, 4))
    weights = np.array([1, 0, 3, 0, 2])
    assert planning_scores(distances, weights) == pytest.approx(
        planning_scores(np.repeat(distances, weights, axis=0)))
    assert repeated_scores([distances]) == planning_scores(distances)
    repeated = repeated_scores([distances, distances / 2])
    single = planning_scores(distances)['AUED']
    assert repeated['AUED'] == pytest.approx(0.75 * single)
    assert repeated['1-AUED_sd'] == pytest.approx(single / 2 / 2**0.5)
    with pytest.raises(ValueError, match='no sample to score'):
        planning_scores(distances[:0])


TARGETS = np.array([[0, 1], [2, 2], [-1, -1]])
LOGITS = np.zeros((3, 2, 3), np.float32)


@pytest.mark.parametrize(('logits', 'message'), [
    (LOGITS[:2], r'expected shape \(n, Z, C\) for targets \(n, Z\) = \(3, 2\), found \(2, 2, 3\)'),
    (LOGITS[0], r'found \(2, 3\)'),
    (np.where(np.arange(3)[:, None, None] == 1, np.inf, LOGITS), 'sample b: expected finite logits, found NaN or '
     'infinity, as in 1 of 3 samples'),
    (LOGITS[..., :2], 'sample b: expected true classes below the 2 predicted ones, found class 2'),
])
def test_bad_logits(logits: np.ndarray, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        check_logits(logits, TARGETS, 'abc')


SEQUENCES = np.zeros((3, 5, 2), int)


@pytest.mark.parametrize(('sequences', 'message'), [
    (SEQUENCES.transpose(0, 2, 1), r'expected shape \(n, K, Z\) with n = 3 and Z = 2 steps, the steps last, found '
     r'\(3, 2, 5\).*transposed first'),
    (SEQUENCES[:, :0], r'found \(3, 0, 2\)'),
    (SEQUENCES + 0.5, 'expected integer class ids, found float64'),
    (SEQUENCES + 3, 'sample a: expected class ids from 0 to 3 - 1, found ids from 3 to 3'),
    (SEQUENCES - 1, 'found ids from -1 to -1, as in 3 of 3 samples. Predict'),
])
def test_bad_sequences(sequences: np.ndarray, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        check_sequences(sequences, TARGETS, 'abc', num_classes=3)


def test_constant_logits() -> None:
    constants = constant_logits(np.array([[0, 0, 1], [-1, -1, -1]]), 3, 4)
    assert constants['uniform'].shape == constants['prior'].shape == (4, 3)
    assert np.exp(constants['prior'][2]).tolist() == pytest.approx([2 / 3, 1 / 3, 0])
    assert list(constant_logits(None, 3, 4)) == ['uniform']


def test_constant_predictions_on_the_released_lists() -> None:
    annotations = Annotations(data_dir('egoexolearn'))
    level = {}
    for view in ('ego', 'exo'):
        train, val = (annotations.read(f'{view}_{split}') for split in ('train', 'val'))
        for name, constant in constant_logits(train.targets, 27, 8).items():
            logits = np.broadcast_to(constant, (len(val.ids), *constant.shape))
            scores = [planning_scores(best_distances(decode(logits, 'categorical', val.ids, seed=seed), val.targets))
                      for seed in range(5)]
            level[view, name] = np.mean([score['1-AUED'] for score in scores])
    # The official metric gave 0.144 and 0.139 for uniform logits on the test lists, 0.219 and 0.283 for the prior.
    assert 0.13 < level['ego', 'uniform'] < 0.155 and 0.13 < level['exo', 'uniform'] < 0.16
    assert 0.20 < level['ego', 'prior'] < 0.235 and 0.26 < level['exo', 'prior'] < 0.31
