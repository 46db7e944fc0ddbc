from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from toy_run import toy_config, toy_train, weights_hash

from egoexo.engine.hooks import SafeCheckpointHook
from egoexo.engine.hooks.safe_checkpoint_hook import point_to
from egoexo.errors import ConfigError, TrainingError


def names(folder):
    return sorted(path.name for path in Path(folder).glob('*.pth'))


def scores(monkeypatch, *values):
    """Let validation return these scores in turn."""
    queue = list(values)
    monkeypatch.setattr('toy_run.ToyMetric.compute_metrics', lambda self, results: {'Avg': queue.pop(0)})


def test_keeps_two_and_points_to_the_best(tmp_path, monkeypatch):
    scores(monkeypatch, 10.0, 30.0, 20.0, 25.0)
    toy_train(toy_config(tmp_path))
    assert names(tmp_path) == ['best.pth', 'best_ego_val_Avg_epoch_2.pth', 'epoch_3.pth', 'epoch_4.pth']
    assert (tmp_path / 'best.pth').is_symlink() and (tmp_path / 'best.pth').readlink() == Path(
        'best_ego_val_Avg_epoch_2.pth')
    assert torch.load(tmp_path / 'best.pth', weights_only=True)['meta']['epoch'] == 2


def test_former_best_stays_until_the_new_one_is_on_disk(tmp_path, monkeypatch):
    scores(monkeypatch, 10.0, 30.0)
    save = Runner.save_checkpoint

    def die_at_second_best(self, out_dir, filename, *args, **kwargs):
        if filename.startswith('best') and filename.endswith('epoch_2.pth'):
            raise OSError('disk full')
        save(self, out_dir, filename, *args, **kwargs)

    monkeypatch.setattr(Runner, 'save_checkpoint', die_at_second_best)
    with pytest.raises(OSError, match='disk full'):
        toy_train(toy_config(tmp_path))
    assert 'best_ego_val_Avg_epoch_1.pth' in names(tmp_path)
    assert torch.load(tmp_path / 'best.pth', weights_only=True)['meta']['epoch'] == 1


def test_best_of_before_a_kill_is_removed_after_resuming(tmp_path, monkeypatch):
    scores(monkeypatch, 10.0, 5.0, 5.0, 30.0, 5.0)  # that of epoch 2, which the file does not know of, is repeated
    cfg = toy_config(tmp_path)
    toy_train(cfg, kill_at=10)
    assert 'best_ego_val_Avg_epoch_1.pth' in names(tmp_path)
    toy_train(cfg, resume=True)
    assert names(tmp_path) == ['best.pth', 'best_ego_val_Avg_epoch_3.pth', 'epoch_3.pth', 'epoch_4.pth']


def test_two_criteria_keep_two_files(tmp_path, monkeypatch):
    monkeypatch.setattr('toy_run.ToyMetric.compute_metrics', lambda self, results: {'Avg': 1.0, 'Edit': 2.0})
    cfg = toy_config(tmp_path, length=2)
    cfg.default_hooks.checkpoint.save_best = ['ego_val/Avg', 'ego_val/Edit']
    toy_train(cfg)
    assert names(tmp_path) == ['best.pth', 'best_ego_val_Avg_epoch_1.pth', 'best_ego_val_Edit_epoch_1.pth',
                               'epoch_1.pth', 'epoch_2.pth']
    assert (tmp_path / 'best.pth').readlink() == Path('best_ego_val_Avg_epoch_1.pth')


@pytest.mark.parametrize(('loop', 'changes', 'message'), [
    ('epoch', {}, r'the epoch length \(batches of train_dataloader\) is 4, not a multiple of '
                  r'optim_wrapper.accumulative_counts=3'),
    ('iter', {}, 'default_hooks.checkpoint.interval is 4, not a multiple'),
    ('iter', {'default_hooks.checkpoint.interval': 6}, 'train_cfg.val_interval is 4, not a multiple')])
def test_open_accumulation_windows_are_refused(loop, changes, message, tmp_path):
    cfg = toy_config(tmp_path, loop=loop, **{'optim_wrapper.accumulative_counts': 3, **changes})
    with pytest.raises(ConfigError, match=message):
        toy_train(cfg)


