import pytest
import torch
from torch import nn

from egoexo.models.backbones import MultiStageTCN


def small(**kwargs):
    torch.manual_seed(0)
    options = dict(in_channels=6, num_classes=4, num_stages=3, num_layers=3, channels=8, dropout=0.5)
    return MultiStageTCN(**(options | kwargs))


class PlainStage(nn.Module):
    """The published stage from PyTorch's own layers, created in the published order."""

    def __init__(self, in_channels, num_classes, num_layers, channels):
        super().__init__()
        self.first = nn.Conv1d(in_channels, channels, 1)
        self.pairs = nn.ModuleList(
            nn.ModuleList([nn.Conv1d(channels, channels, 3, padding=2**i, dilation=2**i),
                           nn.Conv1d(channels, channels, 1)]) for i in range(num_layers))
        self.last = nn.Conv1d(channels, num_classes, 1)

    def forward(self, x):
        x = self.first(x)
        for dilated, pointwise in self.pairs:
            x = x + pointwise(torch.relu(dilated(x)))
        return x, self.last(x)


def test_same_seed_gives_the_weights_and_numbers_of_the_plain_layers():
    model = small().eval()
    torch.manual_seed(0)
    stages = [PlainStage(6 if i == 0 else 4, 4, 3, 8) for i in range(3)]
    x = torch.randn(2, 6, 31)
    for output, stage in zip(model(x), stages, strict=True):
        features, logits = stage(x)
        torch.testing.assert_close(output.features, features)
        torch.testing.assert_close(output.logits[0], logits)
        x = torch.softmax(logits, 1)
    names = [tuple(value.shape) for stage in stages for value in stage.parameters()]
    assert [tuple(value.shape) for value in model.parameters()] == names
    assert all(torch.equal(a, b) for a, b in
               zip(model.parameters(), (p for stage in stages for p in stage.parameters()), strict=True))


def test_gradients_reach_every_parameter():
    model = small(num_classifiers=2)
    outputs = model(torch.randn(1, 6, 20))
    sum(logits.square().mean() for output in outputs for logits in output.logits).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_padding_leaks_as_released_and_stays_out_on_request():
    x = torch.randn(2, 6, 25)
    x[1, :, 17:] = 0
    mask = torch.ones(2, 25, dtype=torch.bool)
    mask[1, 17:] = False
    for mask_padding in (False, True):
        model = small(mask_padding=mask_padding).eval()
        alone = model(x[1:, :, :17], mask[1:, :17])[-1].logits[0]
        batched = model(x, mask)[-1].logits[0][1:, :, :17]
        assert torch.allclose(alone, batched, atol=1e-6) is mask_padding


def test_reverse_flips_the_gradient_of_what_feeds_the_classifiers():
    x = torch.randn(1, 6, 15)
    gradients = []
    for reverse in (None, 0.5):
        model = small(num_stages=1).eval()
        output = model(x, reverse=reverse)[-1]
        output.logits[0].sum().backward()
        gradients.append((model.stages[0].embed.weight.grad, model.stages[0].classifiers[0].weight.grad))
    torch.testing.assert_close(gradients[1][0], -0.5 * gradients[0][0])
    torch.testing.assert_close(gradients[1][1], gradients[0][1])


def test_dropout_is_active_in_training_only():
    model, x = small(), torch.randn(1, 6, 20)
    assert not torch.equal(model(x)[-1].logits[0], model(x)[-1].logits[0])
    model.eval()
    assert torch.equal(model(x)[-1].logits[0], model(x)[-1].logits[0])


def test_bfloat16_autocast_stays_close():
    model, x = small().eval(), torch.randn(1, 6, 40)
    expected = model(x)[-1].logits[0]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = model(x)[-1].logits[0]
    assert found.dtype == torch.bfloat16
    assert (found.float() - expected).abs().max() < 0.05


def test_compiles_without_a_graph_break():
    model, x = small().eval(), torch.randn(1, 6, 40)
    compiled = torch.compile(model, backend='eager', fullgraph=True)
    torch.testing.assert_close(compiled(x)[-1].logits[0], model(x)[-1].logits[0])


@pytest.mark.parametrize('shape', [(1, 5, 10), (6, 10)])
def test_wrong_feature_dimension_says_which_setting_to_change(shape):
    with pytest.raises(ValueError, match=r'expected features of shape \(N, 6, S\).*model\.backbone\.in_channels'):
        small()(torch.zeros(shape))


@pytest.mark.parametrize('wrong', [dict(dropout=1.0), dict(num_stages=0), dict(num_layers=0)])
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ValueError, match='expected 0 <= dropout < 1 and at least one stage'):
        small(**wrong)
