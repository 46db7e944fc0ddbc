"""Entropy of the class probabilities as a loss."""

from collections.abc import Mapping, Sequence

import torch

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.domain_attention import class_weights, entropy
from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.objectives.domain_objective import DomainObjective
from egoexo.registry import MODELS

__all__ = ['AttentiveEntropyLoss', 'TargetEntropyLoss']


class _EntropyLoss(DomainObjective):
    """Adds ``num_steps``: logits of several predictions side by side, each with an entropy of its own."""

    def __init__(self, places: Sequence[str], num_steps: int = 1, loss_weight: float | Mapping = 1.0,
                 name: str | None = None) -> None:
        super().__init__(places, loss_weight, name)
        self.num_steps = num_steps

    def _entropy(self, logits: torch.Tensor) -> torch.Tensor:
        """Entropy of each row, (R,), the mean over its predictions."""
        if logits.shape[-1] % self.num_steps:
            raise ConfigError(explain(
                f'{type(self).__name__}, num_steps', f'a divisor of the {logits.shape[-1]} logits',
                str(self.num_steps), 'Set the number of steps that the head predicts.'))
        return entropy(logits.unflatten(-1, (self.num_steps, -1))).mean(-1)


@MODELS.register_module()
class AttentiveEntropyLoss(_EntropyLoss):
    """Sharper classes, most of all where the domain is hard to tell: mean of ``(1 + H(domain)) * H(class)``.

    Over source and target rows; gradients flow through both entropies. Source: Chen et al., "Temporal Attentive
    Alignment for Large-Scale Video Domain Adaptation" (TA3N), ICCV 2019.

    Args:
        places (Sequence[str]): Levels with ``domain_logits`` and ``logits``.
        class_weight (str, optional): With one discriminator per class: ``'soft'`` or ``'hard'`` class probabilities
            weight the rows of each, as in :class:`ClassAdversarialLoss`.
        num_steps (int): Predictions side by side in the logits, each with an entropy of its own; 1 takes all logits
            as one distribution, which the released planning code does with its 8 x 27.
        loss_weight (float | Mapping): Weight mu or gamma, constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_attentive_entropy'
    reads = ('domain_logits', 'logits')

    def __init__(self, places: Sequence[str], class_weight: str | None = None, num_steps: int = 1,
                 loss_weight: float | Mapping = 1.0, name: str | None = None) -> None:
        super().__init__(places, num_steps, loss_weight, name)
        self.class_weight = class_weight

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Entropy weighted by the doubt about the domain."""
        rows = (1 + entropy(level.domain_logits)) * self._entropy(torch.cat(level.logits))[:, None]
        if self.class_weight is not None:
            rows = rows * class_weights(self.both_probs(level), self.class_weight)
        return rows.mean(dim=0).sum()


@MODELS.register_module()
class TargetEntropyLoss(_EntropyLoss):
    """Mean entropy of the class probabilities of the target rows.

    Source: Grandvalet and Bengio, "Semi-supervised Learning by Entropy Minimization", NeurIPS 2004.

    Args:
        places (Sequence[str]): Levels with ``logits``.
        num_steps (int): See :class:`AttentiveEntropyLoss`.
        loss_weight (float | Mapping): Constant or ramp.
        name (str, optional): Key of the loss.
    """

    loss_name = 'loss_target_entropy'
    reads = ('logits',)

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Mean entropy."""
        return self._entropy(level.logits[1]).mean()
