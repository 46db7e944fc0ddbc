import errno
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from egoexo.utils import file_lock as module
from egoexo.utils.file_lock import file_lock


def test_one_at_a_time(tmp_path):
    inside, most = [], []

    def work(number):
        with file_lock(tmp_path / 'lock'):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.005)
            inside.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert most == [1] * 24 and list(tmp_path.iterdir()) == []


def test_waiting_is_told_once_and_an_error_frees_the_lock(tmp_path):
    told, held, release = [], threading.Event(), threading.Event()

    def hold():
        with file_lock(tmp_path / 'lock'):
            held.set()
            release.wait(10)
            raise ValueError

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(hold)
        held.wait(10)
        with file_lock(tmp_path / 'lock', lambda: (told.append(1), release.set())):
            pass
        assert isinstance(job.exception(), ValueError)
    assert told == [1]


def test_file_left_by_a_killed_process_locks_nobody(tmp_path):
    (tmp_path / 'lock').write_text('')
    with file_lock(tmp_path / 'lock', lambda: pytest.fail('waited')):
        pass
    assert not (tmp_path / 'lock').exists()


def test_file_system_without_locks(tmp_path, monkeypatch):
    def refuse(*args):
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(module.fcntl, 'flock', refuse)
    with pytest.warns(UserWarning, match='this file system has no locks'), file_lock(tmp_path / 'lock'):
        pass
