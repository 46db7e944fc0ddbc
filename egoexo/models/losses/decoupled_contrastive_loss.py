"""Contrastive loss whose denominator leaves the pair itself out."""

import math

import torch
import torch.distributed.nn
from mmengine.model import BaseModule
from torch import Tensor, distributed
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['DecoupledContrastiveLoss']

#: Added to the similarity of a row with itself and with its partner, by the released code: finite for one row alone.
_LEFT_OUT = math.log(1e-50)


@MODELS.register_module()
class DecoupledContrastiveLoss(BaseModule):
    """Brings row i of both inputs together, and apart from all other rows of both.

    Letters: N pairs, D numbers each, M pairs of all processes. One direction is
    ``D(a, b) = mean_i(-a_i b_i / t + log(sum_{j != i} exp(a_i a_j / t) + exp(a_i b_j / t)))``, and the loss is
    ``D(a, b) + D(b, a)``; it can be negative. The others are those of the same process, as released, so that they
    change with the number of clips per GPU. In float32 whatever the type of the inputs. Sources: Yeh et al.,
    "Decoupled Contrastive Learning", ECCV 2022; Wang et al., "Learning from Semantic Alignment between Unpaired
    Multiviews" (SUM-L), ICCV 2023.

    Args:
        temperature (float): t. Defaults to 0.06.
        symmetric (bool): Both directions; False for ``D(a, b)`` alone.
        gather (bool): Take the rows of all processes as others. Every process must bring the same number of rows.

    Raises:
        ConfigError: If the temperature is not positive.
    """

    def __init__(self, temperature: float = 0.06, symmetric: bool = True, gather: bool = False) -> None:
        super().__init__()
        if not temperature > 0:
            raise ConfigError(explain('DecoupledContrastiveLoss, temperature', 'a number above 0', temperature,
                                      'Correct the loss.'))
        self.temperature, self.symmetric, self.gather = temperature, symmetric, gather

    def forward(self, one: Tensor, other: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            one (Tensor): Rows of length 1, (N, D).
            other (Tensor): Their partners, (N, D).

        Returns:
            Tensor: float32 scalar.
        """
        with torch.autocast(one.device.type, enabled=False):
            one, other = one.float(), other.float()
            all_one, all_other, first = one, other, 0
            if self.gather and distributed.is_available() and distributed.is_initialized():
                all_one, all_other = (torch.cat(distributed.nn.all_gather(rows.contiguous())) for rows in (one, other))
                first = len(one) * distributed.get_rank()
            loss = self._direction(one, other, all_one, all_other, first)
            return loss + self._direction(other, one, all_other, all_one, first) if self.symmetric else loss

    def _direction(self, anchor: Tensor, partner: Tensor, anchors: Tensor, partners: Tensor, first: int) -> Tensor:
        """Mean over N rows, of which row 0 is row ``first`` of the M rows of all processes."""
        rows = torch.arange(len(anchor), device=anchor.device)
        similar = torch.stack([anchor @ anchors.T, anchor @ partners.T], dim=1) / self.temperature  # (N, 2, M)
        positive = torch.linalg.vecdot(anchor, partner) / self.temperature
        mask = F.one_hot(rows + first, len(anchors)).to(similar.dtype) * _LEFT_OUT
        return (torch.logsumexp((similar + mask[:, None]).flatten(1), dim=1) - positive).mean()
