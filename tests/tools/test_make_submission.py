"""The file for the evaluation server: content, and what is refused before it is written."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from correspondence_support import write_correspondence_root
from tests_support import REPO

from egoexo.formats.correspondence_pairs import iter_tracks
from egoexo.formats.correspondence_results import (
    SETTINGS,
    ResultWriter,
    TakePredictions,
    ViewPrediction,
    iter_predictions,
    pair_key,
    take_predictions_to_json,
)
from egoexo.formats.correspondence_take import TakeAnnotation
from egoexo.formats.correspondence_truth import build_ground_truth, iter_prepared_takes
from egoexo.formats.epic_submission import read_submission
from egoexo.formats.recognition_results import ClassScores, write_scores
from egoexo.formats.rle import encode_mask
from tools import make_submission

ANSWER = ViewPrediction(encode_mask(np.eye(4)), 0.75)


@pytest.fixture(scope='module')
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared root with one take of validation and two of test."""
    return write_correspondence_root(tmp_path_factory.mktemp('root'), dict(val=1, test=2), num_frames=2)


def answers(take: TakeAnnotation, direction: str) -> TakePredictions:
    """The same mask everywhere."""
    masks: dict = {name: {} for name in take.masks}
    for name, query, target, frames in iter_tracks(take, direction):
        masks[name][pair_key(query, target)] = dict.fromkeys(frames, ANSWER)
    return TakePredictions(take.take_uid, masks, take.subsample_idx)


def write_results(folder: Path, root: Path, split: str, num_takes: int | None = None) -> list[str]:
    """Result files of both directions; returns the options that name them."""
    options = []
    for direction, setting in SETTINGS.items():
        path = folder / f'{setting}_{split}_results.json'
        with ResultWriter(path, setting) as writer:
            for take in list(iter_prepared_takes(root, split))[:num_takes]:
                writer.append(take.take_uid, take_predictions_to_json(answers(take, direction)))
        options += [f'--{setting}', str(path)]
    return options


def test_both_directions_in_one_file(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / 'new' / 'submission.json'
    options = write_results(tmp_path, root, 'test')
    assert make_submission.main(['correspondence', *options, '--gt', str(root), '--out', str(out)]) == 0
    assert capsys.readouterr().out == f'{out}: 2 takes of ego-exo, 2 takes of exo-ego\n'
    content = json.loads(out.read_text())
    assert [(setting, sorted(part)) for setting, part in content.items()] == [
        (setting, ['challenge', 'results', 'version']) for setting in ('ego-exo', 'exo-ego')]
    expected = [('ego-exo' if direction == 'ego2exo' else 'exo-ego', answers(take, direction))
                for direction in SETTINGS for take in iter_prepared_takes(root, 'test')]
    assert list(iter_predictions(out)) == expected


def test_the_ground_truth_may_be_a_file(root: Path, tmp_path: Path) -> None:
    truth = tmp_path / 'correspondence-gt.json'
    build_ground_truth(root, 'val', truth)
    out = tmp_path / 'submission.json'
    assert make_submission.main(['correspondence', *write_results(tmp_path, root, 'val'), '--gt', str(truth), '--out',
                                 str(out)]) == 0
    assert out.is_file()


@pytest.mark.parametrize(('change', 'message'), [
    (lambda options: options, '1 missing takes'),
    (lambda options: [options[0], options[3], options[2], options[1]], 'expected takes of the direction ego-exo'),
    (lambda options: [*options[:3], '/absent.json'], 'nothing: it does not exist')])
def test_nothing_is_written_from_incomplete_results(
        root: Path, tmp_path: Path, capsys: pytest.CaptureFixture, change: object, message: str) -> None:
    options = change(write_results(tmp_path, root, 'test', num_takes=2 if 'missing takes' not in message else 1))
    out = tmp_path / 'submission.json'
    assert make_submission.main(['correspondence', *options, '--gt', str(root), '--out', str(out)]) == 1
    error = capsys.readouterr().err
    assert error.startswith('PredictionError: ') and message in error and not out.exists()


def test_an_unknown_split_is_named(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    options = write_results(tmp_path, root, 'test')
    assert make_submission.main(['correspondence', *options, '--gt', str(root), '--split', 'words']) == 1
    assert "AnnotationError: " in (error := capsys.readouterr().err) and "'words'" in error


@pytest.mark.cli
def test_runs_without_torch(root: Path, tmp_path: Path) -> None:
    program = ('import runpy, sys; sys.argv[0] = "tools/make_submission.py"; '
               'code = 0\ntry:\n    runpy.run_path("tools/make_submission.py", run_name="__main__")\n'
               'except SystemExit as end:\n    code = end.code\nassert "torch" not in sys.modules\nsys.exit(code)')
    out = tmp_path / 'submission.json'
    subprocess.run([sys.executable, '-c', program, 'correspondence', *write_results(tmp_path, root, 'test'), '--gt',
                    str(root), '--out', str(out)], cwd=REPO, check=True, timeout=60)
    assert out.is_file()


IDS = ['P90_01_0', 'P90_01_1', 'P91_02_0']


@pytest.fixture
def recognition(tmp_path: Path) -> list[str]:
    """Options for a list of three segments and their scores, which stand in another order."""
    head = 'narration_id,participant_id,video_id,start_frame,stop_frame'
    rows = [f'{name},{name[:3]},{name[:6]},1,90' for name in IDS]
    (tmp_path / 'test.csv').write_text('\n'.join([head, *rows]) + '\n')
    rng = np.random.default_rng(0)
    scores = ClassScores(IDS[::-1], *(rng.standard_normal((3, width)).astype(np.float32) for width in (97, 300)))
    write_scores(tmp_path / 'test.npz', scores)
    return ['recognition', '--pred', str(tmp_path / 'test.npz'), '--ann', str(tmp_path / 'test.csv'), '--out',
            str(tmp_path / 'new' / 'submission.zip')]


def test_recognition(recognition: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / 'new' / 'submission.zip'
    assert make_submission.main([*recognition, '--sls-pt', '1', '--sls-td', '5']) == 0
    assert capsys.readouterr().out == f'{out}: 3 segments, supervision 1 3 5\n'
    scores = read_submission(out)
    assert scores.ids == IDS[::-1] and scores.verb.shape == (3, 97) and scores.noun.shape == (3, 300)


@pytest.mark.parametrize(('options', 'message'), [
    (['--num-classes', '19', '26'], 'found 97 verb classes in place of 19; 300 noun classes in place of 26'),
    (['--pred', '/absent.npz'], 'nothing: it does not exist'),
    (['--subset', 'val'], 'expected the arrays val/ids, val/verb, val/noun')])
def test_recognition_refuses_other_scores(recognition: list[str], tmp_path: Path, capsys: pytest.CaptureFixture,
                                          options: list[str], message: str) -> None:
    assert make_submission.main([*recognition, *options]) == 1
    assert (error := capsys.readouterr().err).startswith('PredictionError: ') and message in error
    assert not (tmp_path / 'new').exists()


def test_recognition_of_another_list(recognition: list[str], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    table = tmp_path / 'test.csv'
    table.write_text(table.read_text().replace(IDS[0], 'P90_01_7'))
    assert make_submission.main(recognition) == 1
    assert '1 missing (P90_01_7); 1 of no segment of the list (P90_01_0)' in capsys.readouterr().err


def test_a_level_that_is_none(recognition: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        make_submission.main([*recognition, '--sls-tl', '6'])
    assert 'argument --sls-tl: invalid choice: 6' in capsys.readouterr().err
