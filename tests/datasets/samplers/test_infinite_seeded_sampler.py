from itertools import islice

import pytest

from egoexo.datasets.samplers import InfiniteSeededSampler, SeededSampler
from egoexo.registry import DATA_SAMPLERS


def make(size, rank=0, world_size=1, **kwargs):
    sampler = InfiniteSeededSampler(range(size), seed=3, **kwargs)
    sampler.rank, sampler.world_size = rank, world_size
    return sampler


def test_stream_is_the_passes_of_the_epoch_sampler():
    sampler = DATA_SAMPLERS.build(dict(type='InfiniteSeededSampler', dataset=range(5), seed=3))
    expected = []
    for epoch in range(3):
        epochs = SeededSampler(range(5), seed=3)
        epochs.set_epoch(epoch)
        expected += list(epochs)
    drawn = list(islice(sampler, 15))
    assert drawn == expected and len(sampler) == 5
    assert [index.seed_key for index in drawn] == [index.seed_key for index in expected]
    assert list(islice(make(3, shuffle=False), 7)) == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize('world_size', [1, 2, 3])
@pytest.mark.parametrize('iteration', [0, 1, 4, 50])
def test_start_equals_skipping(world_size, iteration):
    batch = 4
    for rank in range(world_size):
        sampler = make(7, rank, world_size)
        whole = list(islice(sampler, (iteration + 5) * batch))
        sampler.set_epoch(99)
        sampler.set_start(iteration * batch * world_size)
        resumed = list(islice(sampler, 5 * batch))
        assert resumed == whole[iteration * batch:]
        assert [index.seed_key for index in resumed] == [index.seed_key for index in whole[iteration * batch:]]


def test_ranks_deal_one_stream_in_turn():
    single = list(islice(make(7), 30))
    parts = [list(islice(make(7, rank, 3), 10)) for rank in range(3)]
    assert [index for turn in zip(*parts, strict=True) for index in turn] == single


def test_empty_dataset_is_refused():
    with pytest.raises(ValueError, match='nothing to sample from'):
        InfiniteSeededSampler([], seed=0)
