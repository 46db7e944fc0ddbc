"""Backbones of mmaction2 as trainable encoders: their last feature map, averaged."""

from pathlib import Path

import torch
from torch import nn

from egoexo.models.extractors.backbone_extractor import load_backbone
from egoexo.registry import MODELS

__all__ = ['PooledEncoder']


@MODELS.register_module()
class PooledEncoder(nn.Module):
    """Feature of a picture or clip: the mean over the feature map of a backbone, (N, D).

    Args:
        backbone (dict): Registered type with its arguments, e.g. ``dict(type='mmaction.ResNet', depth=50)`` for
            pictures or ``dict(type='mmaction.ResNet3d', depth=50)`` for clips.
        checkpoint (str, optional): Weights of the backbone, alone or as part of a recogniser (``backbone.*``); None
            keeps random ones.

    Raises:
        CheckpointError: If the checkpoint does not cover the backbone.

    Examples:
        >>> encoder = PooledEncoder(dict(type='mmaction.ResNet', depth=18))
        >>> encoder(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 512])
    """

    def __init__(self, backbone: dict, checkpoint: str | Path | None = None) -> None:
        super().__init__()
        self.backbone = MODELS.build(backbone)
        if checkpoint is not None:
            load_backbone(self.backbone, checkpoint)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Encode.

        Args:
            inputs (torch.Tensor): Normalised RGB, (N, 3, H, W) or (N, 3, T, H, W), as the backbone takes them.

        Returns:
            torch.Tensor: (N, D).
        """
        outputs = self.backbone(inputs)
        last = outputs if isinstance(outputs, torch.Tensor) else outputs[-1]
        return last if last.ndim == 2 else last.flatten(2).mean(dim=2)
