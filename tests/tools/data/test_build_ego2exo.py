"""The command that builds Ego2Exo."""

import json
import re
import subprocess
import sys

import ego2exo_support as support
import pytest
import torch
from tests_support import REPO

from egoexo.formats.ego2exo import read_ego2exo
from egoexo.formats.ego2exo_labels import segment_id
from egoexo.formats.ego2exo_recipe import OFFICIAL
from tools.data import build_ego2exo


@pytest.fixture
def root(tmp_path):
    return support.write_release(tmp_path)


@pytest.fixture
def official(root):
    """The same takes under names of the official scenarios and classes."""
    text = json.dumps(support.release()).replace('"Tea"', '"Cooking Noodles"').replace('"Soup"', '"Cooking Pasta"')
    return support.write_release(root, json.loads(text))


def recipe(root):
    return ['--root', str(root), '--recipe', str(root / 'recipe.json')]


def test_builds_with_a_recipe(root, capsys):
    assert build_ego2exo.main([*recipe(root), '--seed', '2']) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith('ego_train,4\nego_val,1\nexo_train,3\nexo_val,1\ntrain: dropped 1 segments')
    assert printed.out.endswith(f'wrote {root}/metadata/ego2exo.json; training lists drawn from the seed, 2 classes, '
                                'seed 2\n')
    assert re.search(r'reading \S+/annotations/keystep_val\.json \(0 MB\)', printed.err)
    content = read_ego2exo(root / 'metadata' / 'ego2exo.json')
    assert content.classes == support.RECIPE.classes
    first = (root / 'metadata' / 'ego2exo.json').read_bytes()
    assert build_ego2exo.main([*recipe(root), '--seed', '2', '--out', str(root / 'b.json')]) == 0
    assert (root / 'b.json').read_bytes() == first


def test_official_release_takes_its_lists_from_the_released_files(official, capsys):
    folder = official / 'pseudo_labels'
    folder.mkdir()
    (folder / 'ego2exo_ego_exo.txt').write_text(f'{segment_id("t1", 2)} 19\n{segment_id("t0", 1)} 0\n')
    (folder / 'ego2exo_exo_ego.txt').write_text(f'{segment_id("t0", 0)} 23\n')
    assert build_ego2exo.main(['--root', str(official)]) == 0
    assert 'training lists as released, 24 classes, seed 0' in capsys.readouterr().out
    splits = read_ego2exo(official / 'metadata' / 'ego2exo.json').splits
    # The released files give the lists, not the labels.
    assert [(row.segment_id, row.class_name) for row in splits['exo_train']] == [
        (segment_id('t1', 2), 'Cook'), (segment_id('t0', 1), 'Clean up')]
    assert [row.segment_id for row in splits['ego_train']] == [segment_id('t0', 0)]


