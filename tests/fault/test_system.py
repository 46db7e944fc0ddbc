"""What the system does to a run: full disk, read-only folder, killed workers. Each ends with a message and exit code 2.
"""

import contextlib
import errno
import logging
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from fault.harness import KILLED, check_folder, fingerprint, launch
from fault.toy_fault import fault_config
from mmengine.hooks import Hook
from mmengine.visualization import LocalVisBackend

from egoexo.registry import HOOKS

NOBODY = 65534


@HOOKS.register_module(force=True)
class TroubleHook(Hook):
    """Makes trouble before iteration 6, when the checkpoint of epoch 1 is on disk."""

    priority = 'LOWEST'

    def __init__(self, kind):
        self.kind = kind

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter != 5:
            return
        if self.kind == 'fill':
            with contextlib.suppress(OSError), open(Path(runner.work_dir) / 'filler', 'wb', buffering=0) as stream:
                while True:
                    stream.write(bytes(1024))
        elif self.kind == 'readonly':
            os.chmod(runner.work_dir, 0o555)
        elif self.kind == 'worker':
            workers = children(os.getpid())
            os.kill(workers[0], signal.SIGKILL)
            time.sleep(30)  # until the news has come; a run this short would be over before


def children(pid):
    """Living child processes."""
    return [int(word) for word in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def troubled(folder, kind, **options):
    return fault_config(folder, custom_hooks=[dict(type='TroubleHook', kind=kind)], **options)


def check_message(outcome, *parts, work):
    """One message of ours, no traceback, and the name of the intact checkpoint."""
    assert outcome.codes == [2], outcome.texts[0][-3000:]
    message = outcome.texts[0][outcome.texts[0].index('TrainingError: '):]
    assert 'Traceback' not in outcome.texts[0] and 'Logging error' not in outcome.texts[0]
    for part in (*parts, f'Intact: {work}/epoch_1.pth (1 epochs, 4 iterations done). Then go on with the same '
                         'command and --resume.'):
        assert part in message, message
    check_folder(work)


def resumes_equal(cfg, whole, ledger, family):
    outcome = launch(cfg, resume=True)
    assert outcome.codes == [0], outcome.texts[0][-3000:]
    equal = fingerprint(cfg.work_dir) == whole
    ledger(family, kills=1, resumes=1, equal=int(equal))
    assert equal


def test_disk_full(whole, ledger, tmp_path):
    mount = tmp_path / 'work'
    mount.mkdir()
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', str(mount)], capture_output=True,
                      check=False).returncode:
        pytest.skip('mounting a small tmpfs needs root; the limit on file sizes is tested below')
    try:
        outcome = launch(troubled(mount, 'fill'))
        check_message(outcome, 'cannot be written at iteration ', 'No space left on device', f'Free space in {mount}',
                      'of 1.0 MiB are free', work=mount)
        (mount / 'filler').unlink()
        resumes_equal(fault_config(mount), whole(), ledger, 'disk full')
    finally:
        subprocess.run(['umount', '-l', str(mount)], check=True)


def test_checkpoint_larger_than_the_limit(whole, ledger, tmp_path):
    cfg = fault_config(tmp_path / 'work')
    assert launch(cfg, ('after', 5)).codes == [KILLED]
    size = (tmp_path / 'work' / 'epoch_1.pth').stat().st_size

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    outcome = launch(cfg, resume=True, prepare=limit)
    check_message(outcome, f'{tmp_path}/work/', 'cannot be written', 'File too large', work=tmp_path / 'work')
    resumes_equal(cfg, whole(), ledger, 'disk full')


@pytest.mark.parametrize('what', ['scalars', 'log'])
def test_logs_that_cannot_be_written(what, whole, ledger, tmp_path):
    cfg = fault_config(tmp_path / 'work')
    assert launch(cfg, ('after', 5)).codes == [KILLED]

    def full_disk(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def inject():
        if what == 'scalars':
            LocalVisBackend._dump = full_disk
        else:
            # The handler of the log file only: what goes to the screen is not on the disk.
            logging.FileHandler.flush = full_disk

    outcome = launch(cfg, resume=True, prepare=inject)
    named = 'A file in ' if what == 'scalars' else '.log cannot be written'
    check_message(outcome, named, 'No space left on device', work=tmp_path / 'work')
    resumes_equal(cfg, whole(), ledger, 'disk full')


@pytest.fixture
def open_folder():
    """A folder that another user can reach; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix='egoexo-fault-'))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def drop_privileges():
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def test_read_only_work_dir_is_refused_before_anything_else(open_folder):
    (open_folder / 'work').mkdir(mode=0o555)
    outcome = launch(fault_config(open_folder / 'work'), prepare=drop_privileges)
    assert outcome.codes == [2] and outcome.texts[0] == (
        f'TrainingError: The work directory {open_folder}/work cannot be written: Permission denied. Expected a folder '
        'for logs and checkpoints. Free space or change its permissions, or choose another one with --work-dir.\n')


def test_work_dir_that_becomes_read_only(open_folder, whole, ledger):
    work = open_folder / 'work'
    work.mkdir()
    if os.getuid() == 0:
        os.chown(work, NOBODY, NOBODY)
    outcome = launch(troubled(work, 'readonly'), prepare=drop_privileges)
    check_message(outcome, f'{work}/epoch_2.pth cannot be written at iteration 8: Permission denied. Make it writable '
                           'again.', work=work)
    work.chmod(0o755)
    resumes_equal(fault_config(work), whole(), ledger, 'read-only')


def test_killed_loader_worker(whole, ledger, tmp_path):
    outcome = launch(troubled(tmp_path / 'work', 'worker', workers=2))
    check_message(outcome, 'is killed by signal: Killed at iteration 6. The system does that most often when memory '
                           'runs out (dmesg says so). Lower num_workers, batch_size', work=tmp_path / 'work')
    resumes_equal(fault_config(tmp_path / 'work', workers=2), whole(), ledger, 'killed worker')


def test_workers_of_a_killed_run_end_by_themselves(tmp_path):
    workers = []

    def kill_when_workers_run(pids):
        deadline = time.monotonic() + 60
        log = tmp_path / 'work.rank0.txt'
        # Not before they serve: a worker of torch that starts as an orphan takes init for its parent and stays.
        while not (log.is_file() and 'Epoch(train)' in log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        workers.extend(children(pids[0]))
        os.kill(pids[0], signal.SIGKILL)
        while any(map(alive, workers)) and time.monotonic() < deadline:
            time.sleep(0.1)

    forever = {'train_dataloader.persistent_workers': True}
    launch(fault_config(tmp_path / 'work', workers=2, length=1000, **forever), watch=kill_when_workers_run)
    assert len(workers) == 2 and not any(map(alive, workers))


def alive(pid):
    try:
        state = re.search(r'^State:\s+(\w)', Path(f'/proc/{pid}/status').read_text(), re.M)[1]
    except OSError:
        return False
    return state != 'Z'
