"""SlowFast, a network of two pathways, with the frames that PySlowFast gives to the slow one."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['SlowFast', 'slow_frames']

_SELECTIONS = ('linspace', 'interval')


@torch.compiler.assume_constant_result
def slow_frames(num_frames: int, alpha: int, selection: str = 'linspace') -> list[int]:
    """Frames of a clip that the slow pathway sees.

    Args:
        num_frames (int): T, frames of the clip, a multiple of ``alpha``.
        alpha (int): The slow pathway sees T / alpha of them.
        selection (str): ``'linspace'``: spread from the first to the last frame, rounded down in float32, as
            PySlowFast does; ``'interval'``: every ``alpha``-th, as mmaction2 does.

    Returns:
        list[int]: Positions in the clip, ascending.

    Examples:
        >>> slow_frames(32, 4)
        [0, 4, 8, 13, 17, 22, 26, 31]
        >>> slow_frames(32, 4, 'interval')
        [0, 4, 8, 12, 16, 20, 24, 28]
    """
    if selection == 'interval':
        return list(range(0, num_frames, alpha))
    # On the CPU, because another device may round to the frame before.
    return torch.linspace(0, num_frames - 1, num_frames // alpha, device='cpu').long().tolist()


@MODELS.register_module()
class SlowFast(BaseModule):
    """The slow and the fast pathway of mmaction2 under its names, ``slow_path.*`` and ``fast_path.*``.

    The defaults are PySlowFast's: lateral connections with BatchNorm, and its choice of slow frames. Source:
    Feichtenhofer et al., "SlowFast Networks for Video Recognition", ICCV 2019, as released in PySlowFast. mmaction2's
    own SlowFast checkpoints of Kinetics have lateral connections without BatchNorm; they need ``lateral_norm=False``
    and ``frame_selection='interval'``.

    Args:
        depth (int): 50 or 101 as published; 18 and 34 with basic blocks for small machines.
        base_channels (int): Channels of the slow stem, ``WIDTH_PER_GROUP`` of PySlowFast. Defaults to 64.
        alpha (int): Frames of the fast pathway per frame of the slow one. Defaults to 4.
        beta_inv (int): Channels of the slow pathway per channel of the fast one. Defaults to 8.
        fusion_kernel (int): Frames that a lateral connection looks at; 7 in the published R50, 5 in the R101.
        frame_selection (str): See :func:`slow_frames`.
        lateral_norm (bool): BatchNorm and ReLU behind the lateral connections. Defaults to True.
        with_cp (bool): Compute each block again in the backward pass instead of keeping it in memory.
        norm_eval (bool): Keep the stored BatchNorm statistics in training.
        init_cfg (dict, optional): MMEngine initialisation. By default convolutions are drawn by the rule of Kaiming
            and the last BatchNorm of every block starts at zero, as in PySlowFast.

    Raises:
        ConfigError: If the frame selection is unknown or the widths do not divide.

    Examples:
        >>> backbone = MODELS.build(dict(type='SlowFast', depth=18, base_channels=16))
        >>> [tuple(features.shape) for features in backbone(torch.zeros(1, 3, 8, 64, 64))]
        [(1, 128, 2, 2, 2), (1, 16, 8, 2, 2)]
        >>> backbone.out_channels
        (128, 16)
    """

    def __init__(self, depth: int = 50, base_channels: int = 64, alpha: int = 4, beta_inv: int = 8,
                 fusion_kernel: int = 7, frame_selection: str = 'linspace', lateral_norm: bool = True,
                 with_cp: bool = False, norm_eval: bool = False, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if frame_selection not in _SELECTIONS:
            raise ConfigError(explain('model.backbone.frame_selection', f'one of {_SELECTIONS}', repr(frame_selection),
                                      'Correct it.'))
        if base_channels % beta_inv or fusion_kernel % 2 == 0:
            raise ConfigError(explain(
                'model.backbone', f'base_channels that {beta_inv=} divides, and an odd fusion_kernel',
                f'{base_channels=}, {fusion_kernel=}', 'Correct them.'))
        shared = dict(type='resnet3d', depth=depth, pretrained=None, conv1_stride_t=1, pool1_stride_t=1,
                      with_cp=with_cp, norm_eval=norm_eval)
        whole = MODELS.build(dict(
            type='mmaction.ResNet3dSlowFast', resample_rate=alpha, speed_ratio=alpha, channel_ratio=beta_inv,
            slow_pathway=dict(shared, base_channels=base_channels, conv1_kernel=(1, 7, 7), inflate=(0, 0, 1, 1),
                              lateral=True, lateral_norm=lateral_norm, fusion_kernel=fusion_kernel),
            fast_pathway=dict(shared, base_channels=base_channels // beta_inv, conv1_kernel=(5, 7, 7),
                              lateral=False)))
        self.slow_path: nn.Module = whole.slow_path
        self.fast_path: nn.Module = whole.fast_path
        for path in (self.slow_path, self.fast_path):
            del path.pool2  # of other networks
        self.alpha, self.frame_selection = alpha, frame_selection
        #: Channels of the slow and of the fast features.
        self.out_channels: tuple[int, int] = (self.slow_path.feat_dim, self.fast_path.feat_dim)

    def forward(self, clips: Tensor) -> tuple[Tensor, Tensor]:
        """Features of clips.

        Args:
            clips (Tensor): All frames, (N, 3, T, H, W), T a multiple of ``alpha``.

        Returns:
            tuple[Tensor, Tensor]: Slow (N, C, T / alpha, H / 32, W / 32) and fast (N, C / beta_inv, T, H / 32, W / 32)
            features of the last stage; sizes are rounded up.

        Raises:
            ConfigError: If the number of frames does not divide.
        """
        num_frames = clips.shape[2]
        if num_frames % self.alpha:
            raise ConfigError(explain('SlowFast, clips', f'a multiple of alpha={self.alpha} frames', num_frames,
                                      'Set clip_len in the pipeline.'))
        frames = slow_frames(num_frames, self.alpha, self.frame_selection)
        # Slices put together, not an index: nothing has to be copied to the device, and the memory format is kept.
        slow = torch.cat([clips[:, :, frame:frame + 1] for frame in frames], dim=2)
        slow = self.slow_path.maxpool(self.slow_path.conv1(slow))
        fast = self.fast_path.maxpool(self.fast_path.conv1(clips))
        slow = torch.cat((slow, self.slow_path.conv1_lateral(fast)), dim=1)
        for number, name in enumerate(self.slow_path.res_layers):
            slow = getattr(self.slow_path, name)(slow)
            fast = getattr(self.fast_path, name)(fast)
            if number < len(self.slow_path.lateral_connections):
                lateral = getattr(self.slow_path, self.slow_path.lateral_connections[number])
                slow = torch.cat((slow, lateral(fast)), dim=1)
        return slow, fast
