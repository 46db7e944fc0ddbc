"""A plain install carries the configs and the model index, and finds them outside a clone."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from tests_support import REPO


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('wheel')
    source = folder / 'source'
    # Build from a copy: a build in place leaves build/ and egg-info in the tree, and a stale build/ keeps dead files.
    subprocess.run(['git', 'checkout-index', '--all', f'--prefix={source}/'], cwd=REPO, check=True)
    subprocess.run([sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '--no-build-isolation',
                    '--wheel-dir', folder, source], check=True, capture_output=True)
    return next(folder.glob('egoexo-*.whl'))


@pytest.mark.cli
def test_wheel_ships_configs_and_works_outside_a_clone(wheel: Path, tmp_path: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert 'egoexo/.mim/model-index.yml' in names
    assert 'egoexo/.mim/tools/train.py' in names
    assert 'egoexo/mini/calibration.npz' in names
    assert not [name for name in names if name.endswith('entry_points.txt')]
    site = tmp_path / 'site'
    zipfile.ZipFile(wheel).extractall(site)
    code = ("from egoexo.apis import get_config; import egoexo; print(egoexo.__file__); "
            "print(get_config('segmentation/mstcn_i3d_egoexolearn-exo').model.backbone.num_stages)")
    shown = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, env={'PYTHONPATH': str(site), 'PATH': ''},
                           capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.splitlines() == [str(site / 'egoexo' / '__init__.py'), '4']


def test_model_index_names_every_config_once() -> None:
    index = yaml.safe_load((REPO / 'model-index.yml').read_text())
    listed = []
    for metafile in index['Import']:
        for model in yaml.safe_load((REPO / metafile).read_text())['Models']:
            assert model['Name'] == Path(model['Config']).stem
            listed.append(model['Config'])
    shipped = {path.relative_to(REPO).as_posix() for path in (REPO / 'configs').glob('[a-z]*/*.py')}
    assert len(listed) == len(set(listed))
    # Configs for checks and for other people's data, not for results; extractors are no models of a benchmark.
    checks = ('-shuffled.py', '-nodropout.py', '_own-videos.py')
    models = {name for name in shipped if not name.startswith('configs/extraction/')}
    assert {name for name in models if not name.endswith(checks)} == set(listed)
