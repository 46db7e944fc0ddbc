"""The cosine rate with a warm-up of PySlowFast."""

import math

from mmengine.optim import _ParamScheduler
from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin

from egoexo.errors import ConfigError, explain
from egoexo.registry import PARAM_SCHEDULERS

__all__ = ['WarmupCosineLR']


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(LRSchedulerMixin, _ParamScheduler):
    """Rate ``lr * (cos(pi * p) + 1) / 2``, p the finished share of the training, with a straight line to begin with.

    The line leads from ``start_factor * lr`` to where the cosine stands at the end of the warm-up; the cosine counts
    from the first step of the training, not from there, which MMEngine's ``CosineAnnealingLR`` behind a ``LinearLR``
    does not do. Source: Feichtenhofer et al., "SlowFast", ICCV 2019, as released in PySlowFast.

    In a config: ``dict(type='WarmupCosineLR', warmup=34, by_epoch=True, convert_to_iter_based=True)``; the epochs are
    those of the run.

    Args:
        optimizer (Optimizer | BaseOptimWrapper): Filled in by the runner.
        warmup (float): Steps of the warm-up; in a config epochs.
        start_factor (float): First rate as a share of ``lr``. Defaults to 0.1.
        begin (int): First step of the rule.
        end (int): Steps of the whole training; filled in by the runner.
        last_step (int): For resuming without a state dict.
        by_epoch (bool): False; the rule changes the rate after every step.
        verbose (bool): Print each rate.

    Raises:
        ConfigError: If the rule is asked to step by epoch, does not know the length of the training or has a warm-up
            as long as it.
    """

    def __init__(self, optimizer: object, warmup: float = 0, start_factor: float = 0.1, begin: int = 0,
                 end: float | None = None, last_step: int = -1, by_epoch: bool = False, verbose: bool = False) -> None:
        if by_epoch or end is None or end == float('inf') or not 0 <= warmup < end - begin:
            raise ConfigError(explain(
                'param_scheduler WarmupCosineLR', 'a rule by step that knows its end, and a shorter warm-up',
                f'{by_epoch=}, {end=}, {warmup=}', 'Set by_epoch=True and convert_to_iter_based=True, and train with '
                'an epoch loop; correct warmup, in epochs.'))
        self.warmup, self.start_factor, self.num_steps = warmup, start_factor, end - begin
        super().__init__(optimizer, begin=begin, end=end, last_step=last_step, by_epoch=False, verbose=verbose)

    @classmethod
    def build_iter_from_epoch(cls, *args: object, begin: int = 0, end: float | None = None, warmup: float = 0,
                              by_epoch: bool = True, epoch_length: int | None = None,
                              **kwargs: object) -> 'WarmupCosineLR':
        """Build from arguments that count epochs; called by the runner for ``convert_to_iter_based=True``.

        Args:
            *args: As for the class.
            begin (int): First epoch.
            end (int): Epochs of the training.
            warmup (float): Epochs of the warm-up.
            by_epoch (bool): Must be True.
            epoch_length (int): Steps per epoch.
            **kwargs: As for the class.

        Returns:
            WarmupCosineLR: The rule by step.
        """
        if by_epoch and epoch_length and end is not None:
            begin, end, warmup = int(begin * epoch_length), end * epoch_length, warmup * epoch_length
        return cls(*args, begin=begin, end=end, warmup=warmup, by_epoch=not by_epoch, **kwargs)

    def _get_value(self) -> list[float]:
        """Rate of each parameter group for the next step."""
        return [value * self._factor(self.last_step) for value in self.base_values]

    def _factor(self, step: int) -> float:
        if step < self.warmup:
            top = self._cosine(self.warmup)
            return self.start_factor + (top - self.start_factor) * step / self.warmup
        return self._cosine(step)

    def _cosine(self, step: float) -> float:
        return (math.cos(math.pi * step / self.num_steps) + 1) / 2
