"""Saved masks against the ground truth: files, directions, protocols, processes, what is refused."""

import json
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from mask_support import FRAMES, TAKES, write_truth_and_predictions

from egoexo.errors import AnnotationError, ConfigError, PredictionError
from egoexo.evaluation.functional.correspondence_items import score_item
from egoexo.evaluation.offline.correspondence import Predictions, Truth, score, score_items
from egoexo.evaluation.protocols.correspondence import get_protocols
from egoexo.formats.correspondence_take import TakeAnnotation, write_split, write_take_annotation
from egoexo.formats.rle import decode_rle, encode_mask

TRUTH, PREDICTIONS = write_truth_and_predictions()
EGO = 'aria01_214-1'


@pytest.fixture
def content() -> tuple[dict, dict]:
    return deepcopy(TRUTH), deepcopy(PREDICTIONS)


def write(folder: Path, truth: dict, predictions: dict) -> tuple[Path, Path]:
    paths = folder / 'gt.json', folder / 'submission.json'
    for path, content in zip(paths, (truth, predictions), strict=True):
        path.write_text(json.dumps(content))
    return paths


def scored(folder: Path, truth: dict, predictions: dict, protocols: str = 'official', **options: object):
    gt, pred = write(folder, truth, predictions)
    return score(Predictions([pred]), Truth(gt), protocols, **options)


def test_values(tmp_path: Path) -> None:
    result = scored(tmp_path, TRUTH, PREDICTIONS)
    ego, exo = result.groups
    assert (ego.subset, exo.subset) == ('ego2exo_val', 'exo2ego_val')
    counted = FRAMES[:-1]  # the last frame was not looked at
    assert ego.num_samples == 2 * 2 * len(counted)
    assert exo.num_samples == 2 * 2 * sum(frame % 90 != 0 for frame in counted)
    truth, predictions = TRUTH['annotations'], PREDICTIONS['ego-exo']['results']
    protocol, = get_protocols('official')
    expected = [score_item(decode_rle(truth[uid]['masks'][name][exo][str(frame)]),
                           decode_rle(predictions[uid]['masks'][name][f'{EGO}_{exo}'][str(frame)]['pred_mask']), 0.9,
                           protocol).masks
                for uid in TAKES for name, exo in (('cup_0', 'cam01'), ('a/knife_1', 'cam02'))
                for frame in counted if frame % 90]
    for place, name in enumerate(('iou', 'contour_acc', 'location_error')):
        assert ego.scores[name] == np.mean([masks[place] for masks in expected])
    assert 0.8 < ego.scores['iou'] < 1 and ego.scores['visibility_acc'] == 1
    assert result.notes == ['2 objects have no ego camera and take no part, as officially']


def test_one_direction_and_two_files(tmp_path: Path) -> None:
    gt, both = write(tmp_path, TRUTH, PREDICTIONS)
    expected = score(Predictions([both]), Truth(gt)).scalars['metrics']
    for setting in PREDICTIONS:
        (tmp_path / f'{setting}_val_results.json').write_text(json.dumps({setting: PREDICTIONS[setting]}))
    one = score(Predictions([tmp_path / 'exo-ego_val_results.json']), Truth(gt)).scalars['metrics']
    assert one == {name: value for name, value in expected.items() if name.startswith('exo2ego')} and len(one) == 4
    files = [tmp_path / f'{setting}_val_results.json' for setting in reversed([*PREDICTIONS])]
    assert score(Predictions(files), Truth(gt)).scalars['metrics'] == expected
    assert score(Predictions([tmp_path]), Truth(gt)).scalars['metrics'] == expected
    subset = score(Predictions([both]), Truth(gt), subsets=['ego2exo_val']).scalars['metrics']
    assert {name.split('/')[0] for name in subset} == {'ego2exo_val'}


def test_prepared_root(tmp_path: Path) -> None:
    gt, pred = write(tmp_path, TRUTH, PREDICTIONS)
    write_split(tmp_path / 'root' / 'split.json', {'val': [*TAKES, 'take-c'], 'train': ['x']})
    for uid, take in TRUTH['annotations'].items():
        write_take_annotation(tmp_path / 'root' / uid / 'annotation.json', TakeAnnotation(
            uid, take['masks'], take['subsample_idx'], take['annotated_frames']))
    result = score(Predictions([pred]), Truth(tmp_path / 'root'))
    assert result.scalars['metrics'] == score(Predictions([pred]), Truth(gt)).scalars['metrics']
    assert '1 takes of the split have no annotation.json and take no part' in result.notes
    with pytest.raises(AnnotationError, match=r"the split 'test' with annotation.json, found none; splits: val, train"):
        Truth(tmp_path / 'root', 'test')


def test_processes_give_the_same_rows(tmp_path: Path) -> None:
    gt, pred = write(tmp_path, TRUTH, PREDICTIONS)
    results = [score_items(Predictions([pred]), Truth(gt), get_protocols('all'), jobs=jobs) for jobs in (1, 2)]
    assert results[0] == results[1] and results[0][0][0].subset == 'ego2exo_val'