def test_official_release_without_the_released_files(official, capsys):
    assert build_ego2exo.main(['--root', str(official)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f'AnnotationError: {official}/pseudo_labels/ego2exo_ego_exo.txt: expected a pseudo-label '
                            'file of LaGTran')
    assert error.endswith('use --no-membership to draw lists of your own.\n')
    assert not (official / 'metadata').exists()
    assert build_ego2exo.main(['--root', str(official), '--no-membership']) == 0
    assert read_ego2exo(official / 'metadata' / 'ego2exo.json').classes == OFFICIAL.classes


def test_membership_that_does_not_fit_leaves_no_file(root, capsys):
    (root / 'a.txt').write_text('1 0\n2 0\n')
    (root / 'b.txt').write_text('3 1\n')
    assert build_ego2exo.main([*recipe(root), '--membership', str(root / 'a.txt'), str(root / 'b.txt')]) == 2
    assert 'found 3 of no segment of these takes (first [1, 2, 3])' in capsys.readouterr().err
    assert not (root / 'metadata').exists()


@pytest.mark.parametrize(('split', 'expected'), [('train', 't0\nt1\n'), ('val', 'v0\n'), ('all', 't0\nt1\nv0\n')])
def test_list_of_takes_needs_keysteps_only(root, split, expected, capsys):
    (root / 'takes.json').unlink()
    assert build_ego2exo.main([*recipe(root), '--list-takes', split]) == 0
    assert capsys.readouterr().out == expected


def test_takes_of_a_file(official, capsys):
    (official / 'take_ids.txt').write_text('t1\n')
    assert build_ego2exo.main(['--root', str(official), '--list-takes', 'train']) == 0
    (official / 'other.txt').write_text('t0\n')
    assert build_ego2exo.main(['--root', str(official), '--list-takes', 'train', '--take-ids',
                               str(official / 'other.txt')]) == 0
    (official / 'take_ids.txt').unlink()
    assert build_ego2exo.main(['--root', str(official), '--list-takes', 'train']) == 0
    assert capsys.readouterr().out == 't1\n' + 't0\n' + 't0\nt1\n'


def test_windows_are_clamped_to_the_feature_files(root, capsys):
    folder = root / 'features'
    folder.mkdir()
    for name in ('t0_aria01_rgb', 't0_cam01_0', 't1_aria01_rgb', 't1_cam01_0'):
        torch.save(torch.zeros(5, 1, 4), folder / f'{name}.pt')
    assert build_ego2exo.main([*recipe(root), '--features-dir', str(folder)]) == 0
    printed = capsys.readouterr().out
    assert 'windows beyond the last row of their feature file left out' in printed
    assert 'note: 2 feature files are missing, first features/omnivore_video/v0_' in printed
    splits = read_ego2exo(root / 'metadata' / 'ego2exo.json').splits
    assert all(max(row.feature_indices) < 5 for name in ('ego_train', 'exo_train') for row in splits[name])


@pytest.mark.parametrize(('spoil', 'message'), [
    (lambda root: (root / 'takes.json').unlink(), 'takes.json: expected a takes.json, found nothing'),
    (lambda root: (root / 'annotations/keystep_val.json').write_text('{'), 'keystep_val.json: expected a keystep file '
     'in JSON'),
    (lambda root: (root / 'annotations/keystep_train.json').write_text('{"annotations": NaN}'), 'the number NaN'),
    (lambda root: (root / 'annotations/atomic_descriptions_train.json').write_text('[]'), 'expected an object'),
    (lambda root: (root / 'recipe.json').write_text('{}'), 'recipe.json: expected an object with the lists')])
def test_errors_are_one_line_and_code_2(root, spoil, message, capsys):
    spoil(root)
    assert build_ego2exo.main(recipe(root)) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith('AnnotationError: ') and message in last
    assert not (root / 'metadata').exists()


@pytest.mark.parametrize(('arguments', 'message'), [
    (['--features-dir', 'nowhere'], 'AnnotationError: nowhere: expected the folder of the feature files'),
    (['--out', '/dev/null/a.json'], 'Error: ')])
def test_places_that_do_not_exist(root, arguments, message, capsys):
    assert build_ego2exo.main([*recipe(root), *arguments]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_defaults():
    args = build_ego2exo.parse_args([])
    assert (str(args.root), args.seed, args.legacy, args.strip, args.separator) == ('data/ego2exo', 0, False, 'legacy',
                                                                                   '')
    assert build_ego2exo.parse_args(['--legacy']).legacy and not build_ego2exo.parse_args(['--no-legacy']).legacy


@pytest.mark.parametrize('arguments', [['--membership', 'a'], ['--strip', 'all'], ['--list-takes', 'test'],
                                       ['--no-membership', '--membership', 'a', 'b']])
def test_unusable_options(arguments, capsys):
    with pytest.raises(SystemExit, match='2'):
        build_ego2exo.parse_args(arguments)
    assert 'usage:' in capsys.readouterr().err


@pytest.mark.cli
def test_runs_as_a_script(root, tmp_path):
    done = subprocess.run([sys.executable, str(REPO / 'tools/data/build_ego2exo.py'), *recipe(root)], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('ego_train,4\n')
