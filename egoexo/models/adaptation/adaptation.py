"""The side of a model that compares two domains."""

from collections.abc import Callable, Mapping, Sequence

import torch
from mmengine.model import BaseModule
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.domain_level import DomainBatch
from egoexo.models.adaptation.progress import TrainProgress
from egoexo.models.adaptation.sigmoid_ramp import build_weight
from egoexo.registry import MODELS

__all__ = ['Adaptation']

Weights = float | Mapping | Sequence[float | Mapping]


class Adaptation(BaseModule):
    """Objectives and gradient reversal weights; subclasses add the discriminators that fit their network.

    Args:
        objectives (Sequence[dict]): Adaptation methods, e.g. ``dict(type='FrameAdversarialLoss', places=['stage2'])``;
            evaluated level by level in this order. Empty for a model trained on one domain.
        beta (float | dict | Sequence): Gradient reversal weights, one for all branches or one per branch (see the
            subclass): constants or ``dict(type='SigmoidRamp', ...)``.
        reverse_weight (float | dict, optional): That of the second pass of ensemble methods; None takes the first
            of ``beta``.
        num_branches (int): Number of branches, set by the subclass.
    """

    def __init__(self, objectives: Sequence[dict] = (), beta: Weights = 0.0, reverse_weight: float | dict | None = None,
                 num_branches: int = 1) -> None:
        super().__init__()
        self.objectives = nn.ModuleList(MODELS.build(item) for item in objectives)
        weights = [beta] * num_branches if not isinstance(beta, Sequence) else list(beta)
        if len(weights) != num_branches:
            raise ConfigError(explain(f'{type(self).__name__}, beta', f'one weight, or {num_branches}: one per branch',
                                      f'{len(weights)}', 'Correct model.adaptation.beta.'))
        self._beta: list[Callable[[TrainProgress], float]] = [build_weight(item) for item in weights]
        self._reverse = self._beta[0] if reverse_weight is None else build_weight(reverse_weight)

    def beta(self, progress: TrainProgress) -> tuple[float, ...]:
        """Gradient reversal weight of each branch.

        Args:
            progress (TrainProgress): Where the training is.
        """
        return tuple(weight(progress) for weight in self._beta)

    def reverse_weight(self, progress: TrainProgress) -> float:
        """Gradient reversal weight in front of the classifiers in a second pass.

        Args:
            progress (TrainProgress): Where the training is.
        """
        return self._reverse(progress)

    def draw_permutation(self, count: int) -> torch.Tensor:
        """Random order of ``count`` segments, shape (count,), on CPU."""
        return torch.randperm(count)

    def read_by(self, entry: str) -> bool:
        """Whether an objective reads an entry of :class:`DomainLevel`; if none does, it need not be computed.

        Args:
            entry (str): Name of the entry.
        """
        return any(entry in objective.reads for objective in self.objectives)

    def losses(self, domains: DomainBatch, progress: TrainProgress) -> dict[str, torch.Tensor]:
        """Evaluate all objectives.

        Args:
            domains (DomainBatch): Levels of a source and a target batch.
            progress (TrainProgress): For the weights.

        Returns:
            dict[str, torch.Tensor]: Scalar by key of the objective, summed over its places.

        Raises:
            ConfigError: If an objective names a place that the model does not have.
        """
        unknown = {place for objective in self.objectives for place in objective.places} - set(domains.levels)
        if unknown:
            raise ConfigError(explain('model.adaptation.objectives', f'places among {", ".join(domains.levels)}',
                                      ', '.join(sorted(unknown)), 'Correct the places.'))
        losses: dict[str, torch.Tensor] = {}
        for place in tuple(domains.levels):
            for objective in self.objectives:
                if place in objective.places:
                    losses[objective.key] = losses.get(objective.key, 0) + objective(domains, place, progress)
        return losses
