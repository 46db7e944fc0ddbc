"""Epoch sampler whose order is a pure function of (seed, pass)."""

import math
from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from egoexo.datasets.samplers.seeded_index import SeededIndex
from egoexo.registry import DATA_SAMPLERS

__all__ = ['SeededSampler', 'pass_order']


def pass_order(size: int, seed: int, pass_number: int, shuffle: bool = True) -> np.ndarray:
    """Order in which one pass visits the dataset.

    Args:
        size (int): Number of samples, >= 1.
        seed (int): Seed of the run, >= 0.
        pass_number (int): Epoch, counted from 0.
        shuffle (bool): False gives 0, 1, 2, ...

    Returns:
        np.ndarray: int64, shape (size,), a permutation.

    Examples:
        >>> pass_order(5, seed=0, pass_number=3).tolist() == pass_order(5, seed=0, pass_number=3).tolist()
        True
        >>> sorted(pass_order(5, seed=0, pass_number=4).tolist())
        [0, 1, 2, 3, 4]
    """
    if not shuffle:
        return np.arange(size)
    return np.random.default_rng(np.random.SeedSequence((seed, pass_number))).permutation(size)


@DATA_SAMPLERS.register_module()
class SeededSampler(Sampler):
    """One pass over the dataset per epoch, dealt to the ranks in turn, as :class:`SeededIndex`.

    Differs from MMEngine's ``DefaultSampler`` in two points: an index carries the seed of its sample, and an epoch
    can start in the middle (``set_start``), which a run resumed from a checkpoint inside an epoch needs.

    Args:
        dataset (Sized): The dataset.
        shuffle (bool): New order in each epoch. Defaults to True.
        seed (int, optional): Same on all ranks; None draws one and shares it.
        round_up (bool): Repeat the first samples of the pass until every rank has equally many; needed for
            training on several ranks. False leaves the last ranks one sample short. Defaults to True.
    """

    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None, round_up: bool = True) -> None:
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.size = len(dataset)
        if self.size == 0:
            raise ValueError(f'{type(self).__name__}: the dataset {type(dataset).__name__} is empty, nothing to sample '
                             'from. Check its split list and filters.')
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.round_up = round_up
        self.epoch = 0
        self.start = 0

    @property
    def total_size(self) -> int:
        """Samples of one pass over all ranks, repeated ones included."""
        return len(self) * self.world_size if self.round_up else self.size

    def order(self, pass_number: int) -> np.ndarray:
        """Order of one pass over all ranks, a pure function of (seed, pass); subclasses have their own.

        Args:
            pass_number (int): Epoch, counted from 0.

        Returns:
            np.ndarray: int64, shape (size,), positions in the dataset.
        """
        return pass_order(self.size, self.seed, pass_number, self.shuffle)

    def __iter__(self) -> Iterator[SeededIndex]:
        order = np.resize(self.order(self.epoch), self.total_size)
        mine = order[self.start + self.rank::self.world_size].tolist()
        seed, epoch = self.seed, self.epoch
        return (SeededIndex(index, (seed, epoch, index)) for index in mine)

    def __len__(self) -> int:
        """Samples of a full pass on this rank, whatever the start."""
        return math.ceil(self.size / self.world_size) if self.round_up else \
            math.ceil((self.size - self.rank) / self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the pass that the next ``iter()`` gives, from its beginning.

        Args:
            epoch (int): Counted from 0.
        """
        self.epoch = epoch
        self.start = 0

    def set_start(self, position: int) -> None:
        """Let the next ``iter()`` begin inside the pass; the following ``set_epoch`` ends this.

        Args:
            position (int): Samples of this pass that all ranks together have already seen, a multiple of the number
                of ranks.
        """
        self.start = position
