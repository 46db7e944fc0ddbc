import numpy as np
import pytest
import torch

from egoexo.datasets.transforms.pack_pair import PackPair
from egoexo.errors import ConfigError


def results(**changed: object) -> dict:
    rng = np.random.default_rng(0)
    meta = dict.fromkeys(PackPair().meta_keys)
    return meta | dict(
        query_picture=rng.integers(0, 256, (32, 32, 3), dtype=np.uint8),
        target_picture=rng.integers(0, 256, (32, 32, 3), dtype=np.uint8),
        query_mask=(rng.random((32, 32)) < 0.5).astype(np.uint8),
        target_mask=(rng.random((32, 32)) < 0.5).astype(np.uint8), sample_id='take//cup_0//aria//cam01//30',
        query_path='a.jpg', target_path='b.jpg', is_negative=False, order=7) | changed


def test_values() -> None:
    info = results(hidden_tokens=np.array([[True, False], [False, True]]))
    packed = PackPair()(dict(info))
    inputs, sample = packed['inputs'], packed['data_samples']
    for role in ('query', 'target'):
        assert inputs[role].dtype == torch.uint8
        assert np.array_equal(inputs[role].numpy(), info[f'{role}_picture'].transpose(2, 0, 1))
    assert inputs['query_mask'].shape == (1, 32, 32) and np.array_equal(inputs['query_mask'][0], info['query_mask'])
    assert inputs['hidden_tokens'].tolist() == [[True, False], [False, True]]
    assert inputs['keys'] == ('a.jpg', 'b.jpg')
    assert sample.gt_target_mask.dtype == torch.bool and np.array_equal(sample.gt_target_mask, info['target_mask'] > 0)
    assert bool(sample.gt_visible) and sample.gt_visible.ndim == 0
    assert (sample.sample_id, sample.order) == ('take//cup_0//aria//cam01//30', 7)


def test_negative_pair_and_nothing_hidden() -> None:
    packed = PackPair()(results(is_negative=True))
    assert not bool(packed['data_samples'].gt_visible)
    assert packed['inputs']['hidden_tokens'].shape == (2, 2) and not packed['inputs']['hidden_tokens'].any()
    assert PackPair(stride=8)(results())['inputs']['hidden_tokens'].shape == (4, 4)


def test_carries_what_was_asked_for() -> None:
    sample = PackPair(meta_keys=('sample_id',))(dict(results()))['data_samples']
    assert sample.metainfo_keys() == ['sample_id']


def test_what_is_absent_is_named() -> None:
    info = results()
    del info['target_mask'], info['order']
    with pytest.raises(ConfigError, match=r"PackPair, sample 'take//cup_0//aria//cam01//30': expected 'target_mask', "
                                          r"'order', found only .*Add the transform that makes it"):
        PackPair()(info)


def test_other_number_of_tokens() -> None:
    with pytest.raises(ConfigError, match=r'PackPair, stride: expected 2 x 2 hidden tokens, found \(4, 4\)'):
        PackPair()(results(hidden_tokens=np.zeros((4, 4), bool)))
