"""Sequences out of logits: what is drawn, what is best, and that both belong to the sample."""

import itertools

import numpy as np
import pytest

from egoexo.evaluation.functional.planning import best_distances, planning_scores
from egoexo.evaluation.functional.planning_decoding import (
    DECODINGS,
    beam_sequences,
    decode,
    draw_sequences,
    expected_sequences,
    keyed_uniforms,
    step_probabilities,
)

RNG = np.random.default_rng(0)
LOGITS = RNG.standard_normal((12, 4, 5)).astype(np.float32)
NAMES = [f'ego_val/{index}' for index in range(12)]


def test_draws_follow_the_softmax() -> None:
    logits = np.broadcast_to(LOGITS[0], (20000, 4, 5))
    drawn = draw_sequences(logits, RNG.random((20000, 1, 4)))[:, 0]
    shares = np.stack([np.bincount(drawn[:, z], minlength=5) / 20000 for z in range(4)])
    assert np.abs(shares - step_probabilities(LOGITS[0])).max() < 0.02


def test_extreme_numbers_stay_within_the_classes() -> None:
    uniforms = np.stack([np.zeros((12, 4)), np.full((12, 4), 1 - 2.0**-53)], axis=1)
    drawn = draw_sequences(LOGITS, uniforms)
    assert (drawn[:, 0] == 0).all() and (drawn[:, 1] == 4).all()
    certain = np.where(np.arange(5) == 2, 0.0, -1e4) + np.zeros((12, 4, 1))
    assert (draw_sequences(certain, uniforms) == 2).all()


def test_numbers_belong_to_the_sample() -> None:
    numbers = keyed_uniforms(3, NAMES, (5, 4))
    assert numbers.shape == (12, 5, 4) and numbers.min() >= 0 and numbers.max() < 1
    assert (keyed_uniforms(3, NAMES[7:8], (5, 4))[0] == numbers[7]).all()
    assert (keyed_uniforms(4, NAMES, (5, 4)) != numbers).all()
    assert abs(keyed_uniforms(0, [str(index) for index in range(5000)], (2,)).mean() - 0.5) < 0.02


@pytest.mark.parametrize('num_samples', [1, 7, 1000])
def test_beam_is_exact(num_samples: int) -> None:
    found = beam_sequences(LOGITS, num_samples)
    logs = np.log(step_probabilities(LOGITS))
    every = list(itertools.product(range(5), repeat=4))
    for index in range(12):
        ranked = sorted(every, key=lambda steps: -sum(logs[index, z, step] for z, step in enumerate(steps)))
        assert [tuple(steps) for steps in found[index].tolist()] == ranked[:num_samples]


def test_beam_with_fewer_sequences_than_asked_for() -> None:
    assert beam_sequences(LOGITS[:, :1], 9)[..., 0].shape == (12, 5)
    assert beam_sequences(np.zeros((1, 2, 2)), 5)[0].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_expected_beats_draws_when_the_logits_are_right() -> None:
    logits = np.broadcast_to(2 * RNG.standard_normal((1, 8, 9)), (600, 8, 9))
    truth = draw_sequences(logits, RNG.random((600, 1, 8)))[:, 0]
    names = [str(index) for index in range(600)]
    level = {name: planning_scores(best_distances(decode(logits, name, names), truth))['1-AUED'] for name in DECODINGS}
    assert level['expected'] > level['categorical'] + 0.02
    assert level['expected'] > level['argmax']


def test_expected_chooses_among_the_draws() -> None:
    draws = np.array([[[1, 1], [2, 2], [1, 1], [3, 3], [1, 1]]])
    assert expected_sequences(draws, 2)[0].tolist() == [[1, 1], [2, 2]]
    assert expected_sequences(draws, 9).shape == (1, 5, 2)


@pytest.mark.parametrize(('decoding', 'count'), [('categorical', 5), ('argmax', 1), ('beam', 5), ('expected', 5)])
def test_every_decoding_is_a_function_of_seed_and_sample(decoding: str, count: int) -> None:
    found = decode(LOGITS, decoding, NAMES, seed=1)
    assert found.shape == (12, count, 4) and found.dtype == np.int64
    order = RNG.permutation(12)
    assert (decode(LOGITS[order], decoding, [NAMES[index] for index in order], seed=1) == found[order]).all()
    if decoding == 'argmax':
        assert (found[:, 0] == LOGITS.argmax(-1)).all()


@pytest.mark.parametrize(('decoding', 'num_samples'), [('viterbi', 5), ('beam', 0)])
def test_unknown_decoding(decoding: str, num_samples: int) -> None:
    with pytest.raises(ValueError, match='decoding must be one of categorical, argmax, beam, expected'):
        decode(LOGITS, decoding, NAMES, num_samples)
