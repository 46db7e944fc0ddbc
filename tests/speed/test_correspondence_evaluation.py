"""The timing script of correspondence compares two ways to the same numbers."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tests_support import REPO

from egoexo.evaluation.offline.correspondence import Predictions, Truth, score
from egoexo.formats.rle import decode_rle, rle_area

spec = importlib.util.spec_from_file_location('speed_correspondence', REPO / 'speed' / 'correspondence_evaluation.py')
speed = importlib.util.module_from_spec(spec)
spec.loader.exec_module(speed)

SMALL = {'ego': ((352, 352), (480, 480), None), 'exo': ((216, 384), (270, 480), 13.6)}


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setattr(speed, 'SIZES', SMALL)
    return speed.make_cases(6)


@pytest.mark.parametrize('name', SMALL)
def test_both_ways_agree(cases: dict, name: str) -> None:
    ours, whole = ([tuple(scores.masks[:3]) for scores in cases[name]['ours']()], cases[name]['whole']())
    assert ours == whole
    assert 0.5 < np.mean([scores[0] for scores in whole]) < 1


def test_masks_have_the_stated_sizes() -> None:
    items = speed.make_items(np.random.default_rng(0), (300, 400), (360, 480), 30)
    areas = [rle_area(target) / (300 * 300) for target, _ in items]
    assert min(areas) > 0.0005 and max(areas) < 0.2 and decode_rle(items[0][1]).shape == (360, 480)


def test_files_are_scored(tmp_path: Path) -> None:
    items = speed.make_items(np.random.default_rng(0), *SMALL['ego'][:2], 3)
    truth, predictions = speed.write_files(tmp_path, items, num_takes=2, repeats=4)
    group, = score(Predictions([predictions]), Truth(truth)).groups
    expected = [speed.whole_picture_scores(*items[index % 3]) for index in [*range(4)] * 2]
    assert group.num_samples == 8 and group.scores['iou'] == np.mean([scores[0] for scores in expected])


def test_table(cases: dict, capsys: pytest.CaptureFixture) -> None:
    speed.measure(cases, rounds=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ['CPU', 'ego', 'exo']
    assert '13.6' in lines[2] and lines[2].endswith('x') and '13.6' not in lines[1]
