"""Cross entropy of the coming steps."""

import torch
from mmengine.model import BaseModule
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.registry import MODELS

__all__ = ['FutureCrossEntropy']


@MODELS.register_module()
class FutureCrossEntropy(BaseModule):
    """Cross entropy over the classes of each coming step, averaged over all steps that have a label.

    Args:
        supervise (str): ``'all'`` steps, or the ``'first'`` one only, as the released code does (its heads of the
            other steps learn nothing).
        loss_weight (float): Factor of the result.
        ignore_index (int): Label of steps that do not count.
    """

    loss_name = 'loss_ce'
    target_field = 'gt_future_steps'

    def __init__(self, supervise: str = 'all', loss_weight: float = 1.0, ignore_index: int = -1) -> None:
        super().__init__()
        if supervise not in ('first', 'all'):
            raise ConfigError(f"FutureCrossEntropy: expected supervise 'first' or 'all', found {supervise!r}. "
                              'Correct model.head.loss.')
        self.supervise = supervise
        self.loss_weight = loss_weight
        self.ignore_index = ignore_index

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            logits (torch.Tensor): Any float type, shape (N, Z, C).
            labels (torch.Tensor): int64 class ids, ``ignore_index`` where there is none; shape (N, Z).

        Returns:
            torch.Tensor: float32 scalar; zero, not NaN, for a batch without any label.
        """
        if self.supervise == 'first':
            logits, labels = logits[:, :1], labels[:, :1]
        total = F.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=self.ignore_index,
                                reduction='sum')
        return self.loss_weight * total / (labels != self.ignore_index).sum().clamp(min=1)
