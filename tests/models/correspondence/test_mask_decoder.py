import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.correspondence import MaskDecoder


@pytest.mark.parametrize(('options', 'side'), [({}, 80), (dict(scale=1), 20), (dict(mid_channels=3, scale=2), 40)])
def test_sides(options, side):
    decoder = MaskDecoder(8, **options)
    assert decoder(torch.randn(2, 8, 5, 5)).shape == (2, 1, side, side) and decoder.stride * 5 == side
    assert decoder.deconv1.out_channels == options.get('mid_channels', 4)


@pytest.mark.parametrize('channel', [0, 2])
def test_one_channel_equals_that_of_all(channel):
    decoder, feature = MaskDecoder(8, mask_channel=channel), torch.randn(2, 8, 3, 5)
    every = decoder(feature, all_channels=True)
    assert every.shape == (2, 3, 48, 80)
    torch.testing.assert_close(decoder(feature), every[:, channel:channel + 1])


def test_unused_channels_learn_nothing():
    decoder = MaskDecoder(8)
    decoder(torch.randn(2, 8, 3, 3)).square().sum().backward()
    gradient = decoder.deconv2.weight.grad
    assert gradient[:, :2].abs().sum() == 0 and gradient[:, 2].abs().sum() > 0
    assert decoder.deconv2.bias.grad[:2].tolist() == [0, 0]


def test_logits_stay_in_float32():
    """A probability near 1 has no neighbour in bfloat16."""
    decoder, feature = MaskDecoder(8), torch.randn(2, 8, 3, 3)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = decoder(feature)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, decoder(feature), rtol=0.05, atol=0.05)


@pytest.mark.parametrize('channel', [-1, 3])
def test_no_such_channel(channel):
    with pytest.raises(ConfigError, match=f'mask_channel: expected one of the channels 0 to 2, found {channel}. Corr'):
        MaskDecoder(8, mask_channel=channel)
