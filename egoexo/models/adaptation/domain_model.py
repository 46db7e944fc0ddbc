"""Base of the models that learn from one domain or from two."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import torch
from mmengine.model import BaseModel

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.adaptation import Adaptation
from egoexo.models.adaptation.domain_batch_norm import DomainBatchNorm
from egoexo.models.adaptation.domain_level import DomainBatch, DomainLevel
from egoexo.models.adaptation.progress import TrainProgress
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['DomainModel', 'DomainPass']


class DomainPass(NamedTuple):
    """One pass over a source and a target batch.

    Args:
        losses (dict[str, torch.Tensor]): Losses of the labelled rows.
        levels (dict[str, DomainLevel]): What the objectives compare, by place.
    """

    losses: dict[str, torch.Tensor]
    levels: dict[str, DomainLevel]


class DomainModel(BaseModel):
    """A model whose loader gives batches of one domain, or pairs of a source and a target batch.

    A subclass defines :meth:`run_batch` for one domain, :meth:`run_domains` for two, and :meth:`run_reversed` for the
    second pass of ensemble methods. Everything between, the objectives and their weights, is here.

    Args:
        predict_views (Mapping[str, str], optional): For models with :class:`DomainBatchNorm`: the domain whose
            statistics normalise a view in prediction, e.g. ``dict(ego='source', exo='target')``; None takes the
            target's for all, as released.
        data_preprocessor (dict, optional): ``SequenceDataPreprocessor`` when None.
        init_cfg (dict, optional): MMEngine initialisation.

    Attributes:
        adaptation (Adaptation | None): Objectives and domain heads; set by the subclass.
        progress (TrainProgress): Where the training is; set by ``AdaptationProgressHook``.
    """

    def __init__(self, predict_views: Mapping[str, str] | None = None, data_preprocessor: dict | None = None,
                 init_cfg: dict | None = None) -> None:
        # Built here, because BaseModel looks in MMEngine's own registry unless a default scope is set.
        super().__init__(MODELS.build(data_preprocessor or dict(type='SequenceDataPreprocessor')), init_cfg)
        self.predict_views = dict(predict_views or {})
        self.progress = TrainProgress()
        self.adaptation: Adaptation | None = None

    def forward(self, inputs: torch.Tensor | list | None = None, mask: torch.Tensor | None = None,
                data_samples: list[EgoExoDataSample] | None = None, mode: str = 'tensor',
                source: dict | None = None, target: dict | None = None,
                ) -> torch.Tensor | dict[str, torch.Tensor] | list[EgoExoDataSample]:
        """Run a batch of one domain, or a pair of batches.

        Args:
            inputs (torch.Tensor | list): Features of sequences, shape (N, D, S); or N vectors, pictures or sentences.
            mask (torch.Tensor, optional): True on real steps of sequences, shape (N, S); all True when None.
            data_samples (list[EgoExoDataSample], optional): N samples.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``.
            source (dict, optional): ``inputs``, ``mask`` and ``data_samples`` of the labelled domain, for mode
                ``'loss'``.
            target (dict, optional): The same of the other domain.

        Returns:
            torch.Tensor | dict | list: Class logits; named losses; filled samples.

        Raises:
            ConfigError: If a pair arrives and the model has no adaptation objective.
        """
        if source is not None:
            if mode != 'loss' or target is None:
                raise ValueError("a pair of domains needs mode='loss', source and target; predict one domain at a time")
            return self._loss_domains(source, target)
        if mode not in ('tensor', 'loss', 'predict'):
            raise ValueError(f"{type(self).__name__}: mode must be 'tensor', 'loss' or 'predict', got {mode!r}.")
        if mode == 'predict' and self.predict_views and data_samples:
            return self._predict_views(inputs, mask, data_samples)
        with self.domain('source' if mode == 'loss' else 'target'):
            return self.run_batch(inputs, self._full_mask(inputs) if mask is None else mask, data_samples, mode)

    @abstractmethod
    def run_batch(self, inputs: torch.Tensor | list, mask: torch.Tensor | None,
                  data_samples: list[EgoExoDataSample] | None, mode: str,
                  ) -> torch.Tensor | dict[str, torch.Tensor] | list[EgoExoDataSample]:
        """Run a batch of one domain; see :meth:`forward`. ``mask`` is None unless the inputs are sequences."""

    @abstractmethod
    def run_domains(self, source: dict, target: dict) -> DomainPass:
        """Run a pair of batches.

        Args:
            source (dict): ``inputs``, ``mask`` and ``data_samples`` of the labelled domain.
            target (dict): The same of the other domain.

        Returns:
            DomainPass: Losses of the labelled rows, and levels (none needed without an objective).
        """

    @abstractmethod
    def run_reversed(self, source: dict, target: dict) -> dict[str, DomainLevel]:
        """Run the target once more, gradients reversed between features and classifiers.

        Args:
            source (dict): As for :meth:`run_domains`.
            target (dict): As for :meth:`run_domains`.

        Returns:
            dict[str, DomainLevel]: Levels whose target ``logits`` and ``logits_2`` are filled in.
        """

    @property
    def has_objectives(self) -> bool:
        """Whether a loss looks at the target; without one it only moves the statistics of its normalisation."""
        return self.adaptation is not None and len(self.adaptation.objectives) > 0

    def _loss_domains(self, source: dict, target: dict) -> dict[str, torch.Tensor]:
        if not self.has_objectives and not any(isinstance(module, DomainBatchNorm) for module in self.modules()):
            raise ConfigError(explain('model.adaptation.objectives', 'at least one objective or a DomainBatchNorm, '
                                      'because the loader gives pairs of a source and a target batch', 'none',
                                      'Add one, or train with a dataset of one domain. If the target batches have '
                                      'labels that count, set model.supervise_target=True.'))
        source, target = (item | dict(mask=self._full_mask(item['inputs']) if item.get('mask') is None
                                      else item['mask']) for item in (source, target))
        losses, levels = self.run_domains(source, target)
        if self.adaptation is None or not self.has_objectives:
            return losses
        domains = DomainBatch(levels, lambda: self.run_reversed(source, target))
        return losses | self.adaptation.losses(domains, self.progress)

    def _predict_views(self, inputs: torch.Tensor | list, mask: torch.Tensor | None,
                       data_samples: list[EgoExoDataSample]) -> list[EgoExoDataSample]:
        mask = self._full_mask(inputs) if mask is None else mask
        domains = [self.predict_views.get(sample.get('view'), 'target') for sample in data_samples]
        predicted: dict[int, EgoExoDataSample] = {}
        for name in dict.fromkeys(domains):
            rows = [index for index, domain in enumerate(domains) if domain == name]
            with self.domain(name):
                filled = self.run_batch(
                    inputs[rows] if isinstance(inputs, torch.Tensor) else [inputs[row] for row in rows],
                    None if mask is None else mask[rows], [data_samples[row] for row in rows], 'predict')
            predicted.update(zip(rows, filled, strict=True))
        return [predicted[index] for index in range(len(domains))]

    @contextmanager
    def domain(self, name: str) -> Iterator[None]:
        """Choose the statistics of the :class:`DomainBatchNorm` layers for a while.

        Args:
            name (str): ``'source'`` or ``'target'``.
        """
        layers = [module for module in self.modules() if isinstance(module, DomainBatchNorm)]
        before = [layer.domain for layer in layers]
        for layer in layers:
            layer.domain = name
        try:
            yield
        finally:
            for layer, domain in zip(layers, before, strict=True):
                layer.domain = domain

    @staticmethod
    def _full_mask(inputs: torch.Tensor | list) -> torch.Tensor | None:
        """All True for sequences; None for what has no steps."""
        if not isinstance(inputs, torch.Tensor) or inputs.ndim != 3:
            return None
        return inputs.new_ones((inputs.shape[0], inputs.shape[2]), dtype=torch.bool)
