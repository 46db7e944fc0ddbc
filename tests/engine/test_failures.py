import errno
import logging
import os

import pytest
import torch
from mmengine.logging import MessageHub

from egoexo.engine import check_writable, explained_failures, write_atomically
from egoexo.errors import ConfigError, TrainingError


@pytest.fixture
def work(tmp_path):
    """Work directory with one checkpoint."""
    torch.save({'meta': {'epoch': 3, 'iter': 12}, 'state_dict': {}}, tmp_path / 'epoch_3.pth')
    return tmp_path


@pytest.fixture(autouse=True)
def position(monkeypatch):
    hub = MessageHub('failures')
    hub.update_info('iter', 14)
    monkeypatch.setattr(MessageHub, 'get_current_instance', lambda: hub)


def explained(work, error):
    with pytest.raises(TrainingError) as caught, explained_failures(work):
        raise error
    assert caught.value.__cause__ is error
    return str(caught.value)


def test_full_disk(work):
    text = explained(work, OSError(errno.ENOSPC, 'No space left on device', str(work / 'epoch_4.pth')))
    assert text.startswith(f'{work}/epoch_4.pth cannot be written at iteration 15: No space left on device. Free space '
                           f'in {work} (')
    assert text.endswith(f' MiB are free). Intact: {work}/epoch_3.pth (3 epochs, 12 iterations done). Then go on with '
                         'the same command and --resume.')
    assert explained(work, OSError(errno.ENOSPC, 'full')).startswith(f'A file in {work} cannot be written')


def test_before_the_first_checkpoint(tmp_path):
    text = explained(tmp_path, OSError(errno.ENOSPC, 'full'))
    assert text.endswith(f'There is no checkpoint in {tmp_path} yet: start the same command again.')


def test_a_test_run_only_starts_again(work):
    with pytest.raises(TrainingError, match=r'No space left on device\. Free space in .*\. Then start the same command '
                                            r'again\.$'), explained_failures(work, resumable=False):
        raise OSError(errno.ENOSPC, 'No space left on device', str(work / 'scalars.json'))


@pytest.mark.parametrize(('reason', 'expected'), [
    ('is killed by signal: Killed. ', 'Loader worker 123 is killed by signal: Killed at iteration 15. '),
    ('exited unexpectedly with exit code 1. Details', 'Loader worker 123 exited unexpectedly with exit code 1 at '
                                                      'iteration 15. '),
    ('is killed by signal: Bus error. It is possible', 'Its shared memory (/dev/shm) may be full. ')])
def test_dead_worker(reason, expected, work):
    text = explained(work, RuntimeError(f'DataLoader worker (pid 123) {reason}'))
    assert expected in text and 'Lower num_workers, batch_size' in text and 'epoch_3.pth (3 epochs' in text


def test_full_shared_memory(work):
    text = explained(work, RuntimeError('Caught RuntimeError in DataLoader worker process 0.\nunable to write to file '
                                        '</torch_77_12_0>: No space left on device (28)'))
    assert text.startswith('Shared memory (/dev/shm) is full at iteration 15: ') and '--shm-size' in text


@pytest.mark.parametrize('error', [
    RuntimeError('[gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:4'),
    torch.distributed.DistBackendError('NCCL error: remote process exited\nmore')])
def test_lost_rank(error, work, monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '2')
    monkeypatch.setenv('RANK', '1')
    reason = 'Connection closed by peer' if 'gloo' in str(error) else 'DistBackendError: NCCL error: remote process '
    text = explained(work, error)
    assert text.startswith(f'Rank 1 lost the other processes at iteration 15 ({reason}')
    assert 'the cause is the first message above or in the log of that rank.' in text


@pytest.mark.parametrize('error', [
    RuntimeError('a bug'), RuntimeError('Connection closed by peer'), ConfigError('ours'), KeyError('x'),
    PermissionError(errno.EACCES, 'Permission denied', '/data/features/a.npy'),
    FileNotFoundError(errno.ENOENT, 'No such file', 'a.npy')])
def test_other_errors_pass(error, work, monkeypatch):
    monkeypatch.delenv('WORLD_SIZE', raising=False)
    with pytest.raises(type(error)) as caught, explained_failures(work):
        raise error
    assert caught.value is error


def test_log_file_that_cannot_be_written(work):
    handler = logging.FileHandler(work / 'run.log')
    before = logging.FileHandler.handleError
    handler.stream.close()
    handler.stream = open('/dev/full', 'w')  # noqa: SIM115
    with pytest.raises(TrainingError, match=r'run\.log cannot be written at iteration 15: No space left on device'), \
            explained_failures(work):
        handler.handle(logging.makeLogRecord({'msg': 'hello'}))
    assert logging.FileHandler.handleError is before
    handler.stream = None
    handler.close()


def test_writable_folder_is_left_empty(tmp_path):
    check_writable(tmp_path / 'a' / 'b')
    assert list((tmp_path / 'a' / 'b').iterdir()) == []


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(TrainingError, match=r'The work directory .*/file/run cannot be written: Not a directory\. .* '
                                            r'choose another one with --work-dir\.'):
        check_writable(tmp_path / 'file' / 'run')


def test_failed_write_names_the_final_file(tmp_path, monkeypatch):
    def full_disk(handle):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full_disk)
    with pytest.raises(OSError, match='No space') as caught:
        write_atomically(b'x', tmp_path / 'a.pth')
    assert caught.value.filename == str(tmp_path / 'a.pth')
