"""Rows of predicted pairs and the predictions of a take: content, order, refusals."""

import numpy as np
import pytest
import torch

from egoexo.engine.pair_predictions import PairPrediction, describe_pair, take_results
from egoexo.errors import PredictionError
from egoexo.formats.correspondence_take import TakeAnnotation
from egoexo.formats.rle import decode_rle, encode_mask
from egoexo.structures import EgoExoDataSample

EGO = 'aria01_214-1'
PLACE = dict(subset='ego2exo_val', uid='take', object_name='pan_0', query_camera=EGO, target_camera='cam01', frame='30')


def sample(**changes: object) -> EgoExoDataSample:
    mask = torch.zeros(3, 4, dtype=torch.bool)
    mask[1, 2:] = True
    fields = dict(pred_target_mask=mask, pred_confidence=torch.tensor(0.1)) | changes
    made = EgoExoDataSample(metainfo={key: fields.get(key, value) for key, value in PLACE.items()})
    for name in ('pred_target_mask', 'pred_confidence'):
        if fields[name] is not None:
            setattr(made, name, fields[name])
    return made


def prediction(name: str, query: str, target: str, frame: str, confidence: float = 0.5) -> PairPrediction:
    return PairPrediction('ego2exo_val', 'take', name, query, target, frame, encode_mask(np.eye(2)), confidence)


@pytest.fixture
def take() -> TakeAnnotation:
    """Two objects with an ego camera, one without, one seen by the ego camera alone."""
    mask = encode_mask(np.ones((2, 2)))
    return TakeAnnotation('take', {
        'pan_0': {'cam01': {'60': mask}, EGO: {'30': mask, '0': mask}, 'cam02': {}},
        'exo only': {'cam01': {'0': mask}}, 'ego only': {EGO: {'0': mask}},
        'salt/pepper_1': {EGO: {'0': mask}, 'cam02': {}}}, [0, 30, 60])


def test_row_of_a_sample() -> None:
    row = describe_pair(sample())
    assert row[:6] == ('ego2exo_val', 'take', 'pan_0', EGO, 'cam01', '30')
    assert decode_rle(row.mask).tolist() == [[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]]
    assert row.confidence == float(torch.tensor(0.1)) and type(row.confidence) is float
    assert row.key == ('pan_0', EGO, 'cam01', '30')


@pytest.mark.parametrize('name', ['pred_target_mask', 'pred_confidence', 'frame', 'subset'])
def test_samples_that_cannot_be_kept(name: str) -> None:
    with pytest.raises(PredictionError, match=f'expected pred_target_mask, .*found no {name}. Check that model'):
        describe_pair(sample(**{name: None}))


def test_predictions_of_a_take_are_in_official_order(take: TakeAnnotation) -> None:
    rows = [prediction('salt/pepper_1', EGO, 'cam02', '0', 0.25), prediction('pan_0', EGO, 'cam02', '30'),
            prediction('pan_0', EGO, 'cam01', '0'), prediction('pan_0', EGO, 'cam01', '30')]
    found = take_results(take, 'ego2exo', rows)
    assert list(found) == ['masks', 'subsample_idx'] and found['subsample_idx'] == [0, 30, 60]
    assert list(found['masks']) == ['pan_0', 'exo only', 'ego only', 'salt/pepper_1']
    assert found['masks']['exo only'] == found['masks']['ego only'] == {}
    assert {key: list(frames) for key, frames in found['masks']['pan_0'].items()} == {
        f'{EGO}_cam01': ['30', '0'], f'{EGO}_cam02': ['30']}  # the second one was not predicted at frame 0
    assert found['masks']['salt/pepper_1'][f'{EGO}_cam02'] == {
        '0': {'pred_mask': encode_mask(np.eye(2)), 'confidence': 0.25}}


def test_keys_of_the_other_direction(take: TakeAnnotation) -> None:
    found = take_results(take, 'exo2ego', [prediction('pan_0', 'cam01', EGO, '60')])
    assert list(found['masks']['pan_0'][f'cam01_{EGO}']) == ['60'] and found['masks']['pan_0'][f'cam02_{EGO}'] == {}


def test_predictions_of_another_annotation_are_refused(take: TakeAnnotation) -> None:
    with pytest.raises(PredictionError, match=r'take take, ego2exo: expected predictions for the tracks .* found 1 '
                                              r'others, first pan_0//aria01_214-1//cam01//90. Predict with'):
        take_results(take, 'ego2exo', [prediction('pan_0', EGO, 'cam01', '90')])
