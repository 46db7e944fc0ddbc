import math

import torch

from egoexo.models.losses import StageCrossEntropy


def test_mean_over_labelled_steps_only():
    logits = torch.zeros(2, 4, 3)
    logits[0, 2, 0] = math.log(7.0)  # probability 7/10 at the right class
    labels = torch.tensor([[2, 0, -100], [1, -100, -100]])
    mask = labels != -100
    loss = StageCrossEntropy()(logits, labels, mask)
    torch.testing.assert_close(loss, torch.tensor((math.log(10 / 7) + 2 * math.log(4)) / 3))
    torch.testing.assert_close(StageCrossEntropy(loss_weight=0.5)(logits, labels, mask), loss / 2)


def test_no_label_gives_zero_and_not_nan():
    logits = torch.randn(1, 4, 3, requires_grad=True)
    loss = StageCrossEntropy()(logits, torch.full((1, 3), -100), torch.ones(1, 3, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.abs().sum() == 0
