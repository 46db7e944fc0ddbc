import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from egoexo.datasets.base import EgoExoDataset, SampleReport, seed_everything
from egoexo.datasets.samplers import SeededIndex, SeededSampler
from egoexo.errors import ConfigError, DataError, FeatureError


class Numbers(EgoExoDataset):
    """Ten numbers; those in ``broken`` cannot be used."""

    HOW_TO_GET = 'Ask the owner.'

    def __init__(self, broken: tuple[int, ...] = (), size: int = 10, **kwargs: object) -> None:
        self.broken, self.size = broken, size
        super().__init__(ann_file='numbers', **kwargs)

    def list_samples(self) -> list[dict]:
        return [dict(sample_id=str(number)) for number in range(self.size)]

    def inspect_sample(self, info: dict, full: bool = False) -> SampleReport:
        return SampleReport(info['sample_id'], ['is broken'] if int(info['sample_id']) in self.broken else [])


def draw(results: dict) -> dict:
    return dict(sample_id=results['sample_id'], noise=(
        random.random(), np.random.rand(), torch.rand(1).item()))  # noqa: NPY002


def one_item(batch: list) -> dict:
    return batch[0]


@pytest.mark.parametrize('num_workers', [0, 2])
def test_noise_depends_on_seed_pass_and_index_alone(num_workers: int) -> None:
    dataset = Numbers(pipeline=[draw])
    sampler = SeededSampler(dataset, seed=3)
    loader = DataLoader(dataset, sampler=sampler, num_workers=num_workers, collate_fn=one_item)
    passes = []
    for epoch in (0, 1, 0):
        sampler.set_epoch(epoch)
        passes.append({item['sample_id']: item['noise'] for item in loader})
    assert passes[0] == passes[2]
    assert len(passes[0]) == 10
    assert all(passes[0][uid] != passes[1][uid] for uid in passes[0])
    expected = dataset[SeededIndex(4, (3, 1, 4))]
    assert passes[1]['4'] == expected['noise']


def test_plain_index_seeds_nothing() -> None:
    dataset = Numbers(pipeline=[draw])
    seed_everything((1, 2, 3))
    assert dataset[0]['noise'] != dataset[0]['noise']


def raise_error(error: Exception) -> Callable[[dict], dict]:
    def transform(results: dict) -> dict:
        raise error

    return transform


@pytest.mark.parametrize(('error', 'kind', 'text'), [
    (FeatureError('x.pt is cut short'), FeatureError, "sample '2' of Numbers numbers: x.pt is cut short"),
    (IndexError('index 7'), DataError, "sample '2' of Numbers numbers: expected a sample "
     'from the pipeline, found IndexError: index 7. Check the transforms of the config and the files of this sample.'),
])
@pytest.mark.parametrize('test_mode', [True, False])
def test_failing_sample_is_named_and_never_replaced(
        error: Exception, kind: type, text: str, test_mode: bool) -> None:
    with pytest.raises(kind) as caught:
        Numbers(pipeline=[raise_error(error)], test_mode=test_mode)[2]
    assert str(caught.value) == text


def test_none_is_an_error_in_training_too() -> None:
    with pytest.raises(DataError, match="sample '5' of Numbers numbers: .* found None, returned by a transform"):
        Numbers(pipeline=[lambda results: None])[5]
    with pytest.raises(DataError, match='found a random other one in its place'):
        Numbers()._rand_another()


def test_error_crosses_the_worker_queue() -> None:
    dataset = Numbers(size=1, pipeline=[raise_error(FeatureError('cut short'))])
    batches = iter(DataLoader(dataset, num_workers=1, collate_fn=one_item))
    with pytest.raises(FeatureError, match="sample '0' of Numbers numbers: cut short"):
        next(batches)
    batches._shutdown_workers()


def test_report_counts_and_gives_five_examples() -> None:
    with pytest.raises(DataError) as caught:
        Numbers(broken=(0, 2, 3, 5, 7, 8, 9))
    text = str(caught.value)
    assert text.startswith('7 of 10 samples of Numbers numbers cannot be used:\n  0: is broken\n  2: is broken')
    assert '  7: is broken\n  (2 more: python tools/data/verify_dataset.py CONFIG lists all)' in text
    assert text.endswith("Ask the owner. Pass on_bad='skip' to leave them out, counted.")


def test_skip_leaves_out_and_says_so(said: list[str]) -> None:
    dataset = Numbers(broken=(0, 9), on_bad='skip', pipeline=[draw])
    assert [dataset[index]['sample_id'] for index in range(len(dataset))] == [str(n) for n in range(1, 9)]
    assert said[1:] == ['Numbers numbers: 8 samples']
    assert '2 of 10 samples of Numbers numbers cannot be used' in said[0]
    assert "on_bad='skip': going on with 8 samples" in said[0]
    assert dataset.num_listed == 10
    assert dataset.unusable == {'0': ['is broken'], '9': ['is broken']}


def test_nothing_is_unusable_before_the_list_is_read() -> None:
    dataset = Numbers(broken=(1,), on_bad='skip', lazy_init=True)
    assert (dataset.num_listed, dataset.unusable) == (0, {})
    dataset.full_init()
    assert (dataset.num_listed, list(dataset.unusable)) == (10, ['1'])


@pytest.mark.parametrize(('size', 'packed'), [(0, False), (10, False), (10_000, True)])
def test_only_long_lists_are_packed(size: int, packed: bool) -> None:
    dataset = Numbers(size=size)
    assert len(dataset) == size
    assert hasattr(dataset, 'data_bytes') == packed
    if size:
        assert dataset.get_data_info(size - 1)['sample_id'] == str(size - 1)


def test_unknown_option() -> None:
    with pytest.raises(ConfigError, match="Numbers, on_bad: expected 'error' or 'skip', found 'ignore'"):
        Numbers(on_bad='ignore')


def test_incomplete_subclass() -> None:
    with pytest.raises(TypeError, match=r'EgoExoDataset is no complete data set: it must define list_samples'):
        EgoExoDataset(ann_file='x')
