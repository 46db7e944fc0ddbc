"""Whether the object is visible in the target view."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.errors import DataError, explain
from egoexo.registry import MODELS

__all__ = ['VisibilityHead']


@MODELS.register_module()
class VisibilityHead(nn.Module):
    """A convolution to one channel and two linear layers over all tokens, so the size of the map is fixed.

    Args:
        in_channels (int): C of the tokens.
        feat_size (int): Side of the map in tokens; 30 for pictures of 480 pixels and stride 16.
        hidden_channels (int): Between the linear layers.
    """

    def __init__(self, in_channels: int = 256, feat_size: int = 30, hidden_channels: int = 32) -> None:
        super().__init__()
        self.feat_size = feat_size
        self.conv = nn.Conv2d(in_channels, 1, 3)
        self.mlp = nn.Sequential(
            nn.Linear((feat_size - 2) ** 2, hidden_channels), nn.ReLU(), nn.Linear(hidden_channels, 1))

    def forward(self, feature: Tensor) -> Tensor:
        """Judge.

        Args:
            feature (Tensor): (N, C, feat_size, feat_size).

        Returns:
            Tensor: Logit, float32, (N,).

        Raises:
            DataError: If the map has another size.
        """
        if feature.shape[-2:] != (self.feat_size, self.feat_size):
            raise DataError(explain(
                'VisibilityHead', f'a map of {self.feat_size} x {self.feat_size} tokens',
                ' x '.join(map(str, feature.shape[-2:])),
                'Its linear layers fix the size: resize pictures accordingly (PadSquareResizeNearest), or set '
                'visibility_head.feat_size and train anew.'))
        return self.mlp(F.relu(self.conv(feature)).flatten(1)).squeeze(1).to(torch.float32)
