import numpy as np
import pytest
import torch

from egoexo.datasets.transforms import PackClip
from egoexo.errors import ConfigError
from egoexo.structures import ClipViews


def results(**options: object) -> dict:
    return dict(frames=np.zeros((3, 8, 12, 3), np.uint8), view_rows=np.array([[0, 1, 2, 2]]), crop_size=8, short_side=8,
                crops=np.zeros((1, 2), int), flip=False, sample_id='P01_101_0', uid='P01_101', subset='val', view='ego',
                sample_idx=4, **options)


def test_views_and_sample() -> None:
    packed = PackClip()(results(verb_class=3, noun_class=-1, participant_id='P01', narration='take it', start_frame=5,
                                stop_frame=9, num_replaced=0))
    assert ClipViews(**packed['inputs']).make().shape == (1, 3, 4, 8, 8)
    sample = packed['data_samples']
    assert (sample.gt_verb_label, sample.gt_noun_label) == (torch.tensor(3), torch.tensor(-1))
    assert sample.gt_verb_label.dtype == torch.int64
    assert (sample.participant_id, sample.narration, sample.stop_frame, sample.sample_idx) == ('P01', 'take it', 9, 4)


def test_other_targets() -> None:
    sample = PackClip()(results(
        action_class=7, verb_targets=np.array([0, 1]), noun_targets=[1, 0, 1], ego_logits=np.array([0.5, 2]),
        object_logits=np.ones(5), hand_boxes=np.zeros((0, 6)), object_boxes=np.ones((2, 6))))['data_samples']
    assert sample.gt_action_label.item() == 7 and 'gt_verb_label' not in sample
    assert sample.gt_noun_targets.tolist() == [1, 0, 1] and sample.gt_ego_logits.dtype == torch.float32
    assert sample.gt_hand_boxes.shape == (0, 6) and sample.gt_object_boxes.shape == (2, 6)


def test_the_third_person_way() -> None:
    packed = PackClip(normalize_first=False, swap_channels=True)(results(lighting=np.ones(3, np.float32)))
    inputs = packed['inputs']
    assert not inputs['normalize_first'] and inputs['swap_channels'] and inputs['lighting'].tolist() == [1, 1, 1]


def test_absent_keys() -> None:
    with pytest.raises(ConfigError, match=r"PackClip, sample 'P01_101_0': expected 'crops', 'note', found only .*uid"):
        PackClip(meta_keys=['note'])({key: value for key, value in results().items() if key != 'crops'})
