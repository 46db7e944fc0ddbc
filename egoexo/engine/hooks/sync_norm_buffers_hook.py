"""Equal BatchNorm statistics on all ranks, only where there are any."""

from mmengine.hooks import SyncBuffersHook
from mmengine.runner import Runner
from torch.nn.modules.batchnorm import _BatchNorm

from egoexo.registry import HOOKS

__all__ = ['SyncNormBuffersHook']


@HOOKS.register_module()
class SyncNormBuffersHook(SyncBuffersHook):
    """Average BatchNorm buffers over the ranks before evaluation and after an epoch.

    MMEngine wraps with ``broadcast_buffers=False``: without this hook each rank evaluates with its own running
    statistics. It costs nothing on one process or in a model without BatchNorm, so it is always on.
    """

    def before_run(self, runner: Runner) -> None:
        """Switch itself off for one process or a model without BatchNorm.

        Args:
            runner (Runner): The runner.
        """
        self.distributed = runner.world_size > 1 and any(
            isinstance(module, _BatchNorm) and module.track_running_stats for module in runner.model.modules())
