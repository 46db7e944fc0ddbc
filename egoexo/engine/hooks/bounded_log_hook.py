"""Keeps the log history short, so that an iteration costs the same at 100 and at 500,000."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from egoexo.registry import HOOKS

__all__ = ['BoundedLogHook']


@HOOKS.register_module()
class BoundedLogHook(Hook):
    """Bound every ``HistoryBuffer`` of the message hub.

    MMEngine appends each logged scalar to an array of up to 1,000,000 values, copying the array each time: 2 ms per
    key and iteration at 500,000 iterations, and 17 bytes per value in every checkpoint. Log lines only look at the
    last few values.

    Args:
        max_length (int): Values kept per key. Defaults to 10,000.
        interval (int): Iterations between two looks for new keys. Defaults to 1,000.
    """

    priority = 'VERY_LOW'

    def __init__(self, max_length: int = 10_000, interval: int = 1_000) -> None:
        if max_length < 1 or interval < 1:
            raise ValueError(f'BoundedLogHook: max_length={max_length} and interval={interval} must be at least 1.')
        self.max_length = max_length
        self.interval = interval

    def before_train(self, runner: Runner) -> None:
        """Shorten what a resumed checkpoint brought.

        Args:
            runner (Runner): The runner of the training process.
        """
        self._bound(runner)

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                         outputs: dict | None = None) -> None:
        """Bound the buffers that were made since the last look.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Unused.
            data_batch (dict, optional): Unused.
            outputs (dict, optional): Unused.
        """
        if runner.iter % self.interval == 0:
            self._bound(runner)

    def _bound(self, runner: Runner) -> None:
        for buffer in runner.message_hub.log_scalars.values():
            if buffer.max_length > self.max_length:
                buffer.max_length = self.max_length
                values, counts = buffer.data
                buffer._log_history, buffer._count_history = values[-self.max_length:], counts[-self.max_length:]