def test_confidence_as_a_list_and_frames_in_another_order(tmp_path: Path, content: tuple[dict, dict]) -> None:
    expected = scored(tmp_path, TRUTH, PREDICTIONS).scalars['metrics']
    for setting in content[1].values():
        for take in setting['results'].values():
            for pairs in take['masks'].values():
                for key, frames in pairs.items():
                    pairs[key] = {frame: value | {'confidence': [value['confidence']]}
                                  for frame, value in reversed(frames.items())}
        setting['results'] = dict(reversed(setting['results'].items()))
    assert scored(tmp_path, *content).scalars['metrics'] == expected


def test_all_protocols_with_squashed_masks(tmp_path: Path, content: tuple[dict, dict]) -> None:
    square = encode_mask(np.eye(480))
    for take in content[1]['ego-exo']['results'].values():
        for pairs in take['masks'].values():
            for frames in pairs.values():
                for value in frames.values():
                    value['pred_mask'] = square
    result = scored(tmp_path, *content, protocols='all', by_size=True)
    names = {'official', 'both_annotated', 'registered'}  # the 1st and 21st frame show no object
    assert set(result.refused) == {f'{name}/ego2exo_val' for name in names}
    assert 'with a mask of 480x480 for 270x480' in result.scalars['not_scored']['official/ego2exo_val']
    assert {group.protocol for group in result.groups if group.subset == 'exo2ego_val'} >= names
    assert {(record['protocol'], record['subset']) for record in result.sizes} == {
        (group.protocol, group.subset) for group in result.groups if 'iou' in group.scores}
    with pytest.raises(PredictionError, match='under protocol official: expected a usable prediction'):
        scored(tmp_path, *content)
    nearest = scored(tmp_path, *content, rules={'resize_pred': 'nearest'})
    assert nearest.groups[0].scores == next(
        group.scores for group in result.groups if group.protocol == 'official_nearest')
    assert nearest.settings == {'resize_pred': 'nearest'}


def test_missing(tmp_path: Path, content: tuple[dict, dict]) -> None:
    truth, predictions = content
    del predictions['ego-exo']['results'][TAKES[0]]
    del predictions['ego-exo']['results'][TAKES[1]]['masks']['cup_0']
    del predictions['exo-ego']['results'][TAKES[1]]['masks']['cup_0'][f'cam01_{EGO}']['30']
    with pytest.raises(PredictionError) as caught:
        scored(tmp_path, truth, predictions, protocols='both_annotated')
    text = str(caught.value)
    assert '12 with no prediction: take-a//cup_0//aria01_214-1//cam01//30, ' in text and '(7 more)' in text
    assert '(they are of 2 takes), or count them as empty with --missing empty.' in text
    result = scored(tmp_path, truth, predictions, rules={'missing': 'empty'}, per_video=True)
    assert result.groups[0].num_samples == 2 * 2 * len(FRAMES[:-1])
    assert result.notes[0] == '1 of 2 takes are not predicted in ego2exo: take-a'
    assert result.groups[0].videos[0]['iou'] == 0 and result.groups[0].videos[0]['visibility_acc'] == 0.5
    refused = scored(tmp_path, truth, predictions, protocols='all').refused
    assert {'official/ego2exo_val', 'official/exo2ego_val', 'pred_size/ego2exo_val'} <= set(refused)


@pytest.mark.parametrize(('change', 'reason'), [
    ({'confidence': float('nan')}, 'a confidence that is no finite number'),
    ({'confidence': None}, 'a confidence that is no finite number'),
    ({'confidence': [0.1, 0.2]}, 'a confidence that is no finite number'),
    ({'confidence': True}, 'a confidence that is no finite number'),
    ({'pred_mask': None}, 'a mask that cannot be decoded'),
    ({'pred_mask': {'size': [270, 480], 'counts': 'abc'}}, 'a mask that cannot be decoded'),
    ({'pred_mask': {'size': [270, 10**12], 'counts': '0'}}, 'a mask that cannot be decoded'),
    ({'pred_mask': {'size': [480, 480], 'counts': 'PPQ7'}}, 'a mask of 480x480 for 270x480'),
])
def test_bad_predictions(tmp_path: Path, content: tuple[dict, dict], change: dict, reason: str) -> None:
    frames = content[1]['ego-exo']['results'][TAKES[0]]['masks']['cup_0'][f'{EGO}_cam01']
    for frame in ('30', '60'):
        frames[frame] |= change
    with pytest.raises(PredictionError, match=f'2 with {reason}: take-a//cup_0//aria01_214-1//cam01//30, take-a'):
        scored(tmp_path, *content, rules={'missing': 'empty'})


