"""The command that prepares Ego-Exo4D for correspondence."""

import subprocess
import sys
from pathlib import Path

import pytest
from relations_support import write_download
from tests_support import REPO

from tools.data import prepare_correspondence


@pytest.fixture
def root(tmp_path):
    return write_download(tmp_path, train=('u0', ))


def test_prepares_and_tells(root, capsys):
    (root / 'takes' / 'name_u0' / 'frame_aligned_videos' / 'cam02.mp4').unlink()
    assert prepare_correspondence.main(['--root', str(root), '--target-size', 'none', '--ground-truth', '--pairs']) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith('2 takes prepared, 0 were there, 0 skipped\n1 exo cameras lack pictures')
    assert printed.out.endswith(f'wrote {root}/correspondence/correspondence-gt.json\n')
    assert '2/2' in printed.err  # the progress bar
    assert (root / 'correspondence' / 'u2' / 'annotation.json').is_file()


def test_options_reach_the_preparation(monkeypatch, capsys):
    asked = []

    class Report:
        def lines(self):
            return ['done']

    monkeypatch.setattr(prepare_correspondence, 'prepare', lambda *args, **options: asked.append((args, options))
                        or Report())
    assert prepare_correspondence.main([]) == 0
    assert asked.pop() == (
        (Path('data/egoexo4d'), Path('data/egoexo4d/correspondence'), ['train', 'val'], None, 1),
        dict(overwrite=False, pairs=False, ground_truth=None, split_file=None))
    assert prepare_correspondence.main([
        '--root', 'r', '--out', 'o', '--splits', 'val', '--target-size', '480', '--jobs', '3', '--overwrite',
        '--ground-truth', 'test', '--split-file', 's.json']) == 0
    assert asked.pop() == ((Path('r'), Path('o'), ['val'], 480, 3),
                           dict(overwrite=True, pairs=False, ground_truth='test', split_file=Path('s.json')))
    assert capsys.readouterr().out == 'done\ndone\n'


def test_exit_code_when_nothing_can_be_prepared(root, capsys):
    assert prepare_correspondence.main(['--root', str(root)]) == 2
    assert 'ConfigError: ' in (told := capsys.readouterr().err) and '--target-size none' in told
    assert prepare_correspondence.main(['--root', str(root / 'absent')]) == 2
    assert 'split.json: expected a list of takes per split, found nothing' in capsys.readouterr().err


def test_runs_as_a_script():
    done = subprocess.run([sys.executable, REPO / 'tools/data/prepare_correspondence.py', '--help'], check=True,
                          capture_output=True, text=True, cwd='/')
    assert '--target-size N|none' in done.stdout
