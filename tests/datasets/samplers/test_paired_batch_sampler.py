"""Source and target batches."""

import re

import pytest

from egoexo.datasets.base import EgoExoDataset
from egoexo.datasets.domain_pair import DomainPairDataset
from egoexo.datasets.samplers import PairedBatchSampler, SeededSampler
from egoexo.errors import ConfigError


class Numbers(EgoExoDataset):

    def __init__(self, size: int, offset: int = 0) -> None:
        self.numbers = range(offset, offset + size)
        super().__init__()

    def list_samples(self) -> list[dict]:
        return [dict(sample_id=str(number)) for number in self.numbers]

    def __getitem__(self, index: int) -> dict:
        return dict(inputs=self.numbers[index], data_samples=str(getattr(index, 'seed_key', None)))


def paired(num_source, num_target, batch_size, target_batch_size, rank=0, world_size=1, **kwargs):
    sampler = SeededSampler(DomainPairDataset([Numbers(num_source)], [Numbers(num_target, 1000)]), seed=3)
    sampler.rank, sampler.world_size = rank, world_size
    return PairedBatchSampler(sampler, batch_size, target_batch_size, **kwargs)


def epoch_of(batches, epoch, start=0):
    batches.sampler.set_epoch(epoch)
    if start:
        batches.sampler.set_start(start)
    pair = batches.sampler.dataset
    read = [pair.__getitems__(batch) for batch in batches]
    return [(batch['source']['inputs'], batch['target'].get('inputs', [])) for batch in read]


def flat(lists):
    return [item for one in lists for item in one]


def test_an_epoch_ends_with_the_shorter_one():
    batches = paired(20, 9, 4, 3)
    read = epoch_of(batches, 0)
    assert len(read) == len(batches) == 3
    source, target = zip(*read, strict=True)
    assert [len(item) for item in source] == [4, 4, 4] and len(set(flat(source))) == 12
    assert sorted(flat(target)) == list(range(1000, 1009))
    assert epoch_of(batches, 1) != read
    assert epoch_of(batches, 0) == read


def test_the_last_batch_may_be_short():
    assert [(len(source), len(target)) for source, target in epoch_of(paired(10, 11, 4, 4), 0)] == [(4, 4), (4, 4),
                                                                                                   (2, 3)]


def test_the_target_goes_on_while_epochs_count_the_source():
    batches = paired(5, 3, 2, 1, epoch='source')
    seen = flat(target for epoch in range(3) for _, target in epoch_of(batches, epoch))
    assert len(seen) == 9 and [sorted(seen[i:i + 3]) for i in (0, 3, 6)] == [[1000, 1001, 1002]] * 3
    assert sorted(flat(source for source, _ in epoch_of(batches, 2))) == list(range(5))


@pytest.mark.parametrize('epoch', ['shorter', 'source'])
def test_it_starts_anywhere_without_replay(epoch):
    batches = paired(17, 8, 3, 2, epoch=epoch)
    whole = epoch_of(batches, 4)
    for done in range(1, len(whole)):
        assert epoch_of(batches, 4, start=3 * done) == whole[done:]


@pytest.mark.parametrize('epoch', ['shorter', 'source'])
def test_ranks_share_each_pass(epoch):
    ranks = [epoch_of(paired(12, 10, 2, 2, rank, 2, epoch=epoch), 0) for rank in range(2)]
    for domain, size in ((0, 12), (1, 10)):
        seen = [flat(batch[domain] for batch in read) for read in ranks]
        whole = [item for both in zip(*seen, strict=True) for item in both][:size]
        assert len(set(whole)) == min(size, len(whole))


def test_source_and_target_of_equal_lists_come_in_different_orders():
    read = epoch_of(paired(50, 50, 50, 50), 0)[0]
    assert [item + 1000 for item in read[0]] != read[1]


def test_seeds_belong_to_the_sample():
    batches = paired(6, 6, 3, 3)
    first = batches.sampler.dataset.__getitems__(next(iter(batches)))
    assert len(set(first['source']['data_samples'] + first['target']['data_samples'])) == 6


def test_released_share_of_the_target():
    assert paired(173, 214, 1, None).target_batch_size == 1
    assert paired(100, 250, 4, None).target_batch_size == 10


@pytest.mark.parametrize(('build', 'text'), [
    (lambda: paired(4, 4, 2, 2, epoch='longer'), "PairedBatchSampler, epoch: expected 'shorter' or 'source'"),
    (lambda: paired(4, 4, 2, 0), 'target_batch_size: expected at least 1'),
    (lambda: paired(4, 0, 2, 1), 'target samples: expected at least 1'),
    (lambda: PairedBatchSampler(SeededSampler(Numbers(4)), 2), 'found SeededSampler over Numbers'),
])
def test_mistakes_are_named(build, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        build()
