"""The inverse-power learning rate of LaGTran."""

from mmengine.optim import _ParamScheduler
from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin

from egoexo.errors import ConfigError, explain
from egoexo.registry import PARAM_SCHEDULERS

__all__ = ['InvLR']


@PARAM_SCHEDULERS.register_module()
class InvLR(LRSchedulerMixin, _ParamScheduler):
    """Rate ``lr * (1 + gamma * t) ** -power`` with t finished iterations, the rule ``inv`` of the official code.

    Each parameter group starts from its own rate, so ``paramwise_cfg`` gives the ratio of head and encoder. A resumed
    run goes on where it stopped; the official code goes one iteration too far on each resume. Source: Kalluri et al.,
    "Tell, Don't Show!" (LaGTran), ICML 2024, as released.

    In a config: ``dict(type='InvLR', by_epoch=False)``.

    Args:
        optimizer (Optimizer | BaseOptimWrapper): Filled in by the runner.
        gamma (float): Defaults to 0.001.
        power (float): Defaults to 0.75.
        begin (int): First iteration of the rule; t counts from it.
        end (int): Last iteration of the rule.
        last_step (int): For resuming without a state dict.
        by_epoch (bool): Has to be given as False: the runner takes True where nothing is said, and the rule would end
            with the first epoch.
        verbose (bool): Print each rate.

    Raises:
        ConfigError: If the rule is asked to step by epoch, or a number makes no falling rate.
    """

    def __init__(self, optimizer: object, gamma: float = 0.001, power: float = 0.75, begin: int = 0,
                 end: float = float('inf'), last_step: int = -1, by_epoch: bool = True, verbose: bool = False) -> None:
        if by_epoch or gamma < 0 or power < 0:
            raise ConfigError(explain('param_scheduler InvLR', 'by_epoch=False, and gamma and power of at least 0',
                                      f'{by_epoch=}, {gamma=}, {power=}', 'Correct them; by_epoch=False has to be '
                                      'written out.'))
        self.gamma, self.power = gamma, power
        super().__init__(optimizer, begin=begin, end=end, last_step=last_step, by_epoch=False, verbose=verbose)

    def _get_value(self) -> list[float]:
        """Rate of each parameter group for the next iteration."""
        return [value * (1 + self.gamma * self.last_step)**-self.power for value in self.base_values]
