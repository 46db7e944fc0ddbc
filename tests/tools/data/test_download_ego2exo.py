"""The download script, with a stand-in for the official downloader."""

import json
import os
import shlex
import subprocess
import sys

import ego2exo_support as support
import pytest
from tests_support import REPO

SCRIPT = REPO / 'tools/data/download_ego2exo.sh'
#: Notes each call, as one line of JSON, and ends with the code that the environment asks for.
STAND_IN = '''#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
sys.exit(int(os.environ.get("CODE", 0)))
'''


@pytest.fixture
def root(tmp_path):
    """Data root whose name needs quotes, with the annotations of an official looking release."""
    text = json.dumps(support.release()).replace('"Tea"', '"Cooking Noodles"').replace('"Soup"', '"Cooking Pasta"')
    return support.write_release(tmp_path / "my $(touch pwned) 'data'", json.loads(text))


@pytest.fixture
def script(tmp_path):
    """Runs the script; returns the process and the calls of the downloader."""
    calls = tmp_path / 'calls'

    def run(*arguments, installed=True, **environment):
        calls.unlink(missing_ok=True)
        folder = tmp_path / 'bin'
        folder.mkdir(exist_ok=True)
        (folder / 'egoexo').unlink(missing_ok=True)
        if installed:
            (folder / 'egoexo').write_text(STAND_IN.format(python=sys.executable))
            (folder / 'egoexo').chmod(0o755)
        path = f'{folder}:/usr/bin:/bin'
        done = subprocess.run(['bash', str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, check=False,
                              env=os.environ | dict(PATH=path, CALLS=str(calls), PYTHON=sys.executable) | environment,
                              cwd=tmp_path, timeout=60)
        return done, [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    return run


@pytest.mark.cli
def test_annotations_first_then_features_of_all_takes_in_batches(script, root, tmp_path):
    done, calls = script(root, root / 'take_ids.txt', '--', '--num_workers', '3', BATCH='2')
    assert done.returncode == 0, done.stderr
    assert calls == [
        ['-o', str(root), '--parts', 'metadata', 'annotations', '-y', '--num_workers', '3'],
        ['-o', str(root), '--parts', 'features/omnivore_video', '--uids', 't0', 't1', '-y', '--num_workers', '3'],
        ['-o', str(root), '--parts', 'features/omnivore_video', '--uids', 'v0', '-y', '--num_workers', '3']]
    last = done.stdout.splitlines()[-1]
    assert last.startswith('3 takes are in ')
    assert str(root / 'features/omnivore_video') in shlex.split(last.partition('Next: ')[2])
    assert not (tmp_path / 'pwned').exists()


@pytest.mark.cli
def test_dry_run_prints_commands_that_a_shell_reads_back(script, root, tmp_path):
    done, calls = script(root, root / 'take_ids.txt', '--dry-run', installed=False)
    assert (done.returncode, calls) == (0, []), done.stderr
    assert [shlex.split(line) for line in done.stdout.splitlines()] == [
        ['egoexo', '-o', str(root), '--parts', 'metadata', 'annotations', '-y'],
        ['egoexo', '-o', str(root), '--parts', 'features/omnivore_video', '--uids', 't0', 't1', 'v0', '-y']]
    assert not (tmp_path / 'pwned').exists()


def test_dry_run_without_annotations_names_the_training_takes(script, root, tmp_path):
    (root / 'take_ids.txt').write_bytes(b't0\r\nt1')
    done, calls = script(tmp_path / 'new', root / 'take_ids.txt', '--dry-run')
    assert (done.returncode, calls) == (0, [])
    assert done.stdout.splitlines()[1].startswith('# no annotations yet')
    assert shlex.split(done.stdout.splitlines()[2])[-4:] == ['--uids', 't0', 't1', '-y']


def test_failure_of_the_downloader_ends_the_script(script, root):
    done, calls = script(root, root / 'take_ids.txt', CODE='2')
    assert (done.returncode, len(calls)) == (2, 1)
    assert 'egoexo ended with code 2. Run this script again' in done.stderr


def test_no_annotations_after_the_download(script, root, tmp_path):
    done, calls = script(tmp_path / 'new', root / 'take_ids.txt')
    assert (done.returncode, len(calls)) == (2, 1)
    assert 'expected keystep_train.json and keystep_val.json after the download, found none' in done.stderr


@pytest.mark.cli
def test_takes_that_the_annotations_do_not_know(script, root):
    (root / 'take_ids.txt').write_text('t0\nother\n')
    done, calls = script(root, root / 'take_ids.txt')
    assert (done.returncode, len(calls)) == (2, 1)
    assert "1 unknown ones (first ['other'])" in done.stderr


def test_uids_that_look_like_options(script, root, tmp_path):
    (root / 'take_ids.txt').write_text('--delete\n')
    done, calls = script(tmp_path / 'new', root / 'take_ids.txt', '--dry-run')
    assert (done.returncode, calls) == (2, [])
    assert "expected a take uid, found '--delete'" in done.stderr


def test_folder_that_looks_like_an_option(script, root):
    done, _ = script(root, root / 'take_ids.txt', '--force')
    assert done.returncode == 2 and 'unknown option --force' in done.stderr


@pytest.mark.parametrize(('arguments', 'environment', 'message'), [
    ((), {}, 'bash tools/data/download_ego2exo.sh OUT_DIR TAKE_IDS'), (('out',), {}, 'OUT_DIR TAKE_IDS'),
    (('out', 'a', 'b'), {}, 'OUT_DIR TAKE_IDS'), (('--help',), {}, 'OUT_DIR TAKE_IDS'),
    (('out', 'absent.txt'), {}, 'absent.txt: expected a file with one take uid per line, found none'),
    (('out', '/etc/hostname'), dict(BATCH='0'), "BATCH: expected a number of takes from 1 to 99999, found '0'")])
def test_wrong_use(script, arguments, environment, message):
    done, calls = script(*arguments, **environment)
    assert (done.returncode, calls) == (2, [])
    assert message in done.stderr


def test_downloader_that_is_not_installed(script, root):
    done, _ = script(root, root / 'take_ids.txt', installed=False)
    assert done.returncode == 2
    assert 'expected the downloader egoexo of the package ego4d on PATH, found none. Install it: ' in done.stderr
