import pytest
import torch
from mmengine.optim.scheduler import MultiStepLR
from toy_run import toy_config, toy_train

from egoexo.engine.schedulers import ReleasedWarmupLR
from egoexo.errors import ConfigError


def _optimizer(*rates):
    return torch.optim.SGD([dict(params=[torch.nn.Parameter(torch.zeros(1))], lr=rate) for rate in rates])


def _rates(schedulers, optimizer, count):
    rates = []
    for _ in range(count):
        rates.append([group['lr'] for group in optimizer.param_groups])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates


def test_full_then_zero_then_rising():
    optimizer = _optimizer(1.0, 0.1)
    rates = _rates([ReleasedWarmupLR(optimizer, warmup_iters=4, by_epoch=False)], optimizer, 8)
    expected = [1, 0, 0.25, 0.5, 0.75, 0.75, 0.75, 0.75]
    assert rates == [pytest.approx([share, 0.1 * share]) for share in expected]


@pytest.mark.parametrize('first', [0, 1])
def test_released_schedule(first):
    """1000 iterations of warm-up, 50 epochs of 1000, then a twentieth; whichever rule stands first."""
    optimizer = _optimizer(2e-4)
    rules = [ReleasedWarmupLR(optimizer, end=251_000, by_epoch=False),
             MultiStepLR(optimizer, milestones=[51_000], gamma=0.05, by_epoch=False)]
    rates = [rate for rate, in _rates([rules[first], rules[1 - first]], optimizer, 51_002)]
    assert rates[:4] == pytest.approx([2e-4, 0, 2e-7, 4e-7], rel=1e-12)
    assert rates[999] == pytest.approx(2e-4 * 0.998, rel=1e-12)
    assert rates[1000] == rates[50_999] == pytest.approx(1.998e-4, rel=1e-12)
    assert rates[51_000:] == pytest.approx([9.99e-6] * 2, rel=1e-12)


@pytest.mark.parametrize('stop', [1, 3, 5, 6, 9])
def test_state_dict_continues_without_a_shift(stop):
    def rules(optimizer):
        return [ReleasedWarmupLR(optimizer, warmup_iters=5, by_epoch=False),
                MultiStepLR(optimizer, milestones=[8], gamma=0.1, by_epoch=False)]

    optimizer = _optimizer(0.1)
    whole = _rates(rules(optimizer), optimizer, 12)
    optimizer = _optimizer(0.1)
    schedulers = rules(optimizer)
    assert _rates(schedulers, optimizer, stop) == whole[:stop]
    again = _optimizer(0.1)
    resumed = rules(again)
    for scheduler, other in zip(resumed, schedulers, strict=True):
        scheduler.load_state_dict(other.state_dict())
    again.load_state_dict(optimizer.state_dict())
    assert _rates(resumed, again, 12 - stop) == whole[stop:]


def test_in_a_run(tmp_path):
    cfg = toy_config(tmp_path, loop='iter')
    cfg.param_scheduler = [dict(type='ReleasedWarmupLR', warmup_iters=12, by_epoch=False)]
    base = cfg.optim_wrapper.optimizer.lr
    runner = toy_train(cfg)
    rate = runner.optim_wrapper.param_groups[0]['lr']
    assert runner.iter == 16 and rate == pytest.approx(base * 11 / 12, rel=1e-12)
    cfg.work_dir = str(tmp_path / 'resumed')
    toy_train(cfg, kill_at=10)  # the newest checkpoint is that of iteration 8, inside the warm-up
    resumed = toy_train(cfg, resume=True)
    assert resumed.iter == 16 and resumed.optim_wrapper.param_groups[0]['lr'] == rate


@pytest.mark.parametrize(('options', 'text'), [
    ({}, 'by_epoch=True, warmup_iters=1000.*has to be written out'),
    (dict(warmup_iters=0, by_epoch=False), 'warmup_iters=0')])
def test_wrong_settings_are_named(options, text):
    with pytest.raises(ConfigError, match=f'param_scheduler ReleasedWarmupLR: expected by_epoch=False.*{text}'):
        ReleasedWarmupLR(_optimizer(0.1), **options)
