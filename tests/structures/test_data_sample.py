import pytest
import torch

from egoexo.structures import EgoExoDataSample


def test_fields_and_meta_travel_together() -> None:
    sample = EgoExoDataSample(metainfo=dict(sample_id='a', view='exo'), gt_frame_labels=torch.arange(3))
    sample.pred_frame_labels = torch.tensor([1, 1, 2])
    sample.set_metainfo(dict(task='task2'))
    assert (sample.view, sample.task) == ('exo', 'task2')
    assert sample.to_dict()['pred_frame_labels'].tolist() == [1, 1, 2]


@pytest.mark.parametrize('setter', [
    lambda sample: setattr(sample, 'gt_frame_labels', torch.zeros(3)),
    lambda sample: sample.set_field(torch.zeros(3), 'gt_frame_labels'),
    lambda sample: sample.set_data(dict(gt_frame_labels=torch.zeros(3))),
])
def test_every_way_of_setting_is_checked(setter) -> None:
    with pytest.raises(TypeError, match='must be torch.int64'):
        setter(EgoExoDataSample())


def test_constructor_is_checked() -> None:
    with pytest.raises(KeyError, match='gt_unknown'):
        EgoExoDataSample(gt_unknown=torch.zeros(1))


def test_moving_keeps_the_class_and_values() -> None:
    sample = EgoExoDataSample(gt_frame_labels=torch.arange(3)).to('cpu').detach()
    assert isinstance(sample, EgoExoDataSample)
    assert sample.gt_frame_labels.tolist() == [0, 1, 2]
