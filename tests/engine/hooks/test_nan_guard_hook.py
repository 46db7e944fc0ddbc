import pytest
import torch
from toy_run import toy_config, toy_train

from egoexo.datasets.samplers.seeded_sampler import pass_order
from egoexo.engine.hooks import NaNGuardHook
from egoexo.errors import TrainingError

MET = pass_order(16, 7, 0).tolist().index(5) // 4 + 1


@pytest.mark.parametrize('interval', [1, 3])
@pytest.mark.parametrize('loop', ['epoch', 'iter'])
def test_names_loss_iteration_and_samples(interval, loop, tmp_path):
    cfg = toy_config(tmp_path, loop=loop, **{'train_dataloader.dataset.broken': [5],
                                             'default_hooks.nan_guard.interval': interval})
    with pytest.raises(TrainingError) as caught:
        toy_train(cfg)
    message = str(caught.value)
    assert message.startswith('loss_cls is nan at iteration ') and 'on rank 0' in message
    named = message.split('Samples of the batch: ')[1].split('. ')[0].split(', ')
    assert 'video-5' in named and len(named) == 4
    # The iteration that met sample 5, however seldom the guard looks.
    assert f'at iteration {MET},' in message
    assert 'browse_dataset.py' in message and str(tmp_path) in message
    assert not list(tmp_path.glob('*.pth'))


def test_pending_losses_are_read_before_a_checkpoint_is_written(tmp_path):
    cfg = toy_config(tmp_path, **{'train_dataloader.dataset.broken': [5], 'default_hooks.nan_guard.interval': 100})
    with pytest.raises(TrainingError, match=f'loss_cls is nan at iteration {MET},'):
        toy_train(cfg)
    assert not list(tmp_path.glob('*.pth'))


def test_broken_weights_are_not_written():
    runner = type('Runner', (), {'iter': 6, 'rank': 0, 'work_dir': 'work'})()
    good = {'state_dict': {'w': torch.ones(3), 'count': torch.tensor(4)}}
    NaNGuardHook().before_save_checkpoint(runner, good)
    good['state_dict']['b'] = torch.tensor([1.0, float('inf'), float('nan')])
    with pytest.raises(TrainingError, match='2 of 3 values of b are not finite after iteration 7; nothing was written'):
        NaNGuardHook().before_save_checkpoint(runner, good)


def test_interval_is_checked():
    with pytest.raises(ValueError, match='interval=0 must be at least 1 or None'):
        NaNGuardHook(0)


def test_a_loss_above_the_limit_stops_the_run(tmp_path):
    """No limit by default; with one the message names it."""
    cfg = toy_config(tmp_path, **{'default_hooks.nan_guard.max_loss': 1e-9})
    with pytest.raises(TrainingError, match=r'loss_cls is [\d.]+, above max_loss=1e-09, at iteration 1, on rank 0'):
        toy_train(cfg)
    assert not list(tmp_path.glob('*.pth'))
    with pytest.raises(ValueError, match='max_loss=0 must be above 0 or None'):
        NaNGuardHook(max_loss=0)
