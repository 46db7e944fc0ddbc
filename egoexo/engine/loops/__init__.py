"""Training loops that resume exactly."""

from egoexo.engine.loops.seeded_epoch_loop import SeededEpochLoop
from egoexo.engine.loops.seeded_iter_loop import SeededIterLoop

__all__ = ['SeededEpochLoop', 'SeededIterLoop']
