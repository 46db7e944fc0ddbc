import pytest
import torch

from egoexo.errors import ConfigError, FeatureError
from egoexo.models.clip import FrameEmbedding, draw_released_weights


def test_layers_by_hand():
    module = FrameEmbedding(2, 3, num_layers=2, dropout=0.0)
    frames = torch.randn(2, 4, 2)
    first = module.layers[0](frames).relu()
    outputs = module(frames)
    torch.testing.assert_close(outputs[0], first)
    torch.testing.assert_close(outputs[1], module.layers[1](first).relu())


def test_target_layers():
    module = FrameEmbedding(2, 3, shared=False).eval()
    frames = torch.randn(2, 4, 2)
    torch.testing.assert_close(module(frames, 'target')[0], module.target_layers[0](frames).relu())
    torch.testing.assert_close(FrameEmbedding(2, 3).eval()(frames, 'target')[0].shape, torch.Size([2, 4, 3]))


def test_normalised_over_all_frames_of_all_clips():
    module = FrameEmbedding(2, 3, norm=dict(type='DomainBatchNorm'), dropout=0.0)
    torch.nn.init.normal_(module.layers[0].weight)
    frames = torch.randn(6, 4, 2)
    rows = module.layers[0](frames).flatten(0, 1)
    expected = (rows - rows.mean(0)) / (rows.var(0, unbiased=False) + 1e-5).sqrt()
    torch.testing.assert_close(module(frames)[0].flatten(0, 1), expected.relu(), rtol=1e-4, atol=1e-5)


def test_released_weights():
    torch.manual_seed(0)
    layer = draw_released_weights(torch.nn.Linear(300, 300))
    assert layer.weight.std().item() == pytest.approx(0.001, rel=0.02)
    assert layer.bias.abs().max() == 0


def test_no_layer():
    with pytest.raises(ConfigError, match=r'expected num_layers of at least 1, found 0\. Set'):
        FrameEmbedding(num_layers=0)


def test_other_width():
    with pytest.raises(FeatureError, match='features of 2 numbers .in_channels., found 4. Set model.embedding'):
        FrameEmbedding(2, 3)(torch.zeros(1, 5, 4))
