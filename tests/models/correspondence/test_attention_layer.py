import pytest
import torch
from torch import nn

from egoexo.models.correspondence import AttentionLayer

SIZES = dict(channels=8, num_heads=2, hidden_channels=12, dropout=0.1)


def layers(seed=0):
    """Ours, and the layer of PyTorch with the same weights that the released code masks."""
    torch.manual_seed(seed)
    ours = AttentionLayer(**SIZES).eval()
    for parameter in ours.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    plain = nn.TransformerEncoderLayer(8, 2, 12, 0.1, batch_first=True)
    plain.load_state_dict(ours.state_dict(), strict=True)
    return ours, plain.train().requires_grad_(True), torch.randn(3, 5, 8), torch.randn(3, 7, 8)


def released(plain, first, second, allowed, hidden=None):
    """One sequence of both groups; ``allowed`` tells which group looks at which."""
    groups = torch.tensor([0] * first.shape[1] + [1] * second.shape[1])
    forbidden = ~torch.tensor(allowed)[groups][:, groups]
    for module in plain.modules():  # without dropout, but not by the fast path of evaluation
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    plain.self_attn.dropout = 0.0
    joined = plain(torch.cat([first, second], 1), src_mask=forbidden, src_key_padding_mask=hidden)
    return joined.split([first.shape[1], second.shape[1]], 1)


def hide(count, length, seed=1):
    hidden = torch.rand(count, length, generator=torch.Generator().manual_seed(seed)) > 0.5
    hidden[:, 0] = False
    return hidden


@pytest.mark.parametrize('with_hidden', [False, True])
def test_each_map_looks_at_itself(with_hidden):
    ours, plain, first, _ = layers()
    second = torch.randn(3, 5, 8)
    hidden = [hide(3, 5), hide(3, 5, 2)] if with_hidden else None
    expected = released(plain, first, second, [[True, False], [False, True]],
                        torch.cat(hidden, 1) if with_hidden else None)
    found = ours(torch.cat([first, second]), torch.cat(hidden) if with_hidden else None)
    torch.testing.assert_close(found, torch.cat(expected))


@pytest.mark.parametrize('with_hidden', [False, True])
def test_each_view_looks_at_the_other(with_hidden):
    ours, plain, first, _ = layers()
    second = torch.randn(3, 5, 8)
    hidden = [hide(3, 5), hide(3, 5, 2)] if with_hidden else None
    expected = released(plain, first, second, [[False, True], [True, False]],
                        torch.cat(hidden, 1) if with_hidden else None)
    found = ours(torch.cat([first, second]), torch.cat(hidden) if with_hidden else None, swap=True)
    torch.testing.assert_close(found, torch.cat(expected))


@pytest.mark.parametrize('with_hidden', [False, True])
def test_given_tokens_are_looked_at(with_hidden):
    """Also of another number than the tokens."""
    ours, plain, first, context = layers()
    hidden = hide(3, 7) if with_hidden else None
    both = None if hidden is None else torch.cat([torch.zeros(3, 5, dtype=torch.bool), hidden], 1)
    expected, _ = released(plain, first, context, [[False, True], [True, True]], both)
    torch.testing.assert_close(ours(first, hidden, context), expected)


def test_gradients():
    ours, plain, first, second = layers()
    second = second[:, :5]
    released(plain, first, second, [[False, True], [True, False]])[0].square().sum().backward()
    ours(torch.cat([first, second]), swap=True)[:3].square().sum().backward()
    expected = dict(plain.named_parameters())
    for key, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[key].grad, rtol=1e-4, atol=1e-5, msg=key)


def test_dropout_in_training_only():
    ours, _, tokens, _ = layers()
    assert torch.equal(ours(tokens), ours(tokens))
    ours.train()
    assert not torch.equal(ours(tokens), ours(tokens))
    assert torch.isfinite(ours(tokens, hide(3, 5), swap=False)).all()


def test_low_precision():
    ours, _, tokens, context = layers()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = ours(tokens, hide(3, 7), context)
    torch.testing.assert_close(found.float(), ours(tokens, hide(3, 7), context), rtol=0.05, atol=0.05)
