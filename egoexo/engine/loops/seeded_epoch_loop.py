"""Epoch loop that can be resumed inside an epoch."""

from itertools import islice

from mmengine.runner import EpochBasedTrainLoop

from egoexo.engine.loops.position import seek
from egoexo.registry import LOOPS

__all__ = ['SeededEpochLoop']


@LOOPS.register_module()
class SeededEpochLoop(EpochBasedTrainLoop):
    """MMEngine's epoch loop, except that a checkpoint taken inside an epoch goes on from there.

    MMEngine would run such an epoch again from its first batch, and train the seen samples twice. With a
    :class:`~egoexo.datasets.samplers.SeededSampler` the seen part costs nothing.
    """

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
