"""Source and target batches."""

import re
from itertools import islice

import pytest

from egoexo.datasets.base import EgoExoDataset
from egoexo.datasets.domain_pair import DomainPairDataset
from egoexo.datasets.samplers import ClassBalancedSampler, PairedBatchSampler, SeededSampler
from egoexo.datasets.samplers.seeded_sampler import pass_order
from egoexo.errors import ConfigError


class Numbers(EgoExoDataset):

    def __init__(self, size: int, offset: int = 0) -> None:
        self.numbers = range(offset, offset + size)
        super().__init__()

    def list_samples(self) -> list[dict]:
        return [dict(sample_id=str(number)) for number in self.numbers]

    def __getitem__(self, index: int) -> dict:
        return dict(inputs=self.numbers[index], data_samples=str(getattr(index, 'seed_key', None)))


class Labelled(Numbers):

    def __init__(self, labels: list[int]) -> None:
        self.labels = labels
        super().__init__(len(labels))


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


def endless(num_batches, *args, start=0, **kwargs):
    """Source and target of the first batches of an endless stream."""
    batches = paired(*args, epoch='endless', **kwargs)
    batches.sampler.set_epoch(0)
    if start:
        batches.sampler.set_start(start)
    pair = batches.sampler.dataset
    read = [pair.__getitems__(batch) for batch in islice(batches, num_batches)]
    return [(batch['source']['inputs'], batch['target']['inputs']) for batch in read]


def test_endless_passes_end_with_their_last_whole_batch():
    read = endless(18, 11, 7, 4, 3)
    assert {(len(source), len(target)) for source, target in read} == {(4, 3)}
    for domain in (0, 1):  # two whole batches in every pass of both, however the passes of the other lie
        passes = [flat(part[domain] for part in read[start:start + 2]) for start in range(0, 18, 2)]
        assert {len(set(one)) for one in passes} == {(8, 6)[domain]}
        assert len({tuple(one) for one in passes}) == 9
        assert len(set(flat(passes))) == (11, 7)[domain]


def test_the_domains_begin_again_independently():
    read = endless(12, 12, 5, 4, 2)
    source, target = zip(*read, strict=True)
    assert [len(set(flat(source[start:start + 3]))) for start in range(0, 12, 3)] == [12] * 4
    assert [len(set(flat(target[start:start + 2]))) for start in range(0, 12, 2)] == [4] * 6


def test_lists_smaller_than_a_batch_run_on():
    source, target = zip(*endless(3, 4, 5, 6, 10), strict=True)
    assert [sorted(flat(source)[start:start + 4]) for start in range(0, 16, 4)] == [[0, 1, 2, 3]] * 4
    assert [sorted(flat(target)[start:start + 5]) for start in range(0, 30, 5)] == [[*range(1000, 1005)]] * 6


def test_without_drop_last_no_sample_is_left_out():
    source, _ = zip(*endless(10, 5, 9, 2, 2, drop_last=False), strict=True)
    assert [sorted(flat(source)[start:start + 5]) for start in range(0, 20, 5)] == [[0, 1, 2, 3, 4]] * 4


@pytest.mark.parametrize('world_size', [1, 2])
@pytest.mark.parametrize('options', [{}, dict(drop_last=False)], ids=['dropping', 'going on'])
def test_an_endless_stream_starts_anywhere(world_size, options):
    for rank in range(world_size):
        whole = endless(30, 11, 7, 3, 2, rank, world_size, **options)
        for done in (1, 4, 17, 29):
            rest = endless(30 - done, 11, 7, 3, 2, rank, world_size, start=done * 3 * world_size, **options)
            assert rest == whole[done:]


def test_ranks_share_each_endless_pass():
    ranks = [endless(20, 12, 8, 2, 2, rank, 2) for rank in range(2)]
    for domain, per_pass in ((0, 3), (1, 2)):
        for first in range(0, 18, per_pass):
            seen = [flat(batch[domain] for batch in read[first:first + per_pass]) for read in ranks]
            assert len(set(flat(seen))) == (12, 8)[domain]


def test_a_rank_that_lacks_a_sample_gets_one_from_the_start_of_the_pass():
    ranks = [endless(6, 5, 5, 3, 3, rank, 2) for rank in range(2)]
    for number in range(6):
        dealt = [index for turn in zip(*(read[number][0] for read in ranks), strict=True) for index in turn]
        assert len(set(dealt)) == 5
        assert dealt[5] == dealt[0]


def test_the_source_may_be_balanced_while_the_target_is_shuffled():
    pair = DomainPairDataset([Labelled([0] * 90 + [1] * 10)], [Numbers(100, 1000)])
    batches = PairedBatchSampler(ClassBalancedSampler(pair, seed=3), 50, 50, epoch='endless')
    source, target = [], []
    for batch in islice(batches, 20):
        source += [index for index in batch if index < 100]
        target += [index for index in batch if index >= 100]
    assert 0.4 < sum(index >= 90 for index in source) / len(source) < 0.6
    assert [len(set(target[start:start + 100])) for start in range(0, 1000, 100)] == [100] * 10


def test_orders_are_made_once_per_pass(monkeypatch):
    made = []
    monkeypatch.setattr(SeededSampler, 'order',
                        lambda self, number: made.append(number) or pass_order(self.size, self.seed, number))
    assert len(endless(25, 40, 40, 4, 4)) == 25
    assert made == [0, 1, 2]


def test_length_and_kind_of_an_endless_sampler():
    batches = paired(11, 7, 4, 3, epoch='endless')
    assert (len(batches), batches.endless) == (2, True)
    assert len(paired(3, 7, 4, 3, epoch='endless')) == 1
    assert not paired(11, 7, 4, 3).endless


@pytest.mark.parametrize(('build', 'text'), [
    (lambda: paired(4, 4, 2, 2, epoch='longer'), "epoch: expected 'shorter', 'source' or 'endless', found 'longer'"),
    (lambda: paired(4, 4, 2, 0), 'target_batch_size: expected at least 1'),
    (lambda: paired(4, 0, 2, 1), 'target samples: expected at least 1'),
    (lambda: PairedBatchSampler(SeededSampler(Numbers(4)), 2), 'found SeededSampler over Numbers'),
])
def test_mistakes_are_named(build, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        build()
