import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.models.backbones import TimeSformer
from egoexo.models.backbones.timesformer import ATTENTION_TYPES
from egoexo.registry import MODELS

SMALL = dict(img_size=32, patch_size=8, embed_dim=24, depth=2, num_heads=4, num_frames=4)


def build(**options: object) -> TimeSformer:
    torch.manual_seed(0)
    return MODELS.build(dict(type='TimeSformer') | SMALL | options).eval()


def clips(count: int = 2, frames: int = 4, height: int = 32, width: int = 32) -> torch.Tensor:
    return torch.randn(count, 3, frames, height, width, generator=torch.Generator().manual_seed(1))


def trained(model: TimeSformer) -> TimeSformer:
    """Weights none of which is zero."""
    generator = torch.Generator().manual_seed(2)
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model


def by_hand(attention: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Attention of one sequence (tokens, C), written out."""
    query, key, value = attention.qkv(x).chunk(3, dim=-1)
    width = x.shape[-1] // attention.num_heads
    mixed = []
    for head in range(attention.num_heads):
        part = slice(head * width, (head + 1) * width)
        weights = (query[:, part] @ key[:, part].T / width ** 0.5).softmax(-1)
        mixed.append(weights @ value[:, part])
    return attention.proj(torch.cat(mixed, -1))


def test_a_divided_block_written_out() -> None:
    model = trained(build(depth=1))
    block, frames, places = model.blocks[0], 4, 3
    x = torch.randn(1, 1 + places * frames, 24, generator=torch.Generator().manual_seed(3))
    cls, patches = x[0, 0], x[0, 1:].view(places, frames, 24).clone()
    for place in range(places):
        change = by_hand(block.temporal_attn, block.temporal_norm1(patches[place]))
        patches[place] = patches[place] + block.temporal_fc(change)
    updates, moved = [], patches.clone()
    for frame in range(frames):
        tokens = torch.cat([cls[None], patches[:, frame]])
        change = by_hand(block.attn, block.norm1(tokens))
        updates.append(change[0])
        moved[:, frame] = patches[:, frame] + change[1:]
    expected = torch.cat([(cls + torch.stack(updates).mean(0))[None], moved.flatten(0, 1)])
    hidden = F.gelu(block.mlp.fc1(block.norm2(expected)))
    expected = expected + block.mlp.fc2(hidden)
    torch.testing.assert_close(block(x, frames)[0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('kind', ATTENTION_TYPES)
def test_order_of_frames_matters_where_time_is_seen(kind: str) -> None:
    model, inputs = trained(build(attention_type=kind)), clips()
    with torch.no_grad():
        forward, backward = model(inputs), model(inputs.flip(2))
    assert forward.shape == (2, 24)
    assert torch.allclose(forward, backward, atol=1e-5) == (kind == 'space_only')


def test_clips_of_a_batch_do_not_mix() -> None:
    model, inputs = trained(build()), clips(3)
    with torch.no_grad():
        torch.testing.assert_close(model(inputs)[1], model(inputs[1:2])[0], rtol=1e-5, atol=1e-5)


def test_untrained_network_averages_its_frames() -> None:
    divided = build()
    for block in divided.blocks:
        assert not block.temporal_fc.weight.any() and not block.temporal_fc.bias.any()
    assert not divided.time_embed.any() and divided.pos_embed.std().item() == pytest.approx(0.02, rel=0.2)
    with torch.no_grad():
        torch.testing.assert_close(divided(clips()), divided(clips().flip(2)), rtol=1e-5, atol=1e-5)


def test_other_sizes_take_the_nearest_embedding() -> None:
    model = trained(build())
    known = model.pos_embed[0, 1:].view(4, 4, -1)
    bigger = model._positions(8, 4)[0].view(8, 4, -1)
    torch.testing.assert_close(bigger, known.repeat_interleave(2, dim=0))
    torch.testing.assert_close(model._times(8), model.time_embed.repeat_interleave(2, dim=1))
    assert model(clips(1, 8, 64, 32)).shape == (1, 24)


def test_every_parameter_learns() -> None:
    model = trained(build()).train()
    model(clips()).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in model.parameters())


def test_drop_path_grows_with_depth() -> None:
    model = build(depth=3, drop_path_rate=0.4)
    assert [getattr(block.drop_path, 'drop_prob', 0) for block in model.blocks] == pytest.approx([0, 0.2, 0.4])
    torch.manual_seed(0)
    model.train()
    assert not torch.equal(model(clips()), model(clips()))


def test_published_size() -> None:
    with torch.device('meta'):
        model = TimeSformer()
    assert sum(parameter.numel() for parameter in model.parameters()) == 121_258_752


@pytest.mark.parametrize(('options', 'message'), [
    (dict(attention_type='divided'), "attention_type: expected one of .* found 'divided'"),
    (dict(img_size=30), 'expected img_size a multiple of patch_size and embed_dim one of num_heads, found img_size=30'),
    (dict(num_heads=5), 'num_heads=5'),
])
def test_impossible_options(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(**options)


@pytest.mark.parametrize('shape', [(2, 3, 32, 32), (2, 4, 3, 32, 32), (2, 3, 4, 32, 30)])
def test_wrong_inputs(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r'expected clips \(N, 3, T, H, W\), H and W multiples of 8, found'):
        build()(torch.zeros(shape))
