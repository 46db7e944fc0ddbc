"""The registered anticipation metric: keys, values, options, refusals."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.errors import ConfigError, PredictionError
from egoexo.evaluation.functional.anticipation import anticipation_scores
from egoexo.evaluation.metrics import AnticipationMetric, clip
from egoexo.evaluation.protocols.anticipation import PROTOCOLS
from egoexo.registry import METRICS
from egoexo.structures import EgoExoDataSample

NAMES = ['macro_recall@5', 'micro_recall@5', 'samples_recall@5', 'macro_precision@5', 'mAP']


def sample(index: int, subset: str = 'ego_val', num_classes: int = 9) -> EgoExoDataSample:
    generator = torch.Generator().manual_seed(index)
    made = EgoExoDataSample(metainfo=dict(sample_id=f'v{index % 3}|{index}', uid=f'v{index % 3}', subset=subset))
    made.gt_class_targets = (torch.rand(num_classes, generator=generator) < 0.3).float() * (index > 0)
    made.pred_class_logits = torch.randn(num_classes, generator=generator)
    return made


SAMPLES = [sample(index) for index in range(10)] + [sample(index, 'exo_val') for index in range(10, 14)]


def evaluate(samples: list[EgoExoDataSample], truth: str = 'csv', **options: object) -> dict[str, float]:
    metric = AnticipationMetric(**options)
    metric.dataset_meta = dict(classes=tuple('abcdefghi'), truth=truth)
    metric.process(None, [item.to_dict() for item in samples])
    return metric.evaluate(len(samples))


def expected(samples: list[EgoExoDataSample], k: int = 5) -> dict[str, float]:
    return anticipation_scores(*(np.stack([getattr(item, name).numpy() for item in samples])
                                 for name in ('pred_class_logits', 'gt_class_targets')), k)


def test_registered() -> None:
    assert METRICS.build(dict(type='AnticipationMetric')).prediction_hook == 'ClipPredictionHook'


def test_keys_and_values() -> None:
    scores = evaluate(SAMPLES)
    assert list(scores) == [f'{subset}/{name}' for subset in ('ego_val', 'exo_val') for name in NAMES]
    for subset, part in (('ego_val', SAMPLES[:10]), ('exo_val', SAMPLES[10:])):
        assert {name: scores[f'{subset}/{name}'] for name in NAMES} == expected(part)
    assert all(type(value) is float for value in scores.values())


def test_options(tmp_path: Path) -> None:
    path = tmp_path / 'videos.csv'
    scores = evaluate(SAMPLES, protocols=('clean', 'no_invalid'), k=2, per_class=True, num_bootstrap=10,
                      per_video_file=path)
    assert scores['ego_val/macro_recall@2'] == expected(SAMPLES[:10], 2)['macro_recall@2']
    assert scores['no_invalid/ego_val/samples_recall@2'] > scores['ego_val/samples_recall@2']
    assert scores['ego_val/mAP_low'] < scores['ego_val/mAP_high']
    assert 'exo_val/class_recall/i' in scores
    with path.open(newline='') as file:
        assert len(list(csv.DictReader(file))) == 2 * 6


def test_table_protocol_and_note_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(clip, 'print_log', lambda text, logger: shown.append(text))
    evaluate([sample(index, num_classes=3) for index in range(4)], 'own_rows', protocols=('stripped',))
    assert f'protocol stripped [{PROTOCOLS["stripped"].hash}]: Truth from the released list files' in shown[0]
    assert '| stripped | ego_val |       4 |      3 |       100.0000 |' in shown[0]
    assert 'ego_val: only 3 classes: the top-5 set holds all of them' in shown[0]


def test_bfloat16_predictions() -> None:
    item = SAMPLES[1].to_dict() | dict(pred_class_logits=SAMPLES[1].pred_class_logits.bfloat16())
    metric = AnticipationMetric()
    metric.process(None, [item])
    assert metric.evaluate(1)['ego_val/mAP'] >= 0


@pytest.mark.parametrize(('change', 'message'), [
    (dict(pred_class_logits=None), 'sample ego_val/v1|1: expected the fields .* found no pred_class_logits. Check'),
    (dict(gt_class_targets=None), 'found no gt_class_targets'),
    (dict(uid=None), 'found no uid'),
    (dict(pred_class_logits=torch.zeros(8)), r'expected pred_class_logits of shape \(9\), as the truth says, found '
     r'\(8,\). Set num_classes'),
    (dict(pred_class_logits=torch.zeros(2, 9)), r'found \(2, 9\)'),
    (dict(pred_class_logits=torch.full((9,), float('nan'))), 'expected finite pred_class_logits, found NaN'),
])
def test_bad_samples(change: dict, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        AnticipationMetric().process(None, [SAMPLES[1].to_dict() | change])


def test_a_sample_scored_twice_and_none() -> None:
    with pytest.raises(PredictionError, match=r'1 of 3 rows that come a second time: ego_val/v1\|1'):
        evaluate([*SAMPLES[:2], SAMPLES[1]])
    with pytest.raises(PredictionError, match='at least one predicted sample, found none'):
        evaluate([])


def test_bad_options() -> None:
    with pytest.raises(ConfigError, match='one source of truth, found csv, whole_list: one data set cannot give both'):
        AnticipationMetric(protocols=('clean', 'as_released'))
    with pytest.raises(ConfigError, match="unknown anticipation protocol 'official'"):
        AnticipationMetric(protocols='official')
    with pytest.raises(ConfigError, match='k must be a whole number'):
        AnticipationMetric(k=0)


@pytest.mark.parametrize(('truth', 'protocol', 'text'), [
    ('whole_list', 'clean', "protocol clean: expected rows of a data set with list_source='csv', found one with "
     "list_source='list', strip_cumulative=False. Set protocols to as_released, or change the data set."),
    ('own_rows', 'as_released', 'Set protocols to stripped'), ('csv', 'stripped', 'Set protocols to clean or no_inv')])
def test_no_protocol_is_printed_over_rows_of_another(truth: str, protocol: str, text: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(text)):
        evaluate(SAMPLES, truth, protocols=(protocol,))


@pytest.mark.parametrize(('truth', 'protocol'), [('own_rows', 'stripped'), ('whole_list', 'as_released')])
def test_rows_of_a_list_are_scored_under_their_protocol(truth: str, protocol: str) -> None:
    assert f'{protocol}/ego_val/macro_recall@5' in evaluate(SAMPLES, truth, protocols=(protocol,))
