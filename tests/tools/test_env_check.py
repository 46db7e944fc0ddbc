import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import types

import pytest
from tests_support import REPO

from egoexo import compat
from tools import env_check

BLOCKED = '''
import runpy, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('torch', 'mmengine'):
            raise ImportError('no kernel image\\nfor this machine')

sys.meta_path.insert(0, Refuse())
sys.argv = ['env_check.py', *sys.argv[2:]]
runpy.run_path(TOOL, run_name='__main__')
'''


def by_name(findings):
    return {finding.name: finding for finding in findings}


@pytest.fixture
def versions(monkeypatch):
    """Installed versions that a test may change; None for a package that is not installed."""
    changes: dict[str, str | None] = {}
    real = importlib.metadata.version

    def version(name):
        if env_check.normal(name) in changes:
            if changes[env_check.normal(name)] is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return changes[env_check.normal(name)]
        return real(name)

    monkeypatch.setattr(importlib.metadata, 'version', version)
    return changes


def test_this_environment_has_no_fault(capsys):
    assert env_check.main([]) == 0
    shown = capsys.readouterr().out
    assert 'ok      import torch: 2.13.0' in shown and 'ok      mmaction2: 1.2.0\n' in shown
    assert '\nbridged compat._stub_missing_drn: The mmaction2 1.2.0 wheel lacks' in shown
    assert shown.splitlines()[-1].endswith(', 0 broken')


def test_it_reports_without_torch_and_mmengine(tmp_path):
    code = BLOCKED.replace('TOOL', repr(str(REPO / 'tools' / 'env_check.py')))
    done = subprocess.run([sys.executable, '-c', code, 'x', '--json'], cwd=tmp_path, capture_output=True, text=True,
                          env={'PATH': os.environ['PATH']}, check=False)
    assert done.returncode == 1, done.stderr
    findings = {item['name']: item for item in json.loads(done.stdout)}
    assert findings['import torch'] == {
        'name': 'import torch', 'state': 'broken', 'command': 'pip install --force-reinstall --no-deps torch==2.13.0',
        'found': 'cannot be imported (ImportError: no kernel image for this machine)'}
    assert findings['gpu']['found'] == 'unknown without torch'
    assert findings['import numpy']['state'] == 'ok' and findings['disk']['state'] == 'ok'


@pytest.mark.parametrize(('name', 'version', 'state', 'found', 'command'), [
    ('mmaction2', None, 'broken', 'not installed', 'pip install --no-deps mmaction2==1.2.0'),
    ('rapidfuzz', None, 'broken', 'not installed', 'pip install -c constraints.txt rapidfuzz==3.14.6'),
    ('numpy', '1.26.4', 'note', '1.26.4, tested is 2.4.6', 'pip install -c constraints.txt numpy==2.4.6'),
    ('torch', '2.13.0+cu130', 'ok', '2.13.0+cu130', ''),
    ('wandb', None, 'note', 'not installed; only for a log backend', 'pip install -c constraints.txt wandb==0.31.0'),
])
def test_packages(versions, name, version, state, found, command):
    versions[name] = version
    finding = by_name(env_check.check_packages())[name]
    assert (finding.state, finding.found, finding.command) == (state, found, command)


def test_an_installed_wheel_has_no_constraints(versions, monkeypatch, tmp_path):
    monkeypatch.setattr(env_check, 'ROOT', tmp_path)
    versions['numpy'] = '9'
    versions['scipy'] = None
    findings = by_name(env_check.check_packages())
    assert findings['tested versions'].found == f'no constraints.txt in {tmp_path}: versions are shown, not compared'
    assert findings['numpy'].state == 'ok' and findings['scipy'].command == 'pip install scipy'


def test_two_owners_of_a_folder(versions):
    versions |= {'decord': '0.6.0', 'opencv-python': '5.0.0'}
    finding = by_name(env_check.check_owners())['decord and OpenCV']
    assert finding.state == 'broken' and finding.command == compat.REPAIR
    assert 'owns the same folder as decord2' in finding.found and 'Repair' not in finding.found
    assert '2 packages own the folder cv2/: opencv-python, opencv-python-headless' in finding.found


