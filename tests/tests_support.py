"""Where tests find fixtures and real annotations."""

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent


def parity_dir(topic: str) -> Path:
    """Folder with the official numbers of one topic; the copy in the repository when the shared one is absent."""
    shared = Path(os.environ.get('EGOEXO_PARITY_DIR', REPO.parent / 'shared' / 'parity')) / topic
    return shared if shared.is_dir() else REPO / 'tests' / 'data' / 'parity' / topic


def data_dir(name: str) -> Path:
    """Folder with real official annotations; skips the test where it is absent."""
    folder = Path(os.environ.get('EGOEXO_DATA_DIR', REPO.parent / 'shared' / 'data')) / name
    if not folder.is_dir():
        pytest.skip(f'real annotations not found at {folder}; set EGOEXO_DATA_DIR')
    return folder
