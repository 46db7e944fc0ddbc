"""Two classifiers that must agree on the target."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch

from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.objectives.domain_objective import DomainObjective
from egoexo.registry import MODELS

__all__ = ['ClassifierDiscrepancyLoss', 'SlicedWassersteinLoss', 'sliced_wasserstein']


def sliced_wasserstein(first: torch.Tensor, second: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Squared Wasserstein distance of two sets of rows, averaged over one-dimensional projections.

    Args:
        first (torch.Tensor): Shape (n, C).
        second (torch.Tensor): Shape (n, C).
        directions (torch.Tensor): Columns to project on, of any length but zero, shape (C, P).

    Returns:
        torch.Tensor: Scalar.
    """
    directions = directions / directions.norm(dim=0, keepdim=True)
    sorted_first, sorted_second = ((rows @ directions).sort(dim=0, descending=True).values for rows in (first, second))
    return (sorted_first - sorted_second).square().mean()


class _Ensemble(DomainObjective):
    """Difference of the two classifiers on the target, from a second pass with reversed gradients."""

    reads = ('logits', 'logits_2')

    def __init__(self, places: Sequence[str], replace_target: bool = True, loss_weight: float | Mapping = 1.0,
                 name: str | None = None) -> None:
        super().__init__(places, loss_weight, name)
        self.replace_target = replace_target

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Minus the difference, because the gradient is reversed in front of the classifiers."""
        again = domains.reversed_level(place)
        if self.replace_target:
            domains.replace_target_logits()
        first, second = again.logits[1].softmax(-1), again.logits_2[1].softmax(-1)
        return -self.difference(first, second)

    @abstractmethod
    def difference(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """How much two sets of class probabilities (Q, C) differ, a scalar."""


@MODELS.register_module()
class ClassifierDiscrepancyLoss(_Ensemble):
    """MCD: the classifiers move apart on the target where the features let them, and the features prevent it.

    The loss is minus the mean absolute difference of their probabilities; both also learn the source. Source: Saito et
    al., "Maximum Classifier Discrepancy for Unsupervised Domain Adaptation", CVPR 2018, in one step by gradient
    reversal. Needs two classifiers.

    Args:
        places (Sequence[str]): Levels with ``logits_2``.
        replace_target (bool): Objectives listed behind it see the target logits of its second pass, as in the
            released segmentation code (default); the released clip code keeps those of the first.
        loss_weight (float | Mapping): Constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_classifier_discrepancy'

    def difference(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Mean absolute difference."""
        return (first - second).abs().mean()


@MODELS.register_module()
class SlicedWassersteinLoss(_Ensemble):
    """SWD: as :class:`ClassifierDiscrepancyLoss`, with the sliced Wasserstein distance of the probabilities.

    Source: Lee et al., "Sliced Wasserstein Discrepancy for Unsupervised Domain Adaptation", CVPR 2019.

    Args:
        places (Sequence[str]): Levels with ``logits_2``.
        num_directions (int): Random projections.
        replace_target (bool): See :class:`ClassifierDiscrepancyLoss`.
        loss_weight (float | Mapping): Constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_wasserstein'

    def __init__(self, places: Sequence[str], num_directions: int = 128, replace_target: bool = True,
                 loss_weight: float | Mapping = 1.0, name: str | None = None) -> None:
        super().__init__(places, replace_target, loss_weight, name)
        self.num_directions = num_directions

    def draw_directions(self, num_classes: int) -> torch.Tensor:
        """Standard normal columns, (C, num_directions), on CPU."""
        return torch.randn(num_classes, self.num_directions)

    def difference(self, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        """Sliced Wasserstein distance."""
        return sliced_wasserstein(first, second, self.draw_directions(first.shape[1]).to(first))
