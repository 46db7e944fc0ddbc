"""Maps of hands and of touched objects, learnt beside the classes (Ego-Exo*)."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.model import BaseModule
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.errors import ConfigError, explain
from egoexo.models.backbones.slowfast import slow_frames
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['InteractionMapHead', 'draw_maps']


@MODELS.register_module()
class InteractionMapHead(BaseModule):
    """Two convolutions over the slow features; channel 0 of the maps are hands, channel 1 objects.

    Letters: N clips, T frames, S side of the maps (7 for clips of 224 pixels). Source: the head ``handobjhead`` of
    Ego-Exo, Li et al., CVPR 2021, slow pathway only, as in the released configs.

    Args:
        in_channels (int): Of the slow features. Defaults to 2048.
        channels (int): Between the convolutions. Defaults to 512.
        alpha (int): Frames of the clip per frame of the maps, ``alpha`` of the backbone. Defaults to 4.
        soft (bool): Positions in a box have its score as their target, the highest one where boxes overlap; False
            gives 1. Defaults to True.
        loss (dict, optional): :class:`InteractionMapLoss` by default.
        init_cfg (dict, optional): By default as PySlowFast: Kaiming for the first convolution, a deviation of 0.01 for
            the second.
    """

    def __init__(self, in_channels: int = 2048, channels: int = 512, alpha: int = 4, soft: bool = True,
                 loss: dict | None = None, init_cfg: dict | list | None = None) -> None:
        super().__init__(init_cfg or [
            dict(type='Kaiming', layer='Conv3d', mode='fan_out', nonlinearity='relu', distribution='normal',
                 override=dict(type='Normal', name='score', std=0.01))])
        self.alpha, self.soft = alpha, soft
        self.conv = nn.Conv3d(in_channels, channels, (1, 3, 3), padding=(0, 1, 1))
        self.score = nn.Conv3d(channels, 2, 1)
        self.loss_function: nn.Module = MODELS.build(loss or dict(type='InteractionMapLoss'))

    def forward(self, features: Sequence[Tensor] | Tensor) -> Tensor:
        """Logits of the maps.

        Args:
            features (Sequence[Tensor] | Tensor): Of each pathway, of which the first one, slow, is read:
                (N, channels, T / alpha, S, S).

        Returns:
            Tensor: (N, 2, T / alpha, S, S).
        """
        slow = features if isinstance(features, Tensor) else features[0]
        return self.score(F.relu(self.conv(slow)))

    def loss(self, features: Sequence[Tensor] | Tensor, data_samples: Sequence[EgoExoDataSample]) -> dict[str, Tensor]:
        """Losses of a batch.

        Args:
            features (Sequence[Tensor] | Tensor): As for :meth:`forward`.
            data_samples (Sequence[EgoExoDataSample]): N samples with ``gt_hand_boxes`` and ``gt_object_boxes``.

        Returns:
            dict[str, Tensor]: See :class:`InteractionMapLoss`.

        Raises:
            ConfigError: If a sample has no boxes or the maps are not square.
        """
        maps = self(features)
        num_slow, height, width = maps.shape[2:]
        if height != width:
            raise ConfigError(explain('InteractionMapHead, features', 'square maps', f'{height} x {width}',
                                      'Train on square crops.'))
        for sample in data_samples:
            if 'gt_hand_boxes' not in sample or 'gt_object_boxes' not in sample:
                raise ConfigError(explain(
                    f'{sample.get("sample_id", "a sample of the batch")}', 'gt_hand_boxes and gt_object_boxes, because '
                    'the model has an auxiliary_head', 'none', 'Set interaction_maps of the data set and '
                    'LoadInteractionBoxes in its pipeline, or model.auxiliary_head=None.'))
        frames = slow_frames(num_slow * self.alpha, self.alpha)
        targets = torch.stack([torch.stack([draw_maps(boxes, frames, height, self.soft)
                                            for boxes in (sample.gt_hand_boxes, sample.gt_object_boxes)])
                               for sample in data_samples])
        return self.loss_function(maps, targets.to(maps.device))


@torch.compiler.disable
def draw_maps(boxes: Tensor, frames: Sequence[int], size: int, soft: bool = True) -> Tensor:
    """Target maps of one clip.

    Args:
        boxes (Tensor): x1, y1, x2, y2 from 0 to 1, score, frame of the clip; (B, 6).
        frames (Sequence[int]): Frames of the clip to draw, T of them.
        size (int): S, positions along a side.
        soft (bool): The score in a box, the highest one where boxes overlap; False gives 1.

    Returns:
        Tensor: float32 (T, S, S), 0 outside the boxes, both ends of a box included.

    Examples:
        >>> draw_maps(torch.tensor([[0.0, 0.5, 0.4, 0.9, 0.75, 3.0]]), [3], 2)
        tensor([[[0.0000, 0.0000],
                 [0.7500, 0.0000]]])
    """
    maps = np.zeros((len(frames), size, size), dtype=np.float32)
    rows = {frame: row for row, frame in enumerate(frames)}
    boxes = boxes.cpu()
    corners = (boxes[:, :4] * size).floor().long().clamp(0, size - 1).tolist()
    for (left, top, right, bottom), (score, frame) in zip(corners, boxes[:, 4:6].tolist(), strict=True):
        row = rows.get(int(frame))
        if row is not None:
            region = maps[row, top:bottom + 1, left:right + 1]
            np.maximum(region, score if soft else 1, out=region)
    return torch.from_numpy(maps)
