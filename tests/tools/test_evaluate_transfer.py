"""The command line of the evaluator for transfer: output, files, exit codes, nothing heavy imported."""

import csv
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from test_light_imports import run_blocked
from tests_support import REPO
from transfer_support import write_ego2exo_root, write_true_pseudo_labels

from egoexo.evaluation.offline.transfer import Annotations

main = runpy.run_path(str(REPO / 'tools' / 'evaluate.py'))['main']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_ego2exo_root(tmp_path, num_classes=6, per_class=4)
    truth = Annotations(tmp_path).lists['exo_val']
    np.savez(tmp_path / 'pred.npz', **{'exo_val/ids': np.array(truth.ids),
                                       'exo_val/logits': 5 * np.eye(6, dtype='f4')[truth.targets]})
    write_true_pseudo_labels(tmp_path, 'exo_train', 'labels.txt')
    return tmp_path


def test_dump(folder: Path, capsys: pytest.CaptureFixture) -> None:
    out, takes, classes = folder / 'out' / 'scores.json', folder / 'out' / 'takes.csv', folder / 'out' / 'classes.csv'
    assert main(['transfer', '--pred', str(folder / 'pred.npz'), '--gt', str(folder), '--protocol', 'all',
                 '--bootstrap', '5', '--per-video', str(takes), '--per-class', str(classes), '--out', str(out)]) == 0
    shown = capsys.readouterr().out
    assert '| official         | exo_val |      24 |      2 | 100.0000 [100.0000, 100.0000] |' in shown
    assert 'legacy_numclass0 [' in shown and 'comparable: published Ego2Exo numbers: the metric behind' in shown
    scores = json.loads(out.read_text())
    assert scores['metrics']['exo_val/mean_class_acc'] == scores['metrics']['ignore_absent/exo_val/top5'] == 100
    assert set(scores['protocols']) == {'official', 'ignore_absent', 'legacy_numclass0'}
    with takes.open(newline='') as file:
        assert [record['uid'] for record in csv.DictReader(file)] == ['val-take-0', 'val-take-1'] * 3
    with classes.open(newline='') as file:
        assert [record['samples'] for record in csv.DictReader(file)] == ['4'] * 18


def test_pseudo_labels(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(['transfer', '--pred', str(folder / 'labels.txt'), '--gt', str(folder / 'metadata/ego2exo.json'),
                 '--per-class', str(folder / 'acc.txt')]) == 0
    shown = capsys.readouterr().out
    assert '| official | exo_train |      24 |      4 | 100.0000 |       100.0000 |' in shown and 'no top5' in shown
    assert (folder / 'acc_exo_train.txt').read_text() == '100.0\n' * 6


@pytest.mark.parametrize(('command', 'code', 'message'), [
    (['--pred', 'absent.npz'], 1, 'absent.npz: expected an .npz'),
    (['--pred', 'absent.txt'], 1, 'absent.txt: expected a pseudo-label file'),
    (['--pred', 'pred.npz', '--subset', 'ego_val'], 1, 'expected predictions for ego_val'),
    (['--pred', 'pred.npz', '--subset', 'ego_test'], 1, 'ConfigError: --subset: expected lists'),
    (['--pred', 'pred.npz', '--protocol', 'x'], 1, 'ConfigError: unknown transfer protocol'),
    (['--pred', 'labels.txt', '--subset', 'ego_train'], 1, 'AnnotationError: .* 24 missing ids, 24 extra ids'),
])
def test_refusals(folder: Path, capsys: pytest.CaptureFixture, command: list[str], code: int, message: str) -> None:
    command = [str(folder / part) if part.endswith(('.npz', '.txt')) else part for part in command]
    assert main(['transfer', *command, '--gt', str(folder)]) == code
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.cli
def test_nothing_heavy_is_imported(folder: Path) -> None:
    done = run_blocked(('torch', 'mmengine', 'mmcv', 'mmaction', 'scipy', 'matplotlib'), f'''
import runpy
sys.argv = ["evaluate.py", "transfer", "--pred", sys.argv[1] + "/labels.txt", "--gt", sys.argv[1]]
runpy.run_path({str(REPO / "tools" / "evaluate.py")!r}, run_name="__main__")
''', str(folder))
    assert done.returncode == 0, done.stderr
    assert '| official | exo_train |      24 |' in done.stdout
