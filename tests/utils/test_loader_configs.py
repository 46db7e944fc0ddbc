import pytest
from mmengine.config import Config

from egoexo.utils.loader_configs import iter_datasets

NESTED = {'dataset': {'type': 'Concat', 'data_root': 'a', 'pipeline': [1], 'datasets': [
    {'ann_file': '1'}, {'type': 'Repeat', 'times': 3, 'data_root': 'b', 'dataset': {'ann_file': '2', 'pipeline': [1]}},
    {'type': 'List', 'ann_file': '3', 'pipeline': [2]}]}}


@pytest.mark.parametrize('loader', [NESTED, Config(NESTED)])
def test_wrappers_hand_on_what_stands_beside_the_lists(loader):
    found = list(iter_datasets(loader))
    assert [(item['ann_file'], item['data_root'], item['pipeline']) for item in found] == [
        ('1', 'a', [1]), ('2', 'b', [1]), ('3', 'a', [2])]
    assert [item.get('type') for item in found] == [None, None, 'List']
    assert not any('times' in item for item in found)


@pytest.mark.parametrize('loader', [None, {}, {'dataset': None}, {'dataset': {'datasets': []}}])
def test_nothing_there(loader):
    assert list(iter_datasets(loader)) == []


def test_the_config_is_not_changed():
    loader = {'dataset': {'data_root': 'a', 'datasets': [{'ann_file': '1'}]}}
    next(iter_datasets(loader))['ann_file'] = 'changed'
    assert loader == {'dataset': {'data_root': 'a', 'datasets': [{'ann_file': '1'}]}}
