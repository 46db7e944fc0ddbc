"""The command line of the evaluator: output, files, exit codes."""

import csv
import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from tests_support import REPO

from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.formats.egoexolearn import write_frame_labels, write_frame_prediction, write_split

main = runpy.run_path(str(REPO / 'tools' / 'evaluate.py'))['main']


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_split(tmp_path / 'splits' / 'ego_val_annotations.bundle', ['a', 'b'])
    write_split(tmp_path / 'splits' / 'exo_val_annotations.bundle', ['x'])
    for uid in 'abx':
        write_frame_labels(tmp_path / 'gts_fps25' / f'{uid}.txt', np.array([1, 1, 1, 2, 2, 2, 2]))
        write_frame_prediction(tmp_path / 'pred' / uid, np.array([1, 1, 2, 2, 2, 2, 2]))
    return tmp_path


def command(folder: Path, *options: str) -> list[str]:
    return ['segmentation', '--pred', str(folder / 'pred'), '--gt', str(folder), *options]


def test_scores_and_rules_are_printed(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(command(folder, '--protocol', 'all')) == 0
    shown = capsys.readouterr()
    assert '| official          | ego_val  |      2 | 83.3333 | 100.0000 | 100.0000 |' in shown.out
    assert 'exo_val: Acc: 83.3333, Edit: 100.0, F1@Avg: 100.0000, Avg: 96.6667' in shown.out
    assert 'official_test_bug/ego_test: Acc: 83.3333, Edit: 100.0' in shown.out
    for protocol in PROTOCOLS.values():
        assert f'{protocol.name} [{protocol.hash}]: {protocol.description}' in shown.out
    assert 'comparable: val lists: numbers printed by the released evaluator without --test' in shown.out
    assert 'comparable: no published number' in shown.out
    assert 'note: no list ego_gaze_val_annotations.bundle' in shown.err


def test_files(folder: Path) -> None:
    scalars, videos = folder / 'out' / 'scalars.json', folder / 'out' / 'videos.csv'
    assert main(command(folder, '--out', str(scalars), '--per-video', str(videos), '--bootstrap', '5')) == 0
    scores = json.loads(scalars.read_text())
    assert scores['metrics']['ego_val/Acc'] == scores['metrics']['ego_val/Acc_low'] == 100 * 10 / 12
    assert scores['protocols']['official'] == PROTOCOLS['official'].hash
    with videos.open(newline='') as file:
        assert [record['sample_id'] for record in csv.DictReader(file)] == ['a', 'b', 'x']


def test_npz_gives_the_same_numbers(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(command(folder)) == 0
    from_folder = capsys.readouterr().out
    np.savez(folder / 'p.npz', **{uid: np.array([1, 1, 2, 2, 2, 2, 2]) for uid in 'abx'})
    assert main(['segmentation', '--pred', str(folder / 'p.npz'), '--gt', str(folder)]) == 0
    assert capsys.readouterr().out == from_folder


def test_pad_is_said(folder: Path, capsys: pytest.CaptureFixture) -> None:
    write_frame_prediction(folder / 'pred' / 'b', np.array([1, 1, 2]))
    assert main(command(folder)) == 1
    assert 'PredictionError: video ego_val/b: 3 predicted frames, but the truth has 6' in capsys.readouterr().err
    assert main(command(folder, '--pad')) == 0
    shown = capsys.readouterr().out
    assert '1 prediction(s) too short, filled up with their last label: b' in shown
    assert f'official [{PROTOCOLS["official"].with_pad("repeat_last").hash}]' in shown


@pytest.mark.parametrize(('subsets', 'code', 'message'), [
    (['exo_val', 'exo_test'], 0, 'note: no list exo_test_annotations.bundle'),
    (['exo_test'], 2, 'nothing was scored'),
    (['ego_vall'], 2, 'note: no list ego_vall_annotations.bundle'),
])
def test_lists_that_are_not_there(
        folder: Path, capsys: pytest.CaptureFixture, subsets: list[str], code: int, message: str) -> None:
    assert main(command(folder, '--subset', *subsets)) == code
    assert message in capsys.readouterr().err


def test_predictions_for_no_list(folder: Path, capsys: pytest.CaptureFixture) -> None:
    write_split(folder / 'splits' / 'ego_train_annotations.bundle', ['t'])
    np.savez(folder / 'p.npz', t=np.array([1]))
    assert main(['segmentation', '--pred', str(folder / 'p.npz'), '--gt', str(folder)]) == 2
    assert 'nothing was scored' in capsys.readouterr().err


@pytest.mark.parametrize(('options', 'message'), [
    (['--protocol', 'x'], "ConfigError: unknown segmentation protocol 'x'"),
    (['--out', '/dev/null/x/scalars.json'], 'Error: '),
])
def test_one_message_and_exit_code_1(
        folder: Path, capsys: pytest.CaptureFixture, options: list[str], message: str) -> None:
    assert main(command(folder, *options)) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('argv', [[], ['segmentaton'], ['segmentation', '--gt', '.']])
def test_usage(argv: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2
    assert 'usage: ' in capsys.readouterr().err


def test_help_names_the_benchmarks(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(['--help'])
    assert 'segmentation' in capsys.readouterr().out
