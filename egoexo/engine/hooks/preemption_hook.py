"""Ends a run in good order when the machine is about to be taken away."""

import os
import signal
import types
from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce, barrier
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner

from egoexo.engine.hooks.safe_checkpoint_hook import SafeCheckpointHook
from egoexo.errors import ConfigError
from egoexo.registry import HOOKS

__all__ = ['PreemptionHook']


@HOOKS.register_module()
class PreemptionHook(Hook):
    """On SIGUSR1 or SIGTERM finish the current iteration, save a checkpoint and end with an exit code of its own.

    All ranks agree on the iteration, whichever of them got the signal. With gradient accumulation the run goes on to
    the next optimizer step, because half-accumulated gradients are not part of a checkpoint. During validation one
    process ends at once if a checkpoint of this position is on disk (validation is repeated on resume), else after
    it; several processes end after it.

    Args:
        signals (Sequence[str]): Names of the signals. Defaults to ``('SIGUSR1', 'SIGTERM')``.
        exit_code (int): Exit code of every rank. Defaults to 75, the Unix code for "try again".
        interval (int, optional): Iterations between two agreements of several ranks; on GPUs each one waits for the
            device. None means 1 on CPU and 10 on GPUs.
    """

    priority = 'LOWEST'

    def __init__(self, signals: Sequence[str] = ('SIGUSR1', 'SIGTERM'), exit_code: int = 75,
                 interval: int | None = None) -> None:
        unknown = [name for name in signals if not hasattr(signal, name)]
        if unknown:
            raise ConfigError(f'default_hooks.preemption.signals: {unknown[0]} is no signal of this system; expected '
                              "names such as 'SIGUSR1'.")
        if interval is not None and interval < 1:
            raise ConfigError(f'default_hooks.preemption.interval={interval}: expected at least 1, or None.')
        self.signals = [signal.Signals[name] for name in signals]
        self.exit_code, self.interval = exit_code, interval
        self._received: signal.Signals | None = None
        self._since_agreement = 0
        self._former: dict[signal.Signals, object] = {}
        self._saver: SafeCheckpointHook | None = None
        self._pid = os.getpid()

    def before_train(self, runner: Runner) -> None:
        """Listen to the signals, if there is a :class:`SafeCheckpointHook` to save with.

        Args:
            runner (Runner): The runner of the training process.
        """
        self._received, self._pid = None, os.getpid()
        if self.interval is None:
            self.interval = 10 if torch.cuda.is_available() else 1
        self._saver = next((hook for hook in runner.hooks if isinstance(hook, SafeCheckpointHook)), None)
        if self._saver is None:
            return
        try:
            self._former = {number: signal.signal(number, self._note) for number in self.signals}
        except ValueError:  # not in the main thread, where Python delivers no signals
            self._former = {}

    def after_train(self, runner: Runner) -> None:
        """Listen no more.

        Args:
            runner (Runner): The runner of the training process.
        """
        for number, handler in self._former.items():
            signal.signal(number, handler)
        self._former = {}

    def after_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                         outputs: dict | None = None) -> None:
        """Save and end here, if a signal has come and the gradients are spent.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Unused.
            data_batch (dict, optional): Unused.
            outputs (dict, optional): Unused.

        Raises:
            SystemExit: With ``exit_code``.
        """
        self._since_agreement += 1
        if not self._former or not _gradients_are_spent(runner):
            return
        if (runner.world_size == 1 or self._since_agreement >= self.interval) and self._agreed(runner):
            self._end(runner, runner.iter + 1)

    def after_val_iter(self, runner: Runner, batch_idx: int, data_batch: dict | None = None,
                       outputs: Sequence | None = None) -> None:
        """End inside a validation, if one process alone has all its training on disk.

        Args:
            runner (Runner): The runner of the training process.
            batch_idx (int): Unused.
            data_batch (dict, optional): Unused.
            outputs (Sequence, optional): Unused.

        Raises:
            SystemExit: With ``exit_code``.
        """
        # Ranks may have different numbers of batches here, so they cannot agree. A save would hold averaged weights.
        if self._received and runner.world_size == 1 and self._saver.saved_iteration == runner.iter:
            self._end(runner, runner.iter)

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Save and end after a validation.

        Args:
            runner (Runner): The runner of the training process.
            metrics (dict, optional): Unused.

        Raises:
            SystemExit: With ``exit_code``.
        """
        if self._former and self._agreed(runner):
            self._end(runner, runner.iter)

    def _note(self, number: int, frame: types.FrameType | None) -> None:
        if os.getpid() == self._pid:
            self._received = signal.Signals(number)
        elif number != signal.SIGUSR1:
            # A forked helper process: it has nothing to save. Slurm sends SIGUSR1 to these as well.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    def _agreed(self, runner: Runner) -> bool:
        self._since_agreement = 0
        if runner.world_size == 1:
            return self._received is not None
        flag = torch.tensor([int(self._received is not None)])
        all_reduce(flag, op='max')
        return bool(flag.item())

    def _end(self, runner: Runner, iteration: int) -> None:
        path = self._saver.save_now(runner, iteration)
        barrier()  # srun and torchrun end all ranks when the first one has ended: not before the file is on disk
        name = self._received.name if self._received else 'A signal to another rank'
        runner.logger.warning(
            f'{name}: the run ends after iteration {iteration} with exit code {self.exit_code}. Saved: {path}. '
            'Go on with the same command and --resume.')
        self.after_train(runner)
        raise SystemExit(self.exit_code)


def _gradients_are_spent(runner: Runner) -> bool:
    wrapper = runner.optim_wrapper
    wrappers = wrapper.values() if isinstance(wrapper, OptimWrapperDict) else [wrapper]
    return all(single.should_update() for single in wrappers)
