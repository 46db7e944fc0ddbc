"""Every config parses, and its model, metric and datasets build."""

from pathlib import Path

import pytest
import torch
from tests_support import REPO

from egoexo.apis import load_config
from egoexo.registry import DATASETS, METRICS, MODELS

CONFIGS = sorted((REPO / 'configs').glob('[a-z]*/*egoexolearn*.py'))
by_name = pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
OFFICIAL_TYPES = {
    # experiment type of the official scripts: (training lists, list scored, config)
    'ego-only': (['ego_train'], 'ego_val', 'ego'),
    'ego-only-gazed': (['ego_gaze_train'], 'ego_gaze_val', 'ego-gaze'),
    'exo-only': (['exo_train'], 'exo_val', 'exo'),
    'ego-exo-cotraining-ego': (['ego_train', 'exo_train'], 'ego_val', 'egoexo'),
    'ego-exo-cotraining-exo': (['ego_train', 'exo_train'], 'exo_val', 'egoexo'),
    'ego-exo-cotraining-gazed-ego': (['ego_gaze_train', 'exo_train'], 'ego_gaze_val', 'egoexo-gaze'),
    'ego-exo-cotraining-gazed-exo': (['ego_gaze_train', 'exo_train'], 'exo_val', 'egoexo-gaze'),
    'ego-exo-da-exo': (['ego_train'], 'exo_val', 'ego2exo'),
    'exo-ego-da-ego': (['exo_train'], 'ego_val', 'exo2ego'),
    'ego-exo-gazed-da-exo': (['ego_gaze_train'], 'exo_val', 'ego2exo-gaze'),
    'exo-ego-gazed-da-ego': (['exo_train'], 'ego_gaze_val', 'exo2ego-gaze'),
}


def subsets(dataloader: dict) -> list[str]:
    return [Path(item['ann_file']).name.removesuffix('_annotations.bundle') for item in dataloader.dataset.datasets]


@by_name
def test_config_is_accepted_and_short(path: Path) -> None:
    config = load_config(path)
    assert config.default_scope == 'egoexo'
    assert len(path.read_text().splitlines()) <= 15
    assert all(len(line) <= 120 for line in path.read_text().splitlines())
    assert len(path.stem) < 45


@by_name
def test_model_builds_without_memory(path: Path) -> None:
    with torch.device('meta'):
        model = MODELS.build(load_config(path).model)
    assert sum(parameter.numel() for parameter in model.parameters()) == 743218


@by_name
def test_metrics_build(path: Path) -> None:
    config = load_config(path)
    assert [protocol.name for protocol in METRICS.build(config.val_evaluator).protocols] == ['official']
    assert 'clean' in [protocol.name for protocol in METRICS.build(config.test_evaluator).protocols]


@pytest.mark.parametrize('path', sorted((REPO / 'configs').glob('*/mini_*.py')), ids=lambda path: path.stem)
def test_datasets_open_the_generated_layout(path: Path, mini_root: Path) -> None:
    config = load_config(path)
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.dataset.data_root = str(mini_root / 'egoexolearn')
        dataset = DATASETS.build(loader.dataset)
        assert len(dataset) > 0
        sample = dataset[0]
        assert sample['inputs'].shape[0] == 1024
        assert sample['data_samples'].subset in subsets(loader)


@pytest.mark.parametrize('prefix', ['', 'mini_'])
@pytest.mark.parametrize(('train', 'scored', 'suffix'), OFFICIAL_TYPES.values(), ids=OFFICIAL_TYPES)
def test_official_experiment_types_are_covered(train: list[str], scored: str, suffix: str, prefix: str) -> None:
    config = load_config(REPO / f'configs/segmentation/{prefix}mstcn_i3d_egoexolearn-{suffix}.py')
    assert subsets(config.train_dataloader) == train
    assert scored in subsets(config.val_dataloader)
    assert scored.replace('_val', '_test') in subsets(config.test_dataloader)
    best = config.default_hooks.checkpoint.save_best
    assert f'{scored}/Avg' in ([best] if isinstance(best, str) else best)


@by_name
def test_nothing_is_chosen_on_test(path: Path) -> None:
    best = load_config(path).default_hooks.checkpoint.save_best
    assert all('_val/' in key for key in ([best] if isinstance(best, str) else best))


@by_name
def test_both_views_and_both_splits_are_scored(path: Path) -> None:
    config = load_config(path)
    scored = subsets(config.test_dataloader)
    assert {name.split('_')[0] for name in scored} == {'ego', 'exo'}
    assert {name.rsplit('_', 1)[1] for name in scored} == {'val', 'test'}


def test_config_for_own_videos_says_each_number_once() -> None:
    config = load_config(REPO / 'configs/segmentation/mstcn_own-videos.py')
    assert len((REPO / 'configs/segmentation/mstcn_own-videos.py').read_text().splitlines()) <= 22
    assert config.model.backbone.num_classes == config.model.head.num_classes == config.num_classes
    assert [loader.dataset.num_classes for loader in (
        config.train_dataloader, config.val_dataloader, config.test_dataloader)] == [config.num_classes] * 3
    assert config.train_dataloader.dataset.feature.dim == config.model.backbone.in_channels == config.feature_dim
    assert config.default_hooks.checkpoint.save_best == 'val/Avg'
    with torch.device('meta'):
        assert MODELS.build(config.model).head.upsample == 1
