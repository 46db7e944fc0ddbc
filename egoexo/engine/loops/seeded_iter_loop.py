"""Iteration loop that goes on without replaying the data."""

import logging
from collections.abc import Iterator

import torch
from mmengine.logging import print_log
from mmengine.runner import IterBasedTrainLoop
from mmengine.runner.base_loop import BaseLoop
from mmengine.runner.utils import calc_dynamic_intervals

from egoexo.engine.loops.position import is_endless, sampler_of, seek, validated_here
from egoexo.errors import ConfigError, explain
from egoexo.registry import LOOPS

__all__ = ['SeededIterLoop']


@LOOPS.register_module()
class SeededIterLoop(IterBasedTrainLoop):
    """Training for a number of iterations, resumed at the right sample in no time.

    MMEngine's loop draws all finished iterations through the loader again (83 minutes for 100,000 batches of 50 ms)
    and starts its workers before it knows where to begin. This one asks the sampler to start there, and runs a
    validation that was cut off by the end of the process again.

    Args:
        runner (Runner): The runner.
        dataloader (DataLoader | dict): Train loader, best with an ``InfiniteSeededSampler`` or, of two domains, a
            ``PairedBatchSampler(epoch='endless')``.
        max_iters (int): Iterations of the whole run.
        val_begin (int): First iteration after which validation may run. Defaults to 1.
        val_interval (int): Iterations between two validations. Defaults to 1000.
        dynamic_intervals (list[tuple[int, int]], optional): Pairs of first iteration and interval from there on.
    """

    def __init__(self, runner: object, dataloader: object, max_iters: int, val_begin: int = 1,
                 val_interval: int = 1000, dynamic_intervals: list[tuple[int, int]] | None = None) -> None:
        # The parent's __init__ would start the loader's workers at sample 0, hence the grandparent's.
        BaseLoop.__init__(self, runner, dataloader)
        self._max_iters = int(max_iters)
        self._max_epochs = 1
        self._epoch = self._iter = 0
        self.val_begin, self.val_interval = val_begin, val_interval
        self.stop_training = False
        self.dynamic_milestones, self.dynamic_intervals = calc_dynamic_intervals(val_interval, dynamic_intervals)
        self.runner.visualizer.dataset_meta = getattr(self.dataloader.dataset, 'metainfo', None)

    def run(self) -> torch.nn.Module:
        """Train to the last iteration, with validation in between.

        Returns:
            torch.nn.Module: The trained model.
        """
        self.runner.call_hook('before_train')
        self.runner.call_hook('before_train_epoch')
        if self._iter and not validated_here(self.runner):
            self._validate_if_due()
        batches = self._batches()
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            self.run_iter(next(batches))
            self._validate_if_due()
        self.runner.call_hook('after_train_epoch')
        self.runner.call_hook('after_train')
        return self.runner.model

    def _validate_if_due(self) -> None:
        self._decide_current_val_interval()
        if self.runner.val_loop is None or self._iter < self.val_begin:
            return
        if self._iter % self.val_interval == 0 or self._iter == self._max_iters:
            self.runner.val_loop.run()

    def _batches(self) -> Iterator[dict]:
        """Batches from the current iteration on; a finite sampler is asked for pass after pass."""
        sampler = sampler_of(self.dataloader)
        per_pass = len(self.dataloader)
        if is_endless(self.dataloader):
            passes, seen = 0, self._iter
        elif per_pass:
            passes, seen = divmod(self._iter, per_pass)
        else:
            raise ConfigError(explain(
                'train_dataloader', 'at least one batch per pass over the list', f'none: drop_last=True and fewer than '
                f'{self.dataloader.batch_sampler.batch_size} samples per process', 'Lower batch_size, or pass '
                'drop_last=False.'))
        while True:
            if hasattr(sampler, 'set_epoch'):
                sampler.set_epoch(passes)
            dropped = seek(self.dataloader, seen)
            if dropped:
                print_log(f'{type(sampler).__name__} cannot start inside a pass: {dropped} batches are drawn and '
                          'dropped. InfiniteSeededSampler needs no such replay.', 'current', logging.WARNING)
            for number, data_batch in enumerate(self.dataloader):
                if number >= dropped:
                    yield data_batch
            passes, seen = passes + 1, 0
