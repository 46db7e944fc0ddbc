import pytest
from mmengine.config import Config

from egoexo.visualization.config_diff import (
    ABSENT,
    base_files,
    diff_configs,
    diff_from_bases,
    diff_runs,
    same_but_seed,
)


@pytest.mark.parametrize(('theirs', 'ours', 'rows'), [
    ({'a': 1}, {'a': 1}, []),
    ({'a': {'b': 1, 'c': 2}}, {'a': {'b': 1, 'c': 3}}, [('a.c', '2', '3')]),
    ({'a': 1}, {'b': 'x'}, [('a', '1', ABSENT), ('b', ABSENT, "'x'")]),
    ({'a': [1, 2]}, {'a': [1, 3]}, [('a', '[1, 2]', '[1, 3]')]),
    ({'d': [{'type': 'D', 'ann_file': 's/ego_train_annotations.bundle', 'root': 1}]},
     {'d': [{'type': 'D', 'ann_file': 's/ego_train_annotations.bundle', 'root': 2}]}, [('d.0.root', '1', '2')]),
    ({'d': [{'ann_file': 'ego_train_annotations.bundle'}]},
     {'d': [{'ann_file': 'ego_train_annotations.bundle'}, {'ann_file': 'exo_train_annotations.bundle'}]},
     [('d', '[ego_train]', '[ego_train, exo_train]')]),
    ({'m': None}, {'m': {'type': 'Adam', 'lr': 1}}, [('m', 'None', 'Adam(lr=1)')]),
])
def test_diff(theirs, ours, rows):
    assert diff_configs(theirs, ours) == rows


@pytest.fixture
def leaf(tmp_path):
    (tmp_path / 'one.py').write_text("model = dict(type='A', width=1)\n")
    (tmp_path / 'two.py').write_text('lr = 0.1\n')
    path = tmp_path / 'leaf.py'
    path.write_text("_base_ = ['./one.py', './two.py']\nmodel = dict(width=2)\n")
    return path


def test_bases_of_a_file(leaf, tmp_path):
    assert base_files(leaf) == [tmp_path / 'one.py', tmp_path / 'two.py']
    assert base_files(tmp_path / 'one.py') == []


def test_options_of_the_command_line_count_and_housekeeping_does_not(leaf):
    config = Config.fromfile(leaf)
    config.merge_from_dict({'lr': 0.2, 'work_dir': 'somewhere'})
    assert diff_from_bases(config, leaf) == [('model.width', '1', '2'), ('lr', '0.1', '0.2')]


def test_runs_are_compared_setting_by_setting():
    configs = [Config(dict(lr=rate, work_dir=str(rate), model=dict(type='A', depth=2))) for rate in (1, 2, 1)]
    configs[2].model.width = 5
    assert diff_runs(configs) == [('lr', '1', '2', '1'), ('model.width', ABSENT, ABSENT, '5')]
    assert diff_runs([configs[0], configs[0]]) == []


@pytest.mark.parametrize(('changes', 'same'), [
    ({}, True), (dict(randomness=dict(seed=7)), True), (dict(randomness=dict(seed=7, deterministic=True)), False),
    (dict(lr=2), False), (dict(work_dir='elsewhere', resume=True), True)])
def test_same_but_seed(changes, same):
    base = dict(lr=1, randomness=dict(seed=0, deterministic=False), work_dir='here')
    changes.get('randomness', {}).setdefault('deterministic', False)
    assert same_but_seed(Config(base), Config(base | changes)) is same
