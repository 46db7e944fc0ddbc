"""The domain branches of SSTDA and its relatives around a multi-stage temporal backbone.

Letters: N videos, G stages, F channels, C classes, S steps, H frame discriminator heads, M segments, R valid steps of
both domains.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from egoexo.models.adaptation.adaptation import Adaptation, Weights
from egoexo.models.adaptation.centroids import Centroids
from egoexo.models.adaptation.domain_attention import class_weights, domain_attention
from egoexo.models.adaptation.frame_discriminator import FrameDiscriminator
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.adaptation.order_head import OrderHead
from egoexo.models.adaptation.segment_orders import judge_clip_order, judge_domain_order
from egoexo.models.adaptation.temporal_pooling import pool_segments
from egoexo.models.adaptation.video_discriminator import SegmentDiscriminator, SegmentOrderDiscriminator
from egoexo.registry import MODELS

__all__ = ['DomainHeads', 'DomainLogits']

_VIDEO = (None, 'rev_grad', 'rev_grad_ssl', 'rev_grad_ssl_2')


class DomainLogits(NamedTuple):
    """Domain predictions of a source and a target batch, source first.

    Args:
        pred_d (torch.Tensor): Frame logits of real steps only, shape (R, G, H, 2).
        label_d (torch.Tensor): 0 source, 1 target, shape (R, G, H).
        pred_d_video (torch.Tensor): Video logits: (2 N M, G, 2) per segment, (N, G, K) for the order of the segments
            of both domains, (2 N, G, M!) for the order within each video.
        label_d_video (torch.Tensor): int64 classes, shape of ``pred_d_video`` without its last dimension.
    """

    pred_d: torch.Tensor
    label_d: torch.Tensor
    pred_d_video: torch.Tensor
    label_d_video: torch.Tensor


@MODELS.register_module()
class DomainHeads(Adaptation):
    """Objectives of a multi-stage network, with the discriminators, attention and orders they need.

    A source-only model carries these heads so that released checkpoints load strictly, and never computes them; their
    parameters then take no gradient. Sources: Chen et al., "SSTDA", CVPR 2020, as released with EgoExoLearn.

    Args:
        channels (int): F.
        num_classes (int): C.
        num_stages (int): G, for the centroids.
        num_segments (int): M, segments per video.
        class_heads (bool): One frame discriminator head per class (MADA) instead of one head.
        class_bases (bool): With ``class_heads``, a hidden layer per class too.
        class_weight (str): ``'soft'`` or ``'hard'`` class probabilities weight the heads in the attention.
        attention (bool): Weight features by how certain their domain is before they are pooled.
        video (str, optional): ``'rev_grad'`` judges each segment, ``'rev_grad_ssl'`` the order of the shuffled
            segments of both domains, ``'rev_grad_ssl_2'`` the same through pairs of segments.
        pairs (str): Pairs of ``'rev_grad_ssl_2'``: ``'all'`` or ``'adjacent'``.
        order (bool): Predict the order of the shuffled segments of each video (VCOP).
        centroids (bool): Keep moving class centres per stage (MSTN).
        dropout (float): Dropout of every hidden layer.
        trainable (bool, optional): None trains the heads that an objective reads and freezes the others.
        objectives (Sequence[dict]): Adaptation methods; their places are ``'stage1'``, ``'stage2'``, ...
        beta (float | dict | Sequence): Gradient reversal weights of the frame and the video branch.
        reverse_weight (float | dict, optional): That of the second pass of ensemble methods; None takes the frame
            branch's.
    """

    def __init__(self, channels: int = 64, num_classes: int = 28, num_stages: int = 4, num_segments: int = 1,
                 class_heads: bool = False, class_bases: bool = False, class_weight: str = 'soft',
                 attention: bool = False, video: str | None = None, pairs: str = 'all', order: bool = False,
                 centroids: bool = False, dropout: float = 0.5, trainable: bool | None = None,
                 objectives: Sequence[dict] = (), beta: Weights = 0.0,
                 reverse_weight: float | dict | None = None) -> None:
        super().__init__(objectives, beta, reverse_weight, num_branches=2)
        if video not in _VIDEO or class_weight not in ('soft', 'hard'):
            raise ValueError(f"DomainHeads: expected video in {_VIDEO} and class_weight 'soft' or 'hard', "
                             f'got {video=}, {class_weight=}.')
        self.num_segments = num_segments
        self.class_heads = class_heads
        self.class_weight = class_weight
        self.attention = attention
        # Created in the order of the released code, so that one seed draws the same initial weights.
        self.frame_discriminator = FrameDiscriminator(channels, dropout)
        self.video_discriminator: nn.Module | None = None
        if video == 'rev_grad':
            self.video_discriminator = SegmentDiscriminator(channels, dropout)
        elif video is not None:
            self.video_discriminator = SegmentOrderDiscriminator(
                channels, num_segments, pairs if video == 'rev_grad_ssl_2' else None, dropout)
        self.order_head = OrderHead(channels, num_segments, dropout) if order else None
        if class_heads:
            self.frame_discriminator.add_heads(num_classes, class_bases)
        self.centroids = nn.ModuleList(Centroids(num_classes, channels) for _ in range(num_stages if centroids else 0))
        self._freeze_unread(trainable)

    def _freeze_unread(self, trainable: bool | None) -> None:
        sequences = self.read_by('sequence_logits')
        read = {self.frame_discriminator: self.read_by('domain_logits') or (sequences and self.attention),
                self.video_discriminator: sequences and self.order_head is None, self.order_head: sequences}
        for head, used in read.items():
            if head is not None:
                head.requires_grad_(used if trainable is None else trainable)

    @property
    def judges_sequences(self) -> bool:
        """Whether there is a head for whole sequences; without one their logits are placeholders."""
        return self.video_discriminator is not None or self.order_head is not None

    def forward(self, features: tuple[torch.Tensor, torch.Tensor], probs: tuple[torch.Tensor, torch.Tensor],
                masks: tuple[torch.Tensor, torch.Tensor], beta: tuple[float, float] = (0.0, 0.0)) -> DomainLogits:
        """Judge the domain of a source and a target batch; each argument is a pair (source, target).

        Args:
            features (tuple[torch.Tensor, torch.Tensor]): Stage features, each (N, G, F, S).
            probs (tuple[torch.Tensor, torch.Tensor]): Class probabilities, each (N, G, C, S).
            masks (tuple[torch.Tensor, torch.Tensor]): True on real steps, each (N, S).
            beta (tuple[float, float]): Gradient reversal weights of the frame and the video branch.

        Returns:
            DomainLogits: Logits and labels of frames and videos.
        """
        frame, segments, video = zip(*(
            self._judge(*domain, beta) for domain in zip(features, probs, masks, strict=True)), strict=True)
        pred_d, pred_video = torch.cat(frame), torch.cat(video)
        label_d = self._domain_labels(frame)
        label_video = self._domain_labels(video)
        if isinstance(self.video_discriminator, SegmentOrderDiscriminator):
            pred_video, label_video = judge_domain_order(
                self.video_discriminator, segments, beta[1], self.draw_permutation)
        if self.order_head is not None:
            pred_video, label_video = judge_clip_order(self.order_head, segments, self.draw_permutation)
        return DomainLogits(pred_d, label_d, pred_video, label_video)

    @staticmethod
    def _domain_labels(logits: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """0 for each row of the first tensor, 1 for each row of the second; shape without the last dimension."""
        return torch.cat([torch.full(item.shape[:-1], domain, dtype=torch.int64, device=item.device)
                          for domain, item in enumerate(logits)])

    def _judge(self, features: torch.Tensor, probs: torch.Tensor, mask: torch.Tensor,
               beta: tuple[float, float]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """One domain: frame logits (rows, G, H, 2), segments (N, G, M, F), video logits (N M, G, 2)."""
        steps_first = features.transpose(2, 3)
        logits = self.frame_discriminator(reverse_gradient(steps_first, beta[0]))  # (N, G, S, H, 2)
        if self.attention:
            weights = domain_attention(logits)
            if self.class_heads:
                weights = weights * class_weights(probs.transpose(2, 3), self.class_weight)
            features = features * (weights + 1).sum(-1).unsqueeze(2)
        segments = pool_segments(features, mask, self.num_segments).transpose(2, 3)
        if isinstance(self.video_discriminator, SegmentDiscriminator):
            video = self.video_discriminator(reverse_gradient(segments, beta[1]))
        else:
            video = logits[:, :, :self.num_segments].mean(3)  # stands in where no video discriminator exists
        return logits.transpose(1, 2)[mask], segments, video.transpose(1, 2).flatten(0, 1)
