"""Batches of source and target samples for domain adaptation."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

import numpy as np
from torch.utils.data import Sampler

from egoexo.datasets.samplers.seeded_index import SeededIndex
from egoexo.datasets.samplers.seeded_sampler import SeededSampler, pass_order
from egoexo.errors import ConfigError, explain
from egoexo.registry import DATA_SAMPLERS

__all__ = ['PairedBatchSampler']


class _Passes:
    """One domain: its passes as one stream, of which any part is found at once.

    Args:
        size (int): Samples of the domain.
        seed (int): Of its orders; the first part of the key of each sample.
        order (Callable): From the number of a pass to its order, (size,).
        offset (int): Index of its first sample in the joint space.
    """

    def __init__(self, size: int, seed: int, order: Callable[[int], np.ndarray], offset: int) -> None:
        self.size, self.seed, self.order, self.offset = size, seed, order, offset
        self._orders: dict[int, list[int]] = {}  # of the passes that the last batch touched

    def at(self, positions: np.ndarray) -> list[SeededIndex]:
        """Samples at positions of the stream, in which pass follows pass without a gap.

        Args:
            positions (np.ndarray): int64, at least 0, ascending, any number of them.
        """
        passes, places = np.divmod(positions, self.size)
        return self.within(passes.tolist(), places.tolist())

    def within(self, passes: list[int], places: list[int]) -> list[SeededIndex]:
        """Samples at places of passes, side by side.

        Args:
            passes (list[int]): Numbers of the passes, ascending.
            places (list[int]): Places in the order of each pass, as many.
        """
        if not passes:
            return []
        wanted = range(passes[0], passes[-1] + 1)
        self._orders = {one: self._orders[one] if one in self._orders else self.order(one).tolist() for one in wanted}
        seed, offset, orders = self.seed, self.offset, self._orders
        found = [(one, orders[one][place]) for one, place in zip(passes, places, strict=True)]
        return [SeededIndex(offset + index, (seed, one, index)) for one, index in found]


@DATA_SAMPLERS.register_module()
class PairedBatchSampler(Sampler):
    """Source batches of a :class:`SeededSampler`, each with target samples behind them.

    Every batch is a pure function of (seed, epoch, batch number), so a run goes on anywhere without a replay. The last
    batches of an epoch may be smaller, as released, except with ``epoch='endless'``.

    Args:
        sampler (SeededSampler): Over a :class:`~egoexo.datasets.domain_pair.DomainPairDataset`; decides the order of
            the source (``ClassBalancedSampler``: balanced). The target is shuffled, whatever the source.
        batch_size (int): Source samples per batch and process.
        target_batch_size (int, optional): Target samples per batch and process; None takes the share that the lists
            have, ``max(int(target / source * batch_size), 1)``, as the released segmentation code does.
        epoch (str): ``'shorter'`` (anticipation, planning): both are shuffled for each epoch, which ends with the
            shorter one; ``'source'`` (segmentation): an epoch is one pass over the source, while the target goes on
            from epoch to epoch and begins again in a new order; ``'endless'`` (transfer, with ``SeededIterLoop``):
            no epochs, both begin again in a new order whenever they are through, each on its own.
        drop_last (bool): With ``'endless'``: end each pass with its last whole batch, as the official loaders do, so
            that no sample of the next pass gets into it; a list smaller than a batch goes on without a gap. Defaults
            to True.

    Raises:
        ConfigError: If ``epoch`` is unknown, a batch size is less than 1 or the data set is no pair.
    """

    def __init__(self, sampler: SeededSampler, batch_size: int, target_batch_size: int | None = None,
                 epoch: str = 'shorter', drop_last: bool = True) -> None:
        dataset = getattr(sampler, 'dataset', None)
        if not hasattr(dataset, 'num_target'):
            raise ConfigError(explain('PairedBatchSampler', "sampler=dict(type='SeededSampler') over a "
                                      'DomainPairDataset', f'{type(sampler).__name__} over {type(dataset).__name__}',
                                      'Set train_dataloader.dataset.type and sampler.type.'))
        if epoch not in ('shorter', 'source', 'endless'):
            raise ConfigError(explain('PairedBatchSampler, epoch', "'shorter', 'source' or 'endless'", repr(epoch),
                                      'Choose one of them.'))
        self.sampler = sampler
        self.batch_size = batch_size
        self.epoch = epoch
        self.drop_last = drop_last
        self.num_target = dataset.num_target
        if target_batch_size is None:
            target_batch_size = max(int(self.num_target / sampler.size * batch_size), 1)
        self.target_batch_size = target_batch_size
        for name, size, least in (('batch_size', batch_size, 1), ('target_batch_size', target_batch_size, 1),
                                  ('target samples', self.num_target, 1)):
            if size < least:
                raise ConfigError(explain(f'PairedBatchSampler, {name}', 'at least 1', str(size),
                                          'Correct train_dataloader, or the split list of the target.'))
        # A stream of its own: with equal lists and seeds, source and target would come in the same order.
        target_seed = int(np.random.SeedSequence((sampler.seed, 1)).generate_state(1)[0])
        self._source = _Passes(sampler.size, sampler.seed, sampler.order, 0)
        target_order = partial(pass_order, self.num_target, target_seed, shuffle=sampler.shuffle)
        self._target = _Passes(self.num_target, target_seed, target_order, sampler.size)

    @property
    def endless(self) -> bool:
        """Whether batches come without end."""
        return self.epoch == 'endless'

    def __len__(self) -> int:
        """Batches of one epoch on this rank, whatever the start; of one pass over the source if there are no epochs."""
        if self.endless:
            return max(len(self.sampler) // self.batch_size, 1)
        batches = math.ceil(len(self.sampler) / self.batch_size)
        if self.epoch == 'shorter':
            own_target = math.ceil(self.num_target / self.sampler.world_size)
            batches = min(batches, math.ceil(own_target / self.target_batch_size))
        return batches

    def __iter__(self) -> Iterator[list[SeededIndex]]:
        first = self.sampler.start // (self.batch_size * self.sampler.world_size)
        return self._run_on(first) if self.endless else self._epoch(first)

    def _run_on(self, number: int) -> Iterator[list[SeededIndex]]:
        """Batches from one number on, without end."""
        while True:
            yield self._whole(self._source, number, self.batch_size) + self._whole(
                self._target, number, self.target_batch_size)
            number += 1

    def _whole(self, domain: _Passes, number: int, batch_size: int) -> list[SeededIndex]:
        """One domain's share of an endless batch on this rank."""
        world_size, rank = self.sampler.world_size, self.sampler.rank
        per_pass = math.ceil(domain.size / world_size) // batch_size
        if not (self.drop_last and per_pass):
            return domain.at((number * batch_size + np.arange(batch_size)) * world_size + rank)
        one, batch = divmod(number, per_pass)
        places = (batch * batch_size + np.arange(batch_size)) * world_size + rank
        # Dealt to the ranks in turn; the first samples of the pass stand in for those the last rank lacks.
        return domain.within([one] * batch_size, (places % domain.size).tolist())

    def _epoch(self, first: int) -> Iterator[list[SeededIndex]]:
        """Batches of the current epoch from one number on."""
        source = iter(self.sampler)
        for number in range(first, len(self)):
            yield [*islice(source, self.batch_size), *self._target_share(number)]

    def _target_share(self, number: int) -> list[SeededIndex]:
        """Target samples of one batch of the current epoch."""
        world_size, rank = self.sampler.world_size, self.sampler.rank
        places = number * self.target_batch_size + np.arange(self.target_batch_size)
        if self.epoch == 'source':
            places += self.sampler.epoch * len(self) * self.target_batch_size
            return self._target.at(places * world_size + rank)
        places = places[places < math.ceil(self.num_target / world_size)] * world_size + rank
        return self._target.within([self.sampler.epoch] * len(places), (places % self.num_target).tolist())
