"""Any method of the configs attaches to any sequence model, and its loss reaches the features."""

import pytest
import torch
from mmengine.config import Config
from tests_support import REPO

from egoexo.models.adaptation import TrainProgress
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

FOLDER = REPO / 'configs' / '_base_' / 'adaptation'
SOURCE_LOSSES = {'loss_ce', 'loss_ce_2', 'loss_smooth'}


def methods(name: str) -> dict[str, dict]:
    return {key: value for key, value in Config.fromfile(FOLDER / f'{name}.py').items()
            if isinstance(value, dict) and value.get('type', '').endswith('DomainHeads')}


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def settings_of(method: dict) -> dict:
    return {key: value for key, value in method.items() if key != '_delete_'}


def segmentor(name: str, method: dict, backbone: str) -> tuple[torch.nn.Module, dict, dict]:
    ensemble = dict(num_classifiers=2) if name in ('mcd', 'swd') else {}
    sizes = dict(in_channels=12, num_classes=4, num_layers=3, channels=8, **ensemble)
    extra = dict(input_norm=dict(type='DomainBatchNorm', num_features=12)) if name == 'adabn' else {}
    model = MODELS.build(dict(
        type='Segmentor', backbone=dict(type=backbone, **sizes), **extra,
        head=dict(type='FrameHead', num_classes=4, loss=[dict(type='StageCrossEntropy')]),
        adaptation=settings_of(method) | dict(channels=8, num_classes=4)))

    def batch(steps: int) -> dict:
        return dict(inputs=draw(1, 12, steps), mask=torch.ones(1, steps, dtype=torch.bool),
                    data_samples=[EgoExoDataSample(gt_step_labels=torch.arange(steps) % 4)])

    return model, batch(30), batch(22)


def clip_model(name: str, method: dict, horizon: int) -> tuple[torch.nn.Module, dict, dict]:
    loss = dict(type='FutureCrossEntropy') if horizon > 1 else dict(type='MultiLabelCrossEntropy')
    norm = dict(norm=dict(type='DomainBatchNorm')) if name == 'adabn' else {}
    model = MODELS.build(dict(
        type='ClipModel', embedding=dict(type='FrameEmbedding', in_channels=12, channels=8, **norm),
        encoder=dict(type='TemporalRelation', channels=6),
        head=dict(type='ClipHead', num_classes=4, horizon=horizon, loss=[loss],
                  num_classifiers=2 if name in ('mcd', 'swd') else 1),
        attention='domain' if name.startswith('ta3n') else None, adaptation=settings_of(method)))
    for seed, parameter in enumerate(model.parameters()):  # gradients vanish in the small published weights
        if parameter.ndim > 1 and parameter.requires_grad:
            torch.nn.init.xavier_normal_(parameter, generator=torch.Generator().manual_seed(seed))

    def batch(count: int) -> dict:
        samples = [EgoExoDataSample(gt_future_steps=torch.tensor([row % 4] * horizon)) if horizon > 1 else
                   EgoExoDataSample(gt_class_targets=torch.eye(4)[row % 4]) for row in range(count)]
        return dict(inputs=draw(count, 12, 5), data_samples=samples)

    return model, batch(6), batch(4)


def check(model: torch.nn.Module, source: dict, target: dict) -> None:
    model.train().progress = TrainProgress(50, 100)
    if 'mask' in source:
        assert set(target) == set(source)
    losses = model(source=source, target=target, mode='loss')
    added = {key: value for key, value in losses.items() if key not in SOURCE_LOSSES}
    assert all(torch.isfinite(value) for value in losses.values())
    if not model.has_objectives:  # AdaBN: the target moves its statistics and nothing else
        norm = next(module for module in model.modules() if type(module).__name__ == 'DomainBatchNorm')
        assert norm.target.num_batches_tracked == norm.source.num_batches_tracked == 1
        return
    assert set(added) == {objective.key for objective in model.adaptation.objectives}
    sum(added.values()).backward()
    first = model.backbone.stages[0].embed if hasattr(model, 'backbone') and hasattr(model.backbone, 'stages') else \
        model.backbone if hasattr(model, 'backbone') else model.embedding
    assert sum(parameter.grad.abs().sum() for parameter in first.parameters() if parameter.grad is not None) > 0
    trainable = [name for name, parameter in model.adaptation.named_parameters() if parameter.requires_grad]
    without = [name for name in trainable if model.adaptation.get_parameter(name).grad is None]
    assert not without, f'trained by no loss, which several processes do not forgive: {without}'


@pytest.mark.parametrize('backbone', ['MultiStageTCN', 'ASFormer'])
@pytest.mark.parametrize(('name', 'method'), methods('tas').items(), ids=methods('tas'))
def test_segmentation(name: str, method: dict, backbone: str) -> None:
    check(*segmentor(name, method, backbone))


@pytest.mark.parametrize('horizon', [1, 3], ids=['anticipation', 'planning'])
@pytest.mark.parametrize(('name', 'method'), methods('clip').items(), ids=methods('clip'))
def test_clips(name: str, method: dict, horizon: int) -> None:
    check(*clip_model(name, method, horizon))


def test_both_families_have_the_same_methods() -> None:
    clips = {name for name in methods('clip') if not name.startswith('ta3n')}
    assert clips == set(methods('tas'))
