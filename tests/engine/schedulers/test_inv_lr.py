import pytest
import torch
from mmengine.config import Config
from toy_run import toy_config, toy_train

from egoexo.engine.schedulers import InvLR
from egoexo.errors import ConfigError


def _optimizer(*rates):
    return torch.optim.SGD([dict(params=[torch.nn.Parameter(torch.zeros(1))], lr=rate) for rate in rates])


def _rates(scheduler, optimizer, count):
    rates = []
    for _ in range(count):
        rates.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


def test_each_group_falls_from_its_own_rate():
    optimizer = _optimizer(0.003, 0.03)
    rates = _rates(InvLR(optimizer, by_epoch=False), optimizer, 50)
    assert rates == [pytest.approx([base * (1 + 0.001 * t)**-0.75 for base in (0.003, 0.03)], rel=1e-12)
                     for t in range(50)]


def test_state_dict_continues_without_a_shift():
    optimizer = _optimizer(0.1)
    whole = _rates(InvLR(optimizer, gamma=0.5, by_epoch=False), optimizer, 9)
    optimizer = _optimizer(0.1)
    scheduler = InvLR(optimizer, gamma=0.5, by_epoch=False)
    assert _rates(scheduler, optimizer, 4) == whole[:4]
    again = _optimizer(0.1)
    resumed = InvLR(again, gamma=0.5, by_epoch=False)
    resumed.load_state_dict(scheduler.state_dict())
    again.load_state_dict(optimizer.state_dict())
    assert _rates(resumed, again, 5) == whole[4:]


def test_in_a_run(tmp_path):
    cfg = toy_config(tmp_path, loop='iter')
    cfg.param_scheduler = Config(dict(rule=dict(type='InvLR', gamma=0.1, by_epoch=False))).rule
    base = cfg.optim_wrapper.optimizer.lr
    runner = toy_train(cfg)
    rate = runner.optim_wrapper.param_groups[0]['lr']
    assert runner.iter == 16 and rate == pytest.approx(base * (1 + 0.1 * 15)**-0.75, rel=1e-12)  # of the last one
    cfg.work_dir = str(tmp_path / 'resumed')
    toy_train(cfg, kill_at=10)  # the newest checkpoint is that of iteration 8
    resumed = toy_train(cfg, resume=True)
    assert resumed.iter == 16 and resumed.optim_wrapper.param_groups[0]['lr'] == rate


@pytest.mark.parametrize(('options', 'text'), [
    ({}, 'by_epoch=True.*has to be written out'), (dict(gamma=-1, by_epoch=False), 'gamma=-1'),
    (dict(power=-0.5, by_epoch=False), 'power=-0.5')])
def test_wrong_settings_are_named(options, text):
    with pytest.raises(ConfigError, match=f'param_scheduler InvLR: expected by_epoch=False.*{text}'):
        InvLR(_optimizer(0.1), **options)
