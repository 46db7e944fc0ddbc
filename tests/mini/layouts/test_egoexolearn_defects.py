"""Each planted defect, measured against the clean layout."""

import pytest

from egoexo.errors import AnnotationError, ConfigError
from egoexo.mini.annotate import build_tables
from egoexo.mini.layouts.egoexolearn import DEFECTS, write_layout

TAS = 'temporal_action_segmentation_benchmark/tas_annotation'
PLANNING = 'action_anticipation_planning_benchmark/planning_annotation'
ANTICIPATION = 'action_anticipation_planning_benchmark/anticpation_annotation'


@pytest.fixture
def damage(world, tmp_path):
    """Write the default world with one defect; returns its folder and the relative paths of changed files."""
    def write(name):
        write_layout(tmp_path, world.records, world.preset, 0, defects=(name,))
        paths = {path.relative_to(tmp_path) for path in tmp_path.rglob('*') if path.is_file()}
        assert paths == {path.relative_to(world.root) for path in world.root.rglob('*') if path.is_file()}
        changed = {path for path in paths if (tmp_path / path).read_bytes() != (world.root / path).read_bytes()}
        return tmp_path, {path.as_posix() for path in changed}
    return write


def _bundle(root, folder, subset):
    return (root / folder / 'splits' / f'{subset}_annotations.bundle').read_text().split('\n')


@pytest.mark.parametrize('folder', [TAS, PLANNING])
def test_leak_video_is_in_val_and_test(damage, world, folder):
    root, changed = damage('leak_video')
    leaked = set(_bundle(root, folder, 'ego_val')) & set(_bundle(root, folder, 'ego_test'))
    assert len(leaked) == 1
    assert leaked <= set(_bundle(root, folder, 'ego_gaze_test'))
    assert set(_bundle(world.root, folder, 'ego_gaze_val')) - set(_bundle(root, folder, 'ego_gaze_val')) == leaked
    assert len(changed) == 9


def test_leak_video_brings_its_planning_rows(damage, world):
    root, _ = damage('leak_video')
    (leaked,) = set(_bundle(root, TAS, 'ego_val')) & set(_bundle(root, TAS, 'ego_test'))
    uid = leaked.removesuffix('.txt')
    rows = {name: (root / PLANNING / f'annotation/{name}_anno_list.txt').read_text().split('\n')
            for name in ('val_ego', 'val_ego_gaze', 'test_ego', 'test_ego_gaze')}
    own = [row for row in rows['val_ego'] if row.startswith(uid)]
    assert own
    assert rows['test_ego'][-len(own):] == rows['test_ego_gaze'][-len(own):] == own
    assert not [row for row in rows['val_ego_gaze'] if row.startswith(uid)]


@pytest.mark.parametrize(('folder', 'order'), [
    ('noun', ['ego_test', 'cotraining', 'exo_train', 'ego_train', 'exo_val', 'exo_test', 'ego_val']),
    ('noun_gazed', ['exo_train', 'ego_test', 'ego_train', 'exo_val', 'ego_val', 'exo_test', 'cotraining']),
    ('verb', ['exo_val', 'ego_train', 'ego_test', 'exo_test', 'cotraining', 'exo_train', 'ego_val']),
])
def test_cumulative_lists_end_with_their_own_rows(damage, world, folder, order):
    root, changed = damage('cumulative_lists')
    rows = []
    for name in order:
        stem = 'list_egoexo_cotraining' if name == 'cotraining' else f'list_{name}_ego_exo-feature'
        path = f'{ANTICIPATION}/{folder}/{stem}.txt'
        rows += (world.root / path).read_text().split('\n')
        assert (root / path).read_text().split('\n') == rows
        assert (path in changed) == (name != order[0])
    assert len(changed) == 4 * 6


@pytest.mark.parametrize('subset', ['train', 'val'])
def test_cyclic_pairs_close_a_ring_of_three(damage, subset):
    root, changed = damage('cyclic_pairs')
    assert changed == {f'skill_benchmark/annotations/skill_{name}.txt' for name in ('train', 'val')}
    pairs = {tuple(line.split()) for line in
             (root / f'skill_benchmark/annotations/skill_{subset}.txt').read_text().splitlines()}
    rings = [(a, b, c) for a, b in pairs for b2, c in pairs if b2 == b and (c, a) in pairs]
    assert rings
    assert not {(worse, better) for better, worse in pairs} & pairs


def test_cyclic_pairs_keep_an_unseen_clip_in_each_val_pair(damage):
    root, _ = damage('cyclic_pairs')
    train, val = ([tuple(line.split()) for line in
                   (root / f'skill_benchmark/annotations/skill_{subset}.txt').read_text().splitlines()]
                  for subset in ('train', 'val'))
    trained = {clip for pair in train for clip in pair}
    assert all(not set(pair) <= trained for pair in val)


def test_short_exo_labels_end_early(damage, world):
    root, changed = damage('short_exo_labels')
    exo = [record for record in world.records if record.plan.view == 'exo']
    assert changed == {f'{TAS}/gts_fps25/{record.plan.uid}.txt' for record in exo}
    missing = []
    for record in exo:
        path = f'{TAS}/gts_fps25/{record.plan.uid}.txt'
        lines, full = ((folder / path).read_bytes().split(b'\r\n') for folder in (root, world.root))
        assert lines == full[:len(lines)]
        missing.append(len(full) - len(lines))
    assert (min(missing), max(missing)) == (1, 10)


def test_unknown_defect_is_refused(tiny, tmp_path):
    with pytest.raises(ConfigError, match=r'unknown defect moon_phase; expected some of leak_video, cumulative_lists'):
        write_layout(tmp_path, tiny.records, tiny.preset, 0, defects=('leak_video', 'moon_phase'))


@pytest.mark.parametrize(('name', 'what'), [('leak_video', 'an ego val video with gaze'),
                                            ('cyclic_pairs', 'skill pairs a > b and b > c')])
def test_world_without_such_content_is_refused(world, tmp_path, name, what):
    exo = [record for record in world.records if record.plan.view == 'exo']
    write_layout(tmp_path, exo, world.preset, 0)
    with pytest.raises(AnnotationError, match=f'expected {what} to damage, found none'):
        DEFECTS[name](tmp_path, build_tables(exo, world.preset, 0))


def test_all_defects_fit_the_tiny_world(tiny, tmp_path):
    facts = write_layout(tmp_path, tiny.records, tiny.preset, 0, defects=tuple(DEFECTS))
    assert facts == tiny.facts
    assert len(DEFECTS) == 4
