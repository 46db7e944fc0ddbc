"""A recurrent network over the frames of a clip."""

import torch
from mmengine.model import BaseModule
from torch import nn

from egoexo.errors import ConfigError
from egoexo.registry import MODELS

__all__ = ['Recurrent']

_CELLS = {'LSTM': nn.LSTM, 'GRU': nn.GRU}


@MODELS.register_module()
class Recurrent(BaseModule):
    """Takes the maximum over groups of frames, runs an LSTM or GRU and keeps its last step.

    Source: Chen et al., "TA3N", ICCV 2019 (``rnn`` of the released code). Attention does not apply.

    Args:
        in_channels (int): F of the frames, and of the clip.
        cell (str): ``'LSTM'`` or ``'GRU'``.
        num_layers (int): Stacked layers.
        bidirectional (bool): Two directions of half the width each.
        num_groups (int): Groups into which the T frames are cut; ``round(T / num_groups)`` frames each, the last frame
            repeated or the rest dropped where that does not come out even.
    """

    attends = None
    num_tokens = 0

    def __init__(self, in_channels: int = 512, cell: str = 'LSTM', num_layers: int = 1, bidirectional: bool = False,
                 num_groups: int = 5) -> None:
        super().__init__()
        if cell not in _CELLS:
            raise ConfigError(f"Recurrent: expected cell 'LSTM' or 'GRU', found {cell!r}. Correct model.encoder.cell.")
        self.in_channels = self.out_channels = in_channels
        self.num_groups = num_groups
        self.rnn = _CELLS[cell](in_channels, in_channels // (1 + bidirectional), num_layers, batch_first=True,
                                bidirectional=bidirectional)
        for weights in self.rnn.all_weights[:num_layers]:
            for weight in weights[:2]:
                nn.init.kaiming_normal_(weight)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Run over the groups of frames.

        Args:
            frames (torch.Tensor): Shape (N, T, F).

        Returns:
            torch.Tensor: Last step of the network, shape (N, F).

        Raises:
            ConfigError: If there are too few frames for a group of one.
        """
        num_frames = frames.shape[1]
        length = round(num_frames / self.num_groups)
        if length < 1:
            raise ConfigError(f'Recurrent: expected at least {self.num_groups // 2 + 1} frames for '
                              f'num_groups={self.num_groups}, found {num_frames}. Lower model.encoder.num_groups.')
        missing = length * self.num_groups - num_frames
        if missing > 0:
            frames = torch.cat([frames, frames[:, -1:].expand(-1, missing, -1)], 1)
        groups = frames[:, :length * self.num_groups].unflatten(1, (self.num_groups, length))
        return self.rnn(groups.amax(2))[0][:, -1]

    def pool(self, last: torch.Tensor) -> torch.Tensor:
        """Return the last step, shape (N, F), as it is."""
        return last
