"""A few convolutions in a row: the backbone of small worlds."""

from collections.abc import Sequence

from mmcv.cnn import ConvModule
from torch import Tensor, nn

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['ConvStem']


@MODELS.register_module()
class ConvStem(nn.Sequential):
    """3x3 convolutions with batch normalisation and ReLU, from colour pictures to a map.

    Args:
        channels (Sequence[int]): Of each layer.
        strides (Sequence[int]): Of each layer; their product is the stride of the map.

    Raises:
        ConfigError: If the two differ in length.

    Examples:
        >>> import torch
        >>> ConvStem()(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 64, 4, 4])
    """

    def __init__(self, channels: Sequence[int] = (16, 32, 64, 64), strides: Sequence[int] = (2, 2, 2, 1)) -> None:
        if not channels or len(channels) != len(strides):
            raise ConfigError(explain('ConvStem, strides', f'as many as channels: {len(channels)}, at least 1',
                                      str(len(strides)), 'Give one of each per layer.'))
        super().__init__(*(
            ConvModule(before, after, 3, stride=stride, padding=1, norm_cfg=dict(type='BN'))
            for before, after, stride in zip((3, *channels[:-1]), channels, strides, strict=True)))

    def forward(self, pictures: Tensor) -> Tensor:
        """Map of pictures.

        Args:
            pictures (Tensor): (N, 3, H, W).

        Returns:
            Tensor: (N, channels[-1], H / stride, W / stride).
        """
        return super().forward(pictures)
