"""The discriminators of TA3N around a clip network."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.adaptation import Adaptation
from egoexo.models.adaptation.centroids import Centroids
from egoexo.models.adaptation.frame_discriminator import FrameDiscriminator
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.adaptation.order_head import OrderHead
from egoexo.models.adaptation.segment_orders import judge_clip_order, judge_domain_order
from egoexo.models.adaptation.temporal_pooling import pool_segments
from egoexo.models.adaptation.video_discriminator import SegmentDiscriminator, SegmentOrderDiscriminator
from egoexo.models.clip.frame_embedding import draw_released_weights
from egoexo.registry import MODELS

__all__ = ['ClipDomainHeads']

Weight = float | Mapping


@MODELS.register_module()
class ClipDomainHeads(Adaptation):
    """Tells source from target by each relation, by the whole clip and by each frame.

    Places of the objectives: ``'relation'``, ``'video'`` and ``'frame'``. A model trained on one domain carries the
    discriminators too, so that released checkpoints and those of both kinds of training are interchangeable; they are
    frozen unless an objective is there, and computed only where one, or the attention, reads them. Source: Chen et
    al., "TA3N", ICCV 2019, as released with EgoExoLearn.

    Args:
        frame_channels (int): F of the frames; filled in by :class:`ClipModel`, like the next two.
        channels (int): H of relations and clips.
        num_relations (int): R.
        num_classes (int): C of one decision; filled in by :class:`ClipModel` from the head.
        class_heads (bool): Judge the clip by one discriminator per class (MADA) instead of the released one.
        centroids (bool): Keep moving class centres of the clips (MSTN).
        order (str, optional): Learn from the order of the frames, pooled to ``num_segments``: ``'domain'`` tells the
            arrangement of the shuffled segments of a source and a target clip (SSTDA), ``'clip'`` the order of those
            of each clip (VCOP).
        num_segments (int): M for ``order``.
        objectives (Sequence[dict]): Adaptation methods.
        beta (float | dict | Sequence): Gradient reversal weights of the relation, the video and the frame branch, or
            one for all three.
        reverse_weight (float | dict): Gradient reversal weight mu of the second pass of ensemble methods.
    """

    def __init__(self, frame_channels: int = 512, channels: int = 256, num_relations: int = 4,
                 num_classes: int = 1, class_heads: bool = False, centroids: bool = False, order: str | None = None,
                 num_segments: int = 2, objectives: Sequence[dict] = (), beta: Weight | Sequence[Weight] = 0.0,
                 reverse_weight: Weight = 0.0) -> None:
        super().__init__(objectives, beta, reverse_weight, num_branches=3)
        self.relation_discriminators = nn.ModuleList(
            SegmentDiscriminator(channels, dropout=0.0) for _ in range(num_relations))
        self.video_discriminator = SegmentDiscriminator(channels, dropout=0.0)
        self.frame_discriminator = SegmentDiscriminator(frame_channels, dropout=0.0)
        for module in (self.video_discriminator, self.frame_discriminator):
            draw_released_weights(module.fc)
            draw_released_weights(module.classifier)
        if order not in (None, 'domain', 'clip'):
            raise ConfigError(explain('ClipDomainHeads, order', "None, 'domain' or 'clip'", repr(order),
                                      'Choose one of them.'))
        self.num_segments = num_segments
        self.class_discriminator: FrameDiscriminator | None = None
        if class_heads:
            self.class_discriminator = FrameDiscriminator(channels, dropout=0.0)
            self.class_discriminator.add_heads(num_classes, separate_bases=False)
            self.video_discriminator.requires_grad_(False)
        self.order_head: OrderHead | SegmentOrderDiscriminator | None = None
        if order is not None:
            head = OrderHead if order == 'clip' else SegmentOrderDiscriminator
            self.order_head = head(frame_channels, num_segments).requires_grad_(self.read_by('sequence_logits'))
        self.centroids = Centroids(num_classes, channels) if centroids else None
        used = dict(relation=self.relation_discriminators, frame=self.frame_discriminator,
                    video=self.class_discriminator or self.video_discriminator)
        for place, module in used.items():
            module.requires_grad_(place in self.judged)

    @property
    def judged(self) -> frozenset[str]:
        """Places where an objective reads domain logits."""
        return frozenset(place for objective in self.objectives if 'domain_logits' in objective.reads
                         for place in objective.places)

    def judge_relations(self, relations: torch.Tensor, beta: float) -> torch.Tensor:
        """Classify the domain of each relation, with a discriminator per scale: (N, R, H) -> (N, R, 2)."""
        return torch.stack([discriminator(relation) for discriminator, relation in
                            zip(self.relation_discriminators, reverse_gradient(relations, beta).unbind(1),
                                strict=True)], 1)

    def judge_video(self, video: torch.Tensor, beta: float) -> torch.Tensor:
        """Classify the domain of each clip: (N, H) -> (N, 2), or (N, C, 2) by a discriminator per class."""
        return (self.class_discriminator or self.video_discriminator)(reverse_gradient(video, beta))

    def judge_frames(self, frames: torch.Tensor, beta: float) -> torch.Tensor:
        """Classify the domain of each frame: (N, T, F) -> (N, T, 2)."""
        return self.frame_discriminator(reverse_gradient(frames, beta))

    def judge_order(self, frames: tuple[torch.Tensor, torch.Tensor], beta: float) -> dict[str, torch.Tensor]:
        """Shuffle the pooled frames of source and target clips and classify the order.

        Args:
            frames (tuple[torch.Tensor, torch.Tensor]): (N, T, F) and (Q, T, F).
            beta (float): Gradient reversal weight, for ``order='domain'``.

        Returns:
            dict[str, torch.Tensor]: ``sequence_logits`` (V, K) and ``sequence_labels`` (V,); nothing without a head
            or an objective that reads it.
        """
        if self.order_head is None or not self.read_by('sequence_logits'):
            return {}
        segments = tuple(self._pool(item) for item in frames)
        if isinstance(self.order_head, OrderHead):
            logits, labels = judge_clip_order(self.order_head, segments, self.draw_permutation)
        else:
            logits, labels = judge_domain_order(self.order_head, segments, beta, self.draw_permutation)
        return dict(sequence_logits=logits.float(), sequence_labels=labels)

    def _pool(self, frames: torch.Tensor) -> torch.Tensor:
        """Means over equal segments, the remainder dropped: (N, T, F) -> (N, M, F)."""
        mask = frames.new_ones(frames.shape[:2], dtype=torch.bool)
        return pool_segments(frames.transpose(1, 2), mask, self.num_segments).transpose(1, 2)
