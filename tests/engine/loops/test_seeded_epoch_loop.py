import pytest
import torch
from toy_run import SEEN, toy_config, toy_train, weights_hash


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """Weights and inputs of the uninterrupted run: 4 epochs of 4 iterations."""
    runner = toy_train(toy_config(tmp_path_factory.mktemp('whole')))
    return weights_hash(runner), list(SEEN)


@pytest.mark.parametrize('kill_at', [1, 4, 6, 9, 15])
def test_resumed_run_equals_uninterrupted_one(whole, kill_at, tmp_path):
    cfg = toy_config(tmp_path)
    killed = toy_train(cfg, kill_at=kill_at)
    assert killed.iter == kill_at - 1 and weights_hash(killed) != whole[0]
    resumed = toy_train(cfg, resume=True)
    assert weights_hash(resumed) == whole[0] and resumed.iter == 16
    assert whole[1][(kill_at - 1) // 4 * 4:] == SEEN  # from the beginning of the epoch in which it died


def test_workers_do_not_change_the_stream(whole, tmp_path):
    assert weights_hash(toy_train(toy_config(tmp_path, workers=2))) == whole[0]
    assert list(SEEN) == whole[1]


def test_noise_is_fresh_in_each_epoch(whole):
    assert len(set(whole[1])) == 16


def test_checkpoint_inside_an_epoch_goes_on_from_there(whole, tmp_path):
    inside = {'default_hooks.checkpoint.by_epoch': False, 'default_hooks.checkpoint.interval': 1,
              'default_hooks.checkpoint.save_best': None}
    cfg = toy_config(tmp_path, **inside)
    toy_train(cfg, kill_at=7)
    resumed = toy_train(cfg, resume=True)
    assert list(SEEN) == whole[1][7:]
    assert resumed.iter == 16 and weights_hash(resumed) == whole[0]


def test_plain_sampler_is_fast_forwarded(tmp_path):
    changes = {'default_hooks.checkpoint.by_epoch': False, 'default_hooks.checkpoint.interval': 1,
               'default_hooks.checkpoint.save_best': None, 'train_dataloader.sampler.type': 'DefaultSampler'}
    full = weights_hash(toy_train(toy_config(tmp_path / 'full', **changes)))
    cfg = toy_config(tmp_path / 'killed', **changes)
    toy_train(cfg, kill_at=6)
    assert weights_hash(toy_train(cfg, resume=True)) == full


def test_averaged_weights_and_momentum_resume_exactly(tmp_path):
    changes = {'custom_hooks': [dict(type='EMAHook', momentum=0.1)],
               'optim_wrapper.optimizer': dict(_delete_=True, type='SGD', lr=0.1, momentum=0.9),
               'optim_wrapper.clip_grad': dict(max_norm=1.0)}
    whole = toy_train(toy_config(tmp_path / 'whole', **changes))
    cfg = toy_config(tmp_path / 'killed', **changes)
    toy_train(cfg, kill_at=7)
    resumed = toy_train(cfg, resume=True)
    assert weights_hash(resumed) == weights_hash(whole)
    averaged = [next(hook for hook in runner.hooks if type(hook).__name__ == 'EMAHook').ema_model.state_dict()
                for runner in (whole, resumed)]
    assert all(torch.equal(averaged[0][name], averaged[1][name]) for name in averaged[0])
