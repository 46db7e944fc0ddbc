import json
import os
import subprocess
import sys

import pytest
import torch
from tests_support import REPO
from toy_run import KilledError, write_toy_config

from tools import train


def weights(path):
    return torch.load(path, weights_only=True, map_location='cpu')['state_dict']


def assert_equal_weights(first, second):
    first, second = weights(first), weights(second)
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def test_resume_from_the_command_line_equals_one_run(tmp_path, capfd):
    config = write_toy_config(tmp_path)
    # Test lists need not be there for training.
    missing = ['--cfg-options', '+test_dataloader.dataset.size=-1']
    train.main([str(config), '--work-dir', str(tmp_path / 'one'), *missing])
    printed = capfd.readouterr()
    assert 'Best checkpoint: best_ego_val_Avg_epoch_' in printed.out + printed.err
    two = tmp_path / 'two'
    dying = write_toy_config(tmp_path, 'dying', custom_hooks=[dict(type='KillHook', iteration=10)])
    with pytest.raises(KilledError):
        train.main([str(dying), '--work-dir', str(two), '--resume'])
    assert sorted(path.name for path in two.glob('epoch_*.pth')) == ['epoch_1.pth', 'epoch_2.pth']
    runner = train.main([str(config), '--work-dir', str(two), '--resume'])
    assert runner.iter == 16
    assert_equal_weights(tmp_path / 'one' / 'epoch_4.pth', two / 'epoch_4.pth')
    entries = json.loads((two / 'command.json').read_text())
    assert [entry['tool'] for entry in entries] == ['train', 'train']
    assert entries[0]['resumed_from'] is None and entries[1]['resumed_from'].endswith('epoch_2.pth')
    assert entries[1]['command'].startswith(f'python tools/train.py {config} --work-dir') and entries[1]['seed'] == 7


def test_amp_runs_in_bfloat16_on_cpu(tmp_path):
    runner = train.main([str(write_toy_config(tmp_path, length=1)), '--amp'])
    assert type(runner.optim_wrapper).__name__ == 'AutocastOptimWrapper'
    assert {parameter.dtype for parameter in runner.model.parameters()} == {torch.float32}


def test_compiled_training_equals_the_plain_one(tmp_path):
    config = write_toy_config(tmp_path, length=1)
    train.main([str(config), '--work-dir', str(tmp_path / 'plain')])
    runner = train.main([str(config), '--work-dir', str(tmp_path / 'compiled'), '--compile', '--cfg-options',
                         '+compile.backend=eager'])
    assert runner.cfg.compile == dict(backend='eager') and 'train_step' in vars(runner.model)
    torch.testing.assert_close(weights(tmp_path / 'compiled' / 'epoch_1.pth'),
                               weights(tmp_path / 'plain' / 'epoch_1.pth'))


def test_auto_scale_lr_doubles_for_a_double_batch(tmp_path):
    config = write_toy_config(tmp_path, length=1)
    runner = train.main([str(config), '--auto-scale-lr', '--cfg-options', '+auto_scale_lr.base_batch_size=2',
                         'param_scheduler.0.T_max=1000000'])
    assert runner.optim_wrapper.param_groups[0]['initial_lr'] == pytest.approx(0.04)


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--auto-scale-lr'], 'has no auto_scale_lr.base_batch_size'),
    (['--resume', '{tmp}/none.pth'], 'none.pth: expected a checkpoint file, found nothing'),
    (['--cfg-options', 'model.hiden=3'], "model has no 'hiden'. Did you mean model.hidden?"),
    (['--amp', '--cfg-options', 'optim_wrapper.type=ApexOptimWrapper'], "--amp: optim_wrapper.type='ApexOptimWrapper'"),
    (['--cfg-options', '+train_dataloader.dataset.size=-1'], 'the split list is missing'),
    (['--cfg-options', '+train_dataloader.dataset.broken=[3]'], 'video-3')])
def test_our_errors_are_one_message_and_exit_code_2(arguments, message, tmp_path, capsys):
    config = write_toy_config(tmp_path, length=1, **{'model.hidden': 6})
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    with pytest.raises(SystemExit) as stopped:
        train.main([str(config), *arguments])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert message in error and 'Traceback' not in error


@pytest.mark.cli
def test_two_processes_on_cpu_equal_one_with_the_double_batch(tmp_path):
    """Sampler, gradients, validation and checkpoints of two ranks; without dropout, whose masks differ by rank."""
    config = write_toy_config(tmp_path, length=2, **{'model.dropout': 0.0, 'train_dataloader.batch_size': 2})
    environment = {**os.environ, 'PYTHON': sys.executable, 'PYTHONPATH': str(REPO / 'tests')}
    environment.pop('PORT', None)
    work = tmp_path / 'two'
    subprocess.run(['bash', str(REPO / 'tools' / 'dist_train.sh'), str(config), '2', '--work-dir', str(work)],
                   env=environment, check=True, timeout=120, capture_output=True, cwd=tmp_path)
    train.main([str(config), '--work-dir', str(tmp_path / 'one'), '--cfg-options', 'train_dataloader.batch_size=4'])
    first, second = weights(work / 'epoch_2.pth'), weights(tmp_path / 'one' / 'epoch_2.pth')
    for name in first:
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=1e-6)
