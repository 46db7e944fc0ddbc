import math

import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.losses import FutureCrossEntropy


def test_by_hand():
    """Four classes; the second step of the first clip has probability 7/10, the others 1/4."""
    logits = torch.zeros(2, 2, 4)
    logits[0, 1, 2] = math.log(7.0)
    labels = torch.tensor([[1, 2], [0, -1]])
    torch.testing.assert_close(FutureCrossEntropy('first')(logits, labels), torch.tensor(math.log(4)))
    expected = torch.tensor((2 * math.log(4) + math.log(10 / 7)) / 3)
    torch.testing.assert_close(FutureCrossEntropy()(logits, labels), expected)
    torch.testing.assert_close(FutureCrossEntropy(loss_weight=0.5)(logits, labels), expected / 2)


def test_the_first_step_alone_teaches_no_other():
    logits = torch.randn(2, 3, 4, requires_grad=True)
    FutureCrossEntropy('first')(logits, torch.ones(2, 3, dtype=torch.int64)).backward()
    assert logits.grad[:, 1:].abs().sum() == 0
    assert logits.grad[:, 0].abs().sum() > 0


@pytest.mark.parametrize('supervise', ['first', 'all'])
def test_no_label_gives_zero_and_not_nan(supervise):
    logits = torch.randn(1, 2, 4, requires_grad=True)
    loss = FutureCrossEntropy(supervise)(logits, torch.full((1, 2), -1))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0


def test_unknown_choice():
    with pytest.raises(ConfigError, match=r"expected supervise 'first' or 'all', found 'last'\. Correct"):
        FutureCrossEntropy('last')
