"""Every config of the correspondence benchmark parses, and its model, metric and data sets build."""

import inspect
from pathlib import Path

import pytest
import torch
from tests_support import REPO

from egoexo.apis import load_config
from egoexo.registry import DATASETS, FUNCTIONS, METRICS, MODELS

CONFIGS = sorted((REPO / 'configs/correspondence').glob('*.py'))
FULL = [path for path in CONFIGS if path.stem.startswith('xsegtx_r50')]
MINI = [path for path in CONFIGS if path.stem.startswith('mini_')]
DIRECTIONS = ('ego2exo', 'exo2ego')
by_name = pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)


def lists(dataloader: dict) -> list[tuple[str, str]]:
    return [(item['direction'], item['split']) for item in dataloader.dataset.datasets]


def named(path: Path) -> list[str]:
    """Directions that the name of a config promises."""
    return [direction for direction in DIRECTIONS if direction in path.stem] or list(DIRECTIONS)


@by_name
def test_config_is_accepted_and_short(path: Path) -> None:
    config = load_config(path)
    assert config.default_scope == 'egoexo'
    lines = path.read_text().splitlines()
    assert len(lines) <= 60 and all(len(line) <= 120 for line in lines)
    assert len(path.stem) <= 50


@by_name
def test_model_builds(path: Path) -> None:
    with torch.device('meta'):
        model = MODELS.build(load_config(path).model)
    if path in FULL:
        assert sum(parameter.numel() for parameter in model.backbone.parameters()) == 8_543_296
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        assert sum(parameter.numel() for parameter in trained) == 3_588_805


@by_name
def test_metrics_build(path: Path) -> None:
    config = load_config(path)
    for evaluator in (config.val_evaluator, config.test_evaluator):
        assert METRICS.build(evaluator).protocols[0].name == 'official'


@by_name
def test_a_run_trains_and_selects_what_it_is_named_after_and_tests_both(path: Path) -> None:
    config = load_config(path)
    assert lists(config.train_dataloader) == [(direction, 'train') for direction in named(path)]
    assert lists(config.val_dataloader) == [(direction, 'val') for direction in named(path)]
    assert lists(config.test_dataloader) == [(direction, 'val') for direction in DIRECTIONS]
    best = config.default_hooks.checkpoint.save_best
    assert ([best] if isinstance(best, str) else best) == [f'{direction}_val/iou' for direction in named(path)]


@pytest.mark.parametrize('direction', DIRECTIONS)
@pytest.mark.parametrize(('variant', 'changed'), [
    ('nohiding', lambda config: 'HideTargetTokens' not in str(config.train_dataloader.dataset.pipeline)),
    ('annotated', lambda config: config.train_dataloader.dataset.unknown == 'skip'),
    ('releasedlr', lambda config: config.param_scheduler[0].type == 'ReleasedWarmupLR')])
def test_variants_change_one_thing(direction: str, variant: str, changed: object) -> None:
    name = f'configs/correspondence/xsegtx_r50_egoexo4d-{direction}'
    released, other = load_config(REPO / f'{name}.py'), load_config(REPO / f'{name}-{variant}.py')
    assert changed(other) and other.model == released.model
    keys = {key for key in other if other[key] != released.get(key)}
    assert keys == {'param_scheduler' if variant == 'releasedlr' else 'train_dataloader'}


def test_released_settings() -> None:
    config = load_config(REPO / 'configs/correspondence/xsegtx_r50_egoexo4d-exo2ego.py')
    assert config.optim_wrapper.optimizer.to_dict() == dict(type='Adam', lr=2e-4)
    assert (config.train_cfg.max_iters, config.train_dataloader.batch_size) == (251_000, 32)
    assert config.decay.to_dict() == dict(type='MultiStepLR', milestones=[51_000], gamma=0.05, by_epoch=False)
    hiding, = (step for step in config.train_dataloader.dataset.pipeline if step.type == 'HideTargetTokens')
    assert (hiding.prob, hiding.stride) == (0.5, 16)
    # The switches keep what was released unless a config says otherwise.
    defaults = inspect.signature(DATASETS.get('CorrespondenceDataset').__init__).parameters
    assert [defaults[name].default for name in ('unknown', 'negative_prob', 'negative_view', 'swap_masks')] == [
        'negative', 0.1, 'exo', None]


@pytest.mark.parametrize('path', MINI, ids=lambda path: path.stem)
def test_mini_configs_train_on_the_generated_layout(path: Path, takes_root: Path) -> None:
    config = load_config(path)
    model = MODELS.build(config.model)
    model.init_weights()
    collate = FUNCTIONS.get('collate_pairs')
    for loader, mode in ((config.train_dataloader, 'loss'), (config.test_dataloader, 'predict')):
        loader.dataset.data_root = str(takes_root / 'correspondence')
        dataset = DATASETS.build(loader.dataset)
        batch = model.data_preprocessor(collate([dataset[0], dataset[len(dataset) - 1]]))
        result = model(**batch, mode=mode)
        if mode == 'loss':
            sum(value for name, value in result.items() if name.startswith('loss')).backward()
            assert all(parameter.grad is not None for parameter in model.parameters() if parameter.requires_grad)
        else:
            sizes = [tuple(sample.pred_target_mask.shape) for sample in result]
            assert sizes == [(90, 160), (160, 160)]  # exo, then ego
