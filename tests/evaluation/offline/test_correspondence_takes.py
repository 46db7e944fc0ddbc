"""One take: which frames become rows, in which order, and what is a gap of the truth or a problem of a row."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from mask_support import FRAMES, TAKES, write_truth_and_predictions

from egoexo.errors import PredictionError
from egoexo.evaluation.offline.correspondence_takes import BAD_MASK, NULL_MASK, TakeResult, TakeTask, score_take
from egoexo.evaluation.offline.take_spans import find_spans
from egoexo.evaluation.protocols.correspondence import get_protocols

TRUTH, PREDICTIONS = write_truth_and_predictions()
EGO, UID = 'aria01_214-1', TAKES[0]


def scored(folder: Path, truth: dict, predictions: dict | None, protocols: str = 'official') -> TakeResult:
    """The first take from exo to ego."""
    truth_file, predicted_file = folder / 'gt.json', folder / 'pred.json'
    truth_file.write_text(json.dumps({'annotations': {UID: truth}}))
    predicted_file.write_text(json.dumps({'exo-ego': {'results': {} if predictions is None else {UID: predictions}}}))
    span, = find_spans(truth_file, ('annotations',), ValueError, '')
    predicted = next(find_spans(predicted_file, ('exo-ego/results',), ValueError, ''), None)
    return score_take(TakeTask(3, UID, span, {'exo2ego': predicted}, 'val', get_protocols(protocols), 77))


@pytest.fixture
def content() -> tuple[dict, dict]:
    return deepcopy(TRUTH['annotations'][UID]), deepcopy(PREDICTIONS['exo-ego']['results'][UID])


def test_rows(tmp_path: Path, content: tuple[dict, dict]) -> None:
    result = scored(tmp_path, *content)
    query = [str(frame) for frame in FRAMES if frame % 90]
    assert [row[:6] for row in result.rows] == [
        ('exo2ego_val', UID, name, camera, EGO, frame)
        for name, camera in (('cup_0', 'cam01'), ('a/knife_1', 'cam02')) for frame in query[:-1]]
    assert [row.order - (3 << 40) for row in result.rows] == [0, 1, 2, 3, 5, 6, 7, 8]  # one was not looked at
    assert all(row.scores[0].visible and row.scores[0].masks.iou > 0.5 for row in result.rows)
    assert (result.gaps, result.num_without_ego, result.num_bytes) == ({}, 1, 77)


def test_frames_of_each_rule(tmp_path: Path, content: tuple[dict, dict]) -> None:
    truth, predictions = content
    del truth['masks']['cup_0'][EGO]['30']
    rows = scored(tmp_path, truth, predictions, 'all').rows
    assert [score is not None for score in rows[0].scores] == [True, True, True, False, True, False, True]
    by_masks = [row for row in rows if row.frame == '210']  # has a mask, but is no annotated frame
    assert [[score is not None for score in row.scores] for row in by_masks] == [[False] * 5 + [True, False]] * 2


def test_take_without_predictions(tmp_path: Path, content: tuple[dict, dict]) -> None:
    result = scored(tmp_path, content[0], None)
    assert len(result.rows) == 8 and {row.scores[0].problem for row in result.rows} == {'no prediction'}


def test_null_query_mask_is_no_item(tmp_path: Path, content: tuple[dict, dict]) -> None:
    content[0]['masks']['cup_0']['cam01']['30'] = None
    assert [row.frame for row in scored(tmp_path, *content).rows][:3] == ['60', '120', '150']


def test_gaps(tmp_path: Path, content: tuple[dict, dict]) -> None:
    masks = content[0]['masks']['cup_0'][EGO]
    masks['30'], masks['60']['counts'] = None, '1'
    result = scored(tmp_path, *content)
    place = f'{UID}//cup_0//cam01//{EGO}'
    assert result.gaps == {NULL_MASK: [f'{place}//30'], BAD_MASK: [f'{place}//60']}
    assert len(result.rows) == 6


@pytest.mark.parametrize('predictions', [{}, {'masks': None}, {'masks': {'cup_0': []}},
                                         {'masks': {'cup_0': {f'cam01_{EGO}': [1]}}}])
def test_malformed_predictions(tmp_path: Path, content: tuple[dict, dict], predictions: object) -> None:
    with pytest.raises(PredictionError, match=f'exo-ego/results take {UID} .*: expected an object of the official'):
        scored(tmp_path, content[0], predictions)


@pytest.mark.parametrize('value', [3, [], 'x', {}])
def test_malformed_item(tmp_path: Path, content: tuple[dict, dict], value: object) -> None:
    content[1]['masks']['cup_0'][f'cam01_{EGO}']['30'] = value
    assert scored(tmp_path, *content).rows[0].scores[0].problem == 'a confidence that is no finite number'
