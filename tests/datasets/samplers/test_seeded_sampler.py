import numpy as np
import pytest

from egoexo.datasets.samplers import SeededSampler, seeded_sampler
from egoexo.registry import DATA_SAMPLERS


def make(size, rank=0, world_size=1, **kwargs):
    sampler = SeededSampler(range(size), seed=3, **kwargs)
    sampler.rank, sampler.world_size = rank, world_size
    return sampler


def test_registered_and_a_permutation_per_epoch():
    sampler = DATA_SAMPLERS.build(dict(type='SeededSampler', dataset=range(10), seed=3))
    first = list(sampler)
    assert sorted(first) == list(range(10)) and len(sampler) == 10
    assert list(sampler) == first
    assert [index.seed_key for index in first] == [(3, 0, int(index)) for index in first]
    sampler.set_epoch(1)
    assert list(sampler) != first and {index.seed_key[1] for index in sampler} == {1}


def test_order_depends_on_seed_and_epoch_only():
    expected = np.random.default_rng(np.random.SeedSequence((3, 2))).permutation(6).tolist()
    sampler = make(6)
    sampler.set_epoch(2)
    assert list(sampler) == expected
    assert list(make(6, shuffle=False)) == list(range(6))


@pytest.mark.parametrize(('size', 'world_size'), [(10, 2), (11, 2), (11, 3), (1, 3), (7, 8)])
def test_ranks_share_one_pass(size, world_size):
    single = list(make(size))
    ranks = [make(size, rank, world_size) for rank in range(world_size)]
    drawn = [list(rank) for rank in ranks]
    assert {len(part) for part in drawn} == {len(ranks[0])} == {-(-size // world_size)}
    dealt = [index for turn in zip(*drawn, strict=True) for index in turn]
    assert dealt[:size] == single and dealt[size:] == (single * world_size)[:len(dealt) - size]
    exact = [make(size, rank, world_size, round_up=False) for rank in range(world_size)]
    assert sorted(index for rank in exact for index in rank) == list(range(size))
    assert [len(list(rank)) for rank in exact] == [len(rank) for rank in exact]


def test_start_inside_a_pass_lasts_for_that_pass():
    whole = [list(make(12, rank, 2)) for rank in range(2)]
    for rank in range(2):
        sampler = make(12, rank, 2)
        sampler.set_start(2 * 4)
        assert list(sampler) == whole[rank][4:] and len(sampler) == 6
        sampler.set_epoch(0)
        assert list(sampler) == whole[rank]


def test_seed_is_drawn_when_absent(monkeypatch):
    monkeypatch.setattr(seeded_sampler, 'sync_random_seed', lambda: 41)
    assert SeededSampler(range(3)).seed == 41


def test_a_subclass_has_an_order_of_its_own():
    class Backwards(SeededSampler):
        def order(self, pass_number):
            return np.arange(self.size)[::-1] if pass_number else np.arange(self.size)

    sampler = Backwards(range(5), seed=3)
    assert [index.seed_key for index in sampler] == [(3, 0, number) for number in range(5)]
    sampler.set_epoch(1)
    sampler.set_start(2)
    assert list(sampler) == [2, 1, 0]
    with pytest.raises(ValueError, match='Backwards: the dataset list is empty'):
        Backwards([], seed=0)


def test_empty_dataset_is_refused():
    with pytest.raises(ValueError, match='list is empty, nothing to sample from'):
        SeededSampler([], seed=0)
