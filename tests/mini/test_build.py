"""A world depends on preset and seed alone; a finished folder is left alone, a broken run is continued."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from egoexo.errors import AnnotationError, ConfigError
from egoexo.mini import build, make_mini
from egoexo.mini.presets import MiniPreset, get_preset

# The layout needs a whole procedure per split and view, so few videos but not the very shortest.
SMALL = dataclasses.replace(get_preset('tiny'), name='small', ego_splits=(1, 1, 1), exo_splits=(1, 1, 1), max_steps=2,
                            num_uncut=0, ego_size=64, ego_focal=32.0, exo_size=(96, 54))


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob('*') if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def make(out: Path, seed: int = 3, **kwargs) -> dict:
    return make_mini(out, SMALL, seed, **{'jobs': 1, 'features': ('clip',), 'progress': False, **kwargs})


@pytest.fixture(scope='module')
def small(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('small')
    make(root, features=('clip', 'i3d'))
    return root


@pytest.fixture
def copy(small, tmp_path) -> Path:
    """A finished world that a test may break."""
    return Path(shutil.copytree(small, tmp_path / 'copy'))


def test_same_bytes_with_one_and_two_processes(small, tmp_path):
    make(tmp_path / 'elsewhere', features=('clip', 'i3d'), jobs=2)
    ours, theirs = digests(small), digests(tmp_path / 'elsewhere')
    assert len(ours) > 60
    assert ours == theirs


def test_another_seed_gives_another_world(small, tmp_path):
    make(tmp_path, seed=4)
    ours, theirs = digests(small), digests(tmp_path)
    same_name = {name for name in ours.keys() & theirs.keys() if ours[name] == theirs[name]}
    # What does not depend on a video is equal: taxonomies, class names, recipes.
    assert not any(name.endswith(('.mp4', '.pt', '.npy', '.npz', '.png')) for name in same_name)
    assert any(name.endswith('recipe.json') for name in same_name)


def test_summary_tells_what_was_made(small):
    summary = json.loads((small / 'mini.json').read_text())
    assert summary['preset']['name'] == 'small'
    assert (summary['seed'], summary['defects'], summary['float32']) == (3, [], False)
    assert summary['egoexolearn']['counts']['ego']['videos'] == 3
    assert summary['egoexolearn']['counts']['exo']['frames'] > 100
    assert set(summary['versions']) == {'egoexo', 'numpy', 'opencv', 'av', 'torch'}
    assert not list(small.rglob('*part*'))


@pytest.mark.parametrize(
    ('folder', 'crop', 'dtype', 'fps'),
    [('clip_5fps', 'full', 'float32', 5.0), ('clip_5fps_gaze', 'gaze_50', 'float32', 5.0),
     ('i3d_rgb_25fps', 'full', 'float16', 25.0), ('i3d_rgb_25fps_gaze', 'gaze_50', 'float16', 25.0)],
)
def test_recipes_lie_beside_the_features(small, folder, crop, dtype, fps):
    recipe = json.loads((small / 'egoexolearn' / 'features' / folder / 'recipe.json').read_text())
    assert (recipe['crop'], recipe['dtype'], recipe['feature_fps']) == (crop, dtype, fps)
    assert set(recipe) == {'backbone', 'feature_fps', 'window', 'stride', 'first_row_sec', 'crop', 'dtype', 'dim'}


def test_a_finished_world_is_left_as_it_is(copy, monkeypatch):
    before = digests(copy)
    monkeypatch.setattr(build, 'make_video', lambda job: pytest.fail('made a video again'))
    summary = make(copy, features=('clip', 'i3d'))
    assert summary == json.loads((copy / 'mini.json').read_text())
    assert digests(copy) == before


def test_an_interrupted_run_goes_on_where_it_stopped(copy):
    before = digests(copy)
    key = json.loads((copy / 'mini.json').read_text())['key']
    (copy / 'mini.json').unlink()
    (copy / build.PARTIAL).write_text(json.dumps({'key': key}))
    lost, kept = sorted((copy / 'egoexolearn' / 'videos').iterdir())[:2]
    lost.unlink()
    lost.with_name(lost.name + '.part').write_bytes(b'half')
    written = kept.stat().st_mtime_ns
    make(copy, features=('clip', 'i3d'))
    assert digests(copy) == before
    assert kept.stat().st_mtime_ns == written


def test_other_arguments_replace_the_world(copy):
    make(copy, gaze_features=())
    folders = sorted(path.name for path in (copy / 'egoexolearn' / 'features').glob('*_*fps*'))
    assert folders == ['clip_5fps']
    assert json.loads((copy / 'mini.json').read_text())['features'] == ['clip']


def test_files_of_others_are_not_touched(tmp_path):
    foreign = tmp_path / 'egoexolearn' / 'videos' / 'real.mp4'
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b'mine')
    with pytest.raises(AnnotationError, match=r'egoexolearn is not empty and .* holds no mini\.json'):
        make(tmp_path)
    assert foreign.read_bytes() == b'mine'


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'preset': 'huge'}, 'huge'),
        ({'layouts': ['egoexo5d']}, "layout 'egoexo5d' is unknown; expected one of: egoexolearn"),
        ({'features': ['resnet']}, "feature 'resnet' is unknown; expected one of: clip, i3d"),
        ({'features': ['clip'], 'gaze_features': ['i3d']}, "among the features too\\) 'i3d' is unknown"),
        ({'defects': ['rust']}, "defect 'rust' is unknown; expected one of: nan_feature, truncated_feature, leak"),
    ],
)
def test_unknown_names_are_refused_before_anything_is_written(arguments, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        make_mini(tmp_path / 'out', **{'preset': 'tiny', 'progress': False, **arguments})
    assert not (tmp_path / 'out').exists()


def test_key_covers_every_argument():
    request = build._Request(SMALL, 0, ('egoexolearn',), ('clip',), (), (), False)
    changed = [
        {'preset': dataclasses.replace(SMALL, text_noise=0.2)}, {'seed': 1}, {'features': ('clip', 'i3d')},
        {'gaze_features': ('clip',)}, {'defects': ('nan_feature',)}, {'float32': True}, {'layouts': ()},
    ]
    keys = {dataclasses.replace(request, **change).key() for change in changed} | {request.key()}
    assert len(keys) == len(changed) + 1
    assert request.key() == dataclasses.replace(request).key()
    assert isinstance(request.preset, MiniPreset)
