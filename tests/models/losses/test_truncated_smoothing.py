import math

import pytest
import torch

from egoexo.models.losses import TruncatedSmoothingLoss


def _two_steps():
    """Two classes; probabilities (1/2, 1/2), then (4/5, 1/5)."""
    return torch.tensor([[[0.0, math.log(4.0)], [0.0, 0.0]]])


def test_value_by_hand():
    logits, labels, mask = _two_steps(), torch.zeros(1, 2, dtype=torch.int64), torch.ones(1, 2, dtype=torch.bool)
    changes = [math.log(0.8) - math.log(0.5), math.log(0.2) - math.log(0.5)]
    expected = 0.15 * sum(change**2 for change in changes) / 2
    assert TruncatedSmoothingLoss()(logits, labels, mask).item() == pytest.approx(expected, rel=1e-6)
    capped = 0.15 * (changes[0]**2 + 0.6**2) / 2
    assert TruncatedSmoothingLoss(threshold=0.6)(logits, labels, mask).item() == pytest.approx(capped, rel=1e-6)


def test_gradient_reaches_the_later_step_only():
    logits = _two_steps().requires_grad_()
    TruncatedSmoothingLoss()(logits, None, torch.ones(1, 2, dtype=torch.bool)).backward()
    assert logits.grad[..., 0].abs().sum() == 0
    assert logits.grad[..., 1].abs().sum() > 0


@pytest.mark.parametrize(('divide_by', 'ratio'), [('padded', 1 / 3), ('valid', 1.0)])
def test_padding(divide_by, ratio):
    module = TruncatedSmoothingLoss(divide_by=divide_by)
    alone = module(_two_steps(), None, torch.ones(1, 2, dtype=torch.bool))
    padded = torch.cat([_two_steps(), torch.randn(1, 2, 2)], -1)
    mask = torch.tensor([[True, True, False, False]])
    torch.testing.assert_close(module(padded, None, mask), alone * ratio)


def test_single_step_gives_zero():
    for divide_by in ('padded', 'valid'):
        module = TruncatedSmoothingLoss(divide_by=divide_by)
        assert module(torch.randn(1, 3, 1), None, torch.ones(1, 1, dtype=torch.bool)).item() == 0


def test_unknown_divisor():
    with pytest.raises(ValueError, match="must be 'padded' or 'valid', got 'steps'"):
        TruncatedSmoothingLoss(divide_by='steps')
