"""Balanced draws that depend on (seed, pass) alone."""

import numpy as np
import pytest
import torch

from egoexo.datasets.samplers import ClassBalancedSampler
from egoexo.datasets.samplers.class_balanced_sampler import balanced_order, balanced_weights
from egoexo.errors import ConfigError
from egoexo.registry import DATA_SAMPLERS

LABELS = [7] * 80 + [2] * 15 + [5] * 5


class Labelled(list):
    """Places of a list and the class of each."""

    def __init__(self, labels: list[int]) -> None:
        super().__init__(range(len(labels)))
        self.labels = np.array(labels)


def make(rank: int = 0, world_size: int = 1, labels: list[int] = LABELS, **kwargs: object) -> ClassBalancedSampler:
    sampler = ClassBalancedSampler(Labelled(labels), seed=3, **kwargs)
    sampler.rank, sampler.world_size = rank, world_size
    return sampler


def test_weights_are_one_over_the_count() -> None:
    assert balanced_weights(LABELS).tolist() == [1 / 80] * 80 + [1 / 15] * 15 + [1 / 5] * 5


def test_a_subset_is_balanced_by_itself() -> None:
    drawn = balanced_order(LABELS, torch.Generator().manual_seed(0), indices=[3, 4, 5, 6, 7, 8, 98])
    assert len(drawn) == 7
    assert set(drawn) <= {3, 4, 5, 6, 7, 8, 98}
    many = np.concatenate([balanced_order(LABELS, torch.Generator().manual_seed(seed), [3, 4, 5, 98])
                           for seed in range(200)])
    assert 0.4 < (many == 98).mean() < 0.6


def test_classes_come_equally_often() -> None:
    sampler, drawn = make(), []
    for epoch in range(20):
        sampler.set_epoch(epoch)
        drawn += list(sampler)
    assert len(drawn) == 20 * len(sampler) == 2000
    shares = [np.mean(np.array(LABELS)[drawn] == label) for label in (7, 2, 5)]
    assert np.abs(np.array(shares) - 1 / 3).max() < 0.04


def test_registered_and_a_pure_function_of_seed_and_pass() -> None:
    sampler = DATA_SAMPLERS.build(dict(type='ClassBalancedSampler', dataset=Labelled(LABELS), seed=3))
    first = list(sampler)
    torch.manual_seed(99)  # the global stream does not matter
    assert list(sampler) == first == list(make())
    assert [index.seed_key for index in first] == [(3, 0, int(index)) for index in first]
    sampler.set_epoch(1)
    assert list(sampler) != first
    assert list(ClassBalancedSampler(Labelled(LABELS), seed=4)) != first


def test_ranks_share_one_pass_that_starts_anywhere() -> None:
    whole = list(make())
    ranks = [make(rank, 3) for rank in range(3)]
    dealt = [index for turn in zip(*map(list, ranks), strict=True) for index in turn]
    assert dealt == (whole * 2)[:102] == [*whole, *whole[:2]]
    ranks[1].set_start(3 * 10)
    assert list(ranks[1]) == dealt[1::3][10:]
    assert (len(ranks[1]), ranks[1].total_size) == (34, 102)
    assert [len(list(make(rank, 3, round_up=False))) for rank in range(3)] == [34, 33, 33]


def test_a_list_without_labels_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'ClassBalancedSampler: expected a data set with one class id per sample '
                                          r'\(labels\), found range, which has none'):
        ClassBalancedSampler(range(4), seed=0)
    with pytest.raises(ValueError, match='ClassBalancedSampler: the dataset Labelled is empty'):
        ClassBalancedSampler(Labelled([]), seed=0)
