"""Discriminators that look at the pooled segments of whole videos."""

import itertools
import math

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

__all__ = ['SegmentDiscriminator', 'SegmentOrderDiscriminator', 'domain_patterns']


class SegmentDiscriminator(BaseModule):
    """Source or target, for each pooled segment (option ``rev_grad`` of the released code).

    Args:
        channels (int): F of the segments and of the hidden layer.
        dropout (float): Dropout of the hidden layer.
    """

    def __init__(self, channels: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, channels)
        self.classifier = nn.Linear(channels, 2)
        self.dropout = dropout

    def forward(self, segments: torch.Tensor) -> torch.Tensor:
        """Classify (..., F) segments into (..., 2) logits."""
        return self.classifier(F.dropout(F.relu(self.fc(segments)), self.dropout, self.training))


def domain_patterns(num_segments: int) -> list[tuple[int, ...]]:
    """Arrangements of the shuffled segments of a source and a target video; the index is the class.

    Args:
        num_segments (int): M, segments per video; 0 in a pattern is source, 1 target.

    Returns:
        list[tuple[int, ...]]: For M = 2 the order of the released code (the iteration order of a CPython set), so that
        its checkpoints keep their meaning; lexicographic otherwise.
    """
    if num_segments == 2:
        return [(0, 1, 0, 1), (1, 1, 0, 0), (0, 1, 1, 0), (1, 0, 1, 0), (1, 0, 0, 1), (0, 0, 1, 1)]
    total = 2 * num_segments
    return [tuple(int(place in ones) for place in range(total))
            for ones in itertools.combinations(range(total), num_segments)][::-1]


class SegmentOrderDiscriminator(BaseModule):
    """Which of the shuffled segments of two videos came from which domain (``rev_grad_ssl``, ``rev_grad_ssl_2``).

    Source: Chen et al., "SSTDA", CVPR 2020, sequential domain prediction.

    Args:
        channels (int): F.
        num_segments (int): M, segments per video.
        pairs (str, optional): None reads the 2M segments side by side; ``'all'`` and ``'adjacent'`` first map each
            unordered pair, or each pair of neighbours, to one vector.
        dropout (float): Dropout of the hidden layer.
    """

    def __init__(self, channels: int, num_segments: int, pairs: str | None = None, dropout: float = 0.5) -> None:
        super().__init__()
        if pairs not in (None, 'all', 'adjacent'):
            raise ValueError(f"SegmentOrderDiscriminator: pairs must be None, 'all' or 'adjacent', got {pairs!r}.")
        total = 2 * num_segments
        self.patterns = {pattern: index for index, pattern in enumerate(domain_patterns(num_segments))}
        self.pairs: list[tuple[int, int]] | None = None
        if pairs is not None:
            self.pairs = [(i, j) for i, j in itertools.combinations(range(total), 2) if pairs == 'all' or j == i + 1]
            self.fc_pair = nn.Linear(2 * channels, channels)
        self.fc = nn.Linear(channels * (total if self.pairs is None else len(self.pairs)), channels)
        self.classifier = nn.Linear(channels, math.comb(total, num_segments))
        self.dropout = dropout

    def label(self, permutation: torch.Tensor) -> int:
        """Class of a permutation of the 2M segments, source segments numbered first."""
        num_segments = len(permutation) // 2
        return self.patterns[tuple(int(place >= num_segments) for place in permutation.tolist())]

    def forward(self, segments: torch.Tensor) -> torch.Tensor:
        """Classify the arrangement.

        Args:
            segments (torch.Tensor): Shuffled segments, shape (..., 2M, F).

        Returns:
            torch.Tensor: Logits, shape (..., K) with K = (2M)! / (M!)^2.
        """
        if self.pairs is not None:
            first, second = (list(places) for places in zip(*self.pairs, strict=True))
            segments = self.fc_pair(torch.cat([segments[..., first, :], segments[..., second, :]], dim=-1))
        return self.classifier(F.dropout(F.relu(self.fc(segments.flatten(-2))), self.dropout, self.training))
