"""The registered transfer metric: keys, values, files, options, refusals."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.errors import ConfigError, PredictionError
from egoexo.evaluation.functional.transfer import hits_at, transfer_scores
from egoexo.evaluation.metrics import TransferMetric
from egoexo.registry import METRICS
from egoexo.structures import EgoExoDataSample

NUM_CLASSES = 8


def sample(index: int, subset: str = 'exo_val', num_classes: int = NUM_CLASSES) -> EgoExoDataSample:
    """Class 6 never occurs."""
    generator = torch.Generator().manual_seed(index)
    made = EgoExoDataSample(metainfo=dict(
        sample_id=str(4_000_000_000 + index), uid=f'take{index % 3}', subset=subset, sample_idx=index))
    made.gt_label = torch.tensor(index % 6 if index % 7 else num_classes - 1)
    made.pred_class_logits = torch.randn(num_classes, generator=generator)
    made.pred_class_logits[made.gt_label] += 1
    return made


SAMPLES = [sample(index) for index in range(20)]


def evaluate(samples: list[EgoExoDataSample], classes: tuple[str, ...] | None = None,
             **options: object) -> dict[str, float]:
    metric = TransferMetric(**options)
    metric.dataset_meta = dict(classes=classes) if classes else None
    metric.process(None, [item.to_dict() for item in samples])
    return metric.evaluate(len(samples))


def arrays(samples: list[EgoExoDataSample]) -> tuple[np.ndarray, np.ndarray]:
    return (np.array([int(item.gt_label) for item in samples]),
            np.stack([item.pred_class_logits.numpy() for item in samples]))


def test_registered() -> None:
    assert METRICS.build(dict(type='TransferMetric')).prediction_hook == 'ClipPredictionHook'


def test_keys_and_values() -> None:
    scores = evaluate(SAMPLES)
    labels, logits = arrays(SAMPLES)
    expected = transfer_scores(labels, logits.argmax(1), NUM_CLASSES, hits_at(logits, labels, 5))
    assert scores == {f'exo_val/{name}': value for name, value in expected.items()}
    assert list(scores) == ['exo_val/top1', 'exo_val/top5', 'exo_val/mean_class_acc']
    assert all(type(value) is float for value in scores.values())


def test_domains_are_scored_apart() -> None:
    both = evaluate(SAMPLES + [sample(index, 'ego_val') for index in range(5)])
    assert {key: value for key, value in both.items() if key.startswith('exo')} == evaluate(SAMPLES)
    assert 'ego_val/mean_class_acc' in both


def test_half_precision_and_another_order() -> None:
    halves = [item.clone() for item in SAMPLES[::-1]]
    for item in halves:
        item.pred_class_logits = item.pred_class_logits.half().float()
    assert evaluate(halves).keys() == evaluate(SAMPLES).keys()
    assert evaluate(SAMPLES[::-1], num_bootstrap=5) == evaluate(SAMPLES, num_bootstrap=5)


def test_protocols_intervals_and_classes() -> None:
    names = tuple('abcdefgh')
    scores = evaluate(SAMPLES, names, protocols='all', num_bootstrap=5, per_class=True)
    assert scores['ignore_absent/exo_val/mean_class_acc'] == pytest.approx(scores['exo_val/mean_class_acc'] * 8 / 7)
    assert scores['exo_val/top1_low'] <= scores['exo_val/top1'] <= scores['exo_val/top1_high']
    accuracies = [scores[f'exo_val/class_acc/{name}'] for name in names]
    assert np.mean(accuracies) == pytest.approx(scores['exo_val/mean_class_acc']) and accuracies[6] == 0
    assert scores['legacy_numclass0/exo_val/mean_class_acc'] == pytest.approx(np.mean(accuracies[:7]))


def test_files(tmp_path: Path) -> None:
    evaluate(SAMPLES, tuple('abcdefgh'), class_accuracy_file=tmp_path / 'new' / 'classes.csv',
             per_video_file=tmp_path / 'takes.csv')
    with (tmp_path / 'new' / 'classes.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['name'] for row in rows] == list('abcdefgh') and rows[6]['accuracy'] == '' and rows[6]['samples'] == '0'
    with (tmp_path / 'takes.csv').open(newline='') as file:
        assert [row['uid'] for row in csv.DictReader(file)] == ['take0', 'take1', 'take2']
    scores = evaluate([*SAMPLES, sample(3, 'ego_val')], class_accuracy_file=tmp_path / 'acc.txt')
    assert not any('class_acc/' in key for key in scores)
    values = (tmp_path / 'acc_exo_val.txt').read_text().splitlines()
    assert (tmp_path / 'acc_ego_val.txt').is_file() and not (tmp_path / 'acc.txt').exists()
    assert [repr(float(row['accuracy'] or 0)) for row in rows] == values


def test_few_classes() -> None:
    scores = evaluate([sample(index, num_classes=4) for index in (0, 1, 2)])
    assert list(scores) == ['exo_val/top1', 'exo_val/mean_class_acc']


@pytest.mark.parametrize(('change', 'message'), [
    (dict(pred_class_logits=None), r'sample exo_val/4000000001: expected the fields .* found no pred_class_logits'),
    (dict(gt_label=None), 'found no gt_label'), (dict(uid=None), 'found no uid'),
    (dict(pred_class_logits=torch.zeros(7)), r'expected pred_class_logits of shape \(8\).* found \(7,\)'),
    (dict(pred_class_logits=torch.zeros(1, 8)), r'found \(1, 8\)'),
    (dict(pred_class_logits=torch.full((8,), float('nan'))), 'expected finite pred_class_logits, found NaN'),
    (dict(gt_label=torch.tensor(8)), 'sample exo_val/4000000001: expected a true class from 0 to 7, found 8'),
    (dict(gt_label=torch.tensor(-1)), 'found -1'),
])
def test_bad_samples(change: dict, message: str) -> None:
    metric = TransferMetric()
    metric.dataset_meta = dict(classes=tuple('abcdefgh'))
    with pytest.raises(PredictionError, match=message):
        metric.process(None, [SAMPLES[1].to_dict() | change])


def test_no_sample_and_one_twice() -> None:
    with pytest.raises(PredictionError, match='each sample of a list once'):
        evaluate([SAMPLES[0], SAMPLES[0]])
    with pytest.raises(PredictionError, match='at least one predicted sample, found none'):
        TransferMetric().compute_scores([])


def test_unknown_protocol() -> None:
    with pytest.raises(ConfigError, match="unknown transfer protocol 'micro'"):
        TransferMetric(protocols='micro')
