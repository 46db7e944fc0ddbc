"""The head of an encoder that gives class logits itself."""

import torch
from mmengine.model import BaseModule

from egoexo.models.heads.classifier_output import ClassifierOutput
from egoexo.registry import MODELS

__all__ = ['LogitsHead']


@MODELS.register_module()
class LogitsHead(BaseModule):
    """Passes class logits on, for ``HFTextEncoder(pooling='hf_head')``.

    Args:
        num_classes (int): C.

    Examples:
        >>> LogitsHead(num_classes=3)(torch.ones(1, 3)).logits
        tensor([[1., 1., 1.]])
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = self.in_channels = self.feature_channels = num_classes

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Give back what came.

        Args:
            x (torch.Tensor): Class logits, (N, C).

        Returns:
            ClassifierOutput: The same tensor twice.
        """
        return ClassifierOutput(x, x)
