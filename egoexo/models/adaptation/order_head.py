"""Video clip order prediction."""

import itertools
import math

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

__all__ = ['OrderHead']


class OrderHead(BaseModule):
    """Recognises in which order the segments of one video were shuffled.

    Source: Xu et al., "Self-supervised Spatiotemporal Learning via Video Clip Order Prediction", CVPR 2019.

    Args:
        channels (int): F.
        num_segments (int): M, segments per video, at least 2.
        dropout (float): Dropout after the pair layer.
    """

    def __init__(self, channels: int, num_segments: int, dropout: float = 0.5) -> None:
        super().__init__()
        if num_segments < 2:
            raise ValueError(f'OrderHead: an order needs num_segments >= 2, got {num_segments}.')
        self.orders = {order: index for index, order in enumerate(itertools.permutations(range(num_segments)))}
        self.pairs = list(itertools.combinations(range(num_segments), 2))
        self.fc = nn.Linear(2 * channels, channels)
        self.classifier = nn.Linear(channels * len(self.pairs), math.factorial(num_segments))
        self.dropout = dropout

    def label(self, permutation: torch.Tensor) -> int:
        """Class of a permutation of the M segments: its place in lexicographic order."""
        return self.orders[tuple(permutation.tolist())]

    def forward(self, segments: torch.Tensor) -> torch.Tensor:
        """Classify the order.

        Args:
            segments (torch.Tensor): Shuffled segments, shape (..., M, F).

        Returns:
            torch.Tensor: Logits, shape (..., M!).
        """
        first, second = (list(places) for places in zip(*self.pairs, strict=True))
        pairs = self.fc(torch.cat([segments[..., first, :], segments[..., second, :]], dim=-1))
        return self.classifier(F.dropout(F.relu(pairs), self.dropout, self.training).flatten(-2))
