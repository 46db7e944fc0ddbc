"""Averages of a sequence over equal segments."""

import torch

from egoexo.errors import FeatureError

__all__ = ['pool_segments']


def pool_segments(features: torch.Tensor, mask: torch.Tensor, num_segments: int) -> torch.Tensor:
    """Average the real steps of each video over ``num_segments`` equal segments; the remainder is dropped.

    Args:
        features (torch.Tensor): Shape (N, ..., S).
        mask (torch.Tensor): True on real steps, which come first; shape (N, S).
        num_segments (int): M.

    Returns:
        torch.Tensor: Shape (N, ..., M).

    Raises:
        FeatureError: If a video has fewer than M real steps.
    """
    pooled = []
    for row, num_steps in zip(features, mask.sum(1).tolist(), strict=True):
        length = num_steps // num_segments
        if length < 1:
            raise FeatureError(f'expected at least {num_segments} steps, one per segment of the video discriminator, '
                               f'found {num_steps}. Drop the video or lower model.adaptation.num_segments.')
        pooled.append(row[..., :length * num_segments].unflatten(-1, (num_segments, length)).mean(-1))
    return torch.stack(pooled)
