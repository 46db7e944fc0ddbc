import math
import re

import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.heads import MLPHead
from egoexo.registry import MODELS


def linear_indices(head):
    return [index for index, layer in enumerate(head.mlp) if isinstance(layer, torch.nn.Linear)]


@pytest.mark.parametrize(('options', 'spacing'), [
    ({}, 3), (dict(dropout=0.5), 4), (dict(bn=False), 2), (dict(nonlinear='none'), 2),
    (dict(bn=False, nonlinear='none'), 1), (dict(bn=False, nonlinear='none', dropout=0.1), 2)])
def test_places_of_the_layers(options, spacing):
    head = MLPHead(num_classes=3, feat_size=[6, 5, 4, 2], **options)
    assert linear_indices(head) == [0, spacing, 2 * spacing]
    assert (head.in_channels, head.feature_channels, head.num_classes) == (6, 2, 3)


def test_initial_weights():
    torch.manual_seed(0)
    head = MODELS.build(dict(type='MLPHead', num_classes=24))
    assert sum(parameter.numel() for parameter in head.parameters()) == 400_152
    assert head.mlp[0].weight.std().item() == pytest.approx(0.005, rel=0.01)
    assert (head.mlp[0].bias == 0.1).all()
    assert head.out.weight.std().item() == pytest.approx(0.01, rel=0.03)
    assert (head.out.bias == 0).all()


def test_normalised_logits_are_scaled_cosines():
    head = MLPHead(num_classes=5, feat_size=[6, 4], norm=3, bn=False)
    output = head(torch.randn(7, 6))
    assert head.out.bias is None
    cosines = torch.nn.functional.cosine_similarity(output.feature.unsqueeze(1), head.out.weight.unsqueeze(0), dim=2)
    torch.testing.assert_close(output.logits, 9 * cosines)


def test_the_features_shrink_in_training_only():
    head = MLPHead(num_classes=2, feat_size=[4, 3], bn=False, dropout=0.19, sqrt_norm=True)
    head.mlp[-1].p = 0.0  # nothing is dropped, so that the factor shows
    inputs = torch.rand(5, 4)
    torch.testing.assert_close(head.train()(inputs).feature, head.eval()(inputs).feature * math.sqrt(0.81))


@pytest.mark.parametrize(('options', 'text'), [
    (dict(num_classes='dataset'), "model.head.num_classes: expected the number of classes, found 'dataset'"),
    (dict(num_classes=0), 'expected the number of classes, found 0'),
    (dict(feat_size=[1536]), 'model.head.feat_size: expected the width of the input and of each hidden layer'),
    (dict(feat_size=1536), 'found 1536. Correct it, or take LinearHead'),
    (dict(feat_size=[4, 0]), 'found [4, 0]'),
    (dict(nonlinear='tanh'), "nonlinear='tanh'"),
    (dict(norm=-1), 'norm=-1'),
    (dict(sqrt_norm=True), 'sqrt_norm only with dropout'),
    (dict(dropout=1.0), 'model.head.dropout: expected None or at least 0 and below 1, found 1.0'),
])
def test_wrong_settings_are_named(options, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        MLPHead(**(dict(num_classes=3) | options))
