import torch

from egoexo.datasets.bare_copy import bare_copy
from egoexo.structures import EgoExoDataSample


def test_a_copy_can_be_written_to_without_a_trace() -> None:
    sample = EgoExoDataSample(metainfo=dict(sample_id='7', view='ego'))
    sample.gt_label = torch.tensor(3)
    copy = bare_copy(sample)
    copy.pred_class_logits = torch.zeros(4)
    copy.set_metainfo(dict(score=1))
    assert copy.gt_label is sample.gt_label
    assert (copy.sample_id, copy.view, sorted(copy.keys())) == ('7', 'ego', ['gt_label', 'pred_class_logits'])
    assert sample.keys() == ['gt_label']
    assert 'score' not in sample.metainfo
