"""Predictions of correspondence in official files."""

import json
from copy import deepcopy

import pytest

from egoexo.errors import ConfigError, PredictionError
from egoexo.formats.correspondence_results import (
    Predictions,
    ResultWriter,
    TakePredictions,
    ViewPrediction,
    check_submission,
    iter_predictions,
    pair_key,
    read_predictions,
    results_file_name,
    take_predictions_to_json,
    write_submission,
)
from egoexo.formats.correspondence_take import TakeAnnotation

RLE = {'size': [2, 3], 'counts': '132'}
EGO = 'aria01_214-1'
#: As the file holds a take, per setting.
EGO_EXO = {'masks': {'salt/pepper_0': {f'{EGO}_cam01': {'30': {'pred_mask': RLE, 'confidence': 0.75},
                                                        '0': {'pred_mask': RLE, 'confidence': 0.25}}},
                     'knife_0': {}}, 'subsample_idx': [0, 30]}
EXO_EGO = {'masks': {'salt/pepper_0': {f'cam01_{EGO}': {'60': {'pred_mask': RLE, 'confidence': 1.0}}},
                     'knife_0': {}}, 'subsample_idx': [0, 30]}
TRUTH = [TakeAnnotation('u0', {'salt/pepper_0': {EGO: {'30': RLE, '0': RLE, '90': None}, 'cam01': {'60': RLE}},
                               'knife_0': {'cam01': {'0': RLE}}}, [0, 30], {})]


@pytest.fixture
def files(tmp_path):
    """Results of both directions."""
    for setting, direction, content in (('ego-exo', 'ego2exo', EGO_EXO), ('exo-ego', 'exo2ego', EXO_EGO)):
        with ResultWriter(tmp_path / results_file_name(direction, 'val'), setting) as writer:
            writer.append('u0', content)
    return tmp_path / 'ego-exo_val_results.json', tmp_path / 'exo-ego_val_results.json'


def test_names():
    assert pair_key(EGO, 'cam01') == 'aria01_214-1_cam01'
    assert results_file_name('exo2ego', 'test') == 'exo-ego_test_results.json'
    with pytest.raises(ConfigError, match='direction: expected one of ego2exo, exo2ego'):
        results_file_name('ego-exo', 'test')


def test_written_and_read(files):
    predictions = read_predictions(files[0])
    assert predictions.setting == 'ego-exo'
    take = predictions.takes['u0']
    assert take == TakePredictions('u0', {'salt/pepper_0': {f'{EGO}_cam01': {
        '30': ViewPrediction(RLE, 0.75), '0': ViewPrediction(RLE, 0.25)}}, 'knife_0': {}}, [0, 30])
    assert take_predictions_to_json(take) == EGO_EXO
    assert json.loads(files[0].read_text()) == {'ego-exo': {'version': 'xx', 'challenge': 'xx',
                                                            'results': {'u0': EGO_EXO}}}


def test_writer_appends_takes(tmp_path):
    path = tmp_path / 'sub' / 'r.json'
    with ResultWriter(path, 'exo-ego') as writer:
        for uid in ('b', 'a'):
            writer.append(uid, EXO_EGO)
        assert not path.exists()
        with pytest.raises(ConfigError, match='take a: expected a new take .*found a take that was added before'):
            writer.append('a', EXO_EGO)
    assert [take.take_uid for _, take in iter_predictions(path)] == ['b', 'a']
    with pytest.raises(ConfigError, match='found a closed writer'):
        writer.append('c', EXO_EGO)


def test_writer_leaves_nothing_when_a_run_fails(tmp_path):
    with pytest.raises(RuntimeError, match='stop'), ResultWriter(tmp_path / 'r.json', 'exo-ego') as writer:
        writer.append('a', EXO_EGO)
        raise RuntimeError('stop')
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigError, match="setting: expected one of ego-exo, exo-ego, found 'ego2exo'"):
        ResultWriter(tmp_path / 'r.json', 'ego2exo')


def test_submission_holds_both_directions(tmp_path, files):
    path = tmp_path / 'submission.json'
    assert write_submission(path, *files) == {'ego-exo': 1, 'exo-ego': 1}
    assert json.loads(path.read_text()) == {
        'ego-exo': {'version': 'xx', 'challenge': 'xx', 'results': {'u0': EGO_EXO}},
        'exo-ego': {'version': 'xx', 'challenge': 'xx', 'results': {'u0': EXO_EGO}}}
    assert [setting for setting, _ in iter_predictions(path)] == ['ego-exo', 'exo-ego']
    assert read_predictions(path, 'exo-ego') == read_predictions(files[1])
    with pytest.raises(PredictionError, match='expected one of the directions, found ego-exo and exo-ego. Name one'):
        read_predictions(path)
    with pytest.raises(PredictionError, match='expected takes of the direction exo-ego, found no take'):
        read_predictions(files[0], 'exo-ego')


def test_submission_of_files_that_were_swapped(tmp_path, files):
    with pytest.raises(PredictionError, match='results.json: expected takes of the direction ego-exo, found'):
        write_submission(tmp_path / 'submission.json', *files[::-1])
    assert not (tmp_path / 'submission.json').exists()


