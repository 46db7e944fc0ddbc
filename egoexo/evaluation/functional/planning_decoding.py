"""From class logits of each coming step to whole sequences: draws, best guess, the K best, least expected error.

All take the steps as independent of each other given the sample, as the released code does. Letters in shapes:
n samples, K sequences, Z steps, C classes.
"""

import hashlib
import math
from collections.abc import Sequence

import numpy as np

from egoexo.evaluation.functional.planning import area_weights, prefix_distances

__all__ = ['DECODINGS', 'argmax_sequences', 'beam_sequences', 'decode', 'draw_sequences', 'expected_sequences',
           'keyed_uniforms', 'step_probabilities']

#: Ways to make sequences from logits; the first is the released one.
DECODINGS = ('categorical', 'argmax', 'beam', 'expected')
_CHUNK = 64  # samples compared at a time, so that the distances of all pairs stay in the cache


def keyed_uniforms(seed: int, names: Sequence[str], shape: tuple[int, ...]) -> np.ndarray:
    """Random numbers that belong to a sample: the same whatever else is scored, in which order, on how many processes.

    Args:
        seed (int): Seed of the evaluation.
        names (Sequence[str]): One name per sample, e.g. ``'ego_val/<sample_id>'``.
        shape (tuple[int, ...]): Numbers per sample.

    Returns:
        np.ndarray: Uniform in [0, 1), ``(n, *shape)`` float64: 53 bits each out of SHAKE-128 of seed and name, which
        takes a tenth of the time of a numpy generator per sample and never changes with a version.

    Examples:
        >>> keyed_uniforms(0, ['ego_val/b', 'ego_val/a'], (1,))[1] == keyed_uniforms(0, ['ego_val/a'], (1,))[0]
        array([ True])
    """
    length = 8 * math.prod(shape)
    bits = b''.join(hashlib.shake_128(f'{seed}:{name}'.encode()).digest(length) for name in names)
    return (np.frombuffer(bits, '<u8') >> 11).reshape(len(names), *shape) * 2.0**-53


