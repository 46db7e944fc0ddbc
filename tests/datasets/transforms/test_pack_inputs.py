import numpy as np
import pytest
import torch

from egoexo.datasets.transforms.pack_inputs import PackInputs
from egoexo.errors import ConfigError

META = dict(sample_id='a', view='ego', subset='ego_val', task='task1', frames_per_step=5)


def results() -> dict:
    return dict(feats=np.arange(12, dtype=np.float32).reshape(4, 3), gt_frame_labels=np.arange(18),
                gt_step_labels=np.array([0, 5, 10, 15]), **META)


def test_features_stand_upright_and_labels_travel_in_the_sample() -> None:
    packed = PackInputs().transform(results())
    assert set(packed) == {'inputs', 'data_samples'}
    np.testing.assert_array_equal(packed['inputs'].numpy(), results()['feats'].T)
    assert packed['inputs'].dtype == torch.float32
    sample = packed['data_samples']
    assert sample.gt_frame_labels.tolist() == list(range(18))
    assert sample.gt_step_labels.tolist() == [0, 5, 10, 15]
    assert {key: sample.get(key) for key in META} == META


@pytest.mark.parametrize('absent', ['feats', 'gt_step_labels', 'task'])
def test_an_absent_key_is_an_error(absent: str) -> None:
    data = results()
    del data[absent]
    with pytest.raises(ConfigError, match=f"PackInputs, sample 'a': expected '{absent}', found only"):
        PackInputs().transform(data)


def test_unlabelled_sample_must_be_asked_for() -> None:
    data = results()
    del data['gt_step_labels'], data['gt_frame_labels']
    sample = PackInputs(keys=()).transform(data)['data_samples']
    assert sample.keys() == []
