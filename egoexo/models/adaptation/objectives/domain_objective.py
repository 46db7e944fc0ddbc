"""What every adaptation objective is."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from mmengine.model import BaseModule

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.progress import TrainProgress
from egoexo.models.adaptation.sigmoid_ramp import build_weight

__all__ = ['DomainObjective']


class DomainObjective(BaseModule):
    """A loss on the levels of a source and a target batch.

    A subclass names the entries of :class:`DomainLevel` it reads, so that a model computes no others, and defines
    :meth:`compare`.

    Args:
        places (Sequence[str]): Names of the levels it looks at: ``'stage1'``, ``'stage2'``, ... of a multi-stage
            segmentation network; ``'frame'``, ``'relation'`` and ``'video'`` of a clip network; ``'feature'`` and
            ``'conditional'`` of a classifier of vectors.
        loss_weight (float | Mapping): Constant or config of a ``SigmoidRamp``.
        name (str, optional): Key of the loss, when two objectives of a kind have to be told apart.
    """

    loss_name: ClassVar[str]
    reads: ClassVar[tuple[str, ...]] = ('features',)

    def __init__(self, places: Sequence[str], loss_weight: float | Mapping = 1.0, name: str | None = None) -> None:
        super().__init__()
        self.places = (places,) if isinstance(places, str) else tuple(places)
        if not self.places:
            raise ConfigError(explain(f'{type(self).__name__}, places', 'at least one level', 'none',
                                      "Name some, e.g. places=['stage2', 'stage3'], or drop the objective."))
        self.weight = build_weight(loss_weight)
        self.key = name or self.loss_name

    def forward(self, domains: DomainBatch, place: str, progress: TrainProgress) -> torch.Tensor:
        """Weighted loss at one place.

        Args:
            domains (DomainBatch): Levels of the pair of batches.
            place (str): Which of them.
            progress (TrainProgress): For the weight.

        Returns:
            torch.Tensor: Scalar.

        Raises:
            ConfigError: If the level lacks an entry that is read.
        """
        level = domains.levels[place]
        absent = [entry for entry in self.reads if getattr(level, entry) is None]
        if absent:
            raise ConfigError(explain(
                f"{type(self).__name__} at '{place}'", f'{", ".join(absent)} at this level',
                'a model that gives none there', 'Choose other places, or switch on the part of model.adaptation '
                'that makes it (a discriminator, order=True, centroids=True, a second classifier).'))
        return self.weight(progress) * self.compare(level, domains, place)

    @abstractmethod
    def compare(self, level: DomainLevel, domains: DomainBatch, place: str) -> torch.Tensor:
        """Unweighted loss of one level.

        Args:
            level (DomainLevel): The level.
            domains (DomainBatch): Where it is from, for a second pass.
            place (str): Its name.

        Returns:
            torch.Tensor: Scalar.
        """

    @staticmethod
    def both_probs(level: DomainLevel) -> torch.Tensor:
        """Class probabilities of source and target rows, (R + Q, C)."""
        return torch.cat(level.decision).softmax(dim=-1)
