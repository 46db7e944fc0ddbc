"""The registered planning metric: keys, values, decodings, options, refusals."""

import numpy as np
import pytest
import torch

from egoexo.errors import ConfigError, PredictionError
from egoexo.evaluation.functional.planning import best_distances, planning_scores
from egoexo.evaluation.functional.planning_decoding import decode
from egoexo.evaluation.metrics import PlanningMetric
from egoexo.evaluation.metrics.planning import draw_with_torch
from egoexo.registry import METRICS
from egoexo.structures import EgoExoDataSample

NAMES = ['1-AUED', 'AUED', *(f'ED@{z}' for z in range(1, 9))]


def sample(index: int, sequences: bool = False, logits: bool = True, subset: str = 'ego_val') -> EgoExoDataSample:
    generator = torch.Generator().manual_seed(index)
    made = EgoExoDataSample(metainfo=dict(sample_id=f'v{index % 3}|{index}', uid=f'v{index % 3}', subset=subset))
    made.gt_future_steps = torch.randint(0, 6, (8,), generator=generator) if index else torch.full((8,), -1)
    drawn = torch.randint(0, 6, (5, 8), generator=generator)
    if logits:
        made.pred_future_logits = torch.randn(8, 6, generator=generator)
    if sequences:
        made.pred_future_samples = drawn
    return made


SAMPLES = [sample(index) for index in range(9)]


def evaluate(samples: list[EgoExoDataSample], **options: object) -> dict[str, float]:
    metric = PlanningMetric(**options)
    metric.process(None, [item.to_dict() for item in samples])
    return metric.evaluate(len(samples))


def stacked(samples: list[EgoExoDataSample]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    return (np.stack([item.pred_future_logits.numpy() for item in samples]),
            np.stack([item.gt_future_steps.numpy() for item in samples]),
            [f'{item.subset}/{item.sample_id}' for item in samples])


def test_registered() -> None:
    assert METRICS.build(dict(type='PlanningMetric')).prediction_hook == 'ClipPredictionHook'


def test_keys_and_values() -> None:
    scores = evaluate(SAMPLES, seed=3)
    assert list(scores) == [f'ego_val/{name}' for name in NAMES]
    logits, targets, names = stacked(SAMPLES)
    expected = planning_scores(best_distances(decode(logits, 'categorical', names, seed=3), targets))
    assert scores == {f'ego_val/{name}': value for name, value in expected.items()}
    assert scores != evaluate(SAMPLES, seed=4)
    assert all(type(value) is float for value in scores.values())


def test_draws_do_not_depend_on_what_else_is_scored() -> None:
    assert evaluate(SAMPLES[:4]) == {key: value for key, value in evaluate(
        SAMPLES[:4] + [sample(index, subset='exo_val') for index in range(3)]).items() if key.startswith('ego_val')}


def test_decodings_protocols_and_repeats() -> None:
    scores = evaluate(SAMPLES, protocols=('official', 'no_invalid'), num_repeats=3,
                      decodings=('categorical', 'argmax', 'beam', 'expected'))
    assert {key.rpartition('/')[0] for key in scores} == {
        f'{protocol}{decoding}ego_val' for protocol in ('', 'no_invalid/')
        for decoding in ('', 'argmax/', 'beam/', 'expected/')}
    assert scores['ego_val/1-AUED_sd'] > 0 and 'argmax/ego_val/1-AUED_sd' not in scores
    assert scores['no_invalid/ego_val/ED@1'] == pytest.approx((9 * scores['ego_val/ED@1'] - 1) / 8)
    logits, targets, _ = stacked(SAMPLES)
    assert scores['argmax/ego_val/ED@1'] == np.mean(logits[:, 0].argmax(-1) != targets[:, 0])


def test_the_first_decoding_is_reported() -> None:
    assert set(evaluate(SAMPLES, decodings='beam')) == {f'ego_val/{name}' for name in NAMES}


def test_sequences_of_the_planner() -> None:
    samples = [sample(index, sequences=True, logits=False) for index in range(9)]
    scores = evaluate(samples)
    expected = planning_scores(best_distances(np.stack([item.pred_future_samples.numpy() for item in samples]),
                                              np.stack([item.gt_future_steps.numpy() for item in samples])))
    assert scores == {f'{prefix}ego_val/{name}': value for prefix in ('', 'joint/')
                      for name, value in expected.items()}
    both = evaluate([sample(index, sequences=True) for index in range(9)], decodings=('categorical', 'argmax'))
    assert both['ego_val/1-AUED'] == scores['ego_val/1-AUED'] and 'argmax/ego_val/1-AUED' in both


def test_torch_generator() -> None:
    logits, targets, _ = stacked(SAMPLES)
    torch.manual_seed(5)
    released = torch.stack([torch.distributions.Categorical(logits=torch.from_numpy(logits)).sample()
                            for _ in range(5)], dim=1).numpy()
    np.testing.assert_array_equal(draw_with_torch(logits, 5, 5), released)
    assert evaluate(SAMPLES, generator='torch', seed=5)['ego_val/AUED'] == planning_scores(
        best_distances(released, targets))['AUED']


@pytest.mark.parametrize(('change', 'message'), [
    (dict(pred_future_logits=None), r'sample ego_val/v1\|1: expected the fields .* found no pred_future_logits'),
    (dict(gt_future_steps=None), 'found no gt_future_steps'),
    (dict(pred_future_logits=torch.zeros(7, 6)), r'expected pred_future_logits of shape \(8, C\).* found \(7, 6\)'),
    (dict(pred_future_logits=torch.full((8, 6), float('inf'))), 'expected finite pred_future_logits'),
])
def test_bad_samples(change: dict, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        PlanningMetric().process(None, [SAMPLES[1].to_dict() | change])


def test_number_of_classes() -> None:
    metric = PlanningMetric()
    metric.dataset_meta = dict(classes=tuple('abcdefg'))
    with pytest.raises(PredictionError, match=r'shape \(8, 7\), as the truth says, found \(8, 6\)'):
        metric.process(None, [SAMPLES[1].to_dict()])
    with pytest.raises(PredictionError, match='expected true classes below the 2 predicted ones'):
        evaluate([item.clone() for item in SAMPLES[:1]] + [_with_two_classes(SAMPLES[3])])


def _with_two_classes(item: EgoExoDataSample) -> EgoExoDataSample:
    item = item.clone()
    item.set_metainfo(dict(subset='exo_val'))
    item.pred_future_logits = item.pred_future_logits[:, :2]
    return item


def test_samples_of_one_list_must_agree() -> None:
    with pytest.raises(PredictionError, match=r'expected sequences of shape None, as sample ego_val/v0\|0 has'):
        evaluate([SAMPLES[0], sample(1, sequences=True)])


@pytest.mark.parametrize(('options', 'message'), [
    (dict(decodings=('greedy',)), "decodings: expected some of categorical, .* found 'greedy'. Choose"),
    (dict(decodings=()), 'found none'), (dict(generator='numpy'), "expected 'keyed' or 'torch', found 'numpy'"),
    (dict(num_repeats=0), 'num_repeats and num_draws of at least 1, found 0 and 32'),
    (dict(num_samples=0), 'num_samples must be a whole number'),
    (dict(protocols='clear'), "unknown planning protocol 'clear'"),
])
def test_bad_options(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PlanningMetric(**options)
