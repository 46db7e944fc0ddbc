"""Attention of each step to the steps around it, in blocks, so that memory grows with S x window and not with S x S.

Letters: N videos, F channels, S steps, W window, B steps of a block, K keys that a block sees.
"""

from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from torch.nn import functional as F

from egoexo.models.backbones.temporal_conv import TemporalConv

__all__ = ['WindowAttention', 'Windows', 'make_windows']

#: Narrower windows share a block of this many steps: many tiny matrix products cost more than a few masked ones.
MIN_BLOCK = 32
#: Added to the score of a key out of sight: a weight of exactly 0, unless a step sees nothing, whose mean over all keys
#: is then a number at least. Finite in half precision.
HIDDEN = -3e4


class Windows(NamedTuple):
    """How a sequence is cut for one window width, made once for all layers of that width.

    Args:
        block (int): B; all steps form one block when B >= S.
        bias (torch.Tensor, optional): Added to the scores, 0 or ``HIDDEN``, shape (N or 1, blocks, B or 1, K); None
            when every step of the block sees every key.
    """

    block: int
    bias: torch.Tensor | None


def make_windows(steps: int, window: int, device: torch.device, mask: torch.Tensor | None = None,
                 exact: bool = False) -> Windows:
    """Which steps see which.

    With h = W // 2, step i sees the steps i - h ... i - h + W - 1 (``exact=True``, the published text), or all that any
    step of its block ``i // W`` would see so, 2 W - 1 of them (``exact=False``, the released code).

    Args:
        steps (int): S.
        window (int): W, a power of two.
        device (torch.device): Where the attention runs.
        mask (torch.Tensor, optional): True on real steps, shape (N, S); the others are seen by none.
        exact (bool): The same window around every step.

    Returns:
        Windows: For :class:`WindowAttention`.

    Examples:
        >>> make_windows(4, 2, torch.device('cpu')).bias[0, 0] == 0
        tensor([[ True,  True, False, False],
                [ True,  True, False, False],
                [False,  True,  True,  True],
                [False,  True,  True,  True]])
    """
    # A multiple of W; a block that holds the whole sequence needs no halo.
    block = steps if max(window, MIN_BLOCK) >= steps else max(window, MIN_BLOCK)
    halo = 0 if block == steps else block // 2
    rows = block if exact or window < block else 1  # one row where all steps of the block see the same
    if block == steps and rows == 1 and mask is None:
        return Windows(block, None)
    count = -(-steps // block)
    query = torch.arange(rows, device=device)[:, None]
    key = torch.arange(-halo, block + halo, device=device)
    first = (query if exact else query // window * window) - window // 2
    near = (key >= first) & (key < first + (window if exact else 2 * window - 1))  # (rows, K)
    key = torch.arange(count, device=device)[:, None] * block + key  # (blocks, K), steps of the sequence
    real = (key >= 0) & (key < steps)
    if mask is not None:
        real = real & mask[:, key.clamp(0, steps - 1)]
    seen = near & real.view(-1, count, 1, key.shape[1])
    return Windows(block, torch.zeros(seen.shape, device=device).masked_fill_(~seen, HIDDEN))


def _attend(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Scaled dot-product attention of (N, S, F) tensors."""
    batch, steps, channels = query.shape
    block, bias = windows
    if block == steps:
        query, key, value = (item.unsqueeze(1) for item in (query, key, value))
    else:
        halo, count = block // 2, -(-steps // block)
        tail = count * block - steps
        query = F.pad(query, (0, 0, 0, tail)).view(batch, count, block, channels)
        # Shifted by half a block, two neighbouring blocks are what the block between them sees.
        key, value = (F.pad(item, (0, 0, halo, tail + halo)).view(batch, count + 1, block, -1) for item in (key, value))
        key, value = (torch.cat((item[:, :-1], item[:, 1:]), 2) for item in (key, value))
    if bias is not None:
        bias = bias.to(query.dtype).expand(batch, -1, block, -1)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=bias).flatten(1, 2)[:, :steps]


class WindowAttention(BaseModule):
    """Single-head attention inside windows, with narrower queries, keys and values.

    Args:
        channels (int): F.
        reduction (int): Queries, keys and values have F // reduction channels.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        inner = channels // reduction
        self.query = TemporalConv(channels, inner, 1)
        self.key = TemporalConv(channels, inner, 1)
        self.value = TemporalConv(channels, inner, 1)
        self.out = TemporalConv(inner, channels, 1)

    def forward(self, x: torch.Tensor, values: torch.Tensor, windows: Windows) -> torch.Tensor:
        """Gather ``values`` with weights made from ``x``.

        Args:
            x (torch.Tensor): What queries and keys are made from, shape (N, F, S).
            values (torch.Tensor): Shape (N, F, S).
            windows (Windows): Which steps see which.

        Returns:
            torch.Tensor: Shape (N, F, S).
        """
        projected = (self.query(x), self.key(x), self.value(values))
        gathered = _attend(*(item.transpose(1, 2) for item in projected), windows)
        return self.out(F.relu(gathered.transpose(1, 2)))
