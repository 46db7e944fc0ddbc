"""The mean of the frames of a clip."""

import torch
from mmengine.model import BaseModule

from egoexo.registry import MODELS

__all__ = ['AveragePool']


@MODELS.register_module()
class AveragePool(BaseModule):
    """Averages the frames, weighted by how easily their domain is told when there is attention.

    Source: Chen et al., "TA3N", ICCV 2019 (``avgpool`` of the released code).

    Args:
        in_channels (int): F of the frames, and of the clip.
    """

    attends = 'frame'
    num_tokens = 0

    def __init__(self, in_channels: int = 512) -> None:
        super().__init__()
        self.in_channels = self.out_channels = in_channels

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Return the frames, shape (N, T, F), as they are."""
        return frames

    def pool(self, frames: torch.Tensor) -> torch.Tensor:
        """Average the (weighted) frames of each clip: (N, T, F) -> (N, F)."""
        return frames.mean(1)
