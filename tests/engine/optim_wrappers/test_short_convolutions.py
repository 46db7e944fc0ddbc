"""Gradients in bfloat16 on the CPU, where torch gets those of short clips wrong."""

import pytest
import torch
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from egoexo.engine.optim_wrappers import ShortConvolutions


def gradient(kernel: tuple, shape: tuple, half: bool) -> tuple[torch.Tensor, torch.dtype]:
    """Gradient of the weights, and the type in which the layer computed."""
    torch.manual_seed(0)
    layer = nn.Conv3d(8, 8, kernel, padding=tuple(side // 2 for side in kernel), bias=False)
    clips, backward = torch.randn(16, 8, *shape), torch.randn(16, 8, *shape)
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=half), ShortConvolutions():
        result = layer(clips)
    result.backward(backward.to(result.dtype))
    return layer.weight.grad, result.dtype


@pytest.mark.parametrize(('kernel', 'shape', 'dtype'), [
    ((3, 1, 1), (2, 4, 4), torch.float32), ((7, 1, 1), (4, 2, 2), torch.float32), ((5, 7, 7), (8, 2, 2), torch.float32),
    ((3, 1, 1), (4, 4, 4), torch.bfloat16), ((1, 3, 3), (2, 4, 4), torch.bfloat16)])
def test_weights_get_the_gradient_of_float32(kernel: tuple, shape: tuple, dtype: torch.dtype) -> None:
    for _ in range(3):  # what is wrong without the context is left-over memory, not the same each time
        found, used = gradient(kernel, shape, half=True)
        expected, _ = gradient(kernel, shape, half=False)
        assert used == dtype
        torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02 * float(expected.abs().max()))


def test_the_wrapper_of_amp_brings_it() -> None:
    model = nn.Sequential(nn.Conv3d(3, 4, (3, 1, 1), padding=(1, 0, 0)), nn.Flatten(), nn.Linear(4 * 2 * 4, 1))
    wrapper = DefaultOptimWrapperConstructor(
        dict(type='egoexo.AutocastOptimWrapper', optimizer=dict(type='SGD', lr=0.1)))(model)
    with wrapper.optim_context(model):
        assert model[0](torch.zeros(1, 3, 2, 2, 2)).dtype == torch.float32
        assert model(torch.zeros(1, 3, 2, 2, 2)).dtype == torch.bfloat16
