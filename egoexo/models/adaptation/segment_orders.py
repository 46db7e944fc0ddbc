"""Shuffled segments, and which order it was, for heads that learn from it."""

from collections.abc import Callable

import torch

from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.adaptation.order_head import OrderHead
from egoexo.models.adaptation.video_discriminator import SegmentOrderDiscriminator

__all__ = ['judge_clip_order', 'judge_domain_order']

Segments = tuple[torch.Tensor, torch.Tensor]
Draw = Callable[[int], torch.Tensor]


def _shuffled(videos: torch.Tensor, orders: list[torch.Tensor]) -> torch.Tensor:
    return torch.stack([row.index_select(-2, order.to(row.device)) for row, order in zip(videos, orders, strict=True)])


def _labels(head: OrderHead | SegmentOrderDiscriminator, orders: list[torch.Tensor], logits: torch.Tensor,
            ) -> torch.Tensor:
    labels = torch.tensor([head.label(order) for order in orders], device=logits.device)
    return labels.view(-1, *[1] * (logits.ndim - 2)).expand(logits.shape[:-1])


def judge_domain_order(head: SegmentOrderDiscriminator, segments: Segments, beta: float, draw: Draw) -> Segments:
    """Shuffle the segments of each pair of a source and a target video and classify their arrangement.

    Args:
        head (SegmentOrderDiscriminator): For M segments of each domain.
        segments (tuple[torch.Tensor, torch.Tensor]): Source and target, (N, ..., M, F) and (Q, ..., M, F); of the
            larger batch the last videos have no partner.
        beta (float): Gradient reversal weight.
        draw (Callable[[int], torch.Tensor]): Draws a permutation.

    Returns:
        tuple[torch.Tensor, torch.Tensor]: Logits (P, ..., K) and classes (P, ...), with P pairs.
    """
    count = min(map(len, segments))
    segments = tuple(item[:count] for item in segments)
    both = torch.cat(segments, dim=-2)
    orders = [draw(both.shape[-2]) for _ in both]
    logits = head(reverse_gradient(_shuffled(both, orders), beta))
    return logits, _labels(head, orders, logits)


def judge_clip_order(head: OrderHead, segments: Segments, draw: Draw) -> Segments:
    """Shuffle the segments of each video and classify their order.

    Args:
        head (OrderHead): For M segments.
        segments (tuple[torch.Tensor, torch.Tensor]): Source and target, (N, ..., M, F) and (Q, ..., M, F).
        draw (Callable[[int], torch.Tensor]): Draws a permutation.

    Returns:
        tuple[torch.Tensor, torch.Tensor]: Logits (N + Q, ..., M!) and classes (N + Q, ...).
    """
    videos = torch.cat(segments)
    orders = [draw(videos.shape[-2]) for _ in videos]
    logits = head(_shuffled(videos, orders))
    return logits, _labels(head, orders, logits)
