"""ASFormer: a transformer of action segmentation with windows that double from layer to layer.

Letters: N videos, D feature dimension, C classes, F channels, S steps, K classifiers.
"""

import math

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from egoexo.errors import FeatureError
from egoexo.models.adaptation.gradient_reversal import reverse_gradient
from egoexo.models.backbones.mstcn import StageOutput, step_softmax
from egoexo.models.backbones.temporal_conv import TemporalConv, residual_dropout
from egoexo.models.backbones.window_attention import WindowAttention, Windows, make_windows
from egoexo.registry import MODELS

__all__ = ['ASFormer', 'ASFormerLayer', 'ASFormerStage', 'standardize_steps']


def standardize_steps(x: torch.Tensor, weights: torch.Tensor | None = None, eps: float = 1e-5) -> torch.Tensor:
    """Instance norm: zero mean and unit variance over the real steps of each video and channel, in float32.

    Args:
        x (torch.Tensor): Shape (N, F, S).
        weights (torch.Tensor, optional): Ones on real steps, shape (N, 1, S); all ones when None.
        eps (float): Added to the variance.

    Returns:
        torch.Tensor: Shape (N, F, S).
    """
    # Written out, because PyTorch's kernels know no padding; elementwise, so that autocast leaves it in float32.
    x = x.float()
    weights = x.new_ones(len(x), 1, x.shape[2]) if weights is None else weights
    total = weights.sum(2, keepdim=True)
    centred = (x - (x * weights).sum(2, keepdim=True) / total) * weights
    return centred * torch.rsqrt(centred.square().sum(2, keepdim=True) / total + eps)


class ASFormerLayer(BaseModule):
    """Dilated convolution, attention in windows as wide as the dilation, 1x1 convolution, dropout, residual sum.

    Args:
        channels (int): F.
        window (int): Dilation of the convolution and width of the attention, in steps.
        reduction (int): Queries, keys and values have F // reduction channels.
        dropout (float): Probability of dropping an element of the branch.
        alpha (float): Weight of the attention beside the convolution.
    """

    def __init__(self, channels: int, window: int, reduction: int, dropout: float, alpha: float) -> None:
        super().__init__()
        self.conv_dilated = TemporalConv(channels, channels, 3, padding=window, dilation=window)
        self.attention = WindowAttention(channels, reduction)
        self.conv_1x1 = TemporalConv(channels, channels, 1)
        self.dropout = dropout
        self.alpha = alpha

    def forward(self, x: torch.Tensor, values: torch.Tensor | None, windows: Windows,
                weights: torch.Tensor | None = None) -> torch.Tensor:
        """Refine features.

        Args:
            x (torch.Tensor): Shape (N, F, S).
            values (torch.Tensor, optional): What the attention gathers, shape (N, F, S): the features of the stage
                before. Those of ``x`` when None.
            windows (Windows): Which steps see which.
            weights (torch.Tensor, optional): Ones on real steps, shape (N, 1, S).

        Returns:
            torch.Tensor: Shape (N, F, S).
        """
        h = F.relu(self.conv_dilated(x))
        normed = standardize_steps(h, weights)
        h = torch.add(h, self.attention(normed, normed if values is None else values, windows), alpha=self.alpha)
        x = residual_dropout(x, self.conv_1x1(h), self.dropout, self.training)
        return x if weights is None else x * weights


class ASFormerStage(BaseModule):
    """The encoder or one decoder: embedding, layers with windows 1, 2, 4, ..., classifiers.

    Args:
        in_channels (int): Channels of its input: D for the encoder, C for a decoder.
        num_classes (int): C.
        num_layers (int): Layers.
        channels (int): F.
        reduction (int): See :class:`ASFormer`, as the next two.
        dropout (float): Dropout of each layer.
        channel_dropout (float): Probability of hiding an input channel for a whole video.
        alpha (float): Weight of the attention.
        num_classifiers (int): K.
    """

    def __init__(self, in_channels: int, num_classes: int, num_layers: int, channels: int, reduction: int,
                 dropout: float, channel_dropout: float, alpha: float, num_classifiers: int) -> None:
        super().__init__()
        self.embed = TemporalConv(in_channels, channels, 1)
        self.layers = nn.ModuleList(
            ASFormerLayer(channels, 2**i, reduction, dropout, alpha) for i in range(num_layers))
        self.classifiers = nn.ModuleList(TemporalConv(channels, num_classes, 1) for _ in range(num_classifiers))
        self.channel_dropout = channel_dropout

    def _embed(self, x: torch.Tensor) -> torch.Tensor:
        """Project the input, of which training hides whole channels."""
        if not self.training or self.channel_dropout == 0:
            return self.embed(x)
        # The weights are scaled in place of the input, which is a hundred times as large.
        keep = F.dropout(x.new_ones(len(x), 1, x.shape[1]), self.channel_dropout)
        weight = (self.embed.weight.squeeze(-1) * keep).transpose(1, 2)
        return torch.baddbmm(self.embed.bias, x.transpose(1, 2), weight).transpose(1, 2)

    def forward(self, x: torch.Tensor, values: torch.Tensor | None, windows: list[Windows],
                weights: torch.Tensor | None = None, reverse: float | None = None) -> StageOutput:
        """Encode and classify each step.

        Args:
            x (torch.Tensor): Shape (N, in_channels, S).
            values (torch.Tensor, optional): Features of the stage before, shape (N, F, S); None in the encoder.
            windows (list[Windows]): One per layer.
            weights (torch.Tensor, optional): Ones on real steps, shape (N, 1, S).
            reverse (float, optional): Gradient reversal weight between features and classifiers.

        Returns:
            StageOutput: Features and logits.
        """
        x = self._embed(x)
        x = x if weights is None else x * weights
        for layer, width in zip(self.layers, windows, strict=True):
            x = layer(x, values, width, weights)
        classified = x if reverse is None else reverse_gradient(x, reverse)
        return StageOutput(x, tuple(classifier(classified) for classifier in self.classifiers))


