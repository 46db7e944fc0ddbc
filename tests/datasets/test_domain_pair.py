"""Source and target in one index space."""

import pytest

from egoexo.datasets.base import EgoExoDataset
from egoexo.datasets.collate import collate_domains
from egoexo.datasets.domain_pair import DomainPairDataset
from egoexo.datasets.samplers import SeededIndex
from egoexo.errors import ConfigError


class Letters(EgoExoDataset):

    def __init__(self, letters: str, classes=('a', 'b'), batched=False) -> None:
        self.letters, self.reads_batches = letters, batched
        super().__init__(metainfo=dict(classes=classes))

    def list_samples(self) -> list[dict]:
        return [dict(sample_id=letter) for letter in self.letters]

    def __getitem__(self, index: int) -> dict:
        return dict(inputs=self.letters[index], data_samples=getattr(index, 'seed_key', None))

    def __getitems__(self, indices) -> dict:
        return dict(inputs=[self.letters[index] for index in indices], data_samples='read at once')


def test_indices_behind_the_source_are_target_samples_and_keep_their_seed():
    pair = DomainPairDataset([Letters('abc')], [Letters('xy')])
    assert (len(pair), pair.num_target, [item['inputs'] for item in map(pair.__getitem__, range(5))]) == (
        3, 2, list('abcxy'))
    assert pair[SeededIndex(4, (0, 7, 1))] == dict(inputs='y', data_samples=(0, 7, 1))
    assert pair.get_data_info(3)['sample_id'] == 'x'
    assert [len(part) for part in pair.datasets] == [3, 2] and pair.metainfo['classes'] == ('a', 'b')


def test_a_batch_is_read_at_once_where_a_data_set_can():
    pair = DomainPairDataset([Letters('abc')], [Letters('xy', batched=True)])
    batch = collate_domains(pair.__getitems__([0, 2, 4, 3]))
    assert batch['source'] == dict(inputs=['a', 'c'], data_samples=[None, None])
    assert batch['target'] == dict(inputs=['y', 'x'], data_samples='read at once')


def test_other_classes_are_refused():
    with pytest.raises(ConfigError, match=r'the same classes in both, found 2 classes in the source and 3 in the'):
        DomainPairDataset([Letters('abc')], [Letters('xy', classes=('a', 'b', 'c'))])
    with pytest.raises(ConfigError, match='named differently'):
        DomainPairDataset([Letters('abc')], [Letters('xy', classes=('b', 'a'))])


def test_labels_are_those_of_the_source():
    class Labelled(Letters):
        labels = (1, 0, 1)

    assert DomainPairDataset([Labelled('abc')], [Letters('xy')]).labels.tolist() == [1, 0, 1]
    assert not hasattr(DomainPairDataset([Letters('abc')], [Labelled('xyz')]), 'labels')
