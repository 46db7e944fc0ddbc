import pytest
from mmengine.config import Config

from egoexo.visualization.report_benchmarks import BENCHMARKS, GENERIC, benchmark_of
from egoexo.visualization.report_run import Run


@pytest.mark.parametrize(('config', 'metrics', 'expected'), [
    (dict(test_evaluator=dict(type='SegmentationMetric')), {}, BENCHMARKS['segmentation']),
    (dict(val_evaluator=[dict(type='Other'), dict(type='egoexo.SegmentationMetric')]), {}, BENCHMARKS['segmentation']),
    (dict(test_evaluator=dict(type='CorrespondenceMetric')), {}, BENCHMARKS['correspondence']),
    (dict(test_evaluator=dict(type='CocoMetric')), {'ego_val/Acc': 1.0}, GENERIC),
    (None, {'ego_val/Acc': 1.0}, BENCHMARKS['segmentation']), (None, {'coco/bbox_mAP': 1.0}, GENERIC),
    (dict(test_evaluator='odd'), {}, GENERIC), (None, {}, GENERIC)])
def test_benchmark_is_told_by_metric_or_scores(config, metrics, expected):
    assert benchmark_of(Run(None, 'x', Config(config) if config else None, metrics=metrics)) is expected


def test_generic_comparison_lists_metrics():
    section, = GENERIC.compare([Run(None, 'x', metrics={'mAP': 0.5}), Run(None, 'y')], [None, None], [1, 2], None)
    assert section.parts[0].rows == [['mAP', 0.5, None]]
    section, = GENERIC.compare([Run(None, 'x'), Run(None, 'y')], [None, None], [1, 2], None)
    assert section.parts[0].text == 'No metrics were found for any run.'
