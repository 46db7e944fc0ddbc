"""Epoch loop that can be resumed inside an epoch."""

from itertools import islice

import torch
from mmengine.runner import EpochBasedTrainLoop

from egoexo.engine.loops.position import seek, validated_here
from egoexo.registry import LOOPS

__all__ = ['SeededEpochLoop']


@LOOPS.register_module()
class SeededEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop, except that a checkpoint taken inside an epoch goes on from there.

    MMEngine would run such an epoch again from its first batch, and train the seen samples twice. With a
    :class:`~egoexo.datasets.samplers.SeededSampler` the seen part costs nothing. A validation that was cut off by the
    end of the process is run again, which MMEngine would leave out, best checkpoint and all.
    """

    def run(self) -> torch.nn.Module:
        """Train to the last epoch, with validation in between.

        Returns:
            torch.nn.Module: The trained model.
        """
        self.runner.call_hook('before_train')
        resumed_after_epoch = 0 < self._iter == self._epoch * len(self.dataloader)
        if resumed_after_epoch and not validated_here(self.runner):
            self._validate_if_due()
        while self._epoch < self._max_epochs and not self.stop_training:
            self.run_epoch()
            self._validate_if_due()
        self.runner.call_hook('after_train')
        return self.runner.model

    def _validate_if_due(self) -> None:
        self._decide_current_val_interval()
        if self.runner.val_loop is None or self._epoch < self.val_begin:
            return
        if self._epoch % self.val_interval == 0 or self._epoch == self._max_epochs:
            self.runner.val_loop.run()

    def run_epoch(self) -> None:
        """Run what is left of the current epoch."""
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        seen = min(max(self._iter - self._epoch * len(self.dataloader), 0), len(self.dataloader))
        dropped = seek(self.dataloader, seen)
        for idx, data_batch in enumerate(islice(self.dataloader, dropped, None), seen):
            self.run_iter(idx, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
