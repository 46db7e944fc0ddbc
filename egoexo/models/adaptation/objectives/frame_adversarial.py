"""Adversarial training of a domain discriminator on single rows."""

from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional as F

from egoexo.models.adaptation.domain_attention import class_weights, entropy
from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.objectives.domain_objective import DomainObjective
from egoexo.registry import MODELS

__all__ = ['ClassAdversarialLoss', 'FrameAdversarialLoss', 'domain_labels']


def domain_labels(level: DomainLevel) -> torch.Tensor:
    """0 for each source row, 1 for each target row, (R + Q,) int64, as many as there are domain logits."""
    logits = level.domain_logits
    num_source = len(level.features[0])
    return (torch.arange(len(logits), device=logits.device) >= num_source).long()


@MODELS.register_module()
class FrameAdversarialLoss(DomainObjective):
    """DANN: tell the domain of each row, while reversed gradients make the features forget it.

    Cross entropy, averaged over source and target rows and summed over the heads. Its strength on the features is the
    ``beta`` of the gradient reversal in front of the discriminator; the discriminator itself learns at full rate.
    Source: Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 2016.

    Args:
        places (Sequence[str]): Levels with ``domain_logits``.
        loss_weight (float | Mapping): Constant or ramp.
        name (str, optional): Key of the loss.
        entropy_weights (bool): Rows of certain class count more: weight ``1 + exp(-H)``, H the entropy of the class
            probabilities, scaled so that each domain counts for one half. No gradient flows through the weights (the
            released code sends it back reversed). Source: Long et al., "Conditional Adversarial Domain Adaptation",
            NeurIPS 2018, CDAN+E.
    """

    loss_name = 'loss_domain'
    reads = ('domain_logits',)

    def __init__(self, places: Sequence[str], loss_weight: float | Mapping = 1.0, name: str | None = None,
                 entropy_weights: bool = False) -> None:
        super().__init__(places, loss_weight, name)
        self.entropy_weights = entropy_weights
        if entropy_weights:
            self.reads = ('domain_logits', 'logits')

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Cross entropy of the domain."""
        rows = self._rows(level)
        if not self.entropy_weights:
            return rows.mean(dim=0).sum()
        weights = [1 + torch.exp(-entropy(item.detach())) for item in level.decision]
        shares = torch.cat([item / (2 * item.sum()) for item in weights])
        return (rows * shares.unsqueeze(1)).sum()

    @staticmethod
    def _rows(level: DomainLevel) -> torch.Tensor:
        """Cross entropy of each row and head, (R + Q, H)."""
        logits = level.domain_logits
        labels = domain_labels(level)[:, None].expand(logits.shape[:-1])
        return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction='none').view(labels.shape)


@MODELS.register_module()
class ClassAdversarialLoss(FrameAdversarialLoss):
    """MADA: one discriminator per class, each row weighted by its probability of being of that class.

    Source: Pei et al., "Multi-Adversarial Domain Adaptation", AAAI 2018. Needs ``class_heads=True``.

    Args:
        places (Sequence[str]): Levels with ``domain_logits`` of C heads.
        class_weight (str, optional): ``'soft'``: class probabilities; ``'hard'``: 1 for the most probable class; None:
            all rows count for all heads. No gradient flows through the weights.
        loss_weight (float | Mapping): Constant or ramp.
        name (str, optional): Key of the loss.
    """

    reads = ('domain_logits', 'logits')

    def __init__(self, places: Sequence[str], class_weight: str | None = 'soft',
                 loss_weight: float | Mapping = 1.0, name: str | None = None) -> None:
        super().__init__(places, loss_weight, name)
        self.class_weight = class_weight

    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Weighted cross entropy of the domain."""
        rows = self._rows(level)
        if self.class_weight is not None:
            rows = rows * class_weights(self.both_probs(level), self.class_weight)
        return rows.mean(dim=0).sum()
