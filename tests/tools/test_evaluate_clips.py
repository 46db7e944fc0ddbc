"""The command line of the evaluator for anticipation and planning: output, files, exit codes."""

import csv
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from tests_support import REPO

from egoexo.evaluation.offline import anticipation, planning
from egoexo.formats.egoexolearn_anticipation import ActionRow, table_name, write_action_table
from egoexo.formats.egoexolearn_planning import PlannedSteps, list_name, write_planning_list

main = runpy.run_path(str(REPO / 'tools' / 'evaluate.py'))['main']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    table = tmp_path / 'anticpation_annotation' / 'balanced_full_annotation'
    write_action_table(table / table_name('ego', 'val'), [
        ActionRow(f'v{index % 3}', str(index), f'{index + 3}.5', f'{index + 4}.5', (index % 7,), (), 'lab')
        for index in range(14)])
    (table / 'valid_verbs.txt').write_text('\n'.join(map(str, range(7))))
    write_planning_list(tmp_path / 'planning_annotation' / 'annotation' / list_name('exo', 'val'), [
        PlannedSteps(f'v{index % 3}', f'{index + 2}.5', index + 2.5, tuple(rng.integers(0, 27, 8).tolist()))
        for index in range(9)])
    actions = anticipation.Annotations(tmp_path, 'verb').read('ego_val', 'csv')
    np.savez(tmp_path / 'verb.npz', **{'ego_val/ids': np.array(actions.ids), 'ego_val/logits': actions.targets})
    steps = planning.Annotations(tmp_path).read('exo_val')
    np.savez(tmp_path / 'plan.npz', **{'exo_val/ids': np.array(steps.ids),
                                       'exo_val/logits': 50 * np.eye(27, dtype='f4')[steps.targets]})
    return tmp_path


def test_anticipation(folder: Path, capsys: pytest.CaptureFixture) -> None:
    out, videos = folder / 'out' / 'scores.json', folder / 'out' / 'videos.csv'
    assert main(['anticipation', '--pred', str(folder / 'verb.npz'), '--gt', str(folder), '--part', 'verb',
                 '--subset', 'ego_val', '--protocol', 'all', '--bootstrap', '5', '--per-class', '--per-video',
                 str(videos), '--out', str(out)]) == 0
    shown = capsys.readouterr()
    assert '| clean      | ego_val |      14 |      3 | 100.0000 [' in shown.out
    assert 'no_invalid [' in shown.out and 'comparable: published numbers: not known' in shown.out
    assert 'note: as_released: ego_val not scored, no file' in shown.err
    scores = json.loads(out.read_text())
    assert scores['metrics']['ego_val/macro_recall@5'] == scores['metrics']['ego_val/class_recall/3'] == 100
    assert set(scores['protocols']) == set(scores['rules']) == {'clean', 'no_invalid'}
    with videos.open(newline='') as file:
        assert [record['uid'] for record in csv.DictReader(file)] == ['v0', 'v1', 'v2'] * 2


def test_planning(folder: Path, capsys: pytest.CaptureFixture) -> None:
    out, videos = folder / 'scores.json', folder / 'videos.csv'
    assert main(['planning', '--pred', str(folder / 'plan.npz'), '--gt', str(folder), '--decoding', 'categorical',
                 'argmax', '--repeats', '2', '--seed', '3', '--per-video', str(videos), '--out', str(out)]) == 0
    shown = capsys.readouterr().out
    assert '| official | exo_val | categorical |       9 |      3 | 1.0000 | 0.0000 |' in shown
    assert 'seed: 3' in shown and 'repeats: 2' in shown
    scores = json.loads(out.read_text())
    assert scores['metrics']['exo_val/1-AUED'] == scores['metrics']['argmax/exo_val/1-AUED'] == 1
    assert scores['settings'] == dict(seed=3, repeats=2, sequences=5)
    assert len(list(csv.DictReader(videos.open(newline='')))) == 6


@pytest.mark.parametrize(('command', 'code', 'message'), [
    (['planning', '--pred', 'verb.npz'], 1, r'PredictionError: .*floating numbers \(n, Z, C\)'),
    (['anticipation', '--part', 'noun', '--pred', 'verb.npz'], 1, 'AnnotationError: .*valid_nouns.txt'),
    (['anticipation', '--part', 'verb', '--pred', 'verb.npz', '--protocol', 'stripped'], 2, 'nothing was scored'),
    (['anticipation', '--part', 'verb', '--pred', 'verb.npz', '--protocol', 'x'], 1, 'ConfigError: unknown anticip'),
    (['anticipation', '--part', 'verb', '--pred', 'verb.npz', '--top-k', '0'], 1, 'k must be a whole number'),
    (['planning', '--pred', 'plan.npz', '--repeats', '0'], 1, '--repeats: expected at least 1, found 0'),
    (['planning', '--pred', 'absent.npz'], 1, 'absent.npz: expected an .npz'),
    (['planning', '--pred', 'plan.npz', '--subset', 'ego_val'], 1, 'expected predictions for ego_val'),
])
def test_refusals(folder: Path, capsys: pytest.CaptureFixture, command: list[str], code: int, message: str) -> None:
    command = [str(folder / part) if part.endswith('.npz') else part for part in command]
    assert main([*command, '--gt', str(folder)]) == code
    assert re.search(message, capsys.readouterr().err)
