"""The multi-layer classifier of LaGTran."""

import itertools
from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.heads.classifier_output import ClassifierOutput
from egoexo.models.heads.linear_head import check_num_classes
from egoexo.registry import MODELS

__all__ = ['MLPHead']


@MODELS.register_module()
class MLPHead(BaseModule):
    """Hidden layers with batch normalisation, and a classifier; ``mlpcls`` of the official code.

    Each hidden layer is Linear (weights N(0, 0.005), biases 0.1), BatchNorm1d, ReLU, Dropout, without those that are
    switched off. The names of the parameters are the official ones. Source: Kalluri et al., "Tell, Don't Show!:
    Language Guidance Eases Transfer Across Domains in Images and Videos" (LaGTran), ICML 2024.

    Args:
        num_classes (int): C.
        feat_size (Sequence[int]): Width of the input and of each hidden layer.
        norm (float): 0 (default) for a linear classifier with bias, weights N(0, 0.01). Above 0 feature and weight
            vectors are both scaled to this length, so that the logits are ``norm ** 2`` times their cosine.
        nonlinear (str): ``'relu'``, or ``'none'`` to leave the ReLU out.
        bn (bool): Batch normalisation of the hidden layers.
        dropout (float, optional): Dropout of the hidden layers; None for none.
        sqrt_norm (bool): Multiply the last features by ``sqrt(1 - dropout)`` in training; needs ``dropout``.

    Examples:
        >>> head = MLPHead(num_classes=24)
        >>> sum(parameter.numel() for parameter in head.parameters())
        400152
        >>> output = head(torch.zeros(2, 1536))
        >>> output.logits.shape, output.feature.shape
        (torch.Size([2, 24]), torch.Size([2, 256]))
    """

    def __init__(self, num_classes: int, feat_size: Sequence[int] = (1536, 256), norm: float = 0.0,
                 nonlinear: str = 'relu', bn: bool = True, dropout: float | None = None,
                 sqrt_norm: bool = False) -> None:
        super().__init__()
        check_num_classes(num_classes)
        widths = list(feat_size) if isinstance(feat_size, Sequence) else [feat_size]
        if len(widths) < 2 or not all(isinstance(width, int) and width > 0 for width in widths):
            raise ConfigError(explain('model.head.feat_size', 'the width of the input and of each hidden layer, e.g. '
                                      '[1536, 256]', repr(feat_size), 'Correct it, or take LinearHead.'))
        if nonlinear not in ('relu', 'none') or norm < 0 or (sqrt_norm and dropout is None):
            raise ConfigError(explain('model.head', "nonlinear 'relu' or 'none', norm >= 0, sqrt_norm only with "
                                      'dropout', f'{nonlinear=}, {norm=}, {sqrt_norm=}, {dropout=}', 'Correct them.'))
        if dropout is not None and not 0 <= dropout < 1:
            raise ConfigError(explain('model.head.dropout', 'None or at least 0 and below 1', repr(dropout),
                                      'Correct it.'))
        self.num_classes, self.in_channels, self.feature_channels = num_classes, widths[0], widths[-1]
        self.norm = norm
        self.feature_scale = (1 - dropout) ** 0.5 if sqrt_norm else 1.0
        layers: list[nn.Module] = []
        for width, following in itertools.pairwise(widths):
            linear = nn.Linear(width, following)
            nn.init.normal_(linear.weight, 0, 0.005)
            nn.init.constant_(linear.bias, 0.1)
            layers.append(linear)
            if bn:
                layers.append(nn.BatchNorm1d(following))
            if nonlinear == 'relu':
                layers.append(nn.ReLU(inplace=True))
            if dropout is not None:
                layers.append(nn.Dropout(dropout))
        self.mlp = nn.Sequential(*layers)
        self.out = nn.Linear(widths[-1], num_classes, bias=norm == 0)
        if norm == 0:
            nn.init.normal_(self.out.weight, 0, 0.01)
            nn.init.zeros_(self.out.bias)

    def forward(self, x: torch.Tensor) -> ClassifierOutput:
        """Classify rows.

        Args:
            x (torch.Tensor): Shape (N, D).

        Returns:
            ClassifierOutput: Logits (N, C) and the last hidden layer (N, F).
        """
        feature = self.mlp(x)
        if self.training and self.feature_scale != 1:
            feature = feature * self.feature_scale
        if self.norm == 0:
            return ClassifierOutput(self.out(feature), feature)
        rows, weights = (self.norm * F.normalize(item.float(), dim=1) for item in (feature, self.out.weight))
        return ClassifierOutput(F.linear(rows, weights), feature)
