import pytest
import torch
from mmengine.config import Config
from mmengine.runner import Runner
from toy_run import ToyDataset, ToyModel

from egoexo.engine.schedulers import DannLR
from egoexo.errors import ConfigError
from egoexo.registry import PARAM_SCHEDULERS


def _optimizer(lr=3e-3):
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr)


def _rates(scheduler, optimizer, count):
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    return rates


def _rate(share):
    return 3e-3 / (1 + 10 * share)**0.75


def test_first_step_has_the_plain_rate_and_the_last_share_is_past_one():
    optimizer = _optimizer()
    rates = _rates(DannLR(optimizer, epoch_length=4, end=160), optimizer, 160)
    assert rates[:2] == pytest.approx([3e-3, _rate(1 / 40)])
    assert rates[-1] == pytest.approx(_rate((2 + 40 * 4) / 160))
    assert rates == sorted(rates, reverse=True)


def test_longer_source_than_epoch():
    """Epochs of 2 steps, cut short by the target, of a source of 5 batches."""
    optimizer = _optimizer()
    rates = _rates(DannLR(optimizer, epoch_length=2, end=6, source_batches=5), optimizer, 5)
    assert rates == pytest.approx([3e-3] + [_rate((batch + epoch * 5) / 15)
                                            for batch, epoch in ((0, 1), (1, 1), (0, 2), (1, 2))])


def test_state_dict_continues():
    optimizer = _optimizer()
    whole = _rates(DannLR(optimizer, epoch_length=3, end=9), optimizer, 9)
    optimizer = _optimizer()
    scheduler = DannLR(optimizer, epoch_length=3, end=9)
    assert _rates(scheduler, optimizer, 4) == whole[:4]
    again = _optimizer()
    resumed = DannLR(again, epoch_length=3, end=9)
    resumed.load_state_dict(scheduler.state_dict())
    again.load_state_dict(optimizer.state_dict())
    assert _rates(resumed, again, 5) == whole[4:]


def test_runner_fills_in_the_lengths(tmp_path):
    """16 samples in batches of 4, 3 epochs: 12 steps."""
    cfg = Config(dict(
        default_scope='egoexo', model=dict(type=ToyModel.__name__), work_dir=str(tmp_path), log_level='WARNING',
        train_dataloader=dict(batch_size=4, num_workers=0, dataset=dict(type=ToyDataset.__name__),
                              collate_fn=dict(type='pseudo_collate'),
                              sampler=dict(type='DefaultSampler', shuffle=False)),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=3e-3)),
        param_scheduler=dict(type='DannLR', by_epoch=True, convert_to_iter_based=True),
        train_cfg=dict(type='SeededEpochLoop', max_epochs=3),
        default_hooks=dict(checkpoint=None), experiment_name='dann'))
    runner = Runner.from_cfg(cfg)
    runner.train()
    scheduler = runner.param_schedulers[0]
    assert (scheduler.epoch_length, scheduler.num_epochs, scheduler.last_step) == (4, 3, 11)
    assert runner.optim_wrapper.get_lr()['lr'][0] == pytest.approx(_rate((2 + 3 * 4) / 12))


@pytest.mark.parametrize('settings', [dict(), dict(epoch_length=4), dict(epoch_length=4, end=float('inf')),
                                      dict(epoch_length=4, end=8, by_epoch=True)])
def test_lengths_must_be_known(settings):
    with pytest.raises(ConfigError, match='expected a rule by step that knows epoch_length and end, found .* Set by'):
        PARAM_SCHEDULERS.build(dict(type='DannLR', optimizer=_optimizer(), **settings))
