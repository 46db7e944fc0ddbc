import pytest
import torch

from egoexo.checkpoints.resnet_layout import ResNetLayout, check_official, guess_layout, official_shapes
from egoexo.errors import CheckpointError


def test_number_of_tensors_and_values():
    shapes = official_shapes(ResNetLayout())
    assert len(shapes) == 258 and list(shapes)[:2] == ['conv1.weight', 'bn1.weight']
    learned = [shape for key, shape in shapes.items() if key.endswith(('weight', 'bias'))]
    assert sum(torch.Size(shape).numel() for shape in learned) == 8_543_296
    assert len(official_shapes(ResNetLayout(counters=False))) == 258 - 43


@pytest.mark.parametrize('counters', [True, False])
def test_option_is_read_back(counters):
    layout = ResNetLayout(counters)
    shapes = official_shapes(layout)
    assert guess_layout(shapes) == layout
    check_official(shapes, layout)


def test_differences_are_listed():
    shapes = official_shapes(ResNetLayout())
    del shapes['bn1.bias'], shapes['layer3.5.bn3.num_batches_tracked']
    shapes |= {'layer1.0.conv1.weight': (32, 64, 1, 1), 'layer1.3.conv1.weight': (64, 256, 1, 1)}
    with pytest.raises(CheckpointError, match=(
            r'(?s)a ResNet-50 up to layer3 .*missing \(2\): bn1\.bias, layer3\.5\.bn3\.num_batches_tracked.*unexpected '
            r'\(1\): layer1\.3\.conv1.*wrong shape \(1\): layer1\.0\.conv1\.weight \(32, 64, 1, 1\) instead of')):
        check_official(shapes, guess_layout(shapes))


@pytest.mark.parametrize('shapes', [{}, {'conv1.weight': (64,)}, {'features.0.weight': (64, 3, 7, 7)}])
def test_other_networks_are_refused(shapes):
    with pytest.raises(CheckpointError, match='not a ResNet: expected a 4-D tensor conv1.weight, found keys like'):
        guess_layout(shapes)