@MODELS.register_module()
class ASFormer(BaseModule):
    """An encoder of features, then decoders that refine the class probabilities of the stage before.

    In a decoder, queries and keys come from its own features, which started as the probabilities of the stage before,
    and values from the features of that stage. Its attention weighs exp(-3 d) for decoder d = 0, 1, ...

    Source: Yi, Wen and Jiang, "ASFormer: Transformer for Action Segmentation", BMVC 2021, and its released code.

    Args:
        in_channels (int): D, dimension of the input features.
        num_classes (int): C, class 0 (background) included.
        num_decoders (int): Decoders behind the encoder.
        num_layers (int): Layers per stage; the last one has dilation and window ``2 ** (num_layers - 1)``.
        channels (int): F.
        reduction (int): Queries, keys and values have F // reduction channels (r1 and r2 of the paper).
        dropout (float): Dropout inside each layer.
        channel_dropout (float): Probability of hiding a channel of the features for a whole video in training.
        num_classifiers (int): Classifiers per stage; the first one feeds the next stage.
        exact_windows (bool): A step sees as many steps as its window is wide, half of them before it, as the paper
            says. False as released: each block of that width sees itself and half a block on either side.
        mask_padding (bool): Keep padded steps of a batch out of convolutions, norms and attention, so that a video
            gets the same scores in any batch (the released code takes one video at a time). The caller can choose
            per call, as ``Segmentor`` does for predictions.
        init_cfg (dict, optional): MMEngine initialisation; PyTorch's defaults, as published, when None.

    Examples:
        >>> backbone = ASFormer(in_channels=8, num_classes=3, num_decoders=1, num_layers=2)
        >>> stages = backbone(torch.zeros(1, 8, 20))
        >>> len(stages), stages[-1].logits[0].shape
        (2, torch.Size([1, 3, 20]))
    """

    def __init__(self, in_channels: int = 1024, num_classes: int = 28, num_decoders: int = 3, num_layers: int = 10,
                 channels: int = 64, reduction: int = 2, dropout: float = 0.5, channel_dropout: float = 0.3,
                 num_classifiers: int = 1, exact_windows: bool = False, mask_padding: bool = True,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if (not (0 <= dropout < 1 and 0 <= channel_dropout < 1 and 1 <= reduction <= channels)
                or min(num_decoders + 1, num_layers, num_classifiers) < 1):
            raise ValueError(
                'ASFormer: expected dropouts in [0, 1), 1 <= reduction <= channels, no negative number of decoders and '
                f'at least one layer and classifier, got {dropout=}, {channel_dropout=}, {reduction=}, {channels=}, '
                f'{num_decoders=}, {num_layers=}, {num_classifiers=}.')
        self.in_channels = in_channels
        self.num_classes = num_classes
        self.num_layers = num_layers
        self.channels = channels
        self.num_classifiers = num_classifiers
        self.exact_windows = exact_windows
        self.mask_padding = mask_padding
        self.encoder = ASFormerStage(in_channels, num_classes, num_layers, channels, reduction, dropout,
                                     channel_dropout, 1.0, num_classifiers)
        self.decoders = nn.ModuleList(
            ASFormerStage(num_classes, num_classes, num_layers, channels, reduction, dropout, 0.0, math.exp(-3 * i),
                          num_classifiers) for i in range(num_decoders))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None,
                reverse: float | None = None, mask_padding: bool | None = None) -> list[StageOutput]:
        """Run encoder and decoders.

        Args:
            x (torch.Tensor): Features, shape (N, D, S).
            mask (torch.Tensor, optional): True on real steps, shape (N, S); read only with ``mask_padding``.
            reverse (float, optional): Gradient reversal weight in front of every classifier (ensemble methods).
            mask_padding (bool, optional): In place of the module's own setting.

        Returns:
            list[StageOutput]: Encoder first, then one per decoder.

        Raises:
            FeatureError: If ``x`` does not have D channels.
        """
        if x.ndim != 3 or x.shape[1] != self.in_channels:
            raise FeatureError(f'ASFormer: expected features of shape (N, {self.in_channels}, S), got '
                               f'{tuple(x.shape)}. Set model.backbone.in_channels to the dimension of the features.')
        if not (self.mask_padding if mask_padding is None else mask_padding):
            mask = None
        weights = None if mask is None else mask.unsqueeze(1).to(x.dtype)
        windows = [make_windows(x.shape[2], 2**i, x.device, mask, self.exact_windows) for i in range(self.num_layers)]
        outputs = [self.encoder(x, None, windows, weights, reverse)]
        for decoder in self.decoders:
            features, logits = outputs[-1]
            outputs.append(decoder(step_softmax(logits[0]), features, windows, weights, reverse))
        return outputs
