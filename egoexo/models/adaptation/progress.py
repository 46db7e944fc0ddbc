"""How far a training has come."""

from typing import NamedTuple

__all__ = ['TrainProgress']


class TrainProgress(NamedTuple):
    """Counters that weights of adaptation losses follow; set by ``AdaptationProgressHook`` before each iteration.

    Args:
        iteration (int): Iterations finished, 0 in the first one.
        max_iterations (int): Of the whole training.
        epoch (int): Epochs finished, 0 in the first one.
        max_epochs (int): Of the whole training.
    """

    iteration: int = 0
    max_iterations: int = 1
    epoch: int = 0
    max_epochs: int = 1
