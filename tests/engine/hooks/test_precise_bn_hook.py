import random
from pathlib import Path

import numpy as np
import pytest
import torch
from reproducibility.ranks import run_ranks
from toy_run import toy_config, toy_train, weights_hash

from egoexo.engine.hooks.precise_bn_hook import PreciseBNHook, PreciseStatistics, kept_random_state
from egoexo.errors import ConfigError


def train(folder, *, hook=True, kill_at=None, resume=False, loop='epoch', **changes):
    settings = {'model.batch_norm': True, 'model.dropout': 0.5} | changes
    hooks = [hook if isinstance(hook, dict) else dict(type='PreciseBNHook')] if hook else []
    cfg = toy_config(folder, loop=loop, length=3, custom_hooks=hooks, **settings)
    return toy_train(cfg, kill_at=kill_at, resume=resume)


def batches_of_last_epoch(runner):
    """What goes into BatchNorm, batch by batch."""
    runner.train_dataloader.batch_sampler.sampler.set_epoch(runner.max_epochs - 1)
    with torch.no_grad():
        return [runner.model.first(torch.stack(batch['inputs']) / 16) for batch in runner.train_dataloader]


@pytest.mark.parametrize(('rule', 'num_batches'), [('released', 200), ('fvcore', 200), ('released', 2), ('fvcore', 3)])
def test_statistics_are_those_of_the_batches(rule, num_batches, tmp_path):
    runner = train(tmp_path, hook=dict(type='PreciseBNHook', rule=rule, num_batches=num_batches))
    batches = batches_of_last_epoch(runner)[:num_batches]
    assert len(batches) == min(num_batches, 4)
    every = torch.cat(batches)
    mean = every.mean(0)
    var = (every.var(0, unbiased=False) if rule == 'fvcore' else
           torch.stack([batch.var(0) for batch in batches]).mean(0))
    norm = runner.model.norm
    torch.testing.assert_close(norm.running_mean, mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(norm.running_var, var, rtol=1e-5, atol=1e-6)
    assert norm.momentum == 0.1 and int(norm.num_batches_tracked) == 12 and not norm._forward_pre_hooks
    saved = torch.load(tmp_path / 'epoch_3.pth', weights_only=True)['state_dict']
    assert torch.equal(saved['norm.running_mean'], norm.running_mean)


def test_the_training_itself_is_not_touched(tmp_path):
    with_hook, without = train(tmp_path / 'with').model, train(tmp_path / 'without', hook=False).model
    for (name, first), second in zip(with_hook.named_parameters(), without.parameters(), strict=True):
        assert torch.equal(first, second), name
    assert not torch.allclose(with_hook.norm.running_mean, without.norm.running_mean)


@pytest.mark.parametrize('interval', [None, 3])
def test_a_resumed_run_gets_the_same(interval, tmp_path):
    inside = {} if interval is None else {'default_hooks.checkpoint.interval': interval,
                                          'default_hooks.checkpoint.by_epoch': False}
    whole = train(tmp_path / 'whole', **inside)
    train(tmp_path / 'resumed', kill_at=10, **inside)  # in the middle of the last epoch
    assert weights_hash(train(tmp_path / 'resumed', resume=True, **inside)) == weights_hash(whole)


def test_layers_in_evaluation_are_left_alone(tmp_path):
    runner = train(tmp_path, hook=False)
    before = {name: value.clone() for name, value in runner.model.state_dict().items()}
    runner.model.train()
    runner.model.norm.eval()
    PreciseBNHook().after_train_epoch(runner)
    assert all(torch.equal(value, before[name]) for name, value in runner.model.state_dict().items())


@pytest.mark.parametrize('rule', ['released', 'fvcore'])
def test_layers_that_no_batch_passes_keep_their_statistics(rule):
    used, unused = torch.nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3)
    unused.running_mean.fill_(5)
    statistics = PreciseStatistics([used, unused], rule)
    with torch.no_grad(), statistics.one_batch_at_a_time():
        for batch in data(1):
            used(batch)
            statistics.add()
    statistics.write()
    assert unused.running_mean.tolist() == [5, 5, 5] and unused.running_var.tolist() == [1, 1, 1]
    torch.testing.assert_close(used.running_mean, torch.cat(data(1)).mean(0))


def data(rank):
    generator = torch.Generator().manual_seed(rank)
    return [torch.randn(5, 3, generator=generator) + rank for _ in range(4)]


def collect(rule, ranks):
    norm = torch.nn.BatchNorm1d(3)
    statistics = PreciseStatistics([norm], rule)
    with torch.no_grad(), statistics.one_batch_at_a_time():
        for rank in ranks:
            for batch in data(rank):
                norm(batch)
                statistics.add()
    statistics.write()
    return [norm.running_mean.tolist(), norm.running_var.tolist()]


def collect_rank(rule):
    return collect(rule, [torch.distributed.get_rank()])


@pytest.mark.slow
@pytest.mark.parametrize('rule', ['released', 'fvcore'])
def test_ranks_end_with_the_statistics_of_all_of_them(rule, tmp_path: Path):
    first, second = run_ranks(collect_rank, 2, tmp_path / 'ranks', rule)
    assert first == second
    assert first == [pytest.approx(part, rel=1e-6) for part in collect(rule, [0, 1])]


def test_random_states_are_kept():
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    with kept_random_state():
        torch.rand(3), np.random.rand(3), random.random()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), states[0]) and random.getstate() == states[2]
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002


def test_momentum_comes_back_after_an_error():
    norm = torch.nn.BatchNorm1d(3, momentum=None)
    with pytest.raises(ValueError, match='more than 1 value'), \
            PreciseStatistics([norm], 'fvcore').one_batch_at_a_time():
        norm(torch.zeros(1, 3))
    assert norm.momentum is None and int(norm.num_batches_tracked) == 0


def test_wrong_settings_are_named(tmp_path):
    with pytest.raises(ConfigError, match="expected num_batches of at least 1, rule='released' or 'fvcore', found "
                                          "num_batches=0, rule='2020'"):
        PreciseBNHook(num_batches=0, rule='2020')
    with pytest.raises(ConfigError, match='a training by epochs, such as SeededEpochLoop, found SeededIterLoop'):
        train(tmp_path, loop='iter')
