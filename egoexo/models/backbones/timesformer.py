"""TimeSformer: a vision transformer whose blocks attend over time and over space (Bertasius et al., ICML 2021).

Written from the paper and from the names and shapes of the released checkpoints. Letters: N clips, T frames, P patches
of a frame, C channels.
"""

import torch
from mmcv.cnn.bricks import DropPath
from mmengine.model import BaseModule, trunc_normal_init
from mmengine.model.weight_init import trunc_normal_
from torch import Tensor, nn
from torch.nn import functional as F

from egoexo.checkpoints.timesformer import load_timesformer
from egoexo.errors import ConfigError, explain
from egoexo.registry import MODELS

__all__ = ['ATTENTION_TYPES', 'TimeSformer', 'TimeSformerBlock']

ATTENTION_TYPES = ('divided_space_time', 'space_only', 'joint_space_time')
_EPS = 1e-6


class Attention(nn.Module):
    """Multi-head self-attention with one projection for queries, keys and values.

    Args:
        channels (int): C, a multiple of ``num_heads``.
        num_heads (int): Heads.
        qkv_bias (bool): Whether the first projection has a bias.
    """

    def __init__(self, channels: int, num_heads: int, qkv_bias: bool) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Attend over dimension 1 of ``x``, shape (N, tokens, C); the result has its shape."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """Two linear layers with GELU between them.

    Args:
        channels (int): C.
        hidden (int): Channels between the layers.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Transform the last dimension, C, of ``x``."""
        return self.fc2(F.gelu(self.fc1(x)))


class TimeSformerBlock(BaseModule):
    """One block of the network.

    With divided attention each patch position attends over the frames first, then each frame over its patches and the
    class token, whose updates of all frames are averaged. Otherwise the tokens attend to each other at once.

    Args:
        channels (int): C.
        num_heads (int): Heads.
        mlp_ratio (float): Hidden channels of the MLP, as a multiple of C.
        qkv_bias (bool): See :class:`Attention`.
        drop_path (float): Probability with which a branch is left out of a sample in training.
        divided (bool): Whether time and space are attended to one after the other.
    """

    def __init__(self, channels: int, num_heads: int, mlp_ratio: float = 4.0, qkv_bias: bool = True,
                 drop_path: float = 0.0, divided: bool = True) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=_EPS)
        self.attn = Attention(channels, num_heads, qkv_bias)
        self.divided = divided
        if divided:
            self.temporal_norm1 = nn.LayerNorm(channels, eps=_EPS)
            self.temporal_attn = Attention(channels, num_heads, qkv_bias)
            self.temporal_fc = nn.Linear(channels, channels)
        self.norm2 = nn.LayerNorm(channels, eps=_EPS)
        self.mlp = Mlp(channels, int(channels * mlp_ratio))
        self.drop_path = DropPath(drop_path) if drop_path > 0 else nn.Identity()

    def forward(self, x: Tensor, num_frames: int) -> Tensor:
        """Run the block.

        Args:
            x (Tensor): Class token and patches, time fastest, shape (N, 1 + P T, C); (N T, 1 + P, C) for a network
                that looks at each frame alone.
            num_frames (int): T.

        Returns:
            Tensor: Same shape.
        """
        x = self._divided(x, num_frames) if self.divided else x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))

    def _divided(self, x: Tensor, num_frames: int) -> Tensor:
        cls, patches = x[:, :1], x[:, 1:].unflatten(1, (-1, num_frames))  # (N, 1, C), (N, P, T, C)
        times = self.drop_path(self.temporal_attn(self.temporal_norm1(patches.flatten(0, 1))))
        patches = patches + self.temporal_fc(times).view_as(patches)
        frames = torch.cat([cls.unsqueeze(1).expand(-1, num_frames, -1, -1), patches.transpose(1, 2)], dim=2)
        change = self.drop_path(self.attn(self.norm1(frames.flatten(0, 1)))).view_as(frames)  # (N, T, 1 + P, C)
        patches = patches + change[:, :, 1:].transpose(1, 2)
        return torch.cat([cls + change[:, :, 0].mean(dim=1, keepdim=True), patches.flatten(1, 2)], dim=1)


@MODELS.register_module()
class TimeSformer(BaseModule):
    """Feature of a clip: the class token after the last normalisation, (N, C).

    The defaults are TimeSformer-Base with divided attention on 8 frames, 121,258,752 parameters. Names of the state
    dict are those of the released checkpoints. Pictures of another size and clips of another length than those of the
    embeddings take the nearest embedding.

    Initialised as released: truncated normal of 0.02 for linear layers, class token and positions, zero for time and
    for the layer behind the temporal attention of every block, so that an untrained network averages its frames.

    Args:
        img_size (int): Side of the pictures that the position embedding is made for, in pixels.
        patch_size (int): Side of a patch, in pixels.
        num_frames (int): Frames that the time embedding is made for, T.
        embed_dim (int): C.
        depth (int): Blocks.
        num_heads (int): Heads.
        mlp_ratio (float): Hidden channels of the MLP, as a multiple of C.
        qkv_bias (bool): Whether queries, keys and values have a bias.
        drop_path_rate (float): Of the last block; grows linearly from 0 at the first.
        attention_type (str): ``'divided_space_time'`` (default), ``'space_only'`` or ``'joint_space_time'``.
        checkpoint (str, optional): File to start from, such as ``TimeSformer_divST_8x32_224_K600.pyth``, a network of
            ours, or a vision transformer without time; read by :func:`egoexo.checkpoints.timesformer.load_timesformer`.
        init_cfg (dict, optional): MMEngine initialisation.

    Raises:
        ConfigError: If ``attention_type`` is unknown or sizes do not divide.
        CheckpointError: If the checkpoint does not fit.

    Examples:
        >>> model = TimeSformer(img_size=32, embed_dim=24, depth=2, num_heads=4, num_frames=4)
        >>> model(torch.zeros(2, 3, 4, 32, 32)).shape
        torch.Size([2, 24])
    """

    def __init__(self, img_size: int = 224, patch_size: int = 16, num_frames: int = 8, embed_dim: int = 768,
                 depth: int = 12, num_heads: int = 12, mlp_ratio: float = 4.0, qkv_bias: bool = True,
                 drop_path_rate: float = 0.1, attention_type: str = 'divided_space_time',
                 checkpoint: str | None = None, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if attention_type not in ATTENTION_TYPES:
            raise ConfigError(explain('TimeSformer, attention_type', f'one of {ATTENTION_TYPES}', repr(attention_type),
                                      'Choose one of them.'))
        if img_size % patch_size or embed_dim % num_heads:
            raise ConfigError(explain(
                'TimeSformer, sizes', 'img_size a multiple of patch_size and embed_dim one of num_heads',
                f'img_size={img_size}, patch_size={patch_size}, embed_dim={embed_dim}, num_heads={num_heads}',
                'Correct them in the config.'))
        self.attention_type, self.patch_size, self.out_channels = attention_type, patch_size, embed_dim
        self.patch_embed = nn.Sequential()
        self.patch_embed.add_module('proj', nn.Conv2d(3, embed_dim, patch_size, patch_size))
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + (img_size // patch_size) ** 2, embed_dim))
        if attention_type != 'space_only':
            self.time_embed = nn.Parameter(torch.zeros(1, num_frames, embed_dim))
        rates = torch.linspace(0, drop_path_rate, depth, device='cpu').tolist()
        self.blocks = nn.ModuleList(
            TimeSformerBlock(embed_dim, num_heads, mlp_ratio, qkv_bias, rate, attention_type == 'divided_space_time')
            for rate in rates)
        self.norm = nn.LayerNorm(embed_dim, eps=_EPS)
        self._draw_weights()
        if checkpoint is not None:
            load_timesformer(self, checkpoint)

    def _draw_weights(self) -> None:
        for parameter in (self.cls_token, self.pos_embed):
            trunc_normal_(parameter, std=0.02)
        for name, module in self.named_modules():
            if name.endswith('temporal_fc'):
                nn.init.zeros_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                trunc_normal_init(module, std=0.02)

    def forward(self, clips: Tensor) -> Tensor:
        """Encode clips.

        Args:
            clips (Tensor): Normalised RGB, shape (N, 3, T, H, W), H and W multiples of the patch size.

        Returns:
            Tensor: Shape (N, C).

        Raises:
            ConfigError: If the shape is another.
        """
        if clips.ndim != 5 or clips.shape[1] != 3 or any(side % self.patch_size for side in clips.shape[3:]):
            raise ConfigError(explain(
                'TimeSformer, inputs', f'clips (N, 3, T, H, W), H and W multiples of {self.patch_size}',
                tuple(clips.shape), 'Check the pipeline of the data set.'))
        num_frames = clips.shape[2]
        maps = self.patch_embed(clips.transpose(1, 2).flatten(0, 1))  # (N T, C, h, w)
        x = maps.flatten(2).transpose(1, 2) + self._positions(*maps.shape[2:])
        cls = self.cls_token + self.pos_embed[:, :1]
        if self.attention_type != 'space_only':
            x = x.unflatten(0, (-1, num_frames)).transpose(1, 2) + self._times(num_frames)  # (N, P, T, C)
            x = x.flatten(1, 2)
        x = torch.cat([cls.expand(len(x), -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x, num_frames)
        x = x[:, 0]
        if self.attention_type == 'space_only':
            x = x.unflatten(0, (-1, num_frames)).mean(dim=1)
        return self.norm(x)

    def _positions(self, height: int, width: int) -> Tensor:
        """Embedding of the patches of a picture of height x width patches, (1, P, C)."""
        known = self.pos_embed[:, 1:]
        side = int(known.shape[1] ** 0.5)
        if (height, width) == (side, side):
            return known
        grid = known.transpose(1, 2).unflatten(2, (side, side))
        return F.interpolate(grid, size=(height, width), mode='nearest').flatten(2).transpose(1, 2)

    def _times(self, num_frames: int) -> Tensor:
        """Embedding of the frames, (1, T, C)."""
        if num_frames == self.time_embed.shape[1]:
            return self.time_embed
        return F.interpolate(self.time_embed.transpose(1, 2), size=num_frames, mode='nearest').transpose(1, 2)
