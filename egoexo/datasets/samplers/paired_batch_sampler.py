"""Batches of source and target samples for domain adaptation."""

import math
from collections.abc import Iterator
from itertools import islice

import numpy as np
from torch.utils.data import Sampler

from egoexo.datasets.samplers.seeded_index import SeededIndex
from egoexo.datasets.samplers.seeded_sampler import SeededSampler, pass_order
from egoexo.errors import ConfigError, explain
from egoexo.registry import DATA_SAMPLERS

__all__ = ['PairedBatchSampler']


@DATA_SAMPLERS.register_module()
class PairedBatchSampler(Sampler):
    """Source batches of a :class:`SeededSampler`, each with target samples behind them.

    Every batch is a pure function of (seed, epoch, batch number), so a run goes on anywhere without a replay. The last
    batches of an epoch may be smaller, as released.

    Args:
        sampler (SeededSampler): Over a :class:`~egoexo.datasets.domain_pair.DomainPairDataset`.
        batch_size (int): Source samples per batch and process.
        target_batch_size (int, optional): Target samples per batch and process; None takes the share that the lists
            have, ``max(int(target / source * batch_size), 1)``, as the released segmentation code does.
        epoch (str): ``'shorter'`` (anticipation, planning): both are shuffled for each epoch, which ends with the
            shorter one; ``'source'`` (segmentation): an epoch is one pass over the source, while the target goes on
            from epoch to epoch and begins again in a new order.

    Raises:
        ConfigError: If ``epoch`` is unknown, a batch size is less than 1 or the data set is no pair.
    """

    def __init__(self, sampler: SeededSampler, batch_size: int, target_batch_size: int | None = None,
                 epoch: str = 'shorter') -> None:
        dataset = getattr(sampler, 'dataset', None)
        if not hasattr(dataset, 'num_target'):
            raise ConfigError(explain('PairedBatchSampler', "sampler=dict(type='SeededSampler') over a "
                                      'DomainPairDataset', f'{type(sampler).__name__} over {type(dataset).__name__}',
                                      'Set train_dataloader.dataset.type and sampler.type.'))
        if epoch not in ('shorter', 'source'):
            raise ConfigError(explain('PairedBatchSampler, epoch', "'shorter' or 'source'", repr(epoch),
                                      'Choose one of the two.'))
        self.sampler = sampler
        self.batch_size = batch_size
        self.epoch = epoch
        self.num_target = dataset.num_target
        if target_batch_size is None:
            target_batch_size = max(int(self.num_target / sampler.size * batch_size), 1)
        self.target_batch_size = target_batch_size
        self._orders: dict[tuple[int, int], np.ndarray] = {}  # of the passes that the last batch touched
        for name, size, least in (('batch_size', batch_size, 1), ('target_batch_size', target_batch_size, 1),
                                  ('target samples', self.num_target, 1)):
            if size < least:
                raise ConfigError(explain(f'PairedBatchSampler, {name}', 'at least 1', str(size),
                                          'Correct train_dataloader, or the split list of the target.'))

    def __len__(self) -> int:
        """Batches of one epoch on this rank, whatever the start."""
        batches = math.ceil(len(self.sampler) / self.batch_size)
        if self.epoch == 'shorter':
            own_target = math.ceil(self.num_target / self.sampler.world_size)
            batches = min(batches, math.ceil(own_target / self.target_batch_size))
        return batches

    def __iter__(self) -> Iterator[list[SeededIndex]]:
        source = iter(self.sampler)
        first = self.sampler.start // (self.batch_size * self.sampler.world_size)
        for number in range(first, len(self)):
            yield [*islice(source, self.batch_size), *self._target(number)]

    def _target(self, number: int) -> list[SeededIndex]:
        """Target samples of one batch of the current epoch."""
        world_size, rank = self.sampler.world_size, self.sampler.rank
        # A stream of its own: with equal lists and seeds, source and target would come in the same order.
        seed = int(np.random.SeedSequence((self.sampler.seed, 1)).generate_state(1)[0])
        places = number * self.target_batch_size + np.arange(self.target_batch_size)
        if self.epoch == 'shorter':
            places = places[places < math.ceil(self.num_target / world_size)] * world_size + rank
            passes, offsets = np.full(len(places), self.sampler.epoch), places % self.num_target
        else:
            places += self.sampler.epoch * len(self) * self.target_batch_size
            passes, offsets = np.divmod(places * world_size + rank, self.num_target)
        keys = [(seed, one) for one in passes.tolist()]
        self._orders = {key: self._orders[key] if key in self._orders else
                        pass_order(self.num_target, *key, self.sampler.shuffle) for key in dict.fromkeys(keys)}
        chosen = [int(self._orders[key][offset]) for key, offset in zip(keys, offsets, strict=True)]
        return [SeededIndex(self.sampler.size + index, (*key, index))
                for key, index in zip(keys, chosen, strict=True)]
