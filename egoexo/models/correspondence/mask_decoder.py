"""From tokens to a probability for each pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['MaskDecoder']


@MODELS.register_module()
class MaskDecoder(nn.Module):
    """Two transposed convolutions of stride 2, then bilinear enlargement.

    The released decoder has three output channels, of which two are left from another task and enter no loss; they
    keep their weights in checkpoints and are computed on request only.

    Args:
        in_channels (int): C of the tokens.
        mid_channels (int, optional): Between the convolutions; half of ``in_channels`` by default.
        out_channels (int): Channels of the released layer. Defaults to 3.
        mask_channel (int): The one that is the mask. Defaults to 2.
        scale (int): Factor of the enlargement after the convolutions, which give 4. Defaults to 4.

    Raises:
        ConfigError: If there is no channel ``mask_channel``.
    """

    def __init__(self, in_channels: int = 256, mid_channels: int | None = None, out_channels: int = 3,
                 mask_channel: int = 2, scale: int = 4) -> None:
        super().__init__()
        if not 0 <= mask_channel < out_channels:
            raise ConfigError(explain('MaskDecoder, mask_channel', f'one of the channels 0 to {out_channels - 1}',
                                      str(mask_channel), 'Correct mask_channel or out_channels.'))
        mid_channels = mid_channels or in_channels // 2
        self.mask_channel, self.scale = mask_channel, scale
        self.deconv1 = nn.ConvTranspose2d(in_channels, mid_channels, 2, stride=2)
        self.deconv2 = nn.ConvTranspose2d(mid_channels, out_channels, 2, stride=2)

    @property
    def stride(self) -> int:
        """Pixels of the result along one side of a token."""
        return 4 * self.scale

    def forward(self, feature: Tensor, all_channels: bool = False) -> Tensor:
        """Decode.

        Args:
            feature (Tensor): (N, C, h, w).
            all_channels (bool): Also the channels that nothing uses. Defaults to False.

        Returns:
            Tensor: Logits, float32, (N, 1, stride * h, stride * w), or ``out_channels`` of them.
        """
        weight, bias = self.deconv2.weight, self.deconv2.bias
        if not all_channels:
            chosen = slice(self.mask_channel, self.mask_channel + 1)
            weight, bias = weight[:, chosen], bias[chosen]
        coarse = F.conv_transpose2d(F.relu(self.deconv1(feature)), weight, bias, stride=2)
        with torch.autocast(coarse.device.type, enabled=False):
            return F.interpolate(coarse.float(), scale_factor=self.scale, mode='bilinear', align_corners=False)
