import math

import pytest
import torch
from mmengine.config import Config
from toy_run import toy_config, toy_train

from egoexo.engine.schedulers import WarmupCosineLR
from egoexo.errors import ConfigError


def optimizer_of(*rates):
    return torch.optim.SGD([dict(params=[torch.nn.Parameter(torch.zeros(1))], lr=rate) for rate in rates])


def run(scheduler, optimizer, count):
    rates = []
    for _ in range(count):
        rates.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


def cosine(step, steps):
    return (math.cos(math.pi * step / steps) + 1) / 2


def test_a_line_up_to_the_cosine():
    optimizer = optimizer_of(1.0, 0.5)
    found = run(WarmupCosineLR(optimizer, warmup=4, start_factor=0.2, end=10), optimizer, 10)
    top = cosine(4, 10)
    expected = [0.2 + (top - 0.2) * step / 4 if step < 4 else cosine(step, 10) for step in range(10)]
    assert [first for first, _ in found] == pytest.approx(expected, rel=1e-12)
    assert [second for _, second in found] == pytest.approx([value / 2 for value in expected], rel=1e-12)


def test_without_warm_up():
    optimizer = optimizer_of(1.0)
    found = run(WarmupCosineLR(optimizer, end=5), optimizer, 5)
    assert [rate for rate, in found] == pytest.approx([cosine(step, 5) for step in range(5)], rel=1e-12)


def test_in_a_run_and_resumed(tmp_path):
    cfg = toy_config(tmp_path)
    cfg.param_scheduler = Config(dict(rule=dict(type='WarmupCosineLR', warmup=1, by_epoch=True,
                                                convert_to_iter_based=True))).rule
    base = cfg.optim_wrapper.optimizer.lr
    runner = toy_train(cfg)
    rate = runner.optim_wrapper.param_groups[0]['lr']
    assert runner.iter == 16 and rate == pytest.approx(base * cosine(15, 16), rel=1e-12)  # of the last step
    cfg.work_dir = str(tmp_path / 'resumed')
    toy_train(cfg, kill_at=6)
    resumed = toy_train(cfg, resume=True)
    assert resumed.optim_wrapper.param_groups[0]['lr'] == rate


@pytest.mark.parametrize(('options', 'text'), [
    (dict(end=10, by_epoch=True), 'by_epoch=True'), ({}, 'end=None'), (dict(end=10, warmup=10), 'warmup=10')])
def test_wrong_settings_are_named(options, text):
    with pytest.raises(ConfigError, match=f'param_scheduler WarmupCosineLR: expected a rule by step.*{text}'):
        WarmupCosineLR(optimizer_of(0.1), **options)
