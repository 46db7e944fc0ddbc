"""The command that makes EgoExo-Mini."""

import csv
import json
import os

import numpy as np
import pytest

from egoexo.errors import AnnotationError
from tools.data import make_mini


def test_finished_world_is_reported_and_not_made_again(mini_root, capsys):
    if os.environ.get('EGOEXO_MINI_DIR'):
        pytest.skip('EGOEXO_MINI_DIR names a world made with unknown arguments')
    before = (mini_root / 'mini.json').stat().st_mtime_ns
    assert make_mini.main(['--out', str(mini_root), '--preset', 'tiny', '--jobs', '1', '--layouts', 'egoexolearn']) == 0
    printed = capsys.readouterr().out
    assert '6 ego videos' in printed
    assert 'contact_sheet.png' in printed
    assert (mini_root / 'mini.json').stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [(['--preset', 'big'], 'big'), (['--defects', 'rust'], "'rust' is unknown"), (['--gaze', 'sound'], 'sound')],
)
def test_errors_are_one_line_and_code_2(arguments, message, tmp_path, capsys):
    assert make_mini.main(['--out', str(tmp_path / 'out'), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith('ConfigError: ')
    assert message in error
    assert error.count('\n') == 1
    assert not (tmp_path / 'out').exists()


def test_defaults_are_those_of_the_make_target():
    args = make_mini.parse_args([])
    assert (args.out, args.preset, args.seed, args.jobs) == ('data/mini', 'default', 0, None)
    assert (args.features, args.gaze, args.defects, args.float32) == (['clip', 'i3d'], None, [], False)


def test_calibrate_calls_the_estimator(monkeypatch, capsys):
    monkeypatch.setattr('egoexo.mini.calibrate.calibrate', lambda: 'constants.npz')
    assert make_mini.main(['--calibrate']) == 0
    assert capsys.readouterr().out == 'wrote constants.npz\n'


def test_takes_come_with_the_list_of_the_transfer_benchmark(takes_root, tmp_path):
    path = takes_root / 'metadata' / 'ego2exo.json'
    content = json.loads(path.read_text())
    assert all(content[f'{view}_{split}'] for view in ('ego', 'exo') for split in ('train', 'val'))
    before = path.stat().st_mtime_ns
    assert make_mini.build_mini_ego2exo(takes_root) == path
    assert path.stat().st_mtime_ns == before
    for name in ('takes.json', 'ego2exo_recipe.json', 'annotations'):
        (tmp_path / name).symlink_to(takes_root / name)
    assert make_mini.build_mini_ego2exo(tmp_path).read_bytes() == path.read_bytes()


def test_takes_come_prepared_for_the_correspondence_benchmark(takes_root, tmp_path):
    root = takes_root / 'correspondence'
    split = json.loads((root / 'split.json').read_text())
    assert split == json.loads((takes_root / 'annotations' / 'split.json').read_text())
    truth = json.loads((root / 'correspondence-gt.json').read_text())['annotations']
    assert list(truth) == split['val']
    for uid in split['train'] + split['val']:
        frames = [f'{frame}.jpg' for frame in json.loads((root / uid / 'annotation.json').read_text())['subsample_idx']]
        assert len(frames) >= 4
        for camera in ('aria01_214-1', 'cam01', 'cam02', 'cam03', 'cam04'):
            assert {path.name for path in (root / uid / camera).iterdir()} == set(frames)
    before = (root / 'correspondence-gt.json').stat().st_mtime_ns
    assert make_mini.prepare_mini_correspondence(takes_root) == root
    assert (root / 'correspondence-gt.json').stat().st_mtime_ns == before


def test_a_world_is_prepared_with_the_same_bytes_each_time(takes_root, tmp_path):
    uid = json.loads((takes_root / 'annotations' / 'split.json').read_text())['val'][0]
    folder = tmp_path / 'annotations'
    relations = json.loads((takes_root / 'annotations' / 'relations_val.json').read_text())['annotations']
    (tmp_path / 'takes').symlink_to(takes_root / 'takes')
    folder.mkdir()
    for name, content in (('split', {'train': [], 'val': [uid], 'test': []}),
                          ('relations_train', {'annotations': {}}),
                          ('relations_val', {'annotations': {uid: relations[uid]}})):
        (folder / f'{name}.json').write_text(json.dumps(content))
    again = make_mini.prepare_mini_correspondence(tmp_path)
    files = [path for path in (takes_root / 'correspondence' / uid).rglob('*') if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert (again / path.relative_to(takes_root / 'correspondence')).read_bytes() == path.read_bytes()


def test_a_world_without_relations_is_named(tmp_path):
    with pytest.raises(AnnotationError, match='split.json'):
        make_mini.prepare_mini_correspondence(tmp_path)


def test_a_world_without_recipe_is_named(tmp_path):
    with pytest.raises(AnnotationError, match='ego2exo_recipe.json'):
        make_mini.build_mini_ego2exo(tmp_path)


def test_frames_come_with_the_pairs_of_both_views(epic_root, tmp_path):
    with open(epic_root / 'annotations' / 'EPIC_100_train.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    pairs = json.loads((epic_root / 'pairs' / 'epic_lemma_pairs.json').read_text())
    assert list(pairs) == [str(row) for row in range(len(rows))]
    kinds = ('same', 'sub', 'sub_verb', 'sub_noun')
    best = {next((kind for kind in kinds if lists[kind]), 'none') for lists in pairs.values()}
    assert best == {*kinds, 'none'}
    for lists in pairs.values():
        for entry in (value for kind in kinds for found in lists[kind] for value in found.values()):
            assert len(entry[2]) == 32
            assert all((epic_root / 'lemma' / path).is_file() for (path,) in entry[2])
            assert not set(entry[3]) & set('${@:|}'), 'no template is left in a sentence'
    table = np.load(epic_root / 'pairs' / 'text_embeddings.npz')
    assert table['rows'].shape == (len(table['texts']), 384)
    assert {row['narration'] for row in rows} < set(table['texts'].tolist())
    before = (epic_root / 'pairs' / 'text_embeddings.npz').stat().st_mtime_ns
    assert make_mini.build_mini_recognition(epic_root) == epic_root / 'pairs'
    assert (epic_root / 'pairs' / 'text_embeddings.npz').stat().st_mtime_ns == before
    for name in ('annotations', 'lemma'):
        (tmp_path / name).symlink_to(epic_root / name)
    again = make_mini.build_mini_recognition(tmp_path)
    for name in ('epic_lemma_pairs.json', 'text_embeddings.npz'):
        assert (again / name).read_bytes() == (epic_root / 'pairs' / name).read_bytes()


def test_pairs_of_no_world_are_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r'EPIC_100_train\.csv'):
        make_mini.build_mini_recognition(tmp_path)
    assert not list(tmp_path.iterdir())
