"""Anticipation and planning metrics against the numbers that the released code gave.

Percentages within 1e-9 relative, planning within 1e-12. Every case of every fixture file is a test.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from tests_support import parity_dir

from egoexo.evaluation.functional.anticipation import anticipation_scores, per_class_recall, top_k_mask
from egoexo.evaluation.functional.planning import best_distances, check_sequences, planning_scores
from egoexo.evaluation.metrics.planning import draw_with_torch

OWNS = {'anticipation_planning': ['metrics/*', 'e2e/e2e.json', 'e2e/*_preds.npz', 'e2e/planning_sampled.npz']}
#: Our key -> names under which the fixtures store it.
PERCENT = {
    'macro_recall@5': ('val_macro_recall_top5', 'test_macro_recall_top5', 'macro'),
    'micro_recall@5': ('test_micro_recall_top5', 'micro'),
    'samples_recall@5': ('test_samples_recall_top5', 'samples'),
    'macro_precision@5': ('val_macro_precision_top5',),
    'mAP': ('val_map_macro',),
}


def folder() -> Path:
    return parity_dir('anticipation_planning')


def metric_cases(key: str) -> dict[str, tuple[Path, str, dict]]:
    """``<file>/<case>`` -> (inputs, case, values) of the files whose cases store ``key``."""
    found = {}
    for path in sorted((folder() / 'metrics').glob('*values*.json')):
        for case, values in json.loads(path.read_text()).items():
            if key in values:
                inputs = path.with_name(path.name.replace('values', 'inputs')).with_suffix('.npz')
                found[f'{path.stem}/{case}'] = (inputs, case, values)
    return found


def script_cases(key: str) -> dict[str, tuple[Path, dict]]:
    """Task -> (predictions, values) of the whole test scripts that store ``key``."""
    return {
        f'{path.parent.name}/{task}': (path.with_name(f'{task}_preds.npz'), values)
        for path in sorted(folder().glob('e2e*/e2e.json'))
        for task, values in json.loads(path.read_text()).items() if key in values}


ANTICIPATION, PLANNING = metric_cases('per_class_recall'), metric_cases('torch_seed')
ANTICIPATION_SCRIPTS, PLANNING_SCRIPTS = script_cases('macro'), script_cases('auedit')


def check_percentages(scores: dict[str, float], stored: dict) -> None:
    compared = [(ours, theirs) for ours, names in PERCENT.items() for theirs in names if theirs in stored]
    assert len(compared) >= 3
    for ours, theirs in compared:
        assert scores[ours] == pytest.approx(stored[theirs], rel=1e-9, abs=0), theirs


def check_planning(scores: dict[str, float], stored: dict[str, float], one_minus: float) -> None:
    steps = sum(name.startswith('action_ED_') for name in stored)
    expected = {'AUED': stored['action_AUED'], '1-AUED': one_minus}
    expected |= {f'ED@{z + 1}': stored[f'action_ED_{z}'] for z in range(steps)}
    assert scores == pytest.approx(expected, rel=0, abs=1e-12)


def sequences_of(stored: np.ndarray) -> np.ndarray:
    """(n, Z, K) as the released code holds them -> (n, K, Z)."""
    return stored.transpose(0, 2, 1)


def test_every_kind_of_case_is_there() -> None:
    assert ANTICIPATION and PLANNING and ANTICIPATION_SCRIPTS and PLANNING_SCRIPTS


@pytest.mark.parametrize('name', ANTICIPATION)
def test_anticipation(name: str) -> None:
    inputs, case, stored = ANTICIPATION[name]
    arrays = np.load(inputs)
    logits, targets = arrays[f'{case}_pred'], arrays[f'{case}_label']
    scores = anticipation_scores(logits, targets)
    check_percentages(scores, stored)
    np.testing.assert_allclose(per_class_recall(top_k_mask(logits), targets), stored['per_class_recall'], rtol=1e-9)
    printed = '\n'.join(stored.get('printed', ()))
    assert f'recall top5 {scores["macro_recall@5"]:.3f} prec top5 {scores["macro_precision@5"]:.3f}' in printed


@pytest.mark.parametrize('name', ANTICIPATION)
def test_anticipation_with_weights_is_the_list_with_repetitions(name: str) -> None:
    inputs, case, _ = ANTICIPATION[name]
    arrays = np.load(inputs)
    logits, targets = arrays[f'{case}_pred'], arrays[f'{case}_label']
    weights = np.random.default_rng(0).integers(0, 4, len(logits))
    again = np.repeat(np.arange(len(logits)), weights)
    assert anticipation_scores(logits, targets, weights=weights) == pytest.approx(
        anticipation_scores(logits[again], targets[again]), rel=1e-12)


@pytest.mark.parametrize('name', ANTICIPATION_SCRIPTS)
def test_anticipation_script(name: str) -> None:
    path, stored = ANTICIPATION_SCRIPTS[name]
    arrays = np.load(path)
    scores = anticipation_scores(arrays['preds'], arrays['labels'])
    check_percentages(scores, stored)
    line = ' '.join(f'{word} top5 {scores[key]:.3f}' for word, key in (
        ('macro_recall', 'macro_recall@5'), ('micro_recall', 'micro_recall@5'), ('sample_recall', 'samples_recall@5')))
    assert any(line in printed for printed in stored['printed'])


@pytest.mark.parametrize('name', PLANNING)
def test_planning_with_the_stored_samples(name: str) -> None:
    inputs, case, stored = PLANNING[name]
    arrays = np.load(inputs)
    sequences, targets = sequences_of(arrays[f'{case}_sampled']), arrays[f'{case}_labels']
    check_sequences(sequences, targets, num_classes=arrays[f'{case}_logits'].shape[2])
    check_planning(planning_scores(best_distances(sequences, targets)), stored['values'], stored['ed_final'])


@pytest.mark.parametrize('name', PLANNING)
def test_planning_draws_what_the_released_code_draws(name: str) -> None:
    inputs, case, stored = PLANNING[name]
    arrays = np.load(inputs)
    drawn = draw_with_torch(arrays[f'{case}_logits'], stored['k'], stored['torch_seed'])
    np.testing.assert_array_equal(drawn, sequences_of(arrays[f'{case}_sampled']))
    check_planning(planning_scores(best_distances(drawn, arrays[f'{case}_labels'])), stored['values'],
                   stored['ed_final'])


@pytest.mark.parametrize('name', PLANNING_SCRIPTS)
def test_planning_script(name: str) -> None:
    path, stored = PLANNING_SCRIPTS[name]
    sampled = np.load(path.with_name(path.name.replace('_preds', '_sampled')))['sampled']
    targets = np.load(path)['labels'].astype(np.int64)
    check_planning(planning_scores(best_distances(sequences_of(sampled), targets)), stored['auedit'],
                   stored['ed_final'])
