"""Every config of the recognition benchmark parses, and its model, metric and data sets build."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from tests_support import REPO

from egoexo.apis import load_config
from egoexo.registry import DATASETS, FUNCTIONS, METRICS, MODELS

FOLDER = REPO / 'configs/recognition'
CONFIGS = sorted(FOLDER.glob('*.py'))
FULL = [path for path in CONFIGS if not path.stem.startswith('mini_')]
MINI = [path for path in CONFIGS if path.stem.startswith('mini_')]
by_name = pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)

#: Parameters of the released networks.
PARAMETERS = {
    'slowfast_r50_epic100-ego': 34_559_573,
    'slowfast_r101_epic100-ego': 62_820_053,
    'slowfast_r50_epic55-ego': 34_743_973,
    'egoexostar_r50_epic100-ego': 43_998_295,
    'suml_r101_epic100-egoexo': 126_700_406,
}


def full(name: str) -> Config:
    return load_config(FOLDER / f'{name}.py')


def steps(config: Config, split: str) -> dict[str, dict]:
    """Transforms of a loader by type."""
    return {step.type: step for step in config[f'{split}_dataloader'].dataset.pipeline}


def relocate(node: dict, root: Path) -> None:
    """Let every data set below a config read the tiny world."""
    for key, value in node.items():
        if key == 'data_root':
            node[key] = str(root / 'lemma' if value.endswith('lemma') else root)
        elif isinstance(value, dict):
            relocate(value, root)


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
    if path.stem in PARAMETERS:
        assert sum(parameter.numel() for parameter in model.parameters()) == PARAMETERS[path.stem]


@by_name
def test_metrics_build_and_the_best_is_chosen_on_validation(path: Path) -> None:
    config = load_config(path)
    if config.get('val_evaluator') is None:  # trainings whose product is weights
        assert 'k400' in path.stem or 'lemma' in path.stem
        assert config.get('val_dataloader') is None and config.get('val_cfg') is None
        return
    for evaluator in (config.val_evaluator, config.test_evaluator):
        assert METRICS.build(evaluator).protocols[0].name == 'official'
    assert config.default_hooks.checkpoint.save_best == 'val/all_action_accuracy_at_1'


@pytest.mark.parametrize(('name', 'crops', 'pool', 'dropout', 'rate', 'batch'), [
    ('slowfast_r50_epic100-ego', (224, 256, 256), 'window', 0.5, 0.02, 128),
    ('egoexo_r101_epic100-ego', (224, 256, 256), 'window', 0.5, 0.02, 128),
    ('egoexostar_r50_epic55-ego', (224, 256, 256), 'window', 0.5, 0.01, 64),
    ('suml_r101_epic100-egoexo', (256, 280, 280), 'global', 0.4, 0.01, 64)])
def test_released_settings(name: str, crops: tuple, pool: str, dropout: float, rate: float, batch: int) -> None:
    config = full(name)
    train = config.train_dataloader.dataset
    pipeline = {step.type: step for step in train.get('pipeline') or train.ego.pipeline}
    sizes = (pipeline['RandomScaleCropFlip'].size, steps(config, 'val')['CenterCropClip'].size,
             steps(config, 'test')['ThreeCropClip'].size)
    assert sizes == crops and tuple(pipeline['RandomScaleCropFlip'].scale) == (256, 320)
    assert [pipeline['SampleClips'][key] for key in ('clip_len', 'frame_interval')] == [32, 2]
    assert [steps(config, 'test')['SampleClips'][key] for key in ('mode', 'num_views')] == ['test', 10]
    assert {step.channel_order for step in (pipeline['LoadClipFrames'], steps(config, 'test')['LoadClipFrames'])} == {
        'bgr'}
    assert (config.model.cls_head.pool, config.model.cls_head.dropout) == (pool, dropout)
    assert config.model.backbone.fusion_kernel == (5 if config.model.backbone.depth == 101 else 7)
    optimizer = config.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.momentum, optimizer.nesterov, optimizer.weight_decay) == (rate, 0.9, True, 1e-4)
    assert config.optim_wrapper.paramwise_cfg.norm_decay_mult == 0
    assert (config.train_cfg.max_epochs, list(config.param_scheduler.milestones)) == (30, [20, 25])
    assert config.auto_scale_lr.base_batch_size == batch
    precise = [hook for hook in config.custom_hooks if hook.type == 'PreciseBNHook']
    assert bool(precise) == name.startswith(('slowfast', 'egoexo_'))


@pytest.mark.parametrize('backbone', ['r50_epic100', 'r101_epic100', 'r50_epic55'])
def test_ego_exo_differs_from_the_baseline_in_its_weights_only(backbone: str) -> None:
    base, ours = full(f'slowfast_{backbone}-ego'), full(f'egoexo_{backbone}-ego')
    assert [key for key in base if base[key] != ours[key]] == ['model']
    assert {key for key in base.model if base.model[key] != ours.model[key]} == {'initial_weights'}
    star = full(f'egoexostar_{backbone}-ego')
    assert {key for key in ours if ours[key] != star[key]} == {'model', 'train_dataloader', 'custom_hooks'}
    assert 'LoadInteractionBoxes' in steps(star, 'train')


def test_the_released_losses_of_suml_and_their_switch() -> None:
    model = full('suml_r101_epic100-egoexo').model
    assert [model[key] for key in ('tpv_weight', 'ego_text_weight', 'tpv_text_weight', 'align_weight')] == [
        0.1, 0.1, 0.1, 0.02]
    assert (model.align_loss, model.contrast_loss.temperature, model.align_threshold) == (None, 0.06, 0.5)
    for variant, loss in (('dcl', 'dcl_thres'), ('triplet', 'triplet')):
        changed = full(f'suml_r101_epic100-egoexo-{variant}')
        assert changed.model == model | dict(align_loss=loss)
        assert changed.train_dataloader == full('suml_r101_epic100-egoexo').train_dataloader


def test_the_pre_training_distils_three_things() -> None:
    model = full('egoexo_r50_k400-exo').model
    assert model.cls_head.num_classes.to_dict() == dict(action=400, ego=2, object=1000)
    assert model.losses.to_dict() == dict(
        action=dict(type='LabelCrossEntropy', loss_weight=0.5), ego=dict(type='DistillationLoss', alpha=0.1),
        object=dict(type='DistillationLoss', alpha=0.5))
    loss = model.auxiliary_head.loss
    assert (loss.hand_weight, loss.object_weight) == (1.0, 1.0)


@pytest.mark.parametrize('path', MINI, ids=lambda path: path.stem)
def test_mini_configs_train_on_the_generated_layout(path: Path, epic_root: Path) -> None:
    config = load_config(path)
    for split in ('train', 'val', 'test'):
        relocate(config[f'{split}_dataloader'].dataset, epic_root)
    model = MODELS.build(config.model)
    model.init_weights()
    collate = FUNCTIONS.get('collate_clips')
    for loader, mode in ((config.train_dataloader, 'loss'), (config.test_dataloader, 'predict')):
        dataset = DATASETS.build(loader.dataset)
        batch = model.data_preprocessor(collate([dataset[0], dataset[len(dataset) - 1]]))
        result = model(**batch, mode=mode)
        if mode == 'loss':
            sum(value for name, value in result.items() if name.startswith('loss')).backward()
            assert all(parameter.grad is not None for parameter in model.parameters() if parameter.requires_grad)
        else:
            assert [tuple(sample.pred_verb_scores.shape) for sample in result] == [(19,), (19,)]
            assert all(abs(float(sample.pred_noun_scores.sum()) - 3) < 1e-4 for sample in result)  # three clips
