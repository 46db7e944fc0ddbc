"""Small transformer over the steps already done."""

from collections.abc import Sequence

import torch
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.models.planning.step_history import StepHistoryPlanner, steps_cross_entropy
from egoexo.registry import MODELS

__all__ = ['HistoryTransformer']


@MODELS.register_module()
class HistoryTransformer(StepHistoryPlanner):
    """Transformer encoder over the past steps, whose answer token predicts all coming steps at once.

    The newest step comes first and positions count backwards from it, so what was just done is found at the same place
    in every video. In training some pasts are cut to their newest part and some steps are hidden. A sample is
    predicted alike in any batch.

    Args:
        width (int): Width of the tokens, F, a multiple of ``num_heads``.
        num_layers (int): Encoder layers.
        num_heads (int): Attention heads of each.
        dropout (float): Of tokens, attention and layers.
        max_past (int): Newest steps that are looked at, P.
        cut_past (float): Share of the pasts that is cut to a random length of at least 0 in training.
        hide_step (float): Share of the steps that is hidden in training.
        label_smoothing (float): Of the cross entropy.
        **kwargs: Arguments of :class:`StepHistoryPlanner`.

    Raises:
        ConfigError: If a number is out of range.

    Examples:
        >>> model = HistoryTransformer()
        >>> model.log_probabilities([torch.tensor([3, 14]), torch.tensor([], dtype=torch.int64)]).shape
        torch.Size([2, 8, 27])
    """

    def __init__(self, num_classes: int = 27, horizon: int = 8, width: int = 96, num_layers: int = 2,
                 num_heads: int = 4, dropout: float = 0.3, max_past: int = 32, cut_past: float = 0.3,
                 hide_step: float = 0.1, label_smoothing: float = 0.1, **kwargs: object) -> None:
        super().__init__(num_classes, horizon, **kwargs)
        for name, value, fits, range_ in (
                ('width', width, width > 0 and width % num_heads == 0, f'a multiple of num_heads, {num_heads}'),
                ('max_past', max_past, max_past >= 1, 'at least 1'),
                ('cut_past', cut_past, 0 <= cut_past <= 1, 'from 0 to 1'),
                ('hide_step', hide_step, 0 <= hide_step < 1, 'at least 0 and below 1')):
            if not fits:
                raise ConfigError(
                    explain(f'HistoryTransformer, {name}', range_, repr(value), 'Correct it in the config.'))
        self.max_past = max_past
        self.cut_past = cut_past
        self.hide_step = hide_step
        self.label_smoothing = label_smoothing
        self.tokens = nn.Embedding(num_classes + 2, width)  # classes, hidden step, answer
        self.positions = nn.Embedding(max_past + 1, width)
        self.dropout = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            width, num_heads, 2 * width, dropout, activation='gelu', batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(
            layer, num_layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.classifier = nn.Linear(width, horizon * num_classes)
        for table in (self.tokens, self.positions):
            nn.init.normal_(table.weight, std=0.1)
        nn.init.zeros_(self.classifier.weight)

    def log_probabilities(self, past: Sequence[torch.Tensor]) -> torch.Tensor:
        """See :meth:`StepHistoryPlanner.log_probabilities`; float32 on the device of the weights.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
        """
        return self._logits(*self._tokens_of(past)).log_softmax(-1)

    def loss(self, past: Sequence[torch.Tensor], future: torch.Tensor) -> dict[str, torch.Tensor]:
        """Cross entropy over all coming steps.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
            future (torch.Tensor): Class ids to come, (N, Z), -1 where there is none.

        Returns:
            dict[str, torch.Tensor]: ``loss_ce``; zero, not NaN, for a batch without any label.
        """
        tokens, hidden = self._tokens_of(past)
        if self.training:
            tokens, hidden = self._vary(tokens, hidden)
        return dict(loss_ce=steps_cross_entropy(self._logits(tokens, hidden), future, self.label_smoothing))

    def _tokens_of(self, past: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (N, P + 1), the answer token first, then the newest step; True (N, P + 1) where there is none.

        Always P + 1 long, so that no sum depends on the other samples of a batch.
        """
        device = self.classifier.weight.device
        tokens = torch.full((len(past), self.max_past + 1), self.num_classes, device=device)
        tokens[:, 0] = self.num_classes + 1
        hidden = torch.ones_like(tokens, dtype=torch.bool)
        hidden[:, 0] = False
        for number, steps in enumerate(past):
            newest = steps.flip(0)[:self.max_past].to(device)
            tokens[number, 1:len(newest) + 1] = newest
            hidden[number, 1:len(newest) + 1] = False
        return tokens, hidden

    def _vary(self, tokens: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cut some pasts and hide some steps."""
        length = (~hidden).sum(1)
        drawn = 1 + (torch.rand(len(tokens), device=tokens.device) * length).long()
        cut = torch.rand(len(tokens), device=tokens.device) < self.cut_past
        kept = torch.where(cut, drawn, length)
        hidden = hidden | (torch.arange(tokens.shape[1], device=tokens.device) >= kept[:, None])
        lost = torch.rand(tokens.shape, device=tokens.device) < self.hide_step
        lost[:, 0] = False
        return tokens.masked_fill(lost, self.num_classes), hidden

    def _logits(self, tokens: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """(N, Z, C)."""
        if self.training:  # nothing but speed: columns without any step add nothing
            longest = int((~hidden).sum(1).max())
            tokens, hidden = tokens[:, :longest], hidden[:, :longest]
        places = torch.arange(tokens.shape[1], device=tokens.device)
        tokens = self.dropout(self.tokens(tokens) + self.positions(places))
        tokens = self.encoder(tokens, src_key_padding_mask=hidden)
        return self.classifier(tokens[:, 0]).view(-1, self.horizon, self.num_classes)
