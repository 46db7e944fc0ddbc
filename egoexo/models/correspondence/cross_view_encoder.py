"""Lets the tokens of two views exchange what they know about the object of a mask."""

import torch
from torch import Tensor, nn

from egoexo.errors import ConfigError, explain
from egoexo.models.correspondence.attention_layer import AttentionLayer
from egoexo.models.correspondence.sine_encoding import sine_encoding
from egoexo.registry import MODELS

__all__ = ['CrossViewEncoder']


class InnerLayer(nn.Module):
    """Query tokens look at the mask, then each view at itself.

    Args:
        sizes (tuple): Arguments of :class:`AttentionLayer`.
    """

    def __init__(self, sizes: tuple) -> None:
        super().__init__()
        self.mask_attention = AttentionLayer(*sizes)
        self.self_attention = AttentionLayer(*sizes)


class CrossLayer(nn.Module):
    """Each view looks at the other.

    Args:
        sizes (tuple): Arguments of :class:`AttentionLayer`.
    """

    def __init__(self, sizes: tuple) -> None:
        super().__init__()
        self.cross_attention = AttentionLayer(*sizes)


class ObjectLayer(nn.Module):
    """Both views look at the query view, of which the tokens outside the mask may be hidden.

    Args:
        sizes (tuple): Arguments of :class:`AttentionLayer`.
    """

    def __init__(self, sizes: tuple) -> None:
        super().__init__()
        self.object_attention = AttentionLayer(*sizes)


_KINDS = {'I': InnerLayer, 'C': CrossLayer, 'O': ObjectLayer, 'N': None}


