"""Weights of adaptation losses, constant or growing."""

import math
from collections.abc import Callable, Mapping

from egoexo.errors import ConfigError, explain
from egoexo.models.adaptation.progress import TrainProgress
from egoexo.models.adaptation.ramp import adaptive_weight
from egoexo.registry import MODELS

__all__ = ['SigmoidRamp', 'build_weight']

Weight = Callable[[TrainProgress], float]


@MODELS.register_module()
class SigmoidRamp:
    """A weight that grows from 0 towards ``scale`` along a sigmoid.

    ``scale * (2 / (1 + exp(-steepness * p)) - 1)``, p the finished share of the ramp. Source: Ganin and Lempitsky,
    "Unsupervised Domain Adaptation by Backpropagation", ICML 2015, section 4.

    Args:
        length (int, optional): Iterations of the ramp; None takes the whole training.
        scale (float): Weight at the end. Defaults to 1.
        steepness (float): 10 (default) as published.
        by_epoch (bool): Constant within an epoch, ``p = (epoch + 1) / max_epochs``, as the released anticipation code
            computes it; ``length`` has no meaning then.
        offset (int): Iterations added to the finished ones; 1 counts the running one too, as the authors of LaGTran
            do. Not with ``by_epoch``.

    Examples:
        >>> ramp = SigmoidRamp(length=2000)
        >>> [round(ramp(TrainProgress(iteration=i)), 3) for i in (0, 200, 2000)]
        [0.0, 0.462, 1.0]
    """

    def __init__(self, length: int | None = None, scale: float = 1.0, steepness: float = 10.0,
                 by_epoch: bool = False, offset: int = 0) -> None:
        if length is not None and (length < 1 or by_epoch):
            raise ConfigError(explain('SigmoidRamp, length', 'at least 1 iteration, and None with by_epoch=True',
                                      f'{length} with by_epoch={by_epoch}', 'Correct the weight in the config.'))
        if offset < 0 or (offset and by_epoch):
            raise ConfigError(explain('SigmoidRamp, offset', 'at least 0 iterations, and 0 with by_epoch=True',
                                      f'{offset} with by_epoch={by_epoch}', 'Correct the weight in the config.'))
        self.length, self.scale, self.steepness, self.by_epoch = length, scale, steepness, by_epoch
        self.offset = offset

    def __call__(self, progress: TrainProgress) -> float:
        """Weight at one iteration.

        Args:
            progress (TrainProgress): Where the training is.
        """
        if self.by_epoch:
            share = (progress.epoch + 1) / progress.max_epochs
            return self.scale * (2 / (1 + math.exp(-self.steepness * share)) - 1)
        length = self.length or progress.max_iterations
        return self.scale * adaptive_weight(-1.0, progress.iteration + self.offset, length, length, self.steepness)


def build_weight(value: float | Mapping | Weight) -> Weight:
    """A weight as a function of the progress.

    Args:
        value (float | Mapping | Callable): A constant, the config of a ramp, or a function already.

    Returns:
        Callable[[TrainProgress], float]: The weight.
    """
    if isinstance(value, Mapping):
        return MODELS.build(dict(value))
    return value if callable(value) else lambda progress: float(value)
