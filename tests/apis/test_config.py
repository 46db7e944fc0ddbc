"""The table of config errors: each names the place in the config and what was probably meant."""

from pathlib import Path

import pytest
import toy_run  # noqa: F401  registers the toy types
from mmengine.config import Config
from tests_support import REPO
from toy_run import toy_train, write_toy_config

from egoexo.apis.config import config_folders, find_config, get_config, load_config
from egoexo.errors import ConfigError
from egoexo.utils import config_files


@pytest.fixture
def config(tmp_path):
    return write_toy_config(tmp_path)


@pytest.mark.parametrize(('options', 'message'), [
    ({'modle.hidden': 3}, "the config has no 'modle'. Did you mean model?"),
    ({'model.hiden': 3}, "--cfg-options model.hiden: model has no 'hiden'. Did you mean model.hidden? "
                         'To add a new key on purpose write +model.hiden=VALUE.'),
    ({'param_scheduler.3.T_max': 3}, "param_scheduler has no '3'. It has: 0."),
    ({'train_dataloader.batch_size.x': 3}, "train_dataloader.batch_size has no 'x'. It has: nothing below it."),
    ({'model.type': 'ToyModell'}, "model: type='ToyModell' is not a registered model. Did you mean ToyModel"),
    ({'model.type': 'mmaction.ResNet3DSlowFast'}, 'Did you mean mmaction.ResNet3dSlowFast'),
    ({'+model.dropuot': 0.1}, "model.dropuot: ToyModel has no argument 'dropuot'. Did you mean dropout?"),
    ({'+train_dataloader.dataset.sise': 3}, "train_dataloader.dataset.sise: ToyDataset has no argument 'sise'. "
                                            'Did you mean size'),
    ({'+train_dataloader.dataset.pipeline': [{'type': 'LoadSequense'}]},
     "train_dataloader.dataset.pipeline.0: type='LoadSequense' is not a registered transform"),
    ({'+train_dataloader.dataset.pipeline': [{'step': 5}]},
     "train_dataloader.dataset.pipeline.0: has no 'type'; it holds step."),
    ({'train_dataloader.sampler.type': 'SeededSampller'}, 'Did you mean SeededSampler'),
    ({'train_cfg.max_epochs': 2, '+train_cfg.max_epoch': 3}, "train_cfg.max_epoch: SeededEpochLoop has no argument "
                                                             "'max_epoch'. Did you mean max_epochs?"),
    ({'+optim_wrapper.optimizer.learning_rate': 1}, "optim_wrapper.optimizer.learning_rate: AdamW has no argument"),
    ({'+optim_wrapper.clip_gard': {'max_norm': 1}}, "has no argument 'clip_gard'. Did you mean clip_grad?"),
    ({'+default_hooks.nan_guard.intervall': 1}, "NaNGuardHook has no argument 'intervall'. Did you mean interval?"),
    ({'+default_hooks.checkpoint.save_bst': 'x'}, "has no argument 'save_bst'. Did you mean save_best"),
    ({'val_evaluator.type': 'ToyMetrik'}, "val_evaluator: type='ToyMetrik' is not a registered metric. "
                                          'Did you mean ToyMetric'),
    ({'val_evaluator.type': 'ToyModel'}, "val_evaluator: type='ToyModel' is not a registered metric"),
    ({'+param_scheduler.0.T_min': 1}, "CosineAnnealingLR has no argument 'T_min'"),
    ({'+visualizer.vis_backends': [{'type': 'TensorbordVisBackend'}]}, 'Did you mean TensorboardVisBackend')])
def test_wrong_values_are_refused_before_anything_is_built(config, options, message):
    with pytest.raises(ConfigError) as caught:
        load_config(config, options)
    assert message in str(caught.value)


def test_all_problems_come_in_one_message(config):
    with pytest.raises(ConfigError, match='2 problems') as caught:
        load_config(config, {'+model.dropuot': 1, 'val_evaluator.type': 'ToyMetrik'})
    assert str(caught.value).count('\n') == 2


@pytest.mark.parametrize('options', [
    {'model.hidden': 7}, {'param_scheduler.0.T_max': 9}, {'+model.init_cfg': {'type': 'Xavier', 'layer': 'Linear'}},
    {'+custom_hooks': [{'type': 'EarlyStoppingHook', 'monitor': 'x', 'priority': 'LOW'}]},
    {'+param_scheduler.0.convert_to_iter_based': True},
    {'+train_dataloader.collate_fn': {'type': 'pseudo_collate'}},
    {'+optim_wrapper.paramwise_cfg': {'norm_decay_mult': 0}},
    {'+default_hooks.checkpoint.published_keys': ['meta']}])
def test_right_values_pass(config, options):
    cfg = load_config(config, options)
    assert cfg.train_dataloader.sampler.type == 'SeededSampler'


def written(folder, text):
    path = folder / 'config.py'
    path.write_text(text, encoding='utf-8')
    return path


