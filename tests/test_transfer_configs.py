"""Every config of the transfer benchmark parses, and its model, metric and data sets build."""

from pathlib import Path

import pytest
import torch
from tests_support import REPO

from egoexo.apis import load_config
from egoexo.apis.class_counts import settle_class_counts
from egoexo.apis.phases import settle_phases
from egoexo.formats.pseudo_labels import write_pseudo_labels
from egoexo.registry import DATASETS, METRICS, MODELS

CONFIGS = sorted((REPO / 'configs/transfer').glob('*.py'))
#: What is trained: vectors, pictures or clips from two domains; sentences are a phase of their own.
VISION = [path for path in CONFIGS if '_text_' not in path.stem]
MINI = [path for path in CONFIGS if path.stem.startswith('mini_')]
OFFICIAL = 'mlp_omnivore_ego2exo'
by_name = pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)


def build_model(path: Path) -> torch.nn.Module:
    config = load_config(path)
    settle_class_counts(config, classes=range(24))
    if path.stem.startswith(('vit', 'distilbert', 'timesformer')):  # weights that are not at hand, or large
        pytest.skip('needs pretrained weights; its parts are tested with small ones')
    return MODELS.build(config.model)


def lists(dataloader: dict, key: str) -> list[tuple]:
    items = dataloader.dataset.get(key, [])
    return [(item.get('view', item.get('domain')), item.get('labels', 'true')) for item in items]


@by_name
def test_config_is_accepted_and_short(path: Path) -> None:
    config = load_config(path)
    assert config.default_scope == 'egoexo'
    lines = path.read_text().splitlines()
    assert len(lines) <= 22 and all(len(line) <= 120 for line in lines)
    assert len(path.stem) <= 50


@by_name
def test_model_builds(path: Path) -> None:
    model = build_model(path)
    sizes = {name: parameter.numel() for name, parameter in model.named_parameters() if not name.startswith('adapt')}
    if OFFICIAL in path.stem:
        assert sum(sizes.values()) == 400152


@by_name
def test_metrics_build(path: Path) -> None:
    config = load_config(path)
    for evaluator in (config.val_evaluator, config.test_evaluator):
        assert METRICS.build(evaluator).protocols[0].name == 'official'


@pytest.mark.parametrize('path', VISION, ids=lambda path: path.stem)
def test_both_domains_are_scored_and_the_target_decides_first(path: Path) -> None:
    config = load_config(path)
    scored = [view for view, _ in lists(config.val_dataloader, 'datasets')]
    keys = config.default_hooks.checkpoint.save_best
    assert {key.split('_')[0] for key in keys} == set(scored)
    source, = (view for view, _ in lists(config.train_dataloader, 'datasets'))
    assert keys[0].split('_')[0] != source
    assert all(key.endswith('_val/top1') for key in keys)
    assert config.val_dataloader.dataset.datasets == config.test_dataloader.dataset.datasets


@pytest.mark.parametrize('prefix', ['', 'mini_'])
@pytest.mark.parametrize(('source', 'target'), [('ego', 'exo'), ('exo', 'ego')])
@pytest.mark.parametrize(('method', 'labels', 'supervised', 'joint'), [
    ('lagtran', 'pseudo', True, True), ('supervised', 'true', True, False), ('supervised-joint', 'true', True, True),
    ('dann', 'none', False, True), ('cdan', 'none', False, True), ('tfidf', 'pseudo', True, True),
    ('textmatch', 'pseudo', True, True), ('ngrammatch', 'pseudo', True, True), ('knn', 'pseudo', True, True)])
def test_protocols_of_the_paper_are_covered(prefix, source, target, method, labels, supervised, joint) -> None:
    config = load_config(REPO / f'configs/transfer/{prefix}{OFFICIAL}-{source}2{target}-{method}.py')
    assert lists(config.train_dataloader, 'datasets') == [(source, 'true')]
    assert lists(config.train_dataloader, 'target_datasets') == [(target, labels)]
    assert (config.model.get('supervise_target', False), config.model.get('joint_forward', True)) == (supervised, joint)
    assert bool(config.get('phases')) == (labels == 'pseudo')
    if labels == 'pseudo':
        phase = load_config(REPO / config.phases.text.config)
        assert lists(phase.train_dataloader, 'datasets') == [(source, 'true')]
        assert lists(phase.val_dataloader, 'datasets') == [(target, 'true')]  # read by the log only
        assert config.phases.text.config.startswith(f'configs/transfer/{prefix}')


def test_released_schedule_is_the_official_one() -> None:
    config = load_config(REPO / f'configs/transfer/{OFFICIAL}-ego2exo-lagtran.py')
    assert (config.train_cfg.max_iters, config.train_cfg.val_interval) == (45001, 500)
    assert config.optim_wrapper.optimizer.to_dict() == dict(
        type='SGD', lr=0.003, momentum=0.9, nesterov=True, weight_decay=5e-4)
    assert config.optim_wrapper.paramwise_cfg.custom_keys.head.lr_mult == 10
    loader = config.train_dataloader
    assert (loader.batch_size, loader.batch_sampler.target_batch_size, loader.sampler.type) == (
        64, 64, 'ClassBalancedSampler')


@pytest.mark.parametrize('path', MINI, ids=lambda path: path.stem)
def test_datasets_open_the_generated_layout(path: Path, takes_root: Path, tmp_path: Path) -> None:
    config = load_config(path)
    config.work_dir = str(tmp_path)
    settle_phases(config)
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.dataset.data_root = str(takes_root)
        for target in loader.dataset.get('target_datasets', []):
            if target.get('labels') == 'pseudo':
                truth = DATASETS.build(dict(target, labels='true', ann_file='metadata/ego2exo.json',
                                            data_root=str(takes_root)) | dict(pseudo_labels=None))
                ids = [int(truth.get_data_info(index)['sample_id']) for index in range(len(truth))]
                (tmp_path / 'text').mkdir(exist_ok=True)
                write_pseudo_labels(tmp_path / 'text/pseudo_labels.txt', ids, [0] * len(ids))
        dataset = DATASETS.build(loader.dataset)
        sample = dataset[0]
        if '_text_' in path.stem:
            assert isinstance(sample['inputs'], str) and sample['inputs']
        else:
            assert sample['inputs'].shape == (1536,)
        if 'target_datasets' in loader.dataset:
            assert dataset[len(dataset)]['inputs'].shape == (1536,)
