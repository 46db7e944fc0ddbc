"""The discriminators of TA3N around a clip network."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from egoexo.models.adaptation.adaptation import Adaptation
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.adaptation.video_discriminator import SegmentDiscriminator
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
        objectives (Sequence[dict]): Adaptation methods.
        beta (float | dict | Sequence): Gradient reversal weights of the relation, the video and the frame branch, or
            one for all three.
        reverse_weight (float | dict): Gradient reversal weight mu of the second pass of ensemble methods.
    """

    def __init__(self, frame_channels: int = 512, channels: int = 256, num_relations: int = 4,
                 objectives: Sequence[dict] = (), beta: Weight | Sequence[Weight] = 0.0,
                 reverse_weight: Weight = 0.0) -> None:
        super().__init__(objectives, beta, reverse_weight, num_branches=3)
        self.relation_discriminators = nn.ModuleList(
            SegmentDiscriminator(channels, dropout=0.0) for _ in range(num_relations))
        self.video_discriminator = SegmentDiscriminator(channels, dropout=0.0)
        self.frame_discriminator = SegmentDiscriminator(frame_channels, dropout=0.0)
        for module in (self.video_discriminator, self.frame_discriminator):
            draw_released_weights(module.fc)
            draw_released_weights(module.classifier)
        for place, module in dict(relation=self.relation_discriminators, video=self.video_discriminator,
                                  frame=self.frame_discriminator).items():
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
        """Classify the domain of each clip: (N, H) -> (N, 2)."""
        return self.video_discriminator(reverse_gradient(video, beta))

    def judge_frames(self, frames: torch.Tensor, beta: float) -> torch.Tensor:
        """Classify the domain of each frame: (N, T, F) -> (N, T, 2)."""
        return self.frame_discriminator(reverse_gradient(frames, beta))
