"""Sampler that draws every class equally often, seekable like the plain one."""

from collections.abc import Sequence, Sized

import numpy as np
import torch

from egoexo.datasets.samplers.seeded_sampler import SeededSampler
from egoexo.errors import ConfigError, explain
from egoexo.registry import DATA_SAMPLERS

__all__ = ['ClassBalancedSampler', 'balanced_order', 'balanced_weights']


def balanced_weights(labels: Sequence[int] | np.ndarray) -> torch.Tensor:
    """Weight of each sample: one over the number of samples of its class.

    Args:
        labels (Sequence[int] | np.ndarray): Class ids, (N,).

    Returns:
        torch.Tensor: float64, (N,).

    Examples:
        >>> balanced_weights([4, 7, 4]).tolist()
        [0.5, 1.0, 0.5]
    """
    _, places, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)
    return torch.from_numpy(1.0 / counts[places])


def balanced_order(labels: Sequence[int] | np.ndarray, generator: torch.Generator,
                   indices: Sequence[int] | None = None) -> np.ndarray:
    """One pass of the official balanced sampler (LaGTran): N draws with replacement.

    Args:
        labels (Sequence[int] | np.ndarray): Class ids, (N,).
        generator (torch.Generator): On the CPU; a second call with it gives the second pass.
        indices (Sequence[int], optional): Positions to draw from; the weights are then made of their classes alone.

    Returns:
        np.ndarray: int64, (N,) or (len(indices),), positions in ``labels``.
    """
    labels = np.asarray(labels)
    chosen = np.arange(len(labels)) if indices is None else np.asarray(indices, dtype=np.int64)
    drawn = torch.multinomial(balanced_weights(labels[chosen]), len(chosen), replacement=True, generator=generator)
    return chosen[drawn.numpy()]


@DATA_SAMPLERS.register_module()
class ClassBalancedSampler(SeededSampler):
    """As many draws per epoch as there are samples, each class equally likely, samples repeated.

    The order is a pure function of (seed, pass): a resumed run goes on anywhere. Rare classes come as often as
    frequent ones, their samples many times in a pass, others not at all.

    Args:
        dataset (Sized): Data set with ``labels``, the class ids in the order of the list; of source and target
            side by side (:class:`~egoexo.datasets.domain_pair.DomainPairDataset`) those of the source.
        seed (int, optional): Same on all ranks; None draws one and shares it.
        round_up (bool): See :class:`SeededSampler`. Defaults to True.

    Raises:
        ConfigError: If the data set has no labels.
    """

    def __init__(self, dataset: Sized, seed: int | None = None, round_up: bool = True) -> None:
        super().__init__(dataset, seed=seed, round_up=round_up)
        labels = getattr(dataset, 'labels', None)
        if labels is None:
            raise ConfigError(explain('ClassBalancedSampler', 'a data set with one class id per sample (labels)',
                                      f'{type(dataset).__name__}, which has none', "Use sampler=dict(type="
                                      "'SeededSampler') with it."))
        self.labels = np.asarray(labels)

    def order(self, pass_number: int) -> np.ndarray:
        """See :meth:`SeededSampler.order`; positions repeat.

        Args:
            pass_number (int): Epoch, counted from 0.
        """
        state = np.random.SeedSequence((self.seed, pass_number)).generate_state(1, dtype=np.uint64)[0]
        return balanced_order(self.labels, torch.Generator().manual_seed(int(state) % 2**63))
