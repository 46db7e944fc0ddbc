"""Layers that the released clip network defines and never uses."""

import torch
from mmengine.model import BaseModule
from torch import nn

from egoexo.models.clip.frame_embedding import draw_released_weights
from egoexo.registry import MODELS

__all__ = ['ReleasedLayers']


@MODELS.register_module()
class ReleasedLayers(BaseModule):
    """Holds the unused layers under their released names, so that a released checkpoint goes in and out whole.

    They are never computed and never change.

    Args:
        frame_channels (int): F; filled in by :class:`ClipModel`, like all that follow but ``alpha``.
        channels (int): H of the clips.
        relation_norm (bool): Two batch norms behind the temporal relation module.
        recurrent_norm (bool): Two batch norms around the recurrent network.
        domain_norm (bool): Six batch norms of AdaBN.
        target (bool): Layers of the target domain.
        alpha (bool): The mixing weight of AutoDIAL, which stays 1, so that nothing is mixed.
    """

    def __init__(self, frame_channels: int = 512, channels: int = 256, relation_norm: bool = True,
                 recurrent_norm: bool = False, domain_norm: bool = False, target: bool = False,
                 alpha: bool = False) -> None:
        super().__init__()
        if alpha:
            self.alpha = nn.Parameter(torch.ones(1))
        for domain in ('source', 'target')[:1 + target]:
            self.add_module(f'fc_feature_{domain}', draw_released_weights(nn.Linear(frame_channels, frame_channels)))
            for suffix in ('', '_2'):
                self.add_module(f'fc_feature_video_{domain}{suffix}',
                                draw_released_weights(nn.Linear(channels, channels)))
        norms: dict[str, int] = {}
        if relation_norm:
            norms |= dict(bn_trn=channels)
        if domain_norm:
            norms |= dict(bn_source=frame_channels, bn_source_video=channels, bn_source_video_2=channels)
        for name, width in norms.items():
            for domain in 'ST':
                self.add_module(f'{name}_{domain}', nn.BatchNorm1d(width))
        if recurrent_norm:
            self.bn_before_rnn = nn.BatchNorm2d(1)
            self.bn_after_rnn = nn.BatchNorm2d(1)
        self.requires_grad_(False)
