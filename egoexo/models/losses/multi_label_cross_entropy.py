"""Cross entropy of one softmax against several true classes."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch.nn import functional as F

from egoexo.registry import MODELS

__all__ = ['MultiLabelCrossEntropy']


@MODELS.register_module()
class MultiLabelCrossEntropy(BaseModule):
    """Sum of the negative log probabilities of all true classes, averaged over the clips.

    The targets are used as they are, not divided by their sum; a clip without any true class adds 0 to the sum and
    1 to the count, as published.

    Args:
        loss_weight (float): Factor of the result.
        class_weight (Sequence[float], optional): Factor of each class.
    """

    loss_name = 'loss_ce'
    target_field = 'gt_class_targets'

    def __init__(self, loss_weight: float = 1.0, class_weight: Sequence[float] | None = None) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
        self.register_buffer('class_weight', weight, persistent=False)

    def forward(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            logits (torch.Tensor): Any float type, shape (N, C).
            targets (torch.Tensor): float32, 1 for each true class, else 0; shape (N, C).

        Returns:
            torch.Tensor: float32 scalar.
        """
        weighted = targets if self.class_weight is None else targets * self.class_weight
        return -self.loss_weight * (F.log_softmax(logits.float(), dim=-1) * weighted).sum(-1).mean()
