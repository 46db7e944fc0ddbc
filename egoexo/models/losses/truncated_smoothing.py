"""Truncated smoothing loss of MS-TCN."""

import torch
from mmengine.model import BaseModule
from torch.nn import functional as F

from egoexo.registry import MODELS

__all__ = ['TruncatedSmoothingLoss']


@MODELS.register_module()
class TruncatedSmoothingLoss(BaseModule):
    """Squared change of the log probabilities from step to step, capped, against over-segmentation.

    Source: Abu Farha and Gall, "MS-TCN", CVPR 2019, equation 5; the gradient reaches the later step only.

    Args:
        loss_weight (float): Factor alpha.
        threshold (float): Cap tau on the absolute change.
        divide_by (str): ``'padded'`` divides by all N * C * (S - 1) entries, padding included, as released;
            ``'valid'`` by the entries of real steps, so that padding changes nothing. The same for one video.
    """

    loss_name = 'loss_smooth'

    def __init__(self, loss_weight: float = 0.15, threshold: float = 4.0, divide_by: str = 'padded') -> None:
        super().__init__()
        if divide_by not in ('padded', 'valid'):
            raise ValueError(f"TruncatedSmoothingLoss: divide_by must be 'padded' or 'valid', got {divide_by!r}.")
        self.loss_weight = loss_weight
        self.threshold = threshold
        self.divide_by = divide_by

    def forward(self, logits: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Compute the loss of one stage.

        Args:
            logits (torch.Tensor): float32, shape (N, C, S).
            labels (torch.Tensor): Not used; unlabelled steps are smoothed too.
            mask (torch.Tensor): True on real steps, shape (N, S).

        Returns:
            torch.Tensor: Scalar; zero for sequences of a single step.
        """
        log_probs = F.log_softmax(logits.transpose(1, 2), dim=-1)
        change = log_probs[:, 1:] - log_probs[:, :-1].detach()
        later = mask[:, 1:, None].to(change.dtype)
        total = (change.square().clamp(max=self.threshold**2) * later).sum()
        count = change.numel() if self.divide_by == 'padded' else later.sum() * change.shape[-1]
        return self.loss_weight * total / max(count, 1)
