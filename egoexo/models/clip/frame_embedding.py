"""Per-frame layers in front of the temporal encoder."""

import itertools

import torch
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, FeatureError, explain
from egoexo.registry import MODELS

__all__ = ['FrameEmbedding', 'draw_released_weights']


def draw_released_weights(layer: nn.Linear) -> nn.Linear:
    """Draw the initial weights of the layers that the released code calls ``fc_*``: N(0, 0.001), bias 0.

    Args:
        layer (nn.Linear): Changed in place.

    Returns:
        nn.Linear: The same layer.
    """
    nn.init.normal_(layer.weight, 0, 0.001)
    nn.init.zeros_(layer.bias)
    return layer


@MODELS.register_module()
class FrameEmbedding(BaseModule):
    """One to three layers of Linear, ReLU and dropout, applied to every frame of a clip.

    Source: Chen et al., "TA3N", ICCV 2019 (``fc_feature_shared_*`` of the released code).

    Args:
        in_channels (int): D of the features.
        channels (int): F of every layer.
        num_layers (int): Layers, at least 1.
        dropout (float): Dropout after each layer.
        norm (dict, optional): Normalisation between the first Linear and its ReLU, over all frames of all clips;
            ``dict(type='DomainBatchNorm')`` keeps statistics per domain (AdaBN). ``num_features`` is filled in.
        shared (bool): False gives target clips layers of their own.
    """

    def __init__(self, in_channels: int = 768, channels: int = 512, num_layers: int = 1, dropout: float = 0.5,
                 norm: dict | None = None, shared: bool = True) -> None:
        super().__init__()
        if num_layers < 1:
            raise ConfigError(f'FrameEmbedding: expected num_layers of at least 1, found {num_layers}. '
                              'Set model.embedding.num_layers=1.')
        self.in_channels = in_channels
        self.channels = channels
        self.dropout = dropout
        widths = [in_channels] + [channels] * num_layers

        def build() -> nn.ModuleList:
            return nn.ModuleList(draw_released_weights(nn.Linear(*pair)) for pair in itertools.pairwise(widths))

        self.layers = build()
        self.target_layers = None if shared else build()
        self.norm = None if norm is None else MODELS.build(dict(norm, num_features=channels))

    def forward(self, frames: torch.Tensor, domain: str = 'source') -> list[torch.Tensor]:
        """Embed the frames of one domain, or of both where nothing differs between them.

        Args:
            frames (torch.Tensor): Shape (N, T, D).
            domain (str): ``'target'`` takes the layers of the target domain, if it has its own.

        Returns:
            list[torch.Tensor]: Output of each layer, the last one last, shape (N, T, F).

        Raises:
            FeatureError: If the features have another width than the first layer.
        """
        if frames.shape[-1] != self.in_channels:
            raise FeatureError(explain(
                'FrameEmbedding', f'features of {self.in_channels} numbers (in_channels)', f'{frames.shape[-1]}',
                'Set model.embedding.in_channels to the dimension of the features, or point data_prefix.features to '
                'others.'))
        own = domain == 'target' and self.target_layers is not None
        outputs = []
        for index, layer in enumerate(self.target_layers if own else self.layers):
            frames = layer(frames)
            if index == 0 and self.norm is not None:
                frames = self.norm(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
            frames = F.dropout(F.relu(frames), self.dropout, self.training)
            outputs.append(frames)
        return outputs