@MODELS.register_module()
class CrossViewEncoder(nn.Module):
    """Encoder of XSegTx, released as ``net`` (size "small").

    The position is added before every look of a view at itself and stays, so it accumulates, as released.

    Args:
        in_channels (int): Of the backbone's maps.
        embed_dims (int): C, a multiple of 4 and of ``num_heads``.
        num_heads (int): Heads.
        feedforward_channels (int): Channels between the linear layers.
        layers (str): One letter per layer: ``I`` each view looks at itself and the query view at the mask, ``C`` at
            the other view, ``O`` both at the query view, ``N`` nothing. Defaults to the released ``'ICICIN'``; ``O`` is
            ours, cheap where the query view is hidden outside the mask.
        dropout (float): Inside layers.
        drop_feat (float): Of whole channels of the projected maps.
        pos_weight (float): Of the position.
        feat_weight (float): Of the tokens to which it is added.
        add_mask (bool): Add the mask's tokens to those of the query picture at the same place. The released encoder
            does not: its query tokens find the mask only by what deep maps tell about places. Small backbones, whose
            maps tell nothing of the kind, need it. Defaults to False.

    Raises:
        ConfigError: If a size or a letter is impossible.
    """

    def __init__(self, in_channels: int = 1024, embed_dims: int = 256, num_heads: int = 2,
                 feedforward_channels: int = 256, layers: str = 'ICICIN', dropout: float = 0.1,
                 drop_feat: float = 0.1, pos_weight: float = 0.1, feat_weight: float = 1.0,
                 add_mask: bool = False) -> None:
        super().__init__()
        if not layers or set(layers) - set(_KINDS):
            raise ConfigError(explain('CrossViewEncoder, layers', f'letters out of {", ".join(_KINDS)}', repr(layers),
                                      "Released: 'ICICIN'."))
        if embed_dims % 4 or embed_dims % num_heads:
            raise ConfigError(explain('CrossViewEncoder, embed_dims', f'a multiple of 4 and of {num_heads} heads',
                                      str(embed_dims), 'Released: 256 with 2 heads.'))
        self.pos_weight, self.feat_weight, self.add_mask = pos_weight, feat_weight, add_mask
        self.feat_proj = nn.Conv2d(in_channels, embed_dims, 1)
        self.drop_feat = nn.Dropout2d(drop_feat)
        sizes = (embed_dims, num_heads, feedforward_channels, dropout)
        self.layers = nn.ModuleList(nn.Identity() if kind == 'N' else _KINDS[kind](sizes) for kind in layers)
        # After the last look at the other view, the target's tokens do not depend on the query's any more.
        self._last_exchange = max(layers.rfind(kind) for kind in 'CO')
        self._positions: dict[tuple, Tensor] = {}

    def forward(self, maps: Tensor, query: Tensor, target: Tensor, masks: Tensor, hidden: Tensor | None = None,
                hidden_query: Tensor | None = None, with_query: bool = True) -> tuple[Tensor | None, Tensor]:
        """Encode pairs.

        Args:
            maps (Tensor): Normalised maps of U pictures, (U, in_channels, h, w).
            query (Tensor): Index of the query picture of each pair, (N,).
            target (Tensor): Index of the target picture of each pair, (N,).
            masks (Tensor): Normalised maps of the query masks, (N, in_channels, h, w).
            hidden (Tensor, optional): (N, h, w) bool, True for tokens of the target that nothing may attend to.
            hidden_query (Tensor, optional): (N, h, w) bool, the same for the query view.
            with_query (bool): Also give the query view's map. Defaults to True.

        Returns:
            tuple[Tensor | None, Tensor]: Map of the query view, None unless asked for, and of the target view, each
            (N, C, h, w).
        """
        maps, mask = self.feat_proj(maps), _tokens(self.feat_proj(masks))
        # Channels are dropped for each pair anew, of the query view first.
        both = torch.cat([_tokens(self.drop_feat(maps[index])) for index in (query, target)])
        size, num = maps.shape[-2:], len(query)
        if self.add_mask:
            both = torch.cat([both[:num] + mask, both[num:]])
        position = self._position(size, maps)
        hidden = _hidden(hidden_query, hidden)
        for number, layer in enumerate(self.layers):
            # Without the query's map its tokens are updated up to the last exchange only; an object layer reads them as
            # they come, so there its own update is left out too.
            alone = not with_query and number >= self._last_exchange + (not isinstance(layer, ObjectLayer))
            if isinstance(layer, ObjectLayer):
                seen, unseen = _visible(both[:num], None if hidden is None else hidden[:num])
                if not alone:
                    seen, unseen = seen.repeat(2, 1, 1), None if unseen is None else unseen.repeat(2, 1)
                both = layer.object_attention(both[num:] if alone else both, unseen, context=seen)
                continue
            if alone and len(both) > num:
                both = both[num:]
            if isinstance(layer, CrossLayer):
                both = layer.cross_attention(both, hidden, swap=True)
            elif isinstance(layer, InnerLayer):
                if len(both) > num:
                    both = torch.cat([layer.mask_attention(both[:num], context=mask), both[num:]])
                masked = None if hidden is None else hidden[-len(both):]
                both = layer.self_attention(self.feat_weight * both + self.pos_weight * position, masked)
        both = both.transpose(1, 2).unflatten(-1, size)
        return (both[:num], both[num:]) if with_query else (None, both[-num:])

    def _position(self, size: torch.Size, like: Tensor) -> Tensor:
        """(h * w, C) on the device of ``like``, made once per size."""
        key = (*size, like.device)
        if key not in self._positions:
            self._positions[key] = sine_encoding(*size, like.shape[1]).flatten(1).T.contiguous().to(like.device)
        return self._positions[key]


def _hidden(query: Tensor | None, target: Tensor | None) -> Tensor | None:
    """(2 N, h * w) of both views; None when nothing is hidden."""
    if query is None and target is None:
        return None
    query = torch.zeros_like(target) if query is None else query
    return torch.cat([query, torch.zeros_like(query) if target is None else target]).flatten(1)


def _visible(tokens: Tensor, hidden: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """(N, K, C) and (N, K) of (N, L, C) and (N, L): as many tokens as the map with the most visible ones has."""
    if hidden is None:
        return tokens, None
    most = max(int((~hidden).sum(1).max()), 1)
    chosen = (~hidden).to(torch.uint8).topk(most, dim=1).indices
    return tokens.gather(1, chosen[:, :, None].expand(-1, -1, tokens.shape[-1])), hidden.gather(1, chosen)


def _tokens(maps: Tensor) -> Tensor:
    """(N, C, h, w) as (N, h * w, C)."""
    return maps.flatten(2).transpose(1, 2)
