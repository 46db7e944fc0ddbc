"""The timing script times the same work in memory and from files."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tests_support import REPO

spec = importlib.util.spec_from_file_location('speed_evaluation', REPO / 'speed' / 'segmentation_evaluation.py')
speed = importlib.util.module_from_spec(spec)
spec.loader.exec_module(speed)


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setattr(speed, 'NUM_VIDEOS', 3)
    return speed.make_cases(tmp_path / 'absent', tmp_path)


@pytest.mark.parametrize('kind', ['normal', 'over-segmented'])
def test_files_and_arrays_score_the_same(cases: dict, kind: str) -> None:
    scores = cases[kind, 'scoring']()
    assert scores == cases[kind, 'with file reading']()
    assert 80 < scores['Acc'] < 100


def test_predictions_have_the_stated_number_of_segments() -> None:
    rng = np.random.default_rng(0)
    gts = [np.repeat(rng.integers(0, 28, 36), rng.integers(1, 1150, 36)) for _ in range(20)]
    for make, low, high in ((speed.perturb, 100, 130), (speed.over_segment, 700, 900)):
        assert low < np.mean([speed.run_starts(make(gt, rng)).size for gt in gts]) < high


def test_table(cases: dict, capsys: pytest.CaptureFixture) -> None:
    speed.measure(cases, rounds=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split('  ')[0] for line in lines[-4:]] == [
        'normal, scoring', 'normal, with file reading', 'over-segmented, scoring', 'over-segmented, with file reading']
