"""Fixtures shared by all tests."""

import os
import sys
from pathlib import Path

os.environ.setdefault('OMP_NUM_THREADS', '1')
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pytest
from filelock import FileLock

# What the tool writes last into the folder of a layout.
LAST_FILES = {'egoexo4d': 'correspondence/correspondence-gt.json', 'epic': 'pairs/text_embeddings.npz'}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of tests/fault; here, because they must be known whatever path is given."""
    parser.addoption('--fault', choices=('short', 'full'), default='short',
                     help='kill runs at a seeded sample of the points (short) or at all of them (full, `make fault`)')
    parser.addoption('--fault-seed', type=int, default=0, help='another seed kills at other points')


@pytest.fixture(scope='session')
def mini_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of EgoExo-Mini, preset ``tiny``, EgoExoLearn's layout; made once for all test processes; read-only."""
    return _mini_world(tmp_path_factory, 'mini', 'egoexolearn')


@pytest.fixture(scope='session')
def takes_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ego-Exo4D's layout of EgoExo-Mini, preset ``tiny``, made like ``mini_root``.

    With ``metadata/ego2exo.json`` and the prepared takes in ``correspondence``.

    A world of its own, so that tests of asynchronous videos do not wait for it. A folder named by EGOEXO_MINI_DIR must
    hold all layouts (``tools/data/make_mini.py --preset tiny``).
    """
    return _mini_world(tmp_path_factory, 'takes', 'egoexo4d') / 'egoexo4d'


@pytest.fixture(scope='session')
def epic_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """EPIC-Kitchens' layout of EgoExo-Mini, preset ``tiny``, made like ``mini_root``.

    With third-person clips in ``lemma``, and ``pairs`` of both views with embedded narrations.
    """
    return _mini_world(tmp_path_factory, 'recognition', 'epic') / 'epic'


def _mini_world(factory: pytest.TempPathFactory, name: str, layout: str) -> Path:
    """Folder with one layout of the tiny world."""
    if os.environ.get('EGOEXO_MINI_DIR'):
        root = Path(os.environ['EGOEXO_MINI_DIR'])
        needed = root / layout / LAST_FILES.get(layout, '')
        if not needed.exists():
            raise FileNotFoundError(f'{needed} is missing: the folder of EGOEXO_MINI_DIR must hold all layouts; make '
                                    f'them with tools/data/make_mini.py --preset tiny --out {root}')
        return root
    from tools.data.make_mini import main

    shared = factory.getbasetemp()
    if os.environ.get('PYTEST_XDIST_WORKER'):
        shared = shared.parent
    with FileLock(shared / f'{name}.lock'):
        root = shared / name
        if not (root / 'mini.json').is_file():
            assert main(['--out', str(root), '--preset', 'tiny', '--jobs', '2', '--layouts', layout]) == 0
    return root
