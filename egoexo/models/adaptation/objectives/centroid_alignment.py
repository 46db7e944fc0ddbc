"""Alignment of the class centres of both domains."""

from collections.abc import Mapping, Sequence

import torch

from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.objectives.domain_objective import DomainObjective
from egoexo.registry import MODELS

__all__ = ['CentroidAlignmentLoss']


@MODELS.register_module()
class CentroidAlignmentLoss(DomainObjective):
    """MSTN: squared distance between the moving centres of each class in source and target.

    Source rows belong to their true class, target rows to the predicted one. Source: Xie et al., "Learning Semantic
    Representations for Unsupervised Domain Adaptation", ICML 2018. Needs ``centroids=True``. On several processes each
    moves the centres by its own rows, as data-parallel training of the released code did on each device.

    Args:
        places (Sequence[str]): Levels with ``centroids``, ``labels`` and ``logits``.
        ratio (float): Share of the old centre in the new one.
        loss_weight (float | Mapping): Weight gamma, constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_centroid'
    reads = ('features', 'logits', 'labels', 'centroids')

    def __init__(self, places: Sequence[str], ratio: float = 0.7, loss_weight: float | Mapping = 1.0,
                 name: str | None = None) -> None:
        super().__init__(places, loss_weight, name)
        self.ratio = ratio

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Move the centres and measure their distance."""
        labelled = level.labels >= 0
        source, target = level.centroids.update(
            level.features[0][labelled], level.labels[labelled], level.features[1], level.decision[1].argmax(dim=-1),
            self.ratio)
        return (target - source).square().mean()
