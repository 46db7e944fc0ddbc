"""Learned attention over the relations of a clip."""

import torch
from mmengine.model import BaseModule
from torch import nn

from egoexo.registry import MODELS

__all__ = ['GeneralAttention']


@MODELS.register_module()
class GeneralAttention(BaseModule):
    """Scores each relation with two layers; the weights of a clip sum to 1 (``general`` of the released code).

    Args:
        channels (int): H of the relations.
    """

    def __init__(self, channels: int = 256) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, channels)
        self.score = nn.Linear(channels, 1)

    def forward(self, relations: torch.Tensor) -> torch.Tensor:
        """Weigh the relations.

        Args:
            relations (torch.Tensor): Shape (N, R, H).

        Returns:
            torch.Tensor: Weights, shape (N, R).
        """
        return self.score(self.fc(relations).tanh()).squeeze(-1).softmax(-1)