def test_forms_of_other_programs(tmp_path):
    """A confidence as a list of one number, frame numbers as texts, and no other keys."""
    content = deepcopy(EXO_EGO)
    content['masks']['salt/pepper_0'][f'cam01_{EGO}']['60']['confidence'] = [1]
    content['subsample_idx'] = ['0', '30']
    (tmp_path / 'p.json').write_text(json.dumps({'exo-ego': {'results': {'u0': content}}, 'note': 'x'}))
    take = read_predictions(tmp_path / 'p.json').takes['u0']
    assert take_predictions_to_json(take) == EXO_EGO


def with_prediction(**changes):
    value = {'pred_mask': RLE, 'confidence': 0.5} | changes
    return {'ego-exo': {'results': {'u': {'masks': {'o': {'a_b': {'3': value}}}, 'subsample_idx': []}}}}


@pytest.mark.parametrize(('content', 'message'), [
    ({'a': 1}, r'p\.json: expected correspondence results with the key ego-exo or exo-ego, found none of them'),
    ([], 'an object'), ({'ego-exo': {'version': 'xx'}}, "ego-exo: expected the key 'results', found none"),
    ({'ego-exo': {'results': []}}, 'an object'), ({'ego-exo': {'results': {'..': {}}}}, 'take: expected a name'),
    ({'ego-exo': {'results': {'u': 3}}}, 'ego-exo take u: expected an object, found 3'),
    ({'ego-exo': {'results': {'u': {'subsample_idx': []}}}}, 'take u masks: expected an object, found nothing'),
    ({'ego-exo': {'results': {'u': {'masks': {}}}}}, 'take u subsample_idx: expected a list of frame'),
    ({'ego-exo': {'results': {'u': {'masks': {}, 'subsample_idx': [-1]}}}}, r'found \[-1\]'),
    ({'ego-exo': {'results': {'u': {'masks': {'o': []}}}}}, "object 'o': expected an object"),
    ({'ego-exo': {'results': {'u': {'masks': {'o': {'../x': {}}}}}}}, "object 'o' pair of views: expected a name"),
    ({'ego-exo': {'results': {'u': {'masks': {'o': {'a_b': {'x': {}}}}}}}}, "object 'o' a_b frame: expected a frame"),
    (with_prediction(confidence=None), 'frame 3 confidence: expected a number, found None'),
    (with_prediction(confidence=[0.5, 0.5]), 'confidence: expected a number'),
    (with_prediction(confidence=True), 'found True'),
    (with_prediction(confidence=10**400), 'a number'), (with_prediction(confidence=float('nan')), 'the number NaN'),
    (with_prediction(pred_mask=None), 'frame 3 pred_mask: expected a mask .*found None'),
    (with_prediction(pred_mask={'size': [10**6, 10**6], 'counts': '0'}), 'pred_mask size: expected height and width'),
])
def test_refuses(tmp_path, content, message):
    (tmp_path / 'p.json').write_text(json.dumps(content))
    with pytest.raises(PredictionError, match=message):
        list(iter_predictions(tmp_path / 'p.json'))


def test_a_whole_submission_passes(files):
    for path in files:
        check_submission(read_predictions(path), TRUTH)


def test_more_pairs_and_frames_do_no_harm(files):
    predictions = read_predictions(files[0])
    pairs = predictions.takes['u0'].masks['salt/pepper_0']
    pairs[f'{EGO}_cam01']['60'] = ViewPrediction(RLE, 0.5)
    pairs['a_b'] = {}
    check_submission(predictions, iter(TRUTH))


def test_one_error_counts_all_kinds(files):
    take = read_predictions(files[0]).takes['u0']
    del take.masks['salt/pepper_0'][f'{EGO}_cam01']['0']
    take.masks['spoon_0'] = take.masks.pop('knife_0')
    truth = [*TRUTH, *(TakeAnnotation(f'v{key}', {}, [], {}) for key in range(7)),
             TakeAnnotation('w', TRUTH[0].masks, [], {})]
    other = TakePredictions('w', {'salt/pepper_0': {}, 'knife_0': {}}, [])
    with pytest.raises(PredictionError) as error:
        check_submission(Predictions('ego-exo', {'u0': take, 'w': other, 'z': other}), truth, 'p.json')
    assert str(error.value) == (
        'p.json ego-exo: expected predictions for the 9 takes of the ground truth, found 7 missing takes, '
        '1 extra takes, 1 missing objects, 1 extra objects, 1 missing pairs of views, 1 missing frames. '
        "First missing takes: ['v0', 'v1', 'v2', 'v3', 'v4']. First extra takes: ['z']. "
        "First missing objects: ['u0 knife_0']. First extra objects: ['u0 spoon_0']. "
        "First missing pairs of views: ['w salt/pepper_0 aria01_214-1_cam01']. "
        "First missing frames: ['u0 salt/pepper_0 aria01_214-1_cam01 0']. "
        'Predict what is missing, with the split that the ground truth is made of.')
