"""The linear classifier of LaGTran."""

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.heads.classifier_output import ClassifierOutput
from egoexo.registry import MODELS

__all__ = ['LinearHead', 'check_num_classes']


def check_num_classes(num_classes: object) -> None:
    """Refuse what is no number of classes.

    Args:
        num_classes (object): From a config.

    Raises:
        ConfigError: If it is no positive number, which it is when a config says ``'dataset'`` and was not loaded by
            our loader.
    """
    if not isinstance(num_classes, int) or num_classes < 1:
        raise ConfigError(explain(
            'model.head.num_classes', 'the number of classes', repr(num_classes),
            "Write it into the config, e.g. 24; load a config that says 'dataset' with load_config, which counts the "
            'classes of the data.'))


@MODELS.register_module()
class LinearHead(BaseModule):
    """One linear layer; ``linearcls`` of the official code, under its parameter names.

    Source: Kalluri et al., "Tell, Don't Show!" (LaGTran), ICML 2024.

    Args:
        num_classes (int): C.
        feat_size (int): D, width of the input.
        norm (float): 0 (default) for a layer with bias. Above 0 there is no bias and each weight vector is scaled to
            this length; the input is not.

    Examples:
        >>> LinearHead(num_classes=24, feat_size=1536)(torch.zeros(2, 1536)).logits.shape
        torch.Size([2, 24])
    """

    def __init__(self, num_classes: int, feat_size: int = 1536, norm: float = 0.0) -> None:
        super().__init__()
        check_num_classes(num_classes)
        if not isinstance(feat_size, int) or feat_size < 1 or norm < 0:
            raise ConfigError(explain('model.head', 'feat_size, the width of the input, and norm >= 0',
                                      f'{feat_size=}, {norm=}', 'Correct them, or take MLPHead for hidden layers.'))
        self.num_classes, self.in_channels, self.feature_channels = num_classes, feat_size, feat_size
        self.norm = norm
        self.linear = nn.Linear(feat_size, num_classes, bias=norm == 0)

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Classify rows.

        Args:
            x (torch.Tensor): Shape (N, D).

        Returns:
            ClassifierOutput: Logits (N, C), and ``x``.
        """
        if self.norm == 0:
            return ClassifierOutput(self.linear(x), x)
        return ClassifierOutput(F.linear(x, self.norm * F.normalize(self.linear.weight, dim=1)), x)
