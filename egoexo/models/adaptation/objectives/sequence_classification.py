"""Classification of whole sequences: their domain, or the order of their segments."""

import torch
from torch.nn import functional as F

from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.objectives.domain_objective import DomainObjective
from egoexo.registry import MODELS

__all__ = ['OrderPredictionLoss', 'SequenceAdversarialLoss']


@MODELS.register_module()
class SequenceAdversarialLoss(DomainObjective):
    """SSTDA's sequential domain prediction, or a plain video discriminator, trained adversarially.

    Which one it is depends on the discriminator (``video`` of ``DomainHeads``): the domain of each pooled segment, or
    the arrangement of the shuffled segments of a source and a target video. Source: Chen et al., "Action Segmentation
    with Joint Self-Supervised Temporal Domain Adaptation", CVPR 2020.

    Args:
        places (Sequence[str]): Levels with ``sequence_logits``.
        loss_weight (float | Mapping): Constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_sequence_domain'
    reads = ('sequence_logits', 'sequence_labels')

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Mean cross entropy."""
        return F.cross_entropy(level.sequence_logits, level.sequence_labels)


@MODELS.register_module()
class OrderPredictionLoss(SequenceAdversarialLoss):
    """VCOP: recognise the order in which the segments of each video were shuffled; nothing is reversed.

    Source: Xu et al., "Self-supervised Spatiotemporal Learning via Video Clip Order Prediction", CVPR 2019. Needs
    ``order=True``.

    Args:
        places (Sequence[str]): Levels with ``sequence_logits``.
        loss_weight (float | Mapping): Weight eta, constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_order'
