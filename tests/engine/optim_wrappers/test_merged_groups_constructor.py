"""Merged parameter groups train as separate ones do, to the last bit."""

import logging

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.optim import DefaultOptimWrapperConstructor, build_optim_wrapper
from torch import nn

from egoexo.engine.optim_wrappers import MergedGroupsConstructor

SGD = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01))


def network() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv1d(3, 4, 1), nn.BatchNorm1d(4), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)]
    return nn.Sequential(*layers, nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))


def train(kind: type, **paramwise: object) -> tuple[list[torch.Tensor], list[dict]]:
    model = network()
    wrapper = kind(dict(SGD, optimizer=dict(SGD['optimizer'])), paramwise_cfg=paramwise)(model)
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        wrapper.update_params(model(torch.randn(6, 3, 2, generator=generator)).square().sum())
    return [value.detach() for value in model.state_dict().values()], wrapper.optimizer.param_groups


@pytest.mark.parametrize('paramwise', [
    dict(norm_decay_mult=0.0), dict(bias_lr_mult=2.0, norm_decay_mult=0.5),
    dict(custom_keys={'4': dict(lr_mult=0.1)}, flat_decay_mult=0.0)])
def test_the_same_weights_from_fewer_groups(paramwise: dict) -> None:
    (single, many), (merged, few) = (train(kind, **paramwise)
                                     for kind in (DefaultOptimWrapperConstructor, MergedGroupsConstructor))
    assert all(torch.equal(one, other) for one, other in zip(single, merged, strict=True))
    assert len(many) == 10 and len(few) < 6
    assert sum(len(group['params']) for group in few) == 10


def test_settings_of_the_groups() -> None:
    _, groups = train(MergedGroupsConstructor, norm_decay_mult=0.0)
    assert [(len(group['params']), group['weight_decay'], group['lr']) for group in groups] == [
        (6, 0.01, 0.1), (4, 0.0, 0.1)]


def test_by_name_in_a_config_with_a_line_per_group(caplog: pytest.LogCaptureFixture) -> None:
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.INFO, logger=logger.name):
            wrapper = build_optim_wrapper(network(), dict(
                SGD, constructor='egoexo.MergedGroupsConstructor', paramwise_cfg=dict(norm_decay_mult=0.0)))
    finally:
        logger.removeHandler(caplog.handler)
    assert len(wrapper.optimizer.param_groups) == 2
    lines = [record.getMessage() for record in caplog.records if 'tensors' in record.getMessage()]
    assert lines == ['6 tensors, 40 parameters: as the optimizer says', '4 tensors, 12 parameters: weight_decay=0']
    assert not any('paramwise_options' in record.getMessage() for record in caplog.records)
    assert not [item for item in logger.filters if getattr(item, '__name__', '') == 'keep']


def test_without_rules_there_is_one_group() -> None:
    wrapper = MergedGroupsConstructor(dict(SGD))(network())
    assert len(wrapper.optimizer.param_groups) == 1
