"""Endless sampler that can start at any position without replaying what came before."""

from collections.abc import Iterator, Sized

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from egoexo.datasets.samplers.seeded_index import SeededIndex
from egoexo.datasets.samplers.seeded_sampler import pass_order
from egoexo.registry import DATA_SAMPLERS

__all__ = ['InfiniteSeededSampler']


@DATA_SAMPLERS.register_module()
class InfiniteSeededSampler(Sampler):
    """Pass after pass without end, for iteration-based training.

    The ranks share one stream, pass 0 then pass 1 and so on, each pass in an order that depends on (seed, pass)
    alone. Sample number ``p`` of the stream is found from ``p`` directly, so a resumed run starts at
    iteration x batch size x ranks in no time.

    Args:
        dataset (Sized): The dataset.
        shuffle (bool): New order in each pass. Defaults to True.
        seed (int, optional): Same on all ranks; None draws one and shares it.

    Attributes:
        endless (bool): True; a loop then counts ``set_start`` from the start of training.
    """

    endless = True

    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        self.rank, self.world_size = get_dist_info()
        self.size = len(dataset)
        if self.size == 0:
            raise ValueError(f'InfiniteSeededSampler: the dataset {type(dataset).__name__} is empty, nothing to '
                             'sample from. Check its split list and filters.')
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.start = 0

    def __iter__(self) -> Iterator[SeededIndex]:
        return self._stream(self.start + self.rank)

    def _stream(self, position: int) -> Iterator[SeededIndex]:
        known_pass, order = -1, np.empty(0, dtype=np.int64)
        while True:
            pass_number, offset = divmod(position, self.size)
            if pass_number != known_pass:
                known_pass, order = pass_number, pass_order(self.size, self.seed, pass_number, self.shuffle)
            index = int(order[offset])
            yield SeededIndex(index, (self.seed, pass_number, index))
            position += self.world_size

    def __len__(self) -> int:
        """Size of the dataset; the stream itself has no end."""
        return self.size

    def set_epoch(self, epoch: int) -> None:
        """Ignore the epoch: the stream counts its passes itself.

        Args:
            epoch (int): Unused.
        """

    def set_start(self, position: int) -> None:
        """Let the next ``iter()`` begin inside the stream.

        Args:
            position (int): Samples that all ranks together have already seen: iteration x batch size x ranks.
        """
        self.start = position
