import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.correspondence import CrossViewEncoder, sine_encoding


def build(**options):
    torch.manual_seed(0)
    return CrossViewEncoder(**dict(in_channels=6, embed_dims=8, feedforward_channels=12) | options).eval()


def inputs(count=2, seed=0):
    """Maps of pictures, two per pair, indices, maps of masks."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randn(2 * count, 6, 4, 5, generator=generator)
    return maps, torch.arange(count), torch.arange(count, 2 * count), torch.randn(count, 6, 4, 5, generator=generator)


def test_released_number_of_tensors():
    encoder = CrossViewEncoder()
    assert len(encoder.state_dict()) == 98 and not list(encoder.buffers())
    assert encoder.feat_proj.weight.shape == (256, 1024, 1, 1)
    assert [len(list(layer.parameters())) for layer in encoder.layers] == [24, 12, 24, 12, 24, 0]


@pytest.mark.parametrize('layers', ['ICICIN', 'IC', 'CI', 'I', 'N', 'ICNI', 'OO', 'OI', 'CO', 'OC', 'ON'])
def test_the_target_alone_is_the_same(layers):
    encoder, data = build(layers=layers), inputs()
    hidden = torch.rand(2, 4, 5) > 0.5
    query, target = encoder(*data, hidden)
    nothing, alone = encoder(*data, hidden, with_query=False)
    assert query.shape == target.shape == (2, 8, 4, 5) and nothing is None
    torch.testing.assert_close(alone, target)


def test_released_order_of_layers():
    """Inner: query at mask, then each at itself with its position; cross: each at the other."""
    encoder, (maps, _, _, masks) = build(layers='IC'), inputs(1)
    x, y, mask = (encoder.feat_proj(value).flatten(2).mT for value in (maps[:1], maps[1:], masks))
    position = 0.1 * sine_encoding(4, 5, 8).flatten(1).T
    inner, cross = encoder.layers
    x = inner.mask_attention(x, context=mask) + position
    x, y = (inner.self_attention(value) for value in (x, y + position))
    expected = cross.cross_attention(x, context=y), cross.cross_attention(y, context=x)
    for found, tokens in zip(encoder(*inputs(1)), expected, strict=True):
        torch.testing.assert_close(found.flatten(2).mT, tokens)


@pytest.mark.parametrize('visible', [(), (3, 7), (0,)])
def test_object_layers_look_at_the_visible_tokens_of_the_query(visible):
    """Both views at the same tokens; those that are hidden are left out, not weighted with nothing."""
    encoder, (maps, query, target, masks) = build(layers='O'), inputs(1)
    hidden = torch.ones(1, 20, dtype=torch.bool) if visible else torch.zeros(1, 20, dtype=torch.bool)
    hidden[0, list(visible)] = False
    x, y = (encoder.feat_proj(value).flatten(2).mT for value in (maps[:1], maps[1:]))
    look, context = encoder.layers[0].object_attention, x[:, list(visible)] if visible else x
    expected = look(x, context=context), look(y, context=context)
    hidden_query = hidden.view(1, 4, 5) if visible else None
    for found, tokens in zip(encoder(maps, query, target, masks, hidden_query=hidden_query), expected, strict=True):
        torch.testing.assert_close(found.flatten(2).mT, tokens)


def test_maps_with_fewer_visible_tokens_than_others_of_the_batch():
    encoder, (maps, query, target, masks) = build(layers='OO'), inputs(2)
    hidden = torch.ones(2, 4, 5, dtype=torch.bool)
    hidden[0, 1, 1] = hidden[1, :3] = False  # one token, fifteen tokens
    together = encoder(maps, query, target, masks, hidden_query=hidden)
    for row in range(2):
        alone = encoder(maps, query[row:row + 1], target[row:row + 1], masks[row:row + 1],
                        hidden_query=hidden[row:row + 1])
        for found, expected in zip(alone, together, strict=True):
            torch.testing.assert_close(found[0], expected[row])


def test_nothing_is_a_projection():
    encoder, (maps, query, target, masks) = build(layers='N'), inputs()
    projected = encoder.feat_proj(maps)
    for found, expected in zip(encoder(maps, query, target, masks), (projected[:2], projected[2:]), strict=True):
        torch.testing.assert_close(found, expected)


def test_pairs_do_not_see_each_other():
    encoder, (maps, query, target, masks) = build(), inputs(3)
    together = encoder(maps, query, target, masks)
    for row in range(3):
        alone = encoder(maps[[row, 3 + row]], torch.tensor([0]), torch.tensor([1]), masks[row:row + 1])
        for found, expected in zip(alone, together, strict=True):
            torch.testing.assert_close(found[0], expected[row])


def test_pictures_are_shared_by_index():
    encoder, (maps, _, _, masks) = build(), inputs(2)
    query, target = torch.tensor([1, 1]), torch.tensor([3, 0])
    shared = encoder(maps, query, target, masks)
    copied = encoder(torch.cat([maps[query], maps[target]]), torch.arange(2), torch.arange(2, 4), masks)
    torch.testing.assert_close(shared, copied)


def test_hidden_tokens_reach_nobody_else():
    encoder, (maps, query, target, masks) = build(), inputs(2)
    hidden = torch.zeros(2, 4, 5, dtype=torch.bool)
    hidden[0, 1:3, 2:] = hidden[1, 0] = True
    before = encoder(maps, query, target, masks, hidden)
    open_before = encoder(maps, query, target, masks)
    maps = maps.clone()
    maps[target] += 5 * hidden[:, None]
    after = encoder(maps, query, target, masks, hidden)
    torch.testing.assert_close(after[0], before[0])
    visible = (~hidden)[:, None].expand_as(before[1])
    torch.testing.assert_close(after[1][visible], before[1][visible])
    assert not torch.allclose(after[1][~visible], before[1][~visible])
    assert not torch.allclose(encoder(maps, query, target, masks)[0], open_before[0])
    assert not torch.allclose(open_before[1], before[1])


def test_the_mask_decides_and_only_the_query_sees_it():
    encoder, (maps, query, target, masks) = build(layers='I'), inputs()
    first, second = encoder(maps, query, target, masks), encoder(maps, query, target, masks.flip(0))
    assert not torch.allclose(first[0], second[0]) and torch.equal(first[1], second[1])
    assert not torch.allclose(build()(maps, query, target, masks)[1], build()(maps, query, target, masks.flip(0))[1])


def test_mask_added_to_the_query():
    (maps, query, target, masks), encoder = inputs(), build(layers='N', add_mask=True)
    found = encoder(maps, query, target, masks)
    torch.testing.assert_close(found[0], encoder.feat_proj(maps[query]) + encoder.feat_proj(masks))
    torch.testing.assert_close(found[1], encoder.feat_proj(maps[target]))


def test_channels_are_dropped_for_each_pair_in_training():
    encoder, (maps, _, _, masks) = build(layers='N', drop_feat=0.5), inputs()
    torch.nn.init.ones_(encoder.feat_proj.bias)
    encoder.train()
    query, target = encoder(maps, torch.tensor([0, 0]), torch.tensor([0, 1]), masks)
    dropped = [(view == 0).flatten(2).all(2) for view in (query, target)]
    assert all(torch.equal((view == 0).flatten(2).any(2), gone) for view, gone in zip((query, target), dropped,
                                                                                       strict=True))  # whole channels
    assert not torch.equal(dropped[0][0], dropped[0][1]) and not torch.equal(dropped[0][0], dropped[1][0])
    kept = ~dropped[0][0]
    torch.testing.assert_close(query[0][kept], 2 * encoder.feat_proj(maps[:1])[0][kept])


def test_every_parameter_learns():
    encoder = build().train()
    query, target = encoder(*inputs())
    (query.square().sum() + target.sin().sum()).backward()
    assert [key for key, value in encoder.named_parameters() if value.grad is None] == []


def test_training_after_inference_mode():
    """Positions are kept between calls."""
    encoder = build()
    with torch.inference_mode():
        expected = encoder(*inputs())
    found = encoder(*inputs())
    torch.testing.assert_close(found, tuple(value.clone() for value in expected))
    found[1].sum().backward()


def test_low_precision():
    encoder = build()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = encoder(*inputs())
    for value, expected in zip(found, encoder(*inputs()), strict=True):
        torch.testing.assert_close(value.float(), expected, rtol=0.1, atol=0.1)


@pytest.mark.parametrize(('options', 'text'), [
    (dict(layers=''), "layers: expected letters out of I, C, O, N, found ''"),
    (dict(layers='ICX'), "found 'ICX'. Released: 'ICICIN'"),
    (dict(embed_dims=10), 'embed_dims: expected a multiple of 4 and of 2 heads, found 10. Released: 256 with 2'),
    (dict(embed_dims=128, num_heads=3), 'a multiple of 4 and of 3 heads, found 128')])
def test_impossible_sizes(options, text):
    with pytest.raises(ConfigError, match=text):
        CrossViewEncoder(**options)
