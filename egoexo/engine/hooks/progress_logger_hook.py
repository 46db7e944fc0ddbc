"""Log lines by time as well as by count: nothing long goes without progress and time left."""

import functools
import logging
import sys
import time

from mmengine.hooks import LoggerHook
from mmengine.runner import Runner

from egoexo.registry import HOOKS

__all__ = ['ProgressLoggerHook']


@HOOKS.register_module()
class ProgressLoggerHook(LoggerHook):
    """MMEngine's logger hook that also prints when it has been silent for some seconds.

    With an interval of 50 iterations alone, validation of 30 long videos prints nothing until its end.

    Args:
        max_silence_sec (float): A line is printed after the first iteration that ends later than this after the last
            line. Defaults to 10.
        **kwargs: See :class:`mmengine.hooks.LoggerHook`.
    """

    def __init__(self, *args: object, max_silence_sec: float = 10.0, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.max_silence_sec = max_silence_sec
        self._last_line = time.monotonic()

    def before_run(self, runner: Runner) -> None:
        """Let a log file that cannot be written end the run, instead of a traceback on screen for every line.

        Args:
            runner (Runner): The runner.
        """
        super().before_run(runner)
        for handler in runner.logger.handlers:
            if isinstance(handler, logging.FileHandler):
                handler.handleError = functools.partial(_raise_again, handler)

    def before_train(self, runner: Runner) -> None:
        """Start the clock of the training loop.

        Args:
            runner (Runner): The runner.
        """
        self._last_line = time.monotonic()

    before_val_epoch = before_test_epoch = before_train

    def every_n_inner_iters(self, batch_idx: int, n: int) -> bool:
        """Whether this iteration gets a line: its count is due or the silence was long enough.

        Args:
            batch_idx (int): Position in the epoch.
            n (int): Interval in iterations.

        Returns:
            bool: True prints a line.
        """
        now = time.monotonic()
        due = super().every_n_inner_iters(batch_idx, n) or now - self._last_line > self.max_silence_sec
        if due:
            self._last_line = now
        return due

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Print the metrics and restart the clock.

        Args:
            runner (Runner): The runner.
            metrics (dict, optional): Metrics by name.
        """
        super().after_val_epoch(runner, metrics)
        self._last_line = time.monotonic()


def _raise_again(handler: logging.FileHandler, record: logging.LogRecord) -> None:
    """Called by logging inside its ``except``; gives the error the file name that a failed write lacks."""
    error = sys.exception() if hasattr(sys, 'exception') else sys.exc_info()[1]
    if isinstance(error, OSError):
        error.filename = handler.baseFilename
    raise error
