"""One transformer layer in which tokens attend to themselves, to the other view, or to given tokens."""

from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ['AttentionLayer']


class AttentionLayer(nn.TransformerEncoderLayer):
    """Post-norm encoder layer whose attention goes to one group of tokens only.

    The released layers join two groups of tokens and forbid half of the attention by a mask. Here a group attends to
    the one it may see and the other half is never computed. Parameters have the names, shapes and initial values of
    :class:`torch.nn.TransformerEncoderLayer`. Letters: N maps, L tokens of a map, C channels.

    Args:
        channels (int): C, a multiple of ``num_heads``.
        num_heads (int): Heads.
        hidden_channels (int): Channels between the two linear layers.
        dropout (float): Probability, of attention weights too.

    Examples:
        >>> import torch
        >>> layer = AttentionLayer(8, 2, 16, 0.1)
        >>> layer(torch.zeros(4, 6, 8)).shape
        torch.Size([4, 6, 8])
    """

    def __init__(self, channels: int, num_heads: int, hidden_channels: int, dropout: float) -> None:
        super().__init__(channels, num_heads, hidden_channels, dropout, batch_first=True)

    def forward(self, tokens: Tensor, hidden: Tensor | None = None, context: Tensor | None = None,
                swap: bool = False) -> Tensor:
        """Update tokens.

        Args:
            tokens (Tensor): (N, L, C).
            hidden (Tensor, optional): (N, M) bool, True where a token may not be attended to: of ``context`` if given,
                else of ``tokens``.
            context (Tensor, optional): (N, M, C), attended to instead of ``tokens``; not updated.
            swap (bool): ``tokens`` are the N / 2 maps of one view and then those of the other; each map attends to
                that of the other view. Defaults to False.

        Returns:
            Tensor: (N, L, C).
        """
        query, key, value = self._project(tokens, context)
        if swap:
            half = len(tokens) // 2
            key, value = key.roll(half, 0), value.roll(half, 0)
            hidden = None if hidden is None else hidden.roll(half, 0)
        seen = None if hidden is None else ~hidden[:, None, None]
        mixed = F.scaled_dot_product_attention(
            query, key, value, attn_mask=seen, dropout_p=self.dropout.p if self.training else 0.0)
        mixed = self.self_attn.out_proj(mixed.transpose(1, 2).flatten(2))
        tokens = self.norm1(tokens + self.dropout1(mixed))
        update = self.linear2(self.dropout(F.relu(self.linear1(tokens))))
        return self.norm2(tokens + self.dropout2(update))

    def _project(self, tokens: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (N, heads, tokens, C / heads)."""
        weight, bias, channels = self.self_attn.in_proj_weight, self.self_attn.in_proj_bias, tokens.shape[-1]
        if context is None:
            parts = F.linear(tokens, weight, bias).chunk(3, -1)
        else:
            query = F.linear(tokens, weight[:channels], bias[:channels])
            parts = (query, *F.linear(context, weight[channels:], bias[channels:]).chunk(2, -1))
        return tuple(part.unflatten(-1, (self.self_attn.num_heads, -1)).transpose(1, 2) for part in parts)
