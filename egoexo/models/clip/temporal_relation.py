"""Temporal relations between the frames of a clip."""

import itertools
import math

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.registry import MODELS

__all__ = ['TemporalRelation', 'relation_frames']


def relation_frames(num_segments: int, scale: int, num_subsets: int = 3) -> list[tuple[int, ...]]:
    """Frames that one scale looks at: evenly spaced picks among all subsets in lexicographic order.

    Args:
        num_segments (int): T, frames of a clip.
        scale (int): Frames per subset.
        num_subsets (int): Largest number of subsets.

    Returns:
        list[tuple[int, ...]]: Frame numbers, in time order.

    Examples:
        >>> relation_frames(5, 4)
        [(0, 1, 2, 3), (0, 1, 3, 4), (1, 2, 3, 4)]
    """
    subsets = list(itertools.combinations(range(num_segments), scale))
    count = min(num_subsets, len(subsets))
    return [subsets[math.ceil(index * len(subsets) / count)] for index in range(count)]


def _shared_products(subsets: list[tuple[int, ...]]) -> tuple[list[list[int]], list[list[int]]]:
    """Several subsets have the same frame at the same place, and so the same product with that part of the weight.

    Args:
        subsets (list[tuple[int, ...]]): Frames of each subset.

    Returns:
        tuple[list[list[int]], list[list[int]]]: For each place the frames that occur there, the last one repeated
        until all places have equally many; for each place the number of the product that each subset takes.
    """
    places = [sorted(set(frames)) for frames in zip(*subsets, strict=True)]
    count = max(map(len, places))
    products = [[number * count + frames.index(subset[number]) for subset in subsets]
                for number, frames in enumerate(places)]
    return [frames + frames[-1:] * (count - len(frames)) for frames in places], products


@MODELS.register_module()
class TemporalRelation(BaseModule):
    """Relation features of T, T - 1, ..., 2 frames; a clip feature is their sum.

    Source: Zhou et al., "Temporal Relational Reasoning in Videos", ECCV 2018, as released with TA3N.

    Args:
        in_channels (int): F of the frames.
        channels (int): H of a relation.
        num_segments (int): T, frames of every clip, at least 2.
        num_subsets (int): Subsets of frames per scale.
        multi_scale (bool): False leaves the relation of all T frames alone.
    """

    #: Which discriminator weights what :meth:`forward` returns.
    attends = 'relation'

    def __init__(self, in_channels: int = 512, channels: int = 256, num_segments: int = 5, num_subsets: int = 3,
                 multi_scale: bool = True) -> None:
        super().__init__()
        if num_segments < 2 or num_subsets < 1:
            raise ConfigError('TemporalRelation: expected num_segments >= 2 and num_subsets >= 1, found '
                              f'{num_segments=}, {num_subsets=}. Take AveragePool for clips of a single frame.')
        self.in_channels = in_channels
        self.out_channels = channels
        self.num_segments = num_segments
        scales = range(num_segments, 1, -1) if multi_scale else (num_segments,)
        self.num_tokens = len(scales)
        self.fusions = nn.ModuleList(nn.Linear(scale * in_channels, channels) for scale in scales)
        for number, scale in enumerate(scales):
            subsets = relation_frames(num_segments, scale, num_subsets)
            for name, values in zip(('frames', 'products'), _shared_products(subsets), strict=True):
                self.register_buffer(f'{name}_{number}', torch.tensor(values), persistent=False)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Relate the frames.

        Args:
            frames (torch.Tensor): Shape (N, T, F).

        Returns:
            torch.Tensor: One feature per scale, the longest first, shape (N, T - 1, H).

        Raises:
            ConfigError: If the clips have another number of frames than the weights were made for.
        """
        if frames.shape[1] != self.num_segments:
            raise ConfigError(
                f'TemporalRelation: expected clips of num_segments={self.num_segments} frames, found '
                f'{frames.shape[1]}. Give the dataset and model.encoder the same num_segments.')
        frames = F.relu(frames)
        frames_first = frames.transpose(0, 1).contiguous()
        relations = [fusion(frames.flatten(1)).relu() if fusion.in_features == self.num_segments * self.in_channels
                     else self._relate(frames_first, number) for number, fusion in enumerate(self.fusions)]
        return torch.stack(relations, 1)

    def _relate(self, frames: torch.Tensor, number: int) -> torch.Tensor:
        """Sum of one scale over its subsets: (T, N, F) -> (N, H)."""
        fusion, used = self.fusions[number], getattr(self, f'frames_{number}')
        scale, count = used.shape
        weight = fusion.weight.view(-1, scale, self.in_channels).permute(1, 2, 0)  # (scale, F, H)
        rows = frames.index_select(0, used.flatten()).view(scale, -1, self.in_channels)
        products = torch.bmm(rows, weight).view(scale * count, -1, self.out_channels)
        summed = fusion.bias
        for chosen in getattr(self, f'products_{number}'):  # place by place, (subsets, N, H) each
            summed = summed + products.index_select(0, chosen)
        return summed.relu().sum(0)

    def pool(self, relations: torch.Tensor) -> torch.Tensor:
        """Sum the (weighted) relations of each clip: (N, T - 1, H) -> (N, H)."""
        return relations.sum(1)
