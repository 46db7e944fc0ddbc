from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from egoexo.engine.feature_collector import FeatureCollector, default_layer, label_rows, split_rows
from egoexo.errors import ConfigError
from egoexo.structures import EgoExoDataSample


class Stage(NamedTuple):
    features: torch.Tensor
    logits: tuple


class Clips(nn.Module):
    """A model of clips: what its head gets is twice the input."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Identity()
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(2 * self.encoder(x))


def make_sample(uid='a', subset='ego_val', **fields):
    meta = {'sample_id': f'{uid}|1', 'uid': uid, 'view': subset[:3], 'subset': subset}
    meta |= {key: fields.pop(key) for key in ('has_context', 'frames_per_step') if key in fields}
    return EgoExoDataSample(metainfo=meta, **fields)


def test_features_are_what_the_head_gets():
    model = Clips()
    inputs = torch.arange(6.0).reshape(2, 3)
    samples = [make_sample('a', gt_future_steps=torch.tensor([4, 1])),
               make_sample('b', 'exo_val', gt_future_steps=torch.tensor([-1, -1]))]
    with FeatureCollector(model) as collector:
        model(inputs)
        collector.keep(samples)
    assert collector.layer == 'head:input'
    assert collector.subsets == ['ego_val', 'exo_val']
    np.testing.assert_array_equal(collector.features('ego_val', 'exo_val'), 2 * inputs)
    assert collector.classes('ego_val', 'exo_val').tolist() == [4, -1]
    assert collector.views('exo_val', 'ego_val') == ['exo', 'ego']
    assert collector.videos('ego_val') == ['a']
    assert not model.head._forward_pre_hooks  # taken off again


def test_output_of_a_named_module_and_the_limit():
    model = Clips()
    with FeatureCollector(model, 'encoder', max_samples=2) as collector:
        for number in range(3):
            model(torch.full((1, 3), float(number)))
            collector.keep([make_sample(has_context=number != 0)])
            assert collector.full('ego_val') == (number == 2)
        model(torch.zeros(1, 3))
        collector.keep([make_sample()])
    assert collector.features('ego_val')[:, 0].tolist() == [1, 2]


def test_last_stage_counts_and_is_turned():
    stages = [Stage(torch.zeros(2, 4, 5), ()), Stage(torch.arange(40.0).reshape(2, 4, 5), ())]
    rows = split_rows(stages)
    assert rows.shape == (2, 5, 4)
    assert rows[0, 1].tolist() == [1, 6, 11, 16]
    assert split_rows((torch.ones(2, 3), torch.zeros(1))).shape == (2, 1, 3)


def test_steps_of_a_video_are_spread_over_its_labels():
    sample = make_sample(gt_frame_labels=torch.arange(50) // 10, frames_per_step=5)
    rows, classes = label_rows(sample, 14, 3)  # the features go on after the labels
    assert rows.tolist() == [0, 4, 9]
    assert classes.tolist() == [0, 2, 4]


@pytest.mark.parametrize(('targets', 'expected'), [([0, 1, 0], 1), ([1, 1, 0], -1), ([0, 0, 0], -1)])
def test_class_of_a_clip_is_its_only_one(targets, expected):
    rows, classes = label_rows(make_sample(gt_class_targets=torch.tensor(targets, dtype=torch.float32)), 1, 20)
    assert (rows.tolist(), classes.tolist()) == ([0], [expected])


def test_default_layer():
    assert default_layer(nn.ModuleDict({'backbone': nn.Identity(), 'head': nn.Identity()})) == 'backbone'
    assert default_layer(nn.ModuleDict({'head': nn.Identity()})) == 'head:input'
    assert default_layer(nn.ModuleDict({'head': nn.ModuleDict({'mlp': nn.Identity()})})) == 'head.mlp'
    with pytest.raises(ConfigError, match='expected a head, or a backbone, found 0'):
        default_layer(nn.Sequential(nn.Identity()))


@pytest.mark.parametrize(('kwargs', 'message'), [
    ({'layer': 'neck'}, r"layer 'neck': expected a module of Clips, found no module of this name. .* encoder, head"),
    ({'max_samples': 0}, 'max_samples and rows_per_sample of at least 1, found 0 and 20')])
def test_bad_settings(kwargs, message):
    with pytest.raises(ConfigError, match=message):
        FeatureCollector(Clips(), **kwargs)


def test_features_must_belong_to_the_batch():
    model = Clips()
    with FeatureCollector(model) as collector:
        with pytest.raises(ConfigError, match='expected features of the 1 samples of a batch, found no call of it'):
            collector.keep([make_sample()])
        model(torch.zeros(2, 3))
        with pytest.raises(ConfigError, match='found features of 2 samples'):
            collector.keep([make_sample()])


@pytest.mark.parametrize('output', [torch.zeros(3), 'text', ()])
def test_no_features(output):
    with pytest.raises(ConfigError, match=r'expected a tensor \(N, F\) or \(N, R, F\)'):
        split_rows(output)
