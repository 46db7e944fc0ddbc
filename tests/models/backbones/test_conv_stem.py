"""The small backbone: sizes of maps, values of one layer, refused arguments."""

import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.backbones import ConvStem
from egoexo.registry import MODELS


def test_the_map_is_smaller_by_the_product_of_the_strides() -> None:
    stem = MODELS.build(dict(type='ConvStem', channels=(4, 8), strides=(2, 4)))
    assert stem(torch.zeros(2, 3, 32, 48)).shape == (2, 8, 4, 6)


def test_a_layer_is_convolution_normalisation_and_relu() -> None:
    stem = ConvStem(channels=(1,), strides=(1,)).eval()
    layer = stem[0]
    with torch.no_grad():
        layer.conv.weight.fill_(1)
        layer.bn.running_mean.fill_(20)
    values = stem(torch.ones(1, 3, 3, 3))[0, 0]
    # 27 neighbours inside, 18 at an edge and 12 in a corner, less 20 and not below 0.
    assert torch.allclose(values[1, 1], torch.tensor(7.0), atol=1e-3)
    assert values[0].tolist() == [0, 0, 0]


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(ConfigError, match=r'as many as channels: 2, at least 1.*1'):
        ConvStem(channels=(4, 8), strides=(2,))
