"""The learning rate of adversarial training."""

from mmengine.optim import _ParamScheduler
from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin

from egoexo.errors import ConfigError, explain
from egoexo.registry import PARAM_SCHEDULERS

__all__ = ['DannLR']


@PARAM_SCHEDULERS.register_module()
class DannLR(LRSchedulerMixin, _ParamScheduler):
    """Rate ``lr / (1 + factor * p) ** power``, p the share of the training, counted as TA3N counts it.

    The first step of the run has the plain rate. After batch i (from 0) of epoch e (from 1),
    ``p = (i + e * n) / (epochs * n)``: it begins at ``1 / epochs`` and ends past 1, as released. Source: Ganin and
    Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", ICML 2015, section 4.

    In a config: ``dict(type='DannLR', by_epoch=True, convert_to_iter_based=True)``; the epochs are those of the run.

    Args:
        optimizer (Optimizer | BaseOptimWrapper): Filled in by the runner.
        epoch_length (int): Steps per epoch; filled in by the runner.
        end (int): Steps of the whole training; filled in by the runner.
        source_batches (int, optional): n, source batches of a whole epoch, where the epoch ends before the source
            does because the target is shorter; ``epoch_length`` when None.
        factor (float): Defaults to 10.
        power (float): Defaults to 0.75.
        begin (int): First step of the rule.
        last_step (int): For resuming without a state dict.
        by_epoch (bool): False; the rule changes the rate after every step.
        verbose (bool): Print each rate.

    Raises:
        ConfigError: If the rule is asked to step by epoch or does not know the length of the training.
    """

    def __init__(self, optimizer: object, epoch_length: int | None = None, end: float | None = None,
                 source_batches: int | None = None, factor: float = 10.0, power: float = 0.75, begin: int = 0,
                 last_step: int = -1, by_epoch: bool = False, verbose: bool = False) -> None:
        if by_epoch or epoch_length is None or end is None or end == float('inf'):
            raise ConfigError(explain(
                'param_scheduler DannLR', 'a rule by step that knows epoch_length and end',
                f'{by_epoch=}, {epoch_length=}, {end=}',
                "Set by_epoch=True and convert_to_iter_based=True, and train with an epoch loop; both are then "
                'filled in.'))
        self.epoch_length = epoch_length
        self.source_batches = source_batches or epoch_length
        self.num_epochs = (end - begin) / epoch_length
        self.factor, self.power = factor, power
        super().__init__(optimizer, begin=begin, end=end, last_step=last_step, by_epoch=False, verbose=verbose)

    @classmethod
    def build_iter_from_epoch(cls, *args: object, begin: int = 0, end: float | None = None, by_epoch: bool = True,
                              epoch_length: int | None = None, **kwargs: object) -> 'DannLR':
        """Build from arguments that count epochs; called by the runner for ``convert_to_iter_based=True``.

        Args:
            *args: As for the class.
            begin (int): First epoch.
            end (int): Epochs of the training.
            by_epoch (bool): Must be True.
            epoch_length (int): Steps per epoch.
            **kwargs: As for the class.

        Returns:
            DannLR: The rule by step.
        """
        if by_epoch and epoch_length and end is not None:
            begin, end = int(begin * epoch_length), end * epoch_length
        return cls(*args, begin=begin, end=end, by_epoch=not by_epoch, epoch_length=epoch_length, **kwargs)

    def _get_value(self) -> list[float]:
        """Rate of each parameter group for the next step."""
        if self.last_step == 0:
            return list(self.base_values)
        epoch, batch = divmod(self.last_step - 1, self.epoch_length)
        share = (batch + (epoch + 1) * self.source_batches) / (self.num_epochs * self.source_batches)
        return [value / (1 + self.factor * share)**self.power for value in self.base_values]
