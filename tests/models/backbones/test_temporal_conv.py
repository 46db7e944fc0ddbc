import pytest
import torch
from torch import nn

from egoexo.models.backbones.temporal_conv import TemporalConv, residual_dropout


@pytest.mark.parametrize(('kernel', 'dilation'), [(1, 1), (3, 1), (3, 4), (3, 64)])
@pytest.mark.parametrize('batch', [1, 3])
def test_equals_the_ordinary_convolution(kernel, dilation, batch):
    torch.manual_seed(0)
    padding = dilation * (kernel // 2)
    plain = nn.Conv1d(5, 7, kernel, padding=padding, dilation=dilation)
    ours = TemporalConv(5, 7, kernel, padding=padding, dilation=dilation)
    ours.load_state_dict(plain.state_dict())
    x = torch.randn(batch, 5, 23)
    first, second = x.clone().requires_grad_(), x.clone().requires_grad_()
    expected, found = plain(first), ours(second)
    torch.testing.assert_close(found, expected)
    weights = torch.randn_like(expected)
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    torch.testing.assert_close(second.grad, first.grad)
    torch.testing.assert_close(ours.weight.grad, plain.weight.grad)
    torch.testing.assert_close(ours.bias.grad, plain.bias.grad)


def test_output_of_one_layer_is_input_of_the_next_without_a_copy():
    x = TemporalConv(4, 8, 3, padding=1)(torch.randn(1, 4, 9))
    assert x.stride()[1:] == (1, 8)
    assert x.unsqueeze(2).contiguous(memory_format=torch.channels_last).data_ptr() == x.data_ptr()


@pytest.mark.parametrize(('batch', 'channels', 'steps'), [(1, 64, 4001), (3, 5, 1003)])
@pytest.mark.parametrize('p', [0.5, 0.1])
def test_dropout_keeps_the_right_share_and_scales_it(batch, channels, steps, p):
    torch.manual_seed(3)
    h = torch.ones(batch, channels, steps, requires_grad=True)
    out = residual_dropout(torch.full_like(h, 2.0), h, p, training=True)
    kept = out != 2
    torch.testing.assert_close(out[kept], torch.full_like(out[kept], 2 + 1 / (1 - p)))
    count = h.numel()
    assert abs(kept.float().mean().item() - (1 - p)) < 5 * (p * (1 - p) / count) ** 0.5
    # neighbours in time and in channels fall independently
    for left, right in ((kept[..., 1:], kept[..., :-1]), (kept[:, 1:], kept[:, :-1])):
        both = (left & right).float().mean().item()
        assert abs(both - (1 - p) ** 2) < 6 * ((1 - p) ** 2 / left.numel()) ** 0.5
    out.sum().backward()
    torch.testing.assert_close(h.grad, kept.float() / (1 - p))


def test_dropout_follows_the_global_seed():
    x, h = torch.zeros(2, 3, 50), torch.ones(2, 3, 50)
    torch.manual_seed(1)
    first = residual_dropout(x, h, 0.5, training=True)
    second = residual_dropout(x, h, 0.5, training=True)
    torch.manual_seed(1)
    assert torch.equal(residual_dropout(x, h, 0.5, training=True), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize(('p', 'training'), [(0.5, False), (0.0, True)])
def test_no_dropout_is_the_plain_sum(p, training):
    x, h = torch.randn(1, 3, 4), torch.randn(1, 3, 4)
    assert torch.equal(residual_dropout(x, h, p, training), x + h)


def test_dropout_in_half_precision():
    out = residual_dropout(torch.zeros(1, 8, 100), torch.ones(1, 8, 100, dtype=torch.bfloat16), 0.5, training=True)
    assert set(out.unique().tolist()) == {0.0, 2.0}
