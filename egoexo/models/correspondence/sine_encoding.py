"""Where on a map a token lies, as sines and cosines.

Source: Carion et al., "End-to-End Object Detection with Transformers", ECCV 2020.
"""

import math

import torch

__all__ = ['sine_encoding']

_TEMPERATURE = 10_000.0
_EPS = 1e-6


def sine_encoding(height: int, width: int, channels: int) -> torch.Tensor:
    """Normalised two-dimensional sine encoding.

    Args:
        height (int): H of the map.
        width (int): W of the map.
        channels (int): C, a multiple of 4; the first half tells the row, the second the column.

    Returns:
        torch.Tensor: (C, H, W), float32.

    Examples:
        >>> sine_encoding(4, 6, 256).shape
        torch.Size([256, 4, 6])
    """
    half = channels // 2
    index = torch.arange(half, dtype=torch.float32)
    period = _TEMPERATURE ** (2 * torch.div(index, 2, rounding_mode='floor') / half)

    def encode(length: int) -> torch.Tensor:
        position = torch.arange(1, length + 1, dtype=torch.float32)
        angle = (position / (length + _EPS) * (2 * math.pi))[:, None] / period
        return torch.stack((angle[:, 0::2].sin(), angle[:, 1::2].cos()), 2).flatten(1)

    rows = encode(height).T[:, :, None].expand(-1, -1, width)
    columns = encode(width).T[:, None, :].expand(-1, height, -1)
    return torch.cat((rows, columns))
