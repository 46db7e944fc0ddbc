"""A world depends on preset and seed alone; a finished folder is left alone, a broken run is continued."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from egoexo.errors import AnnotationError, ConfigError
from egoexo.mini import build, epic_family, make_mini, take_family, video_family
from egoexo.mini.presets import get_preset

# The layout needs a whole procedure per split and view, so few videos but not the very shortest.
SMALL = dataclasses.replace(get_preset('tiny'), name='small', ego_splits=(1, 1, 1), exo_splits=(1, 1, 1), max_steps=2,
                            num_uncut=0, ego_size=64, ego_focal=32.0, exo_size=(96, 54), num_takes=3, take_steps=(1, 1),
                            take_ego_size=64, take_ego_focal=26.4, take_exo_size=(96, 54))


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob('*') if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def make(out: Path, seed: int = 3, **kwargs) -> dict:
    defaults = {'jobs': 1, 'features': ('clip',), 'progress': False, 'layouts': ['egoexolearn']}
    return make_mini(out, SMALL, seed, **{**defaults, **kwargs})


@pytest.fixture(scope='module')
def small(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('small')
    make(root, features=('clip', 'i3d'))
    return root


@pytest.fixture
def copy(small, tmp_path) -> Path:
    """A finished world that a test may break."""
    return Path(shutil.copytree(small, tmp_path / 'copy'))


@pytest.fixture(scope='module')
def small_takes(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('small_takes')
    make(root, layouts=['egoexo4d'])
    return root


@pytest.fixture(scope='module')
def small_frames(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('small_frames')
    make(root, layouts=['epic'])
    return root


def test_same_bytes_with_one_and_two_processes(small, tmp_path):
    make(tmp_path / 'elsewhere', features=('clip', 'i3d'), jobs=2)
    ours, theirs = digests(small), digests(tmp_path / 'elsewhere')
    assert len(ours) > 60
    assert ours == theirs


def test_takes_have_the_same_bytes_with_one_and_two_processes(small_takes, tmp_path):
    make(tmp_path / 'elsewhere', layouts=['egoexo4d'], jobs=2)
    ours, theirs = digests(small_takes), digests(tmp_path / 'elsewhere')
    assert len(ours) > 3 * (10 + 5 + 4)
    assert ours == theirs


def test_frames_have_the_same_bytes_with_one_and_two_processes_and_after_a_stop(small_frames, tmp_path):
    make(tmp_path, layouts=['epic'], jobs=2)
    ours = digests(small_frames)
    assert len(ours) > 1900
    assert digests(tmp_path) == ours
    # A run that was killed in the middle of two videos: one has its frames under a name of its own.
    key = json.loads((tmp_path / 'mini.json').read_text())['epic']['key']
    (tmp_path / 'mini.json').unlink()
    (tmp_path / build.PARTIAL).write_text(json.dumps({'epic': key}))
    lost, half, kept = sorted((tmp_path / 'epic').glob('rgb_frames/*/rgb_frames/*'))
    half.rename(half.with_name(half.name + '.part'))
    (half.with_name(half.name + '.part') / 'frame_0000000003.jpg').unlink()
    shutil.rmtree(lost)
    written = kept.stat().st_mtime_ns
    make(tmp_path, layouts=['epic'])
    assert digests(tmp_path) == ours
    assert kept.stat().st_mtime_ns == written


def test_another_seed_gives_other_takes(small_takes, tmp_path):
    make(tmp_path, seed=4, layouts=['egoexo4d'])
    ours, theirs = digests(small_takes), digests(tmp_path)
    same = {name for name in ours.keys() & theirs.keys() if ours[name] == theirs[name]}
    assert not any(name.endswith(('.mp4', '.pt', '.csv', '.png')) for name in same)
    assert not any('keystep' in name or 'takes.json' in name for name in same)


def test_one_layout_leaves_the_other_as_it_is(copy, small_takes, monkeypatch):
    before = digests(copy / 'egoexolearn')
    assert make(copy, features=('clip', 'i3d'))['layouts'] == ['egoexolearn']
    with monkeypatch.context() as patch:
        patch.setattr(video_family, 'make', lambda job: pytest.fail('made a video again'))
        summary = make(copy, features=('clip', 'i3d'), layouts=None)
    assert summary['layouts'] == ['egoexolearn', 'egoexo4d', 'epic']
    assert digests(copy / 'egoexolearn') == before
    assert digests(copy / 'egoexo4d') == digests(small_takes / 'egoexo4d')
    # What takes do not depend on keeps them; videos made again leave them alone.
    takes = (copy / 'egoexo4d' / 'takes.json').stat().st_mtime_ns
    monkeypatch.setattr(take_family, 'make', lambda job: pytest.fail('made a take again'))
    monkeypatch.setattr(epic_family, 'make', lambda job: pytest.fail('made frames again'))
    summary = make(copy, gaze_features=(), layouts=None)
    assert summary == json.loads((copy / 'mini.json').read_text())
    assert summary['egoexolearn']['arguments']['gaze_features'] == []
    assert summary['egoexo4d']['arguments'] == {'preset': summary['preset'], 'seed': 3}
    assert (copy / 'egoexo4d' / 'takes.json').stat().st_mtime_ns == takes
    assert not (copy / build.PARTIAL).exists()


def test_a_layout_that_failed_does_not_take_the_others_with_it(copy, monkeypatch):
    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(take_family, 'finish', fail)
    with pytest.raises(KeyboardInterrupt):
        make(copy, layouts=['egoexo4d'])
    assert json.loads((copy / 'mini.json').read_text())['layouts'] == ['egoexolearn']
    assert list(json.loads((copy / build.PARTIAL).read_text())) == ['egoexo4d']
    monkeypatch.undo()
    # The other layout is made again meanwhile; the unfinished one still counts as ours and goes on.
    make(copy, gaze_features=())
    video = next((copy / 'egoexo4d').rglob('cam01.mp4')).stat().st_mtime_ns
    summary = make(copy, gaze_features=(), layouts=['egoexolearn', 'egoexo4d'])
    assert summary['layouts'] == ['egoexolearn', 'egoexo4d']
    assert next((copy / 'egoexo4d').rglob('cam01.mp4')).stat().st_mtime_ns == video
    assert not (copy / build.PARTIAL).exists()


def test_a_world_of_an_older_generator_is_replaced(copy):
    """Its summary had one key for all layouts."""
    summary = json.loads((copy / 'mini.json').read_text())
    (copy / 'mini.json').write_text(json.dumps({'key': 'old', **summary, 'egoexolearn': {'counts': {}}}))
    (copy / 'egoexolearn' / 'stale').touch()
    assert make(copy, gaze_features=())['egoexolearn']['counts']['ego']['videos'] == 3
    assert not (copy / 'egoexolearn' / 'stale').exists()


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
    monkeypatch.setattr(video_family, 'make', lambda job: pytest.fail('made a video again'))
    summary = make(copy, features=('clip', 'i3d'))
    assert summary == json.loads((copy / 'mini.json').read_text())
    assert digests(copy) == before


def test_an_interrupted_run_goes_on_where_it_stopped(copy):
    before = digests(copy)
    key = json.loads((copy / 'mini.json').read_text())['egoexolearn']['key']
    (copy / 'mini.json').unlink()
    (copy / build.PARTIAL).write_text(json.dumps({'egoexolearn': key}))
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
