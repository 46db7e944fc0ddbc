import pytest
import torch
from toy_run import toy_config, toy_train

from egoexo.errors import CheckpointError

INSIDE = {'default_hooks.checkpoint.by_epoch': False, 'default_hooks.checkpoint.interval': 1,
          'default_hooks.checkpoint.save_best': None}


def test_shape_of_the_run_is_in_the_file(tmp_path):
    toy_train(toy_config(tmp_path, length=1))
    assert torch.load(tmp_path / 'epoch_1.pth', weights_only=True)['meta']['training'] == {
        'loop': 'SeededEpochLoop', 'batches_per_epoch': 4, 'batch_size': 4, 'ranks': 1}


def test_other_model_is_refused(tmp_path):
    toy_train(toy_config(tmp_path), kill_at=6)
    with pytest.raises(CheckpointError, match=(
            r'(?s)of another model:\n  first\.weight is \(6, 8\), expected \(9, 8\)\n.*  missing norm\.weight\n.*'
            r'\(3 more\)\nResume with the config and data it was trained with, or start anew')):
        toy_train(toy_config(tmp_path, **{'model.hidden': 9, 'model.batch_norm': True}), resume=True)


def test_many_differences_are_counted(tmp_path):
    toy_train(toy_config(tmp_path, **{'model.batch_norm': True}), kill_at=6)
    with pytest.raises(CheckpointError, match=r'(?s)unexpected norm\.\w+\n.*  unexpected norm\.\w+\nResume'):
        toy_train(toy_config(tmp_path), resume=True)


def test_other_loop_is_refused(tmp_path):
    toy_train(toy_config(tmp_path), kill_at=6)
    with pytest.raises(CheckpointError, match='trained by SeededEpochLoop, the config says SeededIterLoop'):
        toy_train(toy_config(tmp_path, loop='iter'), resume=True)


@pytest.mark.parametrize(('batch_size', 'iterations'), [(8, 2 + 3 * 2), (2, 8 + 3 * 8)])
def test_other_batch_size_after_an_epoch_goes_on_with_the_next(batch_size, iterations, tmp_path):
    # Without the guard a run of longer batches leaves out an epoch.
    toy_train(toy_config(tmp_path), kill_at=6)
    resumed = toy_train(toy_config(tmp_path, **{'train_dataloader.batch_size': batch_size}), resume=True)
    assert (resumed.epoch, resumed.iter) == (4, iterations)


def test_other_batch_size_inside_an_epoch_is_refused(tmp_path):
    toy_train(toy_config(tmp_path, **INSIDE), kill_at=6)
    with pytest.raises(CheckpointError, match=(r'saved inside epoch 2 and the run has changed since: '
                                               r'batches_per_epoch 4 -> 2, batch_size 4 -> 8\. The place in the data')):
        toy_train(toy_config(tmp_path, **INSIDE, **{'train_dataloader.batch_size': 8}), resume=True)


def test_other_batch_size_in_the_iteration_loop_is_said(tmp_path, capsys):
    toy_train(toy_config(tmp_path, loop='iter'), kill_at=6)
    cfg = toy_config(tmp_path, loop='iter', **{'train_dataloader.batch_size': 2})
    cfg.log_level = 'WARNING'
    assert toy_train(cfg, resume=True).iter == 16
    assert 'Resumed with other settings: batches_per_epoch 4 -> 8, batch_size 4 -> 2. The digits are not those of ' \
        in capsys.readouterr().out


def test_load_from_takes_what_fits(tmp_path):
    toy_train(toy_config(tmp_path / 'a', length=1))
    cfg = toy_config(tmp_path / 'b', length=1, **{'model.batch_norm': True})
    cfg.load_from = str(tmp_path / 'a' / 'epoch_1.pth')
    assert toy_train(cfg).iter == 4
