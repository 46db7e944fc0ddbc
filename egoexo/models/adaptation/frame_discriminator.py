"""Tells from the features of one step which domain it comes from."""

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

__all__ = ['FrameDiscriminator']


class FrameDiscriminator(BaseModule):
    """One or several two-layer discriminators applied to every step.

    Sources: DANN (one head); Pei et al., "MADA", AAAI 2018 (one head per class).

    Args:
        channels (int): F of the features and of the hidden layer.
        dropout (float): Dropout of the hidden layer.
    """

    def __init__(self, channels: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.channels = channels
        self.dropout = dropout
        self.bases = nn.ModuleList([nn.Linear(channels, channels)])
        self.classifiers = nn.ModuleList([nn.Linear(channels, 2)])

    def add_heads(self, num_heads: int, separate_bases: bool) -> None:
        """Grow to ``num_heads`` classifiers; a second step, so that parameters are drawn in the published order.

        Args:
            num_heads (int): H, the number of classes for MADA.
            separate_bases (bool): Whether each head gets a hidden layer of its own.
        """
        self.classifiers.extend(nn.Linear(self.channels, 2) for _ in range(num_heads - 1))
        if separate_bases:
            self.bases.extend(nn.Linear(self.channels, self.channels) for _ in range(num_heads - 1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Classify the domain of each step.

        Args:
            features (torch.Tensor): Features in the last dimension, shape (..., F).

        Returns:
            torch.Tensor: Logits for source and target, shape (..., H, 2).
        """
        hidden = [F.dropout(F.relu(base(features)), self.dropout, self.training) for base in self.bases]
        hidden = hidden * len(self.classifiers) if len(hidden) == 1 else hidden
        logits = [classifier(item) for classifier, item in zip(self.classifiers, hidden, strict=True)]
        return torch.stack(logits, dim=-2)
