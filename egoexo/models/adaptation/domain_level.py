"""What adaptation objectives look at."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch

from egoexo.models.adaptation.centroids import Centroids

__all__ = ['DomainBatch', 'DomainLevel']

Pair = tuple[torch.Tensor, torch.Tensor]


class DomainLevel(NamedTuple):
    """One place of a network where a source and a target batch are compared.

    Rows are what the place describes: the real steps of all sequences of a batch, its clips, or its relations. Pairs
    are (source, target). All tensors are float32. A place fills in what it has.

    Args:
        features (tuple[torch.Tensor, torch.Tensor]): Shapes (R, F) and (Q, F).
        logits (tuple[torch.Tensor, torch.Tensor], optional): Class logits, (R, C) and (Q, C).
        logits_2 (tuple[torch.Tensor, torch.Tensor], optional): Those of the second classifier of ensemble methods.
        class_logits (tuple[torch.Tensor, torch.Tensor], optional): Those of one decision, where ``logits`` holds
            several side by side; None when ``logits`` are one.
        labels (torch.Tensor, optional): Class ids of the source rows, (R,) int64, negative for none.
        domain_logits (torch.Tensor, optional): Source or target, by H discriminators; (R + Q, H, 2), source first.
        sequence_logits (torch.Tensor, optional): Of whole sequences, (V, K): their domain, the arrangement of shuffled
            segments of both domains, or the order of the segments of each.
        sequence_labels (torch.Tensor, optional): Classes of ``sequence_logits``, (V,) int64.
        centroids (Centroids, optional): Moving class centres of this place.
    """

    features: Pair
    logits: Pair | None = None
    logits_2: Pair | None = None
    class_logits: Pair | None = None
    labels: torch.Tensor | None = None
    domain_logits: torch.Tensor | None = None
    sequence_logits: torch.Tensor | None = None
    sequence_labels: torch.Tensor | None = None
    centroids: Centroids | None = None

    @property
    def decision(self) -> Pair | None:
        """Logits of one decision among C classes, source and target."""
        return self.logits if self.class_logits is None else self.class_logits


class DomainBatch:
    """Levels of one pair of batches, and those of a second pass that is run only if somebody asks.

    Args:
        levels (Mapping[str, DomainLevel]): By the names of the places.
        second_pass (Callable[[], Mapping[str, DomainLevel]]): Runs the target batch again with the gradient reversed
            between features and classifiers; fills ``logits`` and ``logits_2`` of the target.
    """

    def __init__(self, levels: Mapping[str, DomainLevel],
                 second_pass: Callable[[], Mapping[str, DomainLevel]]) -> None:
        self.levels = dict(levels)
        self._second_pass = second_pass
        self._reversed: Mapping[str, DomainLevel] | None = None

    def reversed_level(self, place: str) -> DomainLevel:
        """Level of the second pass.

        Args:
            place (str): Name of the place.

        Returns:
            DomainLevel: Its source entries are empty or those of the first pass.
        """
        if self._reversed is None:
            self._reversed = self._second_pass()
        return self._reversed[place]

    def replace_target_logits(self) -> None:
        """Let all objectives that follow see the target logits of the second pass."""
        for place, level in self._reversed.items():
            known = self.levels[place]
            for entry in ('logits', 'class_logits'):
                pair, again = getattr(known, entry), getattr(level, entry)
                if pair is not None and again is not None:
                    known = known._replace(**{entry: (pair[0], again[1])})
            self.levels[place] = known
