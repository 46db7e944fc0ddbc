"""Every config parses, and its model, metric and datasets build."""

import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from tests_support import REPO

from egoexo.apis import load_config
from egoexo.apis.class_counts import settle_class_counts
from egoexo.registry import DATASETS, METRICS, MODELS

CONFIGS = sorted(path for path in (REPO / 'configs').glob('*/*_egoexolearn-*.py') if path.parent.name != 'transfer')
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


#: Numbers of parameters of the networks that the official code or the paper describes, without what a method adds.
PARAMETERS = {'mstcn': 743218, 'asformer': 1077298}
ADDED = ('adaptation.video', 'adaptation.order', 'input_norm')
METRICS_BY_BENCHMARK = {
    # what the official code reports and a config chooses by, rules of the validation, further rules of the test
    'segmentation': ('Avg', ['official'], ['clean']),
    'anticipation': ('macro_recall@5', ['clean'], []),
    'planning': ('1-AUED', ['official'], []),
}
#: Configs that read released lists, by the end of their name, and the rules that go with them.
LISTED = {'stripped': ['stripped'], 'asreleased': ['as_released']}


def subset_of(item: dict) -> str:
    """Name of a list in a config."""
    if 'ann_file' in item:
        return Path(item['ann_file']).name.removesuffix('_annotations.bundle')
    return f'{item["view"]}{"_gaze" if item.get("gaze") else ""}_{item.get("split", "train")}'


def subsets(dataloader: dict, key: str = 'datasets') -> list[str]:
    return [subset_of(item) for item in dataloader.dataset.get(key, [])]


def best_keys(config: Config) -> list[str]:
    best = config.default_hooks.checkpoint.save_best
    return [best] if isinstance(best, str) else best


def build_on_meta(path: Path) -> torch.nn.Module:
    config = load_config(path)
    settle_class_counts(config, classes=range(17))
    with torch.device('meta'):
        return MODELS.build(config.model)


@by_name
def test_config_is_accepted_and_short(path: Path) -> None:
    config = load_config(path)
    assert config.default_scope == 'egoexo'
    assert len(path.read_text().splitlines()) <= 15
    assert all(len(line) <= 120 for line in path.read_text().splitlines())
    assert len(path.stem) <= 50


@by_name
def test_model_builds_without_memory(path: Path) -> None:
    sizes = {name: parameter.numel() for name, parameter in build_on_meta(path).named_parameters()}
    # Further heads of a method: class discriminators, a second classifier, discriminators of whole videos.
    added = re.compile(r'adaptation\.frame_discriminator\.\w+\.[1-9]|backbone.*\.classifiers\.1\.')
    core = sum(size for name, size in sizes.items() if not name.startswith(ADDED) and not added.match(name))
    assert core == PARAMETERS.get(path.stem.removeprefix('mini_').split('_')[0], core) > 0


@pytest.mark.parametrize('path', [path for path in CONFIGS if 'asformer' in path.stem], ids=lambda path: path.stem)
def test_another_backbone_is_all_that_differs_from_the_twin(path: Path) -> None:
    config, twin = load_config(path), load_config(path.with_name(path.name.replace('asformer', 'mstcn')))
    assert (config.model.backbone.type, twin.model.backbone.type) == ('ASFormer', 'MultiStageTCN')
    config.model.backbone = twin.model.backbone
    config.pop('asformer')
    if path.stem.startswith('mini_'):
        config.train_cfg.max_epochs = twin.train_cfg.max_epochs
    assert config.to_dict() == twin.to_dict()


@by_name
def test_metrics_build(path: Path) -> None:
    config = load_config(path)
    _, rules, more = METRICS_BY_BENCHMARK[path.parent.name]
    rules = LISTED.get(path.stem.rpartition('-')[2], rules)
    assert [protocol.name for protocol in METRICS.build(config.val_evaluator).protocols] == rules
    assert {*rules, *more} <= {protocol.name for protocol in METRICS.build(config.test_evaluator).protocols}


@pytest.mark.parametrize('path', sorted((REPO / 'configs').glob('*/mini_*egoexolearn*.py')), ids=lambda path: path.stem)
def test_datasets_open_the_generated_layout(path: Path, mini_root: Path) -> None:
    config = load_config(path)
    for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
        loader.dataset.data_root = str(mini_root / 'egoexolearn')
        dataset = DATASETS.build(loader.dataset)
        assert len(dataset) > 0
        sample = dataset[0]
        if 'history' not in path.stem:
            assert sample['inputs'].shape[0] == (1024 if path.parent.name == 'segmentation' else 768)
        assert sample['data_samples'].subset in subsets(loader)
        if 'target_datasets' in loader.dataset:
            assert dataset[len(dataset)]['data_samples'].subset in subsets(loader, 'target_datasets')


@pytest.mark.parametrize('prefix', ['mstcn', 'mini_mstcn', 'asformer'])
@pytest.mark.parametrize(('train', 'scored', 'suffix'), OFFICIAL_TYPES.values(), ids=OFFICIAL_TYPES)
def test_official_experiment_types_are_covered(train: list[str], scored: str, suffix: str, prefix: str) -> None:
    config = load_config(REPO / f'configs/segmentation/{prefix}_i3d_egoexolearn-{suffix}.py')
    assert subsets(config.train_dataloader) == train
    assert scored in subsets(config.val_dataloader)
    assert scored.replace('_val', '_test') in subsets(config.test_dataloader)
    assert f'{scored}/Avg' in best_keys(config)


@by_name
def test_nothing_is_chosen_on_test(path: Path) -> None:
    reported, _, _ = METRICS_BY_BENCHMARK[path.parent.name]
    keys = best_keys(load_config(path))
    assert keys and all(key.endswith(f'_val/{reported}') for key in keys)


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
