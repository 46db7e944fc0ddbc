import pytest
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

from egoexo.datasets.samplers import InfiniteSeededSampler, SeededSampler
from egoexo.engine.loops import position
from egoexo.engine.loops.position import is_endless, sampler_of, seek


def test_sampler_behind_a_batch_sampler():
    sampler = SeededSampler(range(8), seed=1)
    assert sampler_of(DataLoader(range(8), batch_size=2, sampler=sampler)) is sampler
    own = DataLoader(range(8), batch_sampler=BatchSampler(sampler, 2, drop_last=False))
    assert sampler_of(own) is sampler


@pytest.mark.parametrize(('kind', 'expected'), [(SeededSampler, 2 * 3 * 4), (InfiniteSeededSampler, 2 * 3 * 4)])
def test_position_counts_samples_of_all_ranks(kind, expected, monkeypatch):
    monkeypatch.setattr(position, 'get_world_size', lambda: 4)
    loader = DataLoader(range(100), batch_size=3, sampler=kind(range(100), seed=1))
    assert seek(loader, 2) == 0 and loader.sampler.start == expected
    assert seek(loader, 0) == 0 and loader.sampler.start == expected


def test_other_samplers_leave_the_work_to_the_caller():
    assert seek(DataLoader(range(9), batch_size=3, sampler=RandomSampler(range(9))), 2) == 2


def test_a_batch_sampler_may_be_endless():
    class Endless(BatchSampler):
        endless = True

    sampler = SeededSampler(range(8), seed=1)
    assert is_endless(DataLoader(range(8), batch_sampler=Endless(sampler, 2, drop_last=False)))
    assert is_endless(DataLoader(range(8), sampler=InfiniteSeededSampler(range(8), seed=1)))
    assert not is_endless(DataLoader(range(8), batch_sampler=BatchSampler(sampler, 2, drop_last=False)))
