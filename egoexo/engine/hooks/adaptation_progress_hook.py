"""Tells a model how far the training has come."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from egoexo.registry import HOOKS

__all__ = ['AdaptationProgressHook']


@HOOKS.register_module()
class AdaptationProgressHook(Hook):
    """Set ``model.progress`` before each iteration, for weights of adaptation losses that grow.

    The counters come from the runner, so a resumed run goes on with the weights of the uninterrupted one. Models
    without ``progress`` are left alone.
    """

    priority = 'VERY_HIGH'

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None) -> None:
        """Hand over the counters.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Unused.
            data_batch (dict, optional): Unused.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        progress = getattr(model, 'progress', None)
        if hasattr(progress, '_replace'):
            model.progress = progress._replace(iteration=runner.iter, max_iterations=runner.max_iters,
                                               epoch=runner.epoch, max_epochs=runner.max_epochs)
