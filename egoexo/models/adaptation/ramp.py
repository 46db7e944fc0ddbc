"""Weights of adaptation losses that grow during training."""

import math

__all__ = ['adaptive_weight']


def adaptive_weight(weight: float, iteration: int, max_iterations: int, user_max_iterations: int,
                    steepness: float = 10.0) -> float:
    """Weight of an adaptation term at one iteration.

    Source: Ganin and Lempitsky, ICML 2015, section 4; the sign convention is that of the released SSTDA code.

    Args:
        weight (float): 0 or more is used as it is. A negative one asks for the ramp from 0 to 1 with the training
            length as its length, one below -1 for the ramp with ``user_max_iterations``.
        iteration (int): Global iteration, 0 for the first.
        max_iterations (int): Iterations of the whole training.
        user_max_iterations (int): Length of the ramp named in the config.
        steepness (float): Of the ramp; 10 as published.

    Returns:
        float: ``weight`` or ``2 / (1 + exp(-steepness * iteration / length)) - 1``.
    """
    if weight >= 0:
        return float(weight)
    length = user_max_iterations if weight < -1 else max_iterations
    return 2 / (1 + math.exp(-steepness * iteration / length)) - 1
