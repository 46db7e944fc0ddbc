"""Batch normalisation with statistics per domain."""

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from egoexo.registry import MODELS

__all__ = ['DomainBatchNorm']


@MODELS.register_module()
class DomainBatchNorm(BaseModule):
    """AdaBN: each domain is normalised by its own mean and variance.

    Which one applies is the attribute ``domain``, set for all such layers of a model by :class:`DomainModel`; a model
    predicts with the target's unless told otherwise. Source: Li et al., "Revisiting Batch Normalization For Practical
    Domain Adaptation", ICLR workshop 2017.

    Args:
        num_features (int): F.
        affine (bool): Learnt scale and shift per domain, as in the released anticipation code. Defaults to True.
        momentum (float, optional): Of the running statistics; None averages over all batches seen.
        eps (float): Added to the variance.
        running (bool): Normalise with the running statistics in training too. Meant for batches of one video, whose
            own statistics would take away what is constant in a video, and tests would not.
    """

    def __init__(self, num_features: int, affine: bool = True, momentum: float | None = 0.1,
                 eps: float = 1e-5, running: bool = False) -> None:
        super().__init__()
        self.source = nn.BatchNorm1d(num_features, eps=eps, momentum=momentum, affine=affine)
        self.target = nn.BatchNorm1d(num_features, eps=eps, momentum=momentum, affine=affine)
        self.running = running
        self.domain = 'target'

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """Normalise over all but the feature dimension.

        Args:
            x (torch.Tensor): Rows (R, F), or sequences (N, F, S).
            mask (torch.Tensor, optional): True on real steps of sequences, (N, S); padding neither counts nor changes.

        Returns:
            torch.Tensor: Shape of ``x``.
        """
        if mask is None or bool(mask.all()):
            return self._normalise(x)
        steps_first = x.transpose(1, 2)
        normalised = steps_first.clone()
        normalised[mask] = self._normalise(steps_first[mask]).to(x.dtype)
        return normalised.transpose(1, 2)

    def _normalise(self, x: torch.Tensor) -> torch.Tensor:
        layer = getattr(self, self.domain)
        if not (self.running and self.training):
            return layer(x)
        with torch.no_grad():
            layer(x)  # moves the statistics
        return F.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias, eps=layer.eps)
