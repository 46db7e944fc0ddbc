"""The warm-up with which XSegTx is trained."""

from mmengine.optim import _ParamScheduler
from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin

from egoexo.errors import ConfigError, explain
from egoexo.registry import PARAM_SCHEDULERS

__all__ = ['ReleasedWarmupLR']


@PARAM_SCHEDULERS.register_module()
class ReleasedWarmupLR(LRSchedulerMixin, _ParamScheduler):
    """Rate of the released training: full, zero, then rising, and never quite full again.

    The released loop sets the rate after each warm-up iteration k (from 0) to ``lr * k / n``, n being ``warmup_iters``.
    So iteration 0 has the full rate, iteration k the rate ``lr * (k - 1) / n``, and everything behind the warm-up stays
    at ``lr * (n - 1) / n``. This rule ends there, and a ``MultiStepLR`` beside it goes on from that rate. A resumed run
    goes on where it stopped; the released code starts again at the full rate and counts its milestones anew. Source:
    Ego-Exo4D relations, XSegTx, as released.

    In a config: ``dict(type='ReleasedWarmupLR', warmup_iters=1000, by_epoch=False)``.

    Args:
        optimizer (Optimizer | BaseOptimWrapper): Filled in by the runner.
        warmup_iters (int): Iterations of the warm-up. Defaults to 1000.
        begin (int): First iteration of the warm-up.
        end (int): Last iteration of the training; filled in by the runner.
        last_step (int): For resuming without a state dict.
        by_epoch (bool): Has to be given as False: the runner takes True where nothing is said.
        verbose (bool): Print each rate.

    Raises:
        ConfigError: If the rule is asked to step by epoch or has no iteration.
    """

    def __init__(self, optimizer: object, warmup_iters: int = 1000, begin: int = 0, end: float = float('inf'),
                 last_step: int = -1, by_epoch: bool = True, verbose: bool = False) -> None:
        if by_epoch or warmup_iters < 1:
            raise ConfigError(explain(
                'param_scheduler ReleasedWarmupLR', 'by_epoch=False and at least 1 iteration',
                f'{by_epoch=}, {warmup_iters=}', 'Correct them; by_epoch=False has to be written out.'))
        self.warmup_iters = warmup_iters
        super().__init__(optimizer, begin=begin, end=min(end, begin + warmup_iters + 1), last_step=last_step,
                         by_epoch=False, verbose=verbose)

    def _get_value(self) -> list[float]:
        """Rate of each parameter group for the next iteration."""
        if self.last_step == 0:
            return list(self.base_values)
        return [value * (self.last_step - 1) / self.warmup_iters for value in self.base_values]
