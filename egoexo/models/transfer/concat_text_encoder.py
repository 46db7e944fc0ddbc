"""Several encoders of sentences side by side."""

from collections.abc import Sequence

import torch
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.models.transfer.text_encoder import TextEncoder
from egoexo.registry import MODELS

__all__ = ['ConcatTextEncoder']


@MODELS.register_module()
class ConcatTextEncoder(TextEncoder):
    """Rows of all encoders, one behind the other; TF-IDF and MiniLM together are better than either.

    Args:
        encoders (Sequence[dict]): Encoders of text, at least one.

    Raises:
        ConfigError: If there is none.

    Examples:
        >>> encoder = ConcatTextEncoder([dict(type='TfidfEncoder', dim=100), dict(type='HFTextEncoder')])
        >>> encoder.dim
        484
    """

    def __init__(self, encoders: Sequence[dict]) -> None:
        if not encoders:
            raise ConfigError(explain('ConcatTextEncoder, encoders', 'at least one', 'none', 'Add one.'))
        built = [MODELS.build(encoder) for encoder in encoders]
        super().__init__(sum(encoder.dim for encoder in built))
        self.encoders = nn.ModuleList(built)

    def forward(self, texts: Sequence[str]) -> torch.Tensor:
        """Encode; see :class:`TextEncoder`.

        Args:
            texts (Sequence[str]): N sentences.

        Returns:
            torch.Tensor: float32, (N, sum of the D).
        """
        return torch.cat([encoder(texts) for encoder in self.encoders], dim=1)

    def fit_texts(self, texts: Sequence[str]) -> None:
        """Let each encoder learn from the training texts.

        Args:
            texts (Sequence[str]): All of them.
        """
        for encoder in self.encoders:
            encoder.fit_texts(texts)

    def prepare(self, texts: Sequence[str]) -> None:
        """Let each encoder work ahead.

        Args:
            texts (Sequence[str]): Any number.
        """
        for encoder in self.encoders:
            encoder.prepare(texts)
