import pickle

import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset

from egoexo.datasets.samplers import SeededIndex


def test_is_an_int_that_survives_pickling():
    index = SeededIndex(7, (1, 2, 7))
    copy = pickle.loads(pickle.dumps(index))
    assert copy == 7 and isinstance(copy, SeededIndex) and copy.seed_key == (1, 2, 7)
    assert ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'][copy] == 'h'


@pytest.mark.parametrize(('moved', 'value'), [
    (SeededIndex(7, (0, 0, 7)) - 5, 2), (SeededIndex(7, (0, 0, 7)) % 4, 3),
    (SeededIndex(7, (0, 0, 7)) // 4, 1), (SeededIndex(7, (0, 0, 7)) + 1, 8)])
def test_arithmetic_keeps_the_key(moved, value):
    assert moved == value and moved.seed_key == (0, 0, 7)


class _Echo:
    metainfo: dict = {}

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return int(index), index.seed_key

    def full_init(self):
        pass


def test_key_reaches_datasets_behind_wrappers():
    concat = ConcatDataset.__new__(ConcatDataset)
    concat.datasets, concat.cumulative_sizes, concat._fully_initialized = [_Echo(3), _Echo(4)], [3, 7], True
    assert concat[SeededIndex(5, (9, 1, 5))] == (2, (9, 1, 5))
    repeat = RepeatDataset.__new__(RepeatDataset)
    repeat.dataset, repeat.times, repeat._ori_len, repeat._fully_initialized = _Echo(4), 3, 4, True
    assert repeat[SeededIndex(10, (9, 1, 10))] == (2, (9, 1, 10))
