#!/usr/bin/env python
"""Say what this machine and its packages are, which known gaps they have, and the command that mends each.

ok       as tested
bridged  a known gap of a package, which egoexo/compat.py works around; nothing to do
note     worth knowing; the command changes it
broken   something will fail; the command mends it, and the exit code is 1

Works where torch or MMEngine cannot be imported, and says so.
"""

import argparse
import dataclasses
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

if (Path(__file__).resolve().parents[1] / 'egoexo' / '__init__.py').is_file():
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone works without being installed

from egoexo import compat
from egoexo.utils.transfer_progress import format_bytes

ROOT = Path(__file__).resolve().parents[1]
#: Installed in a second step, because what they declare would overwrite decord2 and bring three OpenCVs.
SECOND_STEP = ('mmengine', 'mmcv-lite', 'mmaction2')
MODULES = ('torch', 'numpy', 'mmengine', 'mmcv', 'cv2', 'av', 'decord')
OPTIONAL = {'transformers': 'text encoders', 'tensorboard': 'a log backend', 'wandb': 'a log backend'}
NETWORK_FILE_SYSTEMS = ('nfs', 'nfs4', 'lustre', 'cifs', 'smb3', 'gpfs', 'beegfs', 'ceph', 'glusterfs', 'fuse.sshfs')
GIB = 2**30


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line of the report.

    Args:
        name (str): What was looked at.
        state (str): ``'ok'``, ``'bridged'``, ``'note'`` or ``'broken'``.
        found (str): What was found.
        command (str): Command that mends or changes it, empty when there is nothing to do.
    """

    name: str
    state: str
    found: str
    command: str = ''


def check_system() -> Iterator[Finding]:
    """Python, operating system, processors and memory."""
    version = platform.python_version()
    fits = sys.version_info >= (3, 11)
    yield Finding('python', 'ok' if fits else 'broken', f'{version} ({sys.executable})',
                  '' if fits else 'python3.11 -m venv .venv')
    linux = sys.platform == 'linux'
    yield Finding('system', 'ok' if linux else 'note',
                  f'{platform.platform()}' + ('' if linux else '; only Linux is tested'))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()
    yield Finding('processors', 'ok', f'{cores} usable of {os.cpu_count()}')
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
    yield Finding('memory', 'ok', f'{memory / GIB:.1f} GiB')


def check_modules() -> Iterator[Finding]:
    """Import what everything stands on; a package that is installed may still not load."""
    for name in MODULES:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                module = importlib.import_module(name)
        except Exception as error:  # whatever a foreign binary raises
            package = {'cv2': 'opencv-python-headless', 'decord': 'decord2', 'mmcv': 'mmcv-lite'}.get(name, name)
            found = f'cannot be imported ({type(error).__name__}: {" ".join(str(error).split())[:200]})'
            command = install_command(package, read_constraints(), force=installed_version(package) is not None)
            yield Finding(f'import {name}', 'broken', found, command)
        else:
            yield Finding(f'import {name}', 'ok', str(getattr(module, '__version__', 'no version')))


def check_gpu() -> Iterator[Finding]:
    """CUDA as torch sees it, and the driver."""
    try:
        import torch
    except Exception:  # reported by check_modules
        yield Finding('gpu', 'note', 'unknown without torch')
        return
    smi = shutil.which('nvidia-smi')
    driver = ''
    if smi:
        done = subprocess.run([smi, '--query-gpu=driver_version', '--format=csv,noheader'], capture_output=True,
                              text=True, check=False, timeout=20)
        driver = (done.stdout.split('\n')[0].strip() or 'no answer') if done.returncode == 0 else 'does not answer'
    if torch.cuda.is_available():
        names = ', '.join(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))
        yield Finding('gpu', 'ok', f'{names}; CUDA {torch.version.cuda}, driver {driver or "unknown"}')
    elif smi and torch.version.cuda is None:
        yield Finding('gpu', 'note', f'driver {driver} is here, but torch {torch.__version__} is built without CUDA',
                      f'pip install --force-reinstall torch=={torch.__version__.split("+")[0]}')
    else:
        yield Finding('gpu', 'ok', 'none: everything runs on the processors')


def read_constraints() -> dict[str, str]:
    """Tested version by package, empty where there is no constraints.txt (an installed wheel)."""
    path = ROOT / 'constraints.txt'
    lines = path.read_text(encoding='utf-8').splitlines() if path.is_file() else []
    pins = (re.fullmatch(r'([A-Za-z0-9._-]+)==(\S+)', line.strip()) for line in lines)
    return {normal(pin[1]): pin[2] for pin in pins if pin}


def normal(name: str) -> str:
    """Name of a package as installers compare it."""
    return re.sub(r'[-_.]+', '-', name).lower()


def needed_packages() -> list[str]:
    """What egoexo declares, without extras, and the three of the second step."""
    try:
        declared = [item for item in importlib.metadata.requires('egoexo') or [] if 'extra ==' not in item]
    except importlib.metadata.PackageNotFoundError:  # a clone on the path
        path = ROOT / 'requirements' / 'runtime.txt'
        text = path.read_text(encoding='utf-8') if path.is_file() else ''
        declared = [line for line in text.splitlines() if line.strip() and not line.startswith('#')]
    return [*dict.fromkeys(normal(re.split(r'[\s<>=!~;\[]', item.strip())[0]) for item in declared), *SECOND_STEP]


def installed_version(name: str) -> str | None:
    """Version of a package, None when it is not installed."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def install_command(name: str, tested: dict[str, str], force: bool = False) -> str:
    """Command that brings a package in its tested version."""
    pin = f'{name}=={tested[normal(name)]}' if normal(name) in tested else name
    alone = '--no-deps ' if normal(name) in SECOND_STEP or force else '-c constraints.txt ' if tested else ''
    return f'pip install {"--force-reinstall " if force else ""}{alone}{pin}'


