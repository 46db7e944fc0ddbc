"""Pseudo-labels from the most similar source sentences."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from egoexo.errors import AnnotationError, ConfigError, explain
from egoexo.models.transfer.text_matcher import TextMatcher
from egoexo.registry import MODELS

__all__ = ['KNNMatch']


@MODELS.register_module()
class KNNMatch(TextMatcher):
    """The class that most of the K nearest source sentences have; logits are votes, the smallest class wins a draw.

    A baseline of Kalluri et al., "Tell, Don't Show!: Language Guidance Eases Transfer Across Domains in Images and
    Videos" (LaGTran), ICML 2024.

    Args:
        encoder (dict): See :class:`TextMatcher`.
        num_classes (int): C.
        num_neighbours (int): K.
        capacity (int): Places for source sentences, whose embeddings the checkpoint holds.
        **kwargs: See :class:`TextMatcher`.

    Raises:
        ConfigError: If a number is below 1.
    """

    def __init__(self, encoder: dict, num_classes: int, num_neighbours: int = 3, capacity: int = 8192,
                 **kwargs: object) -> None:
        if min(num_neighbours, capacity) < 1:
            raise ConfigError(explain('KNNMatch, num_neighbours and capacity', 'at least 1',
                                      f'{num_neighbours}, {capacity}', 'Correct them.'))
        super().__init__(encoder, num_classes, **kwargs)
        self.num_neighbours = num_neighbours
        # A parameter rather than a buffer, because MMEngine's runner and torch's DDP refuse a model without any.
        self.source_vectors = nn.Parameter(torch.zeros(capacity, self.encoder.dim))
        self.register_buffer('source_labels', torch.full((capacity,), -1))

    @property
    def fitted(self) -> bool:
        """See :class:`TextMatcher`."""
        return bool((self.source_labels >= 0).any())

    @torch.no_grad()
    def fit_texts(self, texts: Sequence[str], labels: Sequence[int] = (), classes: Sequence[str] = ()) -> None:
        """Embed the source.

        Args:
            texts (Sequence[str]): All source texts.
            labels (Sequence[int]): Their class ids.
            classes (Sequence[str]): Not used.

        Raises:
            AnnotationError: If the texts have no labels, or one that is no class.
            ConfigError: If there are more texts than places.
        """
        if len(labels) != len(texts) or not labels or not 0 <= min(labels) <= max(labels) < self.num_classes:
            found = f'labels from {min(labels)} to {max(labels)}' if len(labels) else 'no labels'
            raise AnnotationError(explain('KNNMatch', f'a class id from 0 to {self.num_classes - 1} for each of the '
                                          f'{len(texts)} source texts', found,
                                          "Train on a list with labels='true', and check num_classes."))
        if len(texts) > len(self.source_labels):
            raise ConfigError(explain('KNNMatch, capacity', f'at least {len(texts)}, the number of source texts',
                                      len(self.source_labels), 'Raise it.'))
        self.encoder.fit_texts(texts)
        self.source_vectors.zero_()
        self.source_labels.fill_(-1)
        self.source_vectors[:len(texts)] = self.embed(texts)
        self.source_labels[:len(texts)] = torch.tensor(labels, device=self.source_labels.device)

    def scores(self, texts: Sequence[str]) -> torch.Tensor:
        """Votes, (N, C); see :class:`TextMatcher`.

        Args:
            texts (Sequence[str]): N sentences.
        """
        labels = self.source_labels[self.source_labels >= 0]
        cosines = self.embed(texts) @ self.source_vectors[:len(labels)].T
        # Sorted stably: of equal sentences the first ones count, on every machine.
        nearest = cosines.argsort(dim=1, descending=True, stable=True)[:, :self.num_neighbours]
        return F.one_hot(labels[nearest], self.num_classes).sum(1).float()
