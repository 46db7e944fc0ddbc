"""Fixtures shared by all tests."""

import os
import sys
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pytest
from filelock import FileLock


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of tests/fault; here, because they must be known whatever path is given."""
    parser.addoption('--fault', choices=('short', 'full'), default='short',
                     help='kill runs at a seeded sample of the points (short) or at all of them (full, `make fault`)')
    parser.addoption('--fault-seed', type=int, default=0, help='another seed kills at other points')


@pytest.fixture(scope='session')
def mini_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of EgoExo-Mini, preset ``tiny``, made once for all test processes; treat it as read-only."""
    if os.environ.get('EGOEXO_MINI_DIR'):
        return Path(os.environ['EGOEXO_MINI_DIR'])
    from egoexo.mini import make_mini

    shared = tmp_path_factory.getbasetemp()
    if os.environ.get('PYTEST_XDIST_WORKER'):
        shared = shared.parent
    with FileLock(shared / 'mini.lock'):
        root = shared / 'mini'
        if not (root / 'mini.json').is_file():
            make_mini(root, preset='tiny', seed=0, jobs=2)
    return root
