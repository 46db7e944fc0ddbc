"""The command line of the evaluator for recognition: output, files, exit codes, nothing heavy imported."""

import csv
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from epic_scores_support import epic_ids, make_scores, write_epic_annotations, write_epic_table
from test_light_imports import run_blocked
from tests_support import REPO

main = runpy.run_path(str(REPO / 'tools' / 'evaluate.py'))['main']
IDS, LABELS = epic_ids()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_epic_annotations(tmp_path)
    write_epic_table(tmp_path / 'EPIC_100_test_timestamps.csv', labels=False)
    verb, noun = make_scores(IDS, LABELS)
    np.savez(tmp_path / 'pred.npz', **{'val/ids': np.array(IDS), 'val/verb': verb, 'val/noun': noun})
    np.savez(tmp_path / 'part.npz', ids=np.array(IDS[:-2]), verb=verb[:-2], noun=noun[:-2])
    np.savez(tmp_path / 'logits.npz', ids=np.array(IDS), verb=np.log(verb), noun=np.log(noun))
    return tmp_path


def run(folder: Path, pred: str, *more: str, gt: str = 'EPIC_100_validation.csv') -> int:
    return main(['recognition', '--pred', str(folder / pred), '--gt', str(folder / gt), *more])


def test_dump(folder: Path, capsys: pytest.CaptureFixture) -> None:
    files = {name: folder / 'out' / f'{name}.csv' for name in ('per-video', 'per-class')}
    out = folder / 'out' / 'scores.json'
    assert run(folder, 'pred.npz', '--protocol', 'all', '--bootstrap', '5', '--out', str(out),
               *(part for name, path in files.items() for part in (f'--{name}', str(path)))) == 0
    shown = capsys.readouterr().out
    assert '| official       | val  |    all |' in shown and '|    tail |' not in shown and '| unseen |' in shown
    assert 'comparable: the tables in the READMEs of Ego-Exo and SUM-L' in shown
    scores = json.loads(out.read_text())
    assert set(scores['protocols']) == {'official', 'global_softmax', 'probabilities', 'meter'}
    assert scores['metrics']['val/all_verb_accuracy_at_1'] == scores['metrics']['meter/val/verb_top1']
    with files['per-video'].open(newline='') as file:
        assert [row['segments'] for row in csv.DictReader(file)] == ['5'] * 24
    with files['per-class'].open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['name'] for row in rows][:8] == [*(f'verb{index}' for index in range(7)), 'noun0']
    assert sum(int(row['samples']) for row in rows) == 60


def test_one_list_by_another_name(folder: Path, capsys: pytest.CaptureFixture) -> None:
    out = folder / 'scores.json'
    assert run(folder, 'logits.npz', '--subset', 'mine', '--out', str(out)) == 0
    assert 'mine/all_verb_accuracy_at_1' in json.loads(out.read_text())['metrics']
    assert run(folder, 'logits.npz', '--protocol', 'all') == 0
    assert 'note: probabilities: val not scored.' in capsys.readouterr().err


def test_official_mistakes_are_answered(folder: Path, capsys: pytest.CaptureFixture) -> None:
    """The participants of the test list, and missing lists of tail classes."""
    test_ids = str(folder / 'EPIC_100_unseen_participant_ids_test.csv')
    (folder / 'EPIC_100_tail_verbs.csv').unlink()
    assert run(folder, 'pred.npz', '--unseen', test_ids) == 0
    shown = capsys.readouterr().out
    assert '| unseen |' not in shown and 'val: no segment of an unseen participant (P33): no unseen acc' in shown
    assert 'val: no list of tail verbs: no tail_verb and no tail_action accuracy' in shown


def test_missing_predictions_can_be_skipped(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(folder, 'part.npz') == 1
    assert re.search(f'PredictionError: .*found none for 2 of them: {IDS[-2]}, {IDS[-1]}', capsys.readouterr().err)
    assert run(folder, 'part.npz', '--missing', 'skip') == 0
    printed = capsys.readouterr()
    assert 'note: 2 of 30 segments have no prediction' in printed.err and 'missing: skip' in printed.out


def test_a_list_without_labels(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(folder, 'pred.npz', gt='EPIC_100_test_timestamps.csv') == 2
    assert 'none of its 30 segments has a label, so no score' in capsys.readouterr().err


@pytest.mark.parametrize(('pred', 'more', 'message'), [
    ('absent.npz', (), 'absent.npz: expected an .npz'),
    ('absent.pt', (), 'absent.pt: expected scores of verbs and nouns'),
    ('absent.zip', (), 'absent.zip: expected a submission'),
    ('pred.npz', ('--subset', 'test'), 'expected predictions of test, found those of val only'),
    ('pred.npz', ('--subset', 'val', 'test'), 'ConfigError: --subset: expected the one list'),
    ('pred.npz', ('--protocol', 'x'), 'ConfigError: unknown recognition protocol'),
    ('pred.npz', ('--tail-verbs', 'absent.csv'), 'absent.csv: expected a list of rare classes'),
    ('logits.npz', ('--protocol', 'probabilities'), 'expected non-negative verb scores'),
])
def test_refusals(folder: Path, capsys: pytest.CaptureFixture, pred: str, more: tuple, message: str) -> None:
    assert run(folder, pred, *more) == 1
    assert re.search(message, capsys.readouterr().err)


@pytest.mark.cli
def test_nothing_heavy_is_imported(folder: Path) -> None:
    done = run_blocked(('torch', 'mmengine', 'mmcv', 'mmaction', 'scipy', 'matplotlib', 'pandas'), f'''
import runpy
sys.argv = ["evaluate.py", "recognition", "--pred", sys.argv[1] + "/pred.npz", "--gt", sys.argv[1]]
runpy.run_path({str(REPO / "tools" / "evaluate.py")!r}, run_name="__main__")
''', str(folder))
    assert done.returncode == 0, done.stderr
    assert '| official | val  |    all |' in done.stdout