@pytest.mark.parametrize('loop', ['epoch', 'iter'])
def test_accumulation_resumes_exactly_on_a_boundary(loop, tmp_path):
    changes = {'optim_wrapper.accumulative_counts': 2}
    whole = weights_hash(toy_train(toy_config(tmp_path / 'a', loop=loop, length=2, **changes)))
    cfg = toy_config(tmp_path / 'b', loop=loop, length=2, **changes)
    toy_train(cfg, kill_at=7)
    assert weights_hash(toy_train(cfg, resume=True)) == whole


def test_a_scheduler_that_keeps_methods_resumes(tmp_path):
    """OneCycleLR keeps the function of its curve; a file with it could not be read safely."""
    def config(folder):
        schedule = dict(type='OneCycleLR', by_epoch=False, eta_max=0.1, total_steps=12)
        return toy_config(tmp_path / folder, loop='iter', length=3, param_scheduler=[schedule])

    whole = toy_train(config('whole'))
    toy_train(config('cut'), kill_at=9)
    resumed = toy_train(config('cut'), resume=True)
    assert weights_hash(resumed) == weights_hash(whole)
    assert resumed.param_schedulers[0].last_step == whole.param_schedulers[0].last_step


@pytest.mark.parametrize('count', [0, 1])
def test_one_file_is_not_enough(count):
    with pytest.raises(ConfigError, match=f'max_keep_ckpts={count}: expected -1'):
        SafeCheckpointHook(max_keep_ckpts=count)


def test_link_is_replaced_in_one_step(tmp_path):
    for name in ('a.pth', 'b.pth'):
        (tmp_path / name).write_text(name)
        point_to(tmp_path / name, tmp_path / 'best.pth')
    assert (tmp_path / 'best.pth').read_text() == 'b.pth' and len(list(tmp_path.iterdir())) == 3


def test_old_file_goes_after_the_new_one_is_written(tmp_path, monkeypatch):
    save = Runner.save_checkpoint

    def die_at_third(self, out_dir, filename, *args, **kwargs):
        if filename == 'epoch_3.pth':
            raise OSError(28, 'No space left on device', str(tmp_path / filename))
        save(self, out_dir, filename, *args, **kwargs)

    monkeypatch.setattr(Runner, 'save_checkpoint', die_at_third)
    with pytest.raises(TrainingError, match=r'epoch_3\.pth cannot be written at iteration 12: No space left .*Intact: '
                                            r'.*/epoch_2\.pth \(2 epochs, 8 iterations done\)'):
        toy_train(toy_config(tmp_path))
    assert [name for name in names(tmp_path) if name[0] == 'e'] == ['epoch_1.pth', 'epoch_2.pth']


def test_moved_work_dir_keeps_its_best(tmp_path, monkeypatch):
    scores(monkeypatch, 10.0, 5.0, 5.0, 5.0)
    toy_train(toy_config(tmp_path / 'old', length=2))
    (tmp_path / 'old').rename(tmp_path / 'new')
    (tmp_path / 'new' / 'best.pth').unlink()
    toy_train(toy_config(tmp_path / 'new', length=3), resume=True)
    assert names(tmp_path / 'new') == ['best.pth', 'best_ego_val_Avg_epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth']
    assert not (tmp_path / 'old').exists()


def test_what_a_killed_run_left_is_tidied(tmp_path, monkeypatch):
    scores(monkeypatch, 10.0, 20.0, 5.0)
    toy_train(toy_config(tmp_path, length=2))
    # As if it had died before best.pth was pointed to the new file and the former one was removed.
    (tmp_path / 'best_ego_val_Avg_epoch_1.pth').write_bytes(b'former')
    point_to(tmp_path / 'best_ego_val_Avg_epoch_1.pth', tmp_path / 'best.pth')
    (tmp_path / '.epoch_2.pth.abc.part').write_bytes(b'half')
    toy_train(toy_config(tmp_path, length=3), resume=True)
    assert names(tmp_path) == ['best.pth', 'best_ego_val_Avg_epoch_2.pth', 'epoch_2.pth', 'epoch_3.pth']
    assert (tmp_path / 'best.pth').readlink() == Path('best_ego_val_Avg_epoch_2.pth')
    assert not list(tmp_path.glob('.*'))
