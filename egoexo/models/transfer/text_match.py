"""Pseudo-labels from the names of the classes."""

from collections.abc import Sequence

import torch
from torch import nn

from egoexo.errors import ConfigError, explain
from egoexo.models.transfer.text_matcher import TextMatcher
from egoexo.registry import MODELS

__all__ = ['TextMatch']


@MODELS.register_module()
class TextMatch(TextMatcher):
    """The class whose name is most like the sentence; logits are cosines.

    A baseline of Kalluri et al., "Tell, Don't Show!: Language Guidance Eases Transfer Across Domains in Images and
    Videos" (LaGTran), ICML 2024, with the encoder multi-qa-MiniLM-L6-cos-v1.

    Args:
        encoder (dict): See :class:`TextMatcher`.
        num_classes (int): C.
        class_names (Sequence[str], optional): Other words for the classes; None takes the names of the data set.
        **kwargs: See :class:`TextMatcher`.

    Raises:
        ConfigError: If there are not C names.

    Examples:
        >>> model = TextMatch(dict(type='HFTextEncoder'), num_classes=2)
        >>> model.fit_texts([], classes=['Make pasta', 'Clean up'])
        >>> model(['wipes the counter with a cloth']).argmax().item()
        1
    """

    def __init__(self, encoder: dict, num_classes: int, class_names: Sequence[str] | None = None,
                 **kwargs: object) -> None:
        super().__init__(encoder, num_classes, **kwargs)
        self.class_names = None if class_names is None else tuple(class_names)
        # A parameter rather than a buffer, because MMEngine's runner and torch's DDP refuse a model without any.
        self.class_vectors = nn.Parameter(torch.zeros(num_classes, self.encoder.dim))

    @property
    def fitted(self) -> bool:
        """See :class:`TextMatcher`."""
        return bool(self.class_vectors.any())

    @torch.no_grad()
    def fit_texts(self, texts: Sequence[str], labels: Sequence[int] = (), classes: Sequence[str] = ()) -> None:
        """Embed the class names; source texts are not looked at, except by encoders that learn from them.

        Args:
            texts (Sequence[str]): All source texts.
            labels (Sequence[int]): Not used.
            classes (Sequence[str]): Name of each class, if the config names none.
        """
        names = self.class_names or tuple(classes)
        if len(names) != self.num_classes:
            raise ConfigError(explain(f'{type(self).__name__}, class_names', f'{self.num_classes} names', len(names),
                                      'Correct num_classes or the names.'))
        self.encoder.fit_texts(texts)
        self.class_vectors.copy_(self.embed(names))

    def scores(self, texts: Sequence[str]) -> torch.Tensor:
        """Cosines, (N, C); see :class:`TextMatcher`.

        Args:
            texts (Sequence[str]): N sentences.
        """
        return self.embed(texts) @ self.class_vectors.T