def step_probabilities(logits: np.ndarray) -> np.ndarray:
    """Softmax over the classes, float64, any leading shape.

    Args:
        logits (np.ndarray): Finite, (..., C).
    """
    powers = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def draw_sequences(logits: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Independent draws from the softmax of each step, as released up to the random numbers.

    The distribution is that of the released code; its numbers come from torch, so single draws differ.

    Args:
        logits (np.ndarray): Finite, (n, Z, C).
        uniforms (np.ndarray): Uniform numbers in [0, 1), (n, K, Z): from :func:`keyed_uniforms`, or from
            ``numpy.random.default_rng(seed).random((n, K, Z))``.

    Returns:
        np.ndarray: Class ids, (n, K, Z) int64.
    """
    cumulated = np.cumsum(step_probabilities(logits), axis=-1)
    cumulated /= cumulated[..., -1:]  # ends at exactly 1, above every uniform number
    return np.count_nonzero(cumulated[:, None] <= uniforms[..., None], axis=-1)


def argmax_sequences(logits: np.ndarray) -> np.ndarray:
    """The most probable class of each step; the lower id among equals.

    Args:
        logits (np.ndarray): (n, Z, C).

    Returns:
        np.ndarray: One sequence per sample, (n, 1, Z) int64.
    """
    return logits.argmax(axis=-1)[:, None]


def beam_sequences(logits: np.ndarray, num_samples: int) -> np.ndarray:
    """The K most probable whole sequences, exactly, the most probable first.

    With independent steps every prefix of one of the K best sequences is among the K best prefixes and its next class
    among the K best of its step, so a beam of width K loses nothing.

    Args:
        logits (np.ndarray): Finite, (n, Z, C).
        num_samples (int): K.

    Returns:
        np.ndarray: Class ids, (n, K', Z) int64, where K' is C^Z if there are fewer than K sequences; among equally
        probable ones the lower class id at the earliest step goes first.
    """
    num, horizon, num_classes = logits.shape
    logs = np.log(np.maximum(step_probabilities(logits), 1e-300))
    width = min(num_samples, num_classes)
    classes = np.argsort(-logs, axis=-1, kind='stable')[..., :width]
    best = np.take_along_axis(logs, classes, axis=-1)
    scores, found = np.zeros((num, 1)), np.zeros((num, 1, 0), np.int64)
    for z in range(horizon):
        joined = (scores[:, :, None] + best[:, None, z]).reshape(num, -1)
        chosen = np.argsort(-joined, axis=1, kind='stable')[:, :num_samples]
        scores = np.take_along_axis(joined, chosen, axis=1)
        prefixes = np.take_along_axis(found, chosen[:, :, None] // width, axis=1)
        steps = np.take_along_axis(classes[:, z], chosen % width, axis=1)
        found = np.concatenate([prefixes, steps[:, :, None]], axis=2)
    return found


def expected_sequences(draws: np.ndarray, num_samples: int) -> np.ndarray:
    """K of the draws that together lie closest to all draws: the least expected AUED, chosen greedily.

    The draws stand for what may happen and are the candidates at the same time. Each round takes the draw that lowers
    the mean over all draws of the best prefix distances most; the first among equals.

    Args:
        draws (np.ndarray): Class ids, (n, M, Z), from :func:`draw_sequences` or a planner.
        num_samples (int): K; at most M sequences are returned.

    Returns:
        np.ndarray: Class ids, (n, min(K, M), Z) int64.
    """
    num, num_draws, horizon = draws.shape
    # Costs as integers: sums are exact, so equal ones are equal on every machine.
    cost = np.rint(area_weights(horizon) / np.arange(1, horizon + 1) * 2**24).astype(np.int64)
    chosen = np.empty((num, min(num_samples, num_draws)), np.int64)
    for start in range(0, num, _CHUNK):
        part = draws[start:start + _CHUNK].astype(np.int16)
        distances = prefix_distances(part[:, :, None], part[:, None])  # (n', candidate, draw, Z)
        losses = np.ascontiguousarray(distances)
        best = np.full((len(part), 1, num_draws, horizon), horizon, losses.dtype)
        for index in range(chosen.shape[1]):
            reached = np.minimum(losses, best)
            expected = reached.sum(axis=2, dtype=np.int64) @ cost
            take = expected.argmin(axis=1)
            chosen[start:start + _CHUNK, index] = take
            best = reached[np.arange(len(part)), take][:, None]
    return np.take_along_axis(draws, chosen[:, :, None], axis=1)


def decode(logits: np.ndarray, decoding: str, names: Sequence[str], num_samples: int = 5, seed: int = 0,
           num_draws: int = 32) -> np.ndarray:
    """Sequences of a list of samples by one of :data:`DECODINGS`.

    Args:
        logits (np.ndarray): Finite, (n, Z, C).
        decoding (str): ``'categorical'``, ``'argmax'`` (one sequence), ``'beam'`` or ``'expected'``.
        names (Sequence[str]): Name of each sample, for its random numbers.
        num_samples (int): K.
        seed (int): Seed of the draws of ``'categorical'`` and ``'expected'``; the others need none.
        num_draws (int): Draws among which ``'expected'`` chooses.

    Returns:
        np.ndarray: Class ids, (n, K, Z) int64.

    Raises:
        ValueError: If the decoding is unknown or ``num_samples`` is below 1.
    """
    if decoding not in DECODINGS or num_samples < 1:
        raise ValueError(f'decoding must be one of {", ".join(DECODINGS)} with num_samples >= 1, got {decoding!r} with '
                         f'{num_samples}.')
    if decoding == 'argmax':
        return argmax_sequences(logits)
    if decoding == 'beam':
        return beam_sequences(logits, num_samples)
    drawn = num_samples if decoding == 'categorical' else max(num_draws, num_samples)
    draws = draw_sequences(logits, keyed_uniforms(seed, names, (drawn, logits.shape[1])))
    return draws if decoding == 'categorical' else expected_sequences(draws, num_samples)