def test_torchvision_that_does_not_load(tmp_path, monkeypatch):
    (tmp_path / 'torchvision').mkdir()
    (tmp_path / 'torchvision' / '__init__.py').write_text('raise RuntimeError("operator torchvision::nms")')
    monkeypatch.setattr(sys, 'path', [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    finding = by_name(env_check.check_owners())['torchvision']
    assert (finding.state, finding.command) == ('bridged', 'pip uninstall -y torchvision')
    assert 'RuntimeError: operator torchvision::nms' in finding.found
    assert 'compat._hide_broken_torchvision, pytorch/pytorch issue 122494' in finding.found


def test_setuptools_without_pkg_resources(versions, monkeypatch):
    versions['setuptools'] = '84.2.1'
    monkeypatch.setattr(env_check.importlib.util, 'find_spec', lambda name: None)
    finding = by_name(env_check.check_owners())['pkg_resources']
    assert (finding.state, finding.command) == ('bridged', "pip install 'setuptools<82'")
    assert finding.found.startswith('absent from setuptools 84.2.1; served by compat._stand_in_for_pkg_resources')


def test_gap_that_upstream_has_closed(monkeypatch):
    row = types.SimpleNamespace(apply=compat._stub_missing_drn, state=lambda: 'closed', package='mmaction2',
                                reference='')
    monkeypatch.setattr(compat, 'BRIDGES', [row])
    finding, = env_check.check_bridges()
    assert (finding.state, finding.found) == ('ok', 'closed by the installed mmaction2')


def test_full_disk_and_small_shared_memory(monkeypatch):
    usage = shutil.disk_usage('/')
    monkeypatch.setattr(env_check.shutil, 'disk_usage', lambda path: usage._replace(total=64 * 2**20, free=5_000_000))
    monkeypatch.setattr(env_check.resource, 'getrlimit', lambda kind: (256, 4096))
    monkeypatch.setattr(env_check.shutil, 'which', lambda name: None)
    findings = by_name(env_check.check_places())
    assert findings['disk'].state == 'broken' and findings['disk'].found.startswith('5.0 MB free in ')
    assert findings['shared memory'].command == 'docker run --shm-size=8g ...'
    assert findings['shared memory'].found == '/dev/shm has 67.1 MB: loader workers end with "Bus error"'
    assert (findings['open files'].state, findings['open files'].command) == ('note', 'ulimit -n 4096')
    assert findings['browser'].command == 'apt-get install --no-install-recommends chromium'


def test_folder_that_cannot_be_written(monkeypatch):
    def refuse(dir):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(env_check.tempfile, 'TemporaryFile', refuse)
    finding = by_name(env_check.check_places())['work folder']
    assert finding.state == 'broken' and finding.found.endswith('cannot be written (Permission denied)')
    assert finding.command == 'python tools/train.py CONFIG --work-dir FOLDER'


def test_network_file_system(tmp_path, monkeypatch):
    mounts = tmp_path / 'mounts'
    mounts.write_text(f'/dev/a / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\nbad line\n')
    assert env_check.file_system(tmp_path / 'run', mounts) == 'nfs4'
    assert env_check.file_system(tmp_path.parent, mounts) == 'ext4'
    assert env_check.file_system(tmp_path, tmp_path / 'none') == ''
    monkeypatch.setattr(env_check, 'file_system', lambda folder: 'nfs4')
    finding = by_name(env_check.check_places())['file system']
    assert finding.state == 'note' and finding.command == 'export EGOEXO_HOME=/a/local/folder'


def test_driver_beside_a_torch_without_cuda(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    monkeypatch.setattr(torch.version, 'cuda', None)
    monkeypatch.setattr(env_check.shutil, 'which', lambda name: name)
    answer = subprocess.CompletedProcess([], 0, stdout='570.1\n')
    monkeypatch.setattr(env_check.subprocess, 'run', lambda *args, **kwargs: answer)
    finding, = env_check.check_gpu()
    assert finding.state == 'note' and finding.found.startswith('driver 570.1 is here, but torch 2.13.0')
    assert finding.command == 'pip install --force-reinstall torch==2.13.0'


def test_a_check_that_fails_is_a_finding(monkeypatch, capsys):
    def check_disk():
        raise ZeroDivisionError('odd machine')

    monkeypatch.setattr(env_check, 'check_system', check_disk)
    assert env_check.main([]) == 1
    assert 'broken  check_disk: ZeroDivisionError: odd machine' in capsys.readouterr().out