def check_packages() -> Iterator[Finding]:
    """Installed versions against the tested row."""
    tested = read_constraints()
    if not tested:
        yield Finding('tested versions', 'note', f'no constraints.txt in {ROOT}: versions are shown, not compared')
    for name in needed_packages():
        version = installed_version(name)
        if version is None:
            yield Finding(name, 'broken', 'not installed', install_command(name, tested))
        elif version.split('+')[0] == tested.get(name, version.split('+')[0]):
            yield Finding(name, 'ok', version)
        else:
            yield Finding(name, 'note', f'{version}, tested is {tested[name]}', install_command(name, tested))
    for name, use in OPTIONAL.items():
        version = installed_version(name)
        yield Finding(name, 'ok' if version else 'note', version or f'not installed; only for {use}',
                      '' if version else install_command(name, tested))


def check_owners() -> Iterator[Finding]:
    """Packages that share a folder, do not load, or lack a module that others expect."""
    problem = compat.video_package_problem()
    owners = [name for name in compat.OPENCV_PACKAGES if installed_version(name)]
    found = problem.partition(' Repair: ')[0] if problem else f'one decord, one OpenCV ({", ".join(owners) or "none"})'
    yield Finding('decord and OpenCV', 'broken' if problem else 'ok', found, compat.REPAIR if problem else '')
    if sys.modules.get('torchvision', ...) is not None and importlib.util.find_spec('torchvision') is not None:
        try:
            importlib.import_module('torchvision')
        except Exception as error:  # whatever a foreign binary raises
            yield Finding('torchvision', 'bridged', f'does not load ({type(error).__name__}: {error}); is absent '
                          'for us by compat._hide_broken_torchvision, pytorch/pytorch issue 122494',
                          'pip uninstall -y torchvision')
        else:
            yield Finding('torchvision', 'note', 'installed and loads; egoexo does not need it')
    spec = importlib.util.find_spec('pkg_resources')
    if spec is None or spec.origin is None:
        yield Finding('pkg_resources', 'bridged', f'absent from setuptools {installed_version("setuptools")}; served '
                      'by compat._stand_in_for_pkg_resources, pypa/setuptools issue 5174',
                      "pip install 'setuptools<82'")
    else:
        yield Finding('pkg_resources', 'ok', f'of setuptools {installed_version("setuptools")}')


