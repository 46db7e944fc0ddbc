"""Training loops that resume exactly."""

from egoexo.engine.loops.counting_loop import CountingLoop
from egoexo.engine.loops.seeded_epoch_loop import SeededEpochLoop
from egoexo.engine.loops.seeded_iter_loop import SeededIterLoop

__all__ = ['CountingLoop', 'SeededEpochLoop', 'SeededIterLoop']
