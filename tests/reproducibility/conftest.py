"""The exact world, made once per test file."""

from pathlib import Path

import pytest
from reproducibility.exact_world import write_exact_world


@pytest.fixture(scope='module')
def exact_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``data_root`` with 5 + 4 training videos and 13 to score; treat it as read-only."""
    return write_exact_world(tmp_path_factory.mktemp('exact') / 'egoexolearn')
