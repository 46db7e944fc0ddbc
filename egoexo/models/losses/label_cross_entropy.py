"""Cross entropy of one class per clip."""

from mmengine.model import BaseModule
from torch import Tensor
from torch.nn import functional as F

from egoexo.registry import MODELS

__all__ = ['LabelCrossEntropy']


@MODELS.register_module()
class LabelCrossEntropy(BaseModule):
    """Mean cross entropy of a batch, in float32.

    Args:
        loss_weight (float): Factor of the result.
    """

    #: The target is ``gt_<task>_label``, the result ``loss_<task>``.
    target_kind, name_suffix = 'label', ''

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            logits (Tensor): Any float type, (N, C).
            labels (Tensor): int64 classes, (N,).

        Returns:
            Tensor: float32 scalar.
        """
        return self.loss_weight * F.cross_entropy(logits.float(), labels)
