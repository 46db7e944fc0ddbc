"""What planners that know nothing but the steps already done have in common."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from mmengine.model import BaseModel
from torch.nn import functional as F

from egoexo.errors import ConfigError, DataError, explain
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['StepHistoryPlanner', 'steps_cross_entropy']


def steps_cross_entropy(logits: torch.Tensor, future: torch.Tensor, label_smoothing: float = 0.0) -> torch.Tensor:
    """Cross entropy of the coming steps, averaged over those that have a label.

    Args:
        logits (torch.Tensor): (N, Z, C).
        future (torch.Tensor): Class ids, (N, Z), -1 where there is none; any device.
        label_smoothing (float): Share of the target that is spread over all classes.

    Returns:
        torch.Tensor: Scalar; zero, not NaN, for a batch without any label.
    """
    future = future.to(logits.device)
    total = F.cross_entropy(logits.flatten(0, 1), future.flatten(), ignore_index=-1, reduction='sum',
                            label_smoothing=label_smoothing)
    return total / (future >= 0).sum().clamp(min=1)


class StepHistoryPlanner(BaseModel):
    """Base of planners that read ``gt_past_steps`` (H,) and predict the next Z steps; features are not looked at.

    The past steps are true labels. A planner of this kind is therefore a floor for models that see video: what the
    order of the steps alone is worth.

    Args:
        num_classes (int): C.
        horizon (int): Coming steps, Z.
        temperature (float): Divides the log probabilities that are predicted. Below 1 the independent draws of the
            metric keep closer to the most probable steps; 1 predicts the probabilities themselves.
        data_preprocessor (dict, optional): ``SequenceDataPreprocessor`` when None.
        init_cfg (dict, optional): MMEngine initialisation.

    Raises:
        ConfigError: If a number is out of range.
    """

    def __init__(self, num_classes: int = 27, horizon: int = 8, temperature: float = 1.0,
                 data_preprocessor: dict | None = None, init_cfg: dict | None = None) -> None:
        super().__init__(MODELS.build(data_preprocessor or dict(type='SequenceDataPreprocessor')), init_cfg)
        for name, value, fits in (('num_classes', num_classes, num_classes >= 2), ('horizon', horizon, horizon >= 1),
                                  ('temperature', temperature, temperature > 0)):
            if not fits:
                raise ConfigError(explain(f'{type(self).__name__}, {name}',
                                          {'num_classes': 'at least 2', 'horizon': 'at least 1'}.get(name, 'above 0'),
                                          repr(value), 'Correct it in the config.'))
        self.num_classes = num_classes
        self.horizon = horizon
        self.temperature = temperature

    def forward(self, inputs: object = None, mask: torch.Tensor | None = None,
                data_samples: Sequence[EgoExoDataSample] = (),
                mode: str = 'tensor') -> torch.Tensor | dict[str, torch.Tensor] | list[EgoExoDataSample]:
        """Plan for one batch.

        Args:
            inputs (object): Not used.
            mask (torch.Tensor, optional): Not used.
            data_samples (Sequence[EgoExoDataSample]): N samples with ``gt_past_steps``.
            mode (str): ``'tensor'``, ``'loss'`` or ``'predict'``.

        Returns:
            torch.Tensor | dict | list: Log probabilities (N, Z, C); named losses; samples with ``pred_future_logits``.

        Raises:
            DataError: If a sample has no past or an unknown class in it.
        """
        past = [self.past_of(sample) for sample in data_samples]
        if mode == 'tensor':
            return self.log_probabilities(past)
        if mode == 'loss':
            return self.loss(past, torch.stack([self.future_of(sample) for sample in data_samples]))
        if mode == 'predict':
            return self.predict(past, list(data_samples))
        raise ValueError(f"{type(self).__name__}: mode must be 'tensor', 'loss' or 'predict', got {mode!r}.")

    def predict(self, past: Sequence[torch.Tensor], data_samples: list[EgoExoDataSample]) -> list[EgoExoDataSample]:
        """Write ``pred_future_logits`` (Z, C) float32, the tempered log probabilities.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
            data_samples (list[EgoExoDataSample]): N samples.

        Returns:
            list[EgoExoDataSample]: The same samples.
        """
        logs = self.log_probabilities(past).clamp(min=-1e3)  # the metric refuses infinite logits
        for sample, row in zip(data_samples, logs, strict=True):
            sample.pred_future_logits = (row / self.temperature).log_softmax(-1).float()
        return data_samples

    @abstractmethod
    def log_probabilities(self, past: Sequence[torch.Tensor]) -> torch.Tensor:
        """Log probability of each class at each coming step.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,), oldest first; H_n may be 0.

        Returns:
            torch.Tensor: (N, Z, C), not tempered.
        """

    @abstractmethod
    def loss(self, past: Sequence[torch.Tensor], future: torch.Tensor) -> dict[str, torch.Tensor]:
        """Training loss.

        Args:
            past (Sequence[torch.Tensor]): Class ids done, N of shape (H_n,).
            future (torch.Tensor): Class ids to come, (N, Z), -1 where there is none.

        Returns:
            dict[str, torch.Tensor]: Losses by name.
        """

    def past_of(self, sample: EgoExoDataSample) -> torch.Tensor:
        """Checked ``gt_past_steps`` of a sample, (H,).

        Args:
            sample (EgoExoDataSample): A sample of a data set with ``with_history=True``.

        Raises:
            DataError: If it is missing or holds an unknown class.
        """
        past = sample.get('gt_past_steps')
        if past is None:
            raise DataError(explain(f'sample {sample.get("sample_id")}', 'gt_past_steps, the steps already done',
                                    'none', 'Load the list with PlanningDataset(with_history=True).'))
        return self._checked(past, sample, 'gt_past_steps', 0)

    def future_of(self, sample: EgoExoDataSample) -> torch.Tensor:
        """Checked ``gt_future_steps`` of a sample, (Z,), with -1 for none.

        Args:
            sample (EgoExoDataSample): A sample of a training list.

        Raises:
            DataError: If its length is not Z or it holds an unknown class.
        """
        future = sample.gt_future_steps
        if len(future) != self.horizon:
            raise DataError(explain(f'sample {sample.get("sample_id")}', f'{self.horizon} coming steps',
                                    str(len(future)), 'Set model.horizon to that of the list.'))
        return self._checked(future, sample, 'gt_future_steps', -1)

    def _checked(self, steps: torch.Tensor, sample: EgoExoDataSample, field: str, least: int) -> torch.Tensor:
        wrong = steps[(steps < least) | (steps >= self.num_classes)]
        if len(wrong):
            raise DataError(explain(f'sample {sample.get("sample_id")}, {field}',
                                    f'class ids from {least} to {self.num_classes - 1}', str(wrong[0].item()),
                                    'Set model.num_classes to that of the list, or correct the list.'))
        return steps
