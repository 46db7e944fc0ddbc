"""Cross entropy per step of a sequence."""

import torch
from mmengine.model import BaseModule
from torch.nn import functional as F

from egoexo.registry import MODELS

__all__ = ['StageCrossEntropy']


@MODELS.register_module()
class StageCrossEntropy(BaseModule):
    """Cross entropy, averaged over the labelled steps of the whole batch; classes are not weighted, as published.

    Args:
        loss_weight (float): Factor of the result.
        ignore_index (int): Label of steps that do not count.
    """

    loss_name = 'loss_ce'

    def __init__(self, loss_weight: float = 1.0, ignore_index: int = -100) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Compute the loss of one stage.

        Args:
            logits (torch.Tensor): float32, shape (N, C, S).
            labels (torch.Tensor): int64 class ids, shape (N, S), ``ignore_index`` where there is none.
            mask (torch.Tensor): Not used; padding carries ``ignore_index``.

        Returns:
            torch.Tensor: Scalar; zero, not NaN, for a batch without any label.
        """
        logits = logits.transpose(1, 2).reshape(-1, logits.shape[1])
        total = F.cross_entropy(logits, labels.reshape(-1), ignore_index=self.ignore_index, reduction='sum')
        num_labelled = (labels != self.ignore_index).sum().clamp(min=1)
        return self.loss_weight * total / num_labelled
