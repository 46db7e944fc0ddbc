import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from egoexo.datasets.base import EgoExoDataset
from egoexo.datasets.concat import ConcatSubsets
from egoexo.datasets.samplers import SeededIndex, SeededSampler
from egoexo.errors import ConfigError
from egoexo.registry import DATASETS


@pytest.fixture
def filled(layout: object) -> object:
    for uid in 'abcd':
        layout.video(uid)
    layout.split('ego_val', ['a', 'b'])
    layout.split('exo_val', ['c'])
    layout.split('ego_test', ['d', 'b'])
    return layout


def build(layout: object, *subsets: str, **kwargs: object) -> ConcatSubsets:
    datasets = [layout.config(subset, missing_list='skip', **kwargs) for subset in subsets]
    return DATASETS.build(dict(type='ConcatSubsets', datasets=datasets))


def test_both_views_in_order(filled: object) -> None:
    dataset = build(filled, 'ego_val', 'exo_val')
    samples = [dataset[index]['data_samples'] for index in range(len(dataset))]
    assert [(sample.sample_id, sample.view, sample.subset) for sample in samples] == [
        ('a', 'ego', 'ego_val'), ('b', 'ego', 'ego_val'), ('c', 'exo', 'exo_val')]
    assert len(dataset.metainfo['classes']) == 28
    assert dataset.subsets == ['ego_val', 'exo_val']
    assert dataset[-1]['data_samples'].sample_id == 'c'


def test_root_is_handed_down(filled: object) -> None:
    config = filled.config('ego_val')
    del config['data_root']
    dataset = ConcatSubsets(datasets=[config], data_root=str(filled.root))
    assert dataset.datasets[0].data_root == str(filled.root)


@pytest.mark.parametrize('order', [
    ('ego_train', 'ego_val', 'exo_val'), ('ego_val', 'ego_train', 'exo_val'), ('ego_val', 'exo_val', 'ego_train')])
def test_empty_list_takes_no_part_wherever_it_stands(filled: object, said: list[str], order: tuple) -> None:
    dataset = build(filled, *order)
    loader = DataLoader(dataset, sampler=SeededSampler(dataset, shuffle=False, seed=0), collate_fn=lambda batch: batch)
    assert [batch[0]['data_samples'].sample_id for batch in loader] == ['a', 'b', 'c']
    assert said[-1] == 'left out because empty: ego_train; 3 videos remain in 2 of 3 lists.'
    assert 'ego_train' not in dataset.subsets


def test_nothing_left_is_said_and_legal(filled: object, said: list[str]) -> None:
    assert len(build(filled, 'exo_test', 'exo_train')) == 0
    assert said[-1] == 'left out because empty: exo_test, exo_train; 0 videos remain in 0 of 2 lists.'


def test_shared_video_stays_in_both_lists_with_a_warning(filled: object, said: list[str]) -> None:
    dataset = build(filled, 'ego_val', 'ego_test')
    assert len(dataset) == 4
    assert said[-1].startswith('1 of 3 videos are in more than one list: b in ego_val and ego_test.')
    ids = [(dataset[index]['data_samples'].subset, dataset[index]['data_samples'].sample_id) for index in (1, 3)]
    assert ids == [('ego_val', 'b'), ('ego_test', 'b')]
    assert len(build(filled, 'ego_val', 'ego_test', exclude=['b'])) == 2


def test_seed_key_passes_through(filled: object, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = []
    monkeypatch.setattr('egoexo.datasets.base.seed_everything', keys.append)
    build(filled, 'ego_val', 'exo_val')[SeededIndex(2, (5, 1, 2))]
    assert keys == [(5, 1, 2)]


def test_lists_must_name_the_same_classes(filled: object) -> None:
    other = filled.config('exo_val', metainfo=dict(classes=tuple('abc')))
    with pytest.raises(ConfigError, match='the same class names and label rate in all lists'):
        ConcatSubsets(datasets=[filled.config('ego_val'), other | dict(check_files=False)])
    with pytest.raises(ConfigError, match='expected at least one data set'):
        ConcatSubsets(datasets=[])


def test_several_samples_of_a_video_in_one_list_are_no_shared_video(filled: object, said: list[str]) -> None:
    dataset = DATASETS.build(filled.config('ego_val'))
    dataset.data_list = dataset.data_list * 2
    assert len(ConcatSubsets(datasets=[dataset])) == 4
    assert not any('more than one list' in text for text in said)


class Vectors(EgoExoDataset):
    """Reads batches of vectors or of words; vector i is (i, i), and its class is i modulo 2."""

    reads_batches = True
    subset = 'vectors'

    def __init__(self, numbers: range, words: bool = False) -> None:
        self.numbers, self.words = numbers, words
        super().__init__()

    def list_samples(self) -> list[dict]:
        return [dict(sample_id=str(number)) for number in self.numbers]

    @property
    def labels(self) -> np.ndarray:
        return np.array(self.numbers) % 2

    def __getitems__(self, indices: list[int]) -> dict:
        found = [self.numbers[index] for index in indices]
        inputs = list(map(str, found)) if self.words else torch.tensor(found, dtype=torch.float32)[:, None].repeat(1, 2)
        return dict(inputs=inputs, data_samples=[f'sample {number}' for number in found])


def test_batches_of_vectors_keep_their_order_over_lists() -> None:
    batch = ConcatSubsets([Vectors(range(3)), Vectors(range(10, 14))]).__getitems__([5, 0, 3, 2, 6])
    assert batch['inputs'].tolist() == [[12, 12], [0, 0], [10, 10], [2, 2], [13, 13]]
    assert batch['data_samples'] == ['sample 12', 'sample 0', 'sample 10', 'sample 2', 'sample 13']


def test_batches_of_texts_keep_their_order_over_lists() -> None:
    batch = ConcatSubsets([Vectors(range(3), True), Vectors(range(10, 14), True)]).__getitems__([5, 0, 3])
    assert batch == dict(inputs=['12', '0', '10'], data_samples=['sample 12', 'sample 0', 'sample 10'])


def test_a_single_list_reads_for_itself() -> None:
    assert ConcatSubsets([Vectors(range(3), True)]).__getitems__([2, 2])['inputs'] == ['2', '2']


def test_labels_of_all_lists(filled: object) -> None:
    assert ConcatSubsets([Vectors(range(3)), Vectors(range(11, 14))]).labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert not hasattr(build(filled, 'ego_val'), 'labels')


def test_directions_and_splits_of_all_lists(filled: object) -> None:
    datasets = [DATASETS.build(filled.config(subset, metainfo=dict(directions=[view], splits=['val'])))
                for subset, view in (('ego_val', 'there'), ('exo_val', 'back'), ('ego_test', 'there'))]
    metainfo = ConcatSubsets(datasets).metainfo
    assert (metainfo['directions'], metainfo['splits']) == (['there', 'back'], ['val'])
    assert datasets[0].metainfo['directions'] == ['there']