@pytest.mark.parametrize(('text', 'message'), [
    ('modle = dict(type="ToyModel")', "top-level key 'modle' is read by nothing. Did you mean model?"),
    ('optim_wraper = dict()', 'Did you mean optim_wrapper?'),
    ('train_dataloder = dict()', 'Did you mean train_dataloader?'),
    ('x = (', 'is not valid Python'),
    ('_base_ = "./absent.py"', 'needs a base that does not exist'),
    ('_base_ = ["./one.py", "./two.py"]', 'Duplicate key is not allowed among bases'),
    ('model = dict(hidden=3)', "model: has no 'type'; it holds hidden.")])
def test_wrong_files_are_explained(tmp_path, text, message):
    for name in ('one', 'two'):
        (tmp_path / f'{name}.py').write_text('load_from = None')
    with pytest.raises(ConfigError) as caught:
        load_config(written(tmp_path, text))
    assert message in str(caught.value) and 'config.py' in str(caught.value)


def test_helpers_are_no_misspelt_keys_and_unread_ones_are_named(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr('egoexo.apis.config_check.print_log', lambda text, *_: said.append(text))
    (tmp_path / 'base.py').write_text('num_classes = 3\nexo_train = 4\nmodel = dict(type="ToyModel", '
                                      'hidden=num_classes)')
    load_config(written(tmp_path, '_base_ = "./base.py"\nhidden = {{_base_.num_classes}}\n'
                                  'model = dict(hidden=hidden)'))
    assert said == []
    # The base has used its own value already: this changes nothing.
    cfg = load_config(written(tmp_path, '_base_ = "./base.py"\nnum_classes = 6'))
    assert cfg.model.hidden == 3
    assert said == [f"{tmp_path / 'config.py'}: 'num_classes' is set here and read by nothing. Bases are evaluated "
                    'before this file: set the value where it is used.']


def test_a_dumped_config_with_pipelines_loads_again(tmp_path):
    (tmp_path / 'base.py').write_text('train_pipeline = [dict(type="PackFrames", clip_len=8)]\nmodel = '
                                      'dict(type="ToyModel", hidden=3)\nsteps = train_pipeline')
    cfg = load_config(written(tmp_path, '_base_ = "./base.py"'))
    cfg.dump(tmp_path / 'dumped.py')
    assert load_config(tmp_path / 'dumped.py').train_pipeline == cfg.train_pipeline


def test_missing_file_names_the_nearest(config):
    with pytest.raises(ConfigError, match=r'tooy\.py does not exist\. Nearest: .*toy\.py'):
        load_config(config.with_name('tooy.py'))


def test_get_config_finds_a_clone_and_an_installed_package(tmp_path, monkeypatch):
    assert config_folders()[0] == REPO / 'configs'
    assert find_config('_base_/default_runtime') == REPO / 'configs' / '_base_' / 'default_runtime.py'
    assert get_config('_base_/default_runtime.py').default_scope == 'egoexo'
    with pytest.raises(ConfigError, match=r"no config '_base_/default_runtim'\. Nearest: _base_/default_runtime\.py"):
        find_config('_base_/default_runtim')
    installed = tmp_path / 'site-packages' / 'egoexo'
    (installed / '.mim' / 'configs' / 'segmentation').mkdir(parents=True)
    (installed / '.mim' / 'configs' / 'segmentation' / 'some.py').write_text('load_from = None')
    monkeypatch.setattr(config_files, 'PACKAGE', installed)
    assert find_config('segmentation/some') == Path(installed, '.mim', 'configs', 'segmentation', 'some.py')


def test_bases_of_ours_are_found_from_anywhere(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = ['egoexo::_base_/default_runtime.py']\nlog_level = 'ERROR'\n")
    ours = get_config('_base_/default_runtime')
    assert load_config(config).to_dict() == ours.to_dict() | {'log_level': 'ERROR'}


def test_missing_base_of_ours_says_where_it_was_sought(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = 'egoexo::_base_/default_runtme.py'\n")
    with pytest.raises(ConfigError, match=rf"'egoexo::_base_/default_runtme\.py' is no file of {REPO}/configs"):
        load_config(config)


def test_custom_import_that_is_not_found_names_the_cure(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("custom_imports = dict(imports=['nowhere_to_be_found'])\n")
    with pytest.raises(ConfigError, match=r"custom_imports cannot be imported \(No module named 'nowhere_to_be_found'\)"
                                          r'.*PYTHONPATH=\. python'):
        load_config(config)


def test_misspelt_key_is_refused_although_a_base_has_the_right_one(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = 'egoexo::segmentation/mini_mstcn_i3d_egoexolearn-ego.py'\n"
                      'optim_wraper = dict(optimizer=dict(lr=1e-4))\n')
    with pytest.raises(ConfigError, match=r"key 'optim_wraper' is read by nothing\. Did you mean optim_wrapper\?"):
        load_config(config)


HOOK_NAMES = sorted(Config.fromfile(REPO / 'configs/_base_/default_runtime.py').default_hooks)


@pytest.mark.parametrize('name', HOOK_NAMES)
def test_every_default_hook_can_be_switched_off(tmp_path, name):
    cfg = load_config(write_toy_config(tmp_path, length=1), {f'default_hooks.{name}': None})
    kind = Config.fromfile(REPO / 'configs/_base_/default_runtime.py').default_hooks[name].type
    runner = toy_train(cfg)
    assert runner.iter == 4
    assert kind not in [type(hook).__name__ for hook in runner.hooks]
