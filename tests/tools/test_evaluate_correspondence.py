"""The command line of the evaluator for correspondence: output, files, exit codes, nothing heavy imported."""

import csv
import json
import re
import runpy
from pathlib import Path

import pytest
from mask_support import write_truth_and_predictions
from test_light_imports import run_blocked
from tests_support import REPO

main = runpy.run_path(str(REPO / 'tools' / 'evaluate.py'))['main']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    truth, predictions = write_truth_and_predictions()
    (tmp_path / 'gt.json').write_text(json.dumps(truth))
    for setting, content in predictions.items():
        (tmp_path / f'{setting}_val_results.json').write_text(json.dumps({setting: content}))
    return tmp_path


def run(folder: Path, *options: str, pred: str = '') -> int:
    return main(['correspondence', '--pred', str(folder / pred), '--gt', str(folder / 'gt.json'), *options])


def test_all_outputs(folder: Path, capsys: pytest.CaptureFixture) -> None:
    out, takes, sizes = folder / 'out' / 'scores.json', folder / 'out' / 'takes.csv', folder / 'out' / 'sizes.png'
    assert run(folder, '--protocol', 'all', '--bootstrap', '5', '--per-video', str(takes), '--by-size', str(sizes),
               '--out', str(out), '--jobs', '1') == 0
    shown = capsys.readouterr()
    assert re.search(r'\| official +\| ego2exo_val \| +28 \| +2 \| 0\.9\d+ \[0\.9\d+, 0\.9\d+\] \|', shown.out)
    assert 'registered [' in shown.out and 'no published contour accuracy: the released code does not' in shown.out
    scores = json.loads(out.read_text())
    for name, key in (('TOTAL IOU', 'iou'), ('TOTAL EXISTENCE BALANCED ACC', 'visibility_acc')):
        assert f'{name}: {scores["metrics"][f"exo2ego_val/{key}"]!r}\n' in shown.out
    assert len(scores['protocols']) == 7 and scores['not_scored'] == {}
    assert 'no ego camera' in shown.err
    with takes.open(newline='') as file:
        records = [*csv.DictReader(file)]  # the 20 frames from exo to ego have no 21st
    assert len(records) == 7 * 2 * 2 - 1 and records[0]['uid'] == 'take-a' and records[0]['frames'] == '14'
    with sizes.with_suffix('.csv').open(newline='') as file:
        records = [*csv.DictReader(file)]
    assert {record['bins'] for record in records} == {'edges', 'quantiles'}
    assert {record['protocol'] for record in records} == set(scores['protocols'])
    assert shown.out.count('5 to 100') == 2  # of the first protocol, in both directions
    assert sizes.read_bytes()[:4] == b'\x89PNG'


def test_table_by_size_alone(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(folder, '--by-size', str(folder / 'sizes.csv'), '--subset', 'ego2exo_val',
               pred='ego-exo_val_results.json') == 0
    assert re.search(r'\| official \| ego2exo_val +\| +5 to 100 \| +16 \| 0\.9', capsys.readouterr().out)
    assert (folder / 'sizes.csv').is_file() and len([*folder.iterdir()]) == 4


def test_settings_are_shown(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(folder, '--resize-pred', 'nearest', '--missing', 'empty', '--out', str(folder / 'o.json')) == 0
    assert 'resize_pred: nearest\nmissing: empty\n' in capsys.readouterr().out
    rules = json.loads((folder / 'o.json').read_text())['rules']['official']
    assert rules['resize_pred'] == 'nearest' and rules['missing'] == 'empty'


@pytest.mark.parametrize(('pred', 'options', 'message'), [
    ('absent.json', [], 'PredictionError: .*absent.json: expected predictions of correspondence, found nothing'),
    ('', ['--split', 'test'], 'PredictionError: .* expected ego-exo_test_results.json or exo-ego_test_results.json'),
    ('', ['--subset', 'ego2exo_test'], 'ConfigError: --subset: expected lists that are predicted'),
    ('', ['--protocol', 'x'], 'ConfigError: unknown correspondence protocol'),
    ('', ['--jobs', '0'], 'ConfigError: --jobs: expected a number of processes of at least 1, found 0'),
    ('gt.json', [], "PredictionError: .* expected takes below 'ego-exo/results' or 'exo-ego/results', found none"),
])
def test_refusals(folder: Path, capsys: pytest.CaptureFixture, pred: str, options: list[str], message: str) -> None:
    assert run(folder, *options, pred=pred) == 1
    assert re.search(message, capsys.readouterr().err)


def test_nothing_to_score(folder: Path, capsys: pytest.CaptureFixture) -> None:
    truth = json.loads((folder / 'gt.json').read_text())
    for take in truth['annotations'].values():
        take['masks'] = {}
    (folder / 'gt.json').write_text(json.dumps(truth))
    assert run(folder) == 2
    assert 'nothing was scored' in capsys.readouterr().err


@pytest.mark.cli
def test_nothing_heavy_is_imported(folder: Path) -> None:
    done = run_blocked(('torch', 'mmengine', 'mmcv', 'mmaction', 'scipy', 'matplotlib', 'pycocotools'), f'''
import runpy
if __name__ == "__main__":
    sys.argv = ["evaluate.py", "correspondence", "--pred", sys.argv[1], "--gt", sys.argv[1] + "/gt.json"]
    runpy.run_path({str(REPO / "tools" / "evaluate.py")!r}, run_name="__main__")
''', str(folder))
    assert done.returncode == 0, done.stderr
    assert 'TOTAL IOU: 0.9' in done.stdout
