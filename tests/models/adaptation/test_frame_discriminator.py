import pytest
import torch
from torch import nn

from egoexo.models.adaptation import FrameDiscriminator


@pytest.mark.parametrize(('num_heads', 'separate'), [(1, False), (3, False), (3, True)])
def test_heads_see_their_own_base(num_heads, separate):
    torch.manual_seed(0)
    model = FrameDiscriminator(4, dropout=0.0)
    model.add_heads(num_heads, separate)
    assert (len(model.classifiers), len(model.bases)) == (num_heads, num_heads if separate else 1)
    x = torch.randn(2, 5, 4)
    logits = model(x)
    assert logits.shape == (2, 5, num_heads, 2)
    for head in range(num_heads):
        hidden = torch.relu(model.bases[head if separate else 0](x))
        torch.testing.assert_close(logits[..., head, :], model.classifiers[head](hidden))


def test_one_head_is_created_in_the_published_order():
    torch.manual_seed(5)
    model = FrameDiscriminator(4)
    torch.manual_seed(5)
    base, classifier = nn.Linear(4, 4), nn.Linear(4, 2)
    assert torch.equal(model.bases[0].weight, base.weight)
    assert torch.equal(model.classifiers[0].weight, classifier.weight)


def test_dropout_is_active_in_training_only():
    model, x = FrameDiscriminator(16, dropout=0.5), torch.randn(50, 16)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))
