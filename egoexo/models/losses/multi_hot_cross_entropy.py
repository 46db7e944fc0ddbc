"""Cross entropy of every class on its own, for clips with several classes."""

from mmengine.model import BaseModule
from torch import Tensor
from torch.nn import functional as F

from egoexo.registry import MODELS

__all__ = ['MultiHotCrossEntropy']


@MODELS.register_module()
class MultiHotCrossEntropy(BaseModule):
    """Binary cross entropy, mean over clips and classes, in float32.

    Args:
        loss_weight (float): Factor of the result.
    """

    #: The target is ``gt_<task>_targets``, the result ``loss_<task>``.
    target_kind, name_suffix = 'targets', ''

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            logits (Tensor): Any float type, (N, C).
            targets (Tensor): float32, 1 for each true class, else 0; (N, C).

        Returns:
            Tensor: float32 scalar.
        """
        return self.loss_weight * F.binary_cross_entropy_with_logits(logits.float(), targets)
