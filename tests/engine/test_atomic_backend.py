import os
import signal
import stat

import pytest
from mmengine.fileio import get_file_backend

import egoexo.engine.atomic_backend as module
from egoexo.engine import remove_stale_parts, write_atomically


def test_registered_backend_writes_bytes_and_text(tmp_path):
    backend = get_file_backend(backend_args={'backend': 'atomic_local'})
    backend.put(b'one', tmp_path / 'new' / 'a.bin')
    backend.put_text('zwei ü', tmp_path / 'b.txt')
    assert (tmp_path / 'new' / 'a.bin').read_bytes() == b'one'
    assert (tmp_path / 'b.txt').read_text(encoding='utf-8') == 'zwei ü'
    assert sorted(path.name for path in tmp_path.iterdir()) == ['b.txt', 'new']


def test_file_has_the_usual_permissions(tmp_path):
    write_atomically(b'x', tmp_path / 'a')
    (tmp_path / 'b').write_bytes(b'x')
    assert stat.S_IMODE(os.stat(tmp_path / 'a').st_mode) == stat.S_IMODE(os.stat(tmp_path / 'b').st_mode)


@pytest.mark.parametrize('step', ['fsync', 'replace'])
def test_failure_leaves_the_old_file_and_nothing_else(step, tmp_path, monkeypatch):
    target = tmp_path / 'best.pth'
    target.write_bytes(b'old')

    def full_disk(*args):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(module.os, step, full_disk)
    with pytest.raises(OSError, match='No space left'):
        write_atomically(b'new', target)
    assert target.read_bytes() == b'old' and list(tmp_path.iterdir()) == [target]


def test_folder_that_cannot_be_synced_is_no_error(tmp_path, monkeypatch):
    real = os.fsync

    def no_folders(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, 'Invalid argument')
        real(handle)

    monkeypatch.setattr(module.os, 'fsync', no_folders)
    write_atomically(b'new', tmp_path / 'a')
    assert (tmp_path / 'a').read_bytes() == b'new'


def test_killed_process_leaves_the_old_file(tmp_path):
    target = tmp_path / 'epoch_1.pth'
    target.write_bytes(b'old')
    child = os.fork()
    if child == 0:
        module.os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
        write_atomically(b'n' * 1000, target)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert target.read_bytes() == b'old'


def test_only_files_of_dead_writers_are_removed(tmp_path):
    child = os.fork()
    if child == 0:
        module.os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
        write_atomically(b'dead', tmp_path / 'epoch_1.pth')
        os._exit(0)
    os.waitpid(child, 0)
    (tmp_path / '.best.pth.17.part').symlink_to('best_epoch_1.pth')
    (tmp_path / 'data.part').write_text('not ours')
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        module.os.fsync = lambda handle: os.write(write, b'x') and signal.pause()
        write_atomically(b'alive', tmp_path / 'epoch_2.pth')
        os._exit(0)
    os.read(read, 1)
    try:
        removed = remove_stale_parts(tmp_path)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert [path.name[:10] for path in removed] == ['.best.pth.', '.epoch_1.p']
    assert sorted(path.name[:9] for path in tmp_path.iterdir()) == ['.epoch_2.', 'data.part']