@pytest.mark.parametrize(('place', 'message'), [
    (('exo-ego', 'results', TAKES[1]), 'exo-ego/results take take-b masks: expected an object'),
    (('exo-ego', 'results', TAKES[1], 'masks'), "take take-b masks: expected an object of the official format"),
    (('exo-ego', 'results', TAKES[1], 'masks', 'cup_0'), "take take-b object 'cup_0': expected an object"),
    (('exo-ego', 'results', TAKES[1], 'masks', 'cup_0', f'cam01_{EGO}'), f"object 'cup_0' cam01_{EGO}: expected"),
])
def test_malformed_predictions(tmp_path: Path, content: tuple[dict, dict], place: tuple, message: str) -> None:
    part = content[1]
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = {'masks': 5} if len(place) == 3 else 5
    with pytest.raises(PredictionError, match=message):
        scored(tmp_path, *content)


def test_gaps_of_the_truth(tmp_path: Path, content: tuple[dict, dict]) -> None:
    truth, predictions = content
    masks = truth['annotations'][TAKES[0]]['masks']
    masks['cup_0']['cam01']['30'] = None
    with pytest.raises(AnnotationError, match='null instead of a mask 1 times: take-a//cup_0//aria01_214-1//cam01//30. '
                                              'Make it .* or leave such frames out with --missing empty.'):
        scored(tmp_path, truth, predictions)
    result = scored(tmp_path, truth, predictions, rules={'missing': 'empty'})
    assert result.notes[-1].startswith('1 frames whose true mask is null are left out: take-a//cup_0//')
    assert result.groups[0].num_samples == scored(tmp_path, TRUTH, PREDICTIONS).groups[0].num_samples - 1


@pytest.mark.parametrize(('edit', 'message'), [
    (lambda take: take['masks']['cup_0'].update({'aria02_9': {}}), 'two ego cameras 1 times: take-a//cup_0'),
    (lambda take: take['masks']['cup_0']['cam01']['30'].update(counts='abc'),
     'a mask that cannot be decoded 1 times: take-a//cup_0//aria01_214-1//cam01//30. Make it'),
    (lambda take: take['annotated_frames']['cup_0'].pop('cam01'),
     'no list of annotated frames for a camera 1 times: take-a//cup_0//cam01'),
    (lambda take: take.pop('annotated_frames'), "expected the key 'annotated_frames', found none"),
    (lambda take: take.update(masks=[]), 'take take-a masks: expected an object'),
    (lambda take: take['masks']['cup_0']['cam01'].update({'x': None}), 'expected a frame number'),
])
def test_bad_truth(tmp_path: Path, content: tuple[dict, dict], edit, message: str) -> None:
    edit(content[0]['annotations'][TAKES[0]])
    with pytest.raises(AnnotationError, match=message):
        scored(tmp_path, *content, rules={'missing': 'empty'})


def test_empty_true_mask_is_scored_and_noted(tmp_path: Path, content: tuple[dict, dict]) -> None:
    content[0]['annotations'][TAKES[0]]['masks']['cup_0']['cam01']['30'] = encode_mask(np.zeros((90, 160)))
    result = scored(tmp_path, *content)
    assert '1 of 16 true masks have no pixel at evaluation size' in result.groups[0].notes


def test_takes_of_another_list_take_no_part(tmp_path: Path, content: tuple[dict, dict]) -> None:
    del content[0]['annotations'][TAKES[1]]
    result = scored(tmp_path, *content)
    assert result.notes[0].startswith('1 predicted takes of ego2exo are not in ')
    assert result.groups[0].num_videos == 1


@pytest.mark.parametrize(('truth', 'predictions', 'error', 'message'), [
    ({}, PREDICTIONS, AnnotationError, "gt.json: expected takes below 'annotations', found none"),
    (TRUTH, {'version': 'xx'}, PredictionError, "expected takes below 'ego-exo/results' or 'exo-ego/results'"),
])
def test_empty_files(tmp_path: Path, truth: dict, predictions: dict, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        scored(tmp_path, truth, predictions)


def test_paths(tmp_path: Path) -> None:
    gt, pred = write(tmp_path, TRUTH, PREDICTIONS)
    with pytest.raises(PredictionError, match='a direction that no other file holds, found ego2exo, exo2ego, as in a'):
        Predictions([pred, pred])
    with pytest.raises(PredictionError, match=r'ego-exo_test_results.json or .* in the folder, found neither'):
        Predictions([tmp_path], 'test')
    with pytest.raises(AnnotationError, match='absent.json: expected a ground truth of correspondence, found nothing'):
        score(Predictions([pred]), Truth(tmp_path / 'absent.json'))
    with pytest.raises(ConfigError, match='--subset: expected lists that are predicted: ego2exo_val, exo2ego_val'):
        score(Predictions([pred]), Truth(gt), subsets=['ego2exo_test'])
    with pytest.raises(ConfigError, match="unknown correspondence protocol 'x'"):
        score(Predictions([pred]), Truth(gt), 'x')


def test_nothing_counts(tmp_path: Path, content: tuple[dict, dict]) -> None:
    for take in content[0]['annotations'].values():
        take['masks'] = {'spoon_2': take['masks']['spoon_2']}
    assert scored(tmp_path, *content).groups == []