def check_bridges() -> Iterator[Finding]:
    """The known gaps of the packages below us."""
    for bridge in compat.BRIDGES:
        gap = bridge.apply.__doc__.strip().split('\n')[0]
        state = bridge.state()
        found = {'bridged': f'{gap} ({bridge.reference})', 'closed': f'closed by the installed {bridge.package}',
                 'absent': f'{bridge.package} is not installed'}[state]
        yield Finding(f'compat.{bridge.apply.__name__}', {'bridged': 'bridged'}.get(state, 'ok'), found)


def check_places() -> Iterator[Finding]:
    """Disk, shared memory, open files and whether runs can write here."""
    here = Path.cwd()
    free = shutil.disk_usage(here).free
    yield Finding('disk', 'ok' if free > GIB else 'broken', f'{format_bytes(free)} free in {here}',
                  '' if free > GIB else 'du -sh work_dirs/* | sort -h')
    try:
        with tempfile.TemporaryFile(dir=here):
            yield Finding('work folder', 'ok', f'{here} can be written')
    except OSError as error:
        yield Finding('work folder', 'broken', f'{here} cannot be written ({error.strerror})',
                      'python tools/train.py CONFIG --work-dir FOLDER')
    kind = file_system(here)
    if kind in NETWORK_FILE_SYSTEMS:
        yield Finding('file system', 'note', f'{here} is on {kind}: first epochs read slowly and locks may not work',
                      'export EGOEXO_HOME=/a/local/folder')
    else:
        yield Finding('file system', 'ok', kind or 'unknown')
    if Path('/dev/shm').is_dir():
        size = shutil.disk_usage('/dev/shm').total
        small = size < GIB // 2
        yield Finding('shared memory', 'broken' if small else 'ok', f'/dev/shm has {format_bytes(size)}' + (
            ': loader workers end with "Bus error"' if small else ''), 'docker run --shm-size=8g ...' if small else '')
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield Finding('open files', 'ok' if soft >= 1024 else 'note', f'{soft} of at most {hard}',
                  '' if soft >= 1024 else 'ulimit -n 4096')
    browser = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    yield Finding('browser', 'ok' if browser else 'note', browser or 'none; only for one test of the HTML report',
                  '' if browser else 'apt-get install --no-install-recommends chromium')


def file_system(folder: Path, mounts: Path = Path('/proc/mounts')) -> str:
    """Kind of file system a folder is on, empty when unknown."""
    lines = mounts.read_text(encoding='utf-8', errors='replace').splitlines() if mounts.is_file() else []
    points = [line.split()[1:3] for line in lines if len(line.split()) > 2]
    matching = [(point, kind) for point, kind in points if folder.is_relative_to(point)]
    return max(matching, key=lambda item: len(item[0]))[1] if matching else ''


def find_all() -> list[Finding]:
    """Every finding; a check that fails itself is one of them."""
    findings: list[Finding] = []
    for check in (check_system, check_gpu, check_modules, check_packages, check_owners, check_bridges, check_places):
        try:
            findings += check()
        except Exception as error:  # the report must come, whatever a machine is like
            findings.append(Finding(check.__name__, 'broken', f'{type(error).__name__}: {error}'))
    return findings


def main(argv: Sequence[str] | None = None) -> int:
    """Print the report.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        int: 1 if something is broken, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--json', action='store_true', help='a list of findings as JSON')
    args = parser.parse_args(argv)
    findings = find_all()
    broken = [finding for finding in findings if finding.state == 'broken']
    if args.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=1))
        return 1 if broken else 0
    for finding in findings:
        print(f'{finding.state:8s}{finding.name}: {finding.found}')
        if finding.command:
            print(f'{"":8s}    {finding.command}')
    counts = {state: sum(finding.state == state for finding in findings)
              for state in ('ok', 'bridged', 'note', 'broken')}
    print(', '.join(f'{count} {state}' for state, count in counts.items()))
    return 1 if broken else 0


if __name__ == '__main__':
    sys.exit(main())
