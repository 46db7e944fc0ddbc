import math

import torch

from egoexo.models.adaptation import class_weights, domain_attention, entropy


def test_entropy_in_nats():
    logits = torch.tensor([[0.0, 0.0], [math.log(3.0), 0.0]])
    expected = torch.tensor([math.log(2), -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))])
    torch.testing.assert_close(entropy(logits), expected)
    torch.testing.assert_close(entropy(logits.t(), dim=0), expected)


def test_attention_range():
    weights = domain_attention(torch.tensor([[0.0, 0.0], [50.0, 0.0]]))
    torch.testing.assert_close(weights, torch.tensor([1 - math.log(2), 1.0]))


def test_class_weights_carry_no_gradient_and_share_ties():
    probs = torch.tensor([[0.2, 0.4, 0.4], [0.5, 0.3, 0.2]], requires_grad=True)
    assert class_weights(probs, 'hard').tolist() == [[0, 1, 1], [1, 0, 0]]
    assert torch.equal(class_weights(probs, 'soft'), probs.detach())
    assert not class_weights(probs).requires_grad
