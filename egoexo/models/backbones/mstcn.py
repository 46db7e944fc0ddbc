"""Multi-stage temporal convolutional network (MS-TCN) as released with EgoExoLearn.

Letters: N videos, D feature dimension, C classes, F channels, S steps, K classifiers.
"""

from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from egoexo.errors import FeatureError
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.backbones.temporal_conv import TemporalConv, residual_dropout
from egoexo.registry import MODELS

__all__ = ['DilatedResidualLayer', 'MultiStageTCN', 'SingleStageTCN', 'StageOutput', 'step_softmax']


class StageOutput(NamedTuple):
    """What one refinement stage hands on.

    Args:
        features (torch.Tensor): Shape (N, F, S).
        logits (tuple[torch.Tensor, ...]): One per classifier, each of shape (N, C, S).
    """

    features: torch.Tensor
    logits: tuple[torch.Tensor, ...]


def step_softmax(logits: torch.Tensor) -> torch.Tensor:
    """Class probabilities of each step in float32, whatever the autocast precision.

    Args:
        logits (torch.Tensor): Shape (N, C, S).

    Returns:
        torch.Tensor: Shape (N, C, S).
    """
    # Over the last dimension, because TemporalConv leaves the classes there in memory.
    return F.softmax(logits.transpose(1, 2).float(), dim=-1).transpose(1, 2)


class DilatedResidualLayer(BaseModule):
    """Dilated convolution, ReLU, 1x1 convolution, dropout, residual sum.

    Args:
        channels (int): F.
        dilation (int): Distance in steps between the three taps.
        dropout (float): Probability of dropping an element of the branch.
    """

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.conv_dilated = TemporalConv(channels, channels, 3, padding=dilation, dilation=dilation)
        self.conv_1x1 = TemporalConv(channels, channels, 1)
        self.dropout = dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine (N, F, S) features; same shape out."""
        h = self.conv_1x1(F.relu(self.conv_dilated(x)))
        return residual_dropout(x, h, self.dropout, self.training)


class SingleStageTCN(BaseModule):
    """One stage: embedding, dilated residual layers, classifiers.

    Args:
        in_channels (int): Channels of its input: D for the first stage, C for the others.
        num_classes (int): C.
        num_layers (int): Layers with dilation 1, 2, 4, ...
        channels (int): F.
        dropout (float): Dropout of each layer.
        num_classifiers (int): K; two for the ensemble methods of domain adaptation.
    """

    def __init__(self, in_channels: int, num_classes: int, num_layers: int, channels: int, dropout: float,
                 num_classifiers: int) -> None:
        super().__init__()
        self.embed = TemporalConv(in_channels, channels, 1)
        self.layers = nn.ModuleList(DilatedResidualLayer(channels, 2**i, dropout) for i in range(num_layers))
        self.classifiers = nn.ModuleList(TemporalConv(channels, num_classes, 1) for _ in range(num_classifiers))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None, reverse: float | None = None) -> StageOutput:
        """Encode and classify each step.

        Args:
            x (torch.Tensor): Shape (N, in_channels, S).
            mask (torch.Tensor, optional): Shape (N, 1, S), zeros on padding, applied after each layer.
            reverse (float, optional): Gradient reversal weight between features and classifiers.

        Returns:
            StageOutput: Features and logits.
        """
        x = self.embed(x)
        if mask is not None:
            x = x * mask
        for layer in self.layers:
            x = layer(x) if mask is None else layer(x) * mask
        classified = x if reverse is None else reverse_gradient(x, reverse)
        return StageOutput(x, tuple(classifier(classified) for classifier in self.classifiers))


@MODELS.register_module()
class MultiStageTCN(BaseModule):
    """MS-TCN: a stage on the features, then stages that refine the class probabilities of the one before.

    Sources: Abu Farha and Gall, "MS-TCN", CVPR 2019; Chen et al., "SSTDA", CVPR 2020; the segmentation benchmark of
    EgoExoLearn, whose numbers, initialisation order and parameters (plus the domain heads) this class keeps.

    Args:
        in_channels (int): D, dimension of the input features.
        num_classes (int): C, class 0 (background) included.
        num_stages (int): First stage and refinements together.
        num_layers (int): Dilated layers per stage; the last one has dilation ``2 ** (num_layers - 1)``.
        channels (int): F.
        dropout (float): Dropout inside each layer.
        num_classifiers (int): Classifiers per stage; the first one feeds the next stage.
        mask_padding (bool): Zero the padded steps of a batch after each layer, so that a video gets the same scores
            in any batch. False as released: padding leaks over its borders when the batch holds several videos. The
            caller can ask for it per call, as ``Segmentor`` does for predictions.
        init_cfg (dict, optional): MMEngine initialisation; PyTorch's defaults, as published, when None.

    Examples:
        >>> backbone = MultiStageTCN(in_channels=8, num_classes=3, num_stages=2, num_layers=2)
        >>> stages = backbone(torch.zeros(1, 8, 20))
        >>> len(stages), stages[-1].logits[0].shape
        (2, torch.Size([1, 3, 20]))
    """

    def __init__(self, in_channels: int = 1024, num_classes: int = 28, num_stages: int = 4, num_layers: int = 10,
                 channels: int = 64, dropout: float = 0.5, num_classifiers: int = 1, mask_padding: bool = False,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if not 0 <= dropout < 1 or min(num_stages, num_layers, num_classifiers) < 1:
            raise ValueError('MultiStageTCN: expected 0 <= dropout < 1 and at least one stage, layer and classifier, '
                             f'got {dropout=}, {num_stages=}, {num_layers=}, {num_classifiers=}.')
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.channels = channels
        self.num_classifiers = num_classifiers
        self.mask_padding = mask_padding
        self.stages = nn.ModuleList(
            SingleStageTCN(num_classes if i else in_channels, num_classes, num_layers, channels, dropout,
                           num_classifiers)
            for i in range(num_stages))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None,
                reverse: float | None = None, mask_padding: bool | None = None) -> list[StageOutput]:
        """Run all stages.

        Args:
            x (torch.Tensor): Features, shape (N, D, S).
            mask (torch.Tensor, optional): True on real steps, shape (N, S); read only with ``mask_padding``.
            reverse (float, optional): Gradient reversal weight in front of every classifier (ensemble methods).
            mask_padding (bool, optional): In place of the module's own setting.

        Returns:
            list[StageOutput]: One per stage, first to last.

        Raises:
            FeatureError: If ``x`` does not have D channels.
        """
        if x.ndim != 3 or x.shape[1] != self.in_channels:
            raise FeatureError(f'MultiStageTCN: expected features of shape (N, {self.in_channels}, S), got '
                               f'{tuple(x.shape)}. Set model.backbone.in_channels to the dimension of the features.')
        masked = self.mask_padding if mask_padding is None else mask_padding
        weights = mask.unsqueeze(1).to(x.dtype) if masked and mask is not None else None
        outputs: list[StageOutput] = []
        for stage in self.stages:
            inputs = step_softmax(outputs[-1].logits[0]) if outputs else x
            outputs.append(stage(inputs, weights, reverse))
        return outputs
