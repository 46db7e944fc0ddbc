"""The registered metric of correspondence: keys, values, files, several processes, refusals."""

import csv
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler
from tests_support import REPO

from egoexo.errors import AnnotationError, ConfigError, PredictionError
from egoexo.evaluation.functional.correspondence import iou, location_error
from egoexo.evaluation.functional.correspondence_boundary import boundary_f
from egoexo.evaluation.functional.correspondence_resize import nearest_resize
from egoexo.evaluation.metrics import CorrespondenceMetric, correspondence
from egoexo.formats.rle import encode_mask
from egoexo.registry import METRICS
from egoexo.structures import EgoExoDataSample

WORKER = Path(__file__).with_name('correspondence_gather_worker.py')
NAMES = ('iou', 'contour_acc', 'location_error', 'visibility_acc')
SIZE, STORED = (270, 480), (540, 960)


def truth_of(index: int) -> np.ndarray | None:
    """True mask at its stored size; every third frame shows none."""
    if index % 3 == 2:
        return None
    mask = np.zeros(STORED, np.uint8)
    mask[100 + 10 * index:300, 200:420 + 20 * index] = 1
    return mask


def sample(index: int, subset: str = 'ego2exo_val', annotated: bool | None = True) -> EgoExoDataSample:
    """Frames 7 and 8 of a track are predicted far away from the truth, and not at all."""
    truth = truth_of(index)
    made = EgoExoDataSample(metainfo=dict(
        sample_id=f'take{index // 4}//pan_0//aria01//cam01//{30 * index}', uid=f'take{index // 4}', subset=subset,
        object_name='pan_0', query_camera='aria01', target_camera='cam01', frame=str(30 * index), order=index,
        target_rle=None if truth is None else encode_mask(truth), is_annotated=annotated))
    mask = np.zeros(SIZE, bool)
    if index != 8:
        mask[60 + 10 * (index % 2):150, 90:230] = True
    made.pred_target_mask = torch.from_numpy(mask if index != 7 else mask[::-1].copy())
    made.pred_confidence = torch.tensor(0.2 + 0.05 * index)
    return made


SAMPLES = [sample(index) for index in range(10)]


def evaluate(samples: list[EgoExoDataSample], **options: object) -> dict[str, float]:
    metric = CorrespondenceMetric(**options)
    metric.process(None, [item.to_dict() for item in samples])
    return metric.evaluate(len(samples))


def test_registered() -> None:
    assert METRICS.build(dict(type='CorrespondenceMetric')).prediction_hook == 'CorrespondencePredictionHook'


def test_keys_and_values() -> None:
    scores = evaluate(SAMPLES)
    pairs = [(nearest_resize(truth, SIZE), item.pred_target_mask.numpy().astype(np.uint8))
             for index, item in enumerate(SAMPLES) if (truth := truth_of(index)) is not None]
    assert list(scores) == [f'ego2exo_val/{name}' for name in NAMES]
    for name, function in (('iou', iou), ('contour_acc', boundary_f), ('location_error', location_error)):
        assert scores[f'ego2exo_val/{name}'] == np.mean([function(pred, truth) for truth, pred in pairs])
    seen = [float(item.pred_confidence) > 0.5 for item in SAMPLES]
    recalls = [np.mean([seen[index] is shown for index in range(10) if (index % 3 != 2) is shown])
               for shown in (True, False)]
    assert scores['ego2exo_val/visibility_acc'] == pytest.approx(np.mean(recalls))
    assert all(type(value) is float for value in scores.values())


def test_any_order_gives_the_same_digits() -> None:
    assert evaluate(SAMPLES[::-1], num_bootstrap=5) == evaluate(SAMPLES, num_bootstrap=5)


def test_directions_are_scored_apart() -> None:
    both = evaluate(SAMPLES + [sample(index, 'exo2ego_val') for index in range(3)])
    assert {key: value for key, value in both.items() if key.startswith('ego2exo')} == evaluate(SAMPLES)
    assert both['exo2ego_val/iou'] == evaluate(SAMPLES[:3])['ego2exo_val/iou']


def test_protocols_and_intervals() -> None:
    scores = evaluate(SAMPLES, protocols=['official', 'both_annotated', 'registered'], num_bootstrap=20)
    for name in NAMES[:3]:
        assert scores[f'both_annotated/ego2exo_val/{name}'] == scores[f'ego2exo_val/{name}']
    assert scores['both_annotated/ego2exo_val/visibility_acc'] != scores['ego2exo_val/visibility_acc']
    assert scores['registered/ego2exo_val/contour_acc'] != scores['ego2exo_val/contour_acc']
    assert scores['ego2exo_val/iou_low'] <= scores['ego2exo_val/iou'] <= scores['ego2exo_val/iou_high']


def test_frames_that_nobody_looked_at_count_nowhere() -> None:
    unseen = [sample(index, annotated=False) for index in range(10, 16)]
    assert evaluate(SAMPLES + unseen) == evaluate(SAMPLES)


def test_unknown_annotation_counts_where_a_mask_is() -> None:
    unknown = [sample(index, annotated=None) for index in range(10)]
    assert evaluate(unknown)['ego2exo_val/iou'] == evaluate(SAMPLES)['ego2exo_val/iou']


def test_a_list_without_annotations_has_no_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hidden = [sample(index, 'ego2exo_test', annotated=False) for index in range(4)]
    said = []
    monkeypatch.setattr(correspondence, 'print_log', lambda text, logger: said.append(text))
    assert evaluate(hidden, per_video_file=tmp_path / 'a.csv', item_file=tmp_path / 'b.csv') == {}
    assert said[0].endswith('ego2exo_test: no number, as nobody looked for the objects in the target views of its 4 '
                            'pairs; the annotations of the test split are not public')
    assert not list(tmp_path.iterdir())
    assert evaluate(SAMPLES + hidden) == evaluate(SAMPLES)


def test_files(tmp_path: Path) -> None:
    scores = evaluate([*SAMPLES, sample(10, annotated=False)], protocols=['registered', 'official'],
                      item_file=tmp_path / 'new' / 'items.csv', per_video_file=tmp_path / 'takes.csv')
    with (tmp_path / 'new' / 'items.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert ','.join(rows[0]) == ('subset,take_uid,object_name,query_camera,target_camera,frame,gt_exists,pred_exists,'
                                 'iou,contour,location,area_share')
    assert [row['frame'] for row in rows] == [str(30 * index) for index in range(10)]
    assert rows[2] == dict(subset='ego2exo_val', take_uid='take0', object_name='pan_0', query_camera='aria01',
                           target_camera='cam01', frame='60', gt_exists='0', pred_exists='0', iou='', contour='',
                           location='', area_share='')
    visible = [row for row in rows if row['gt_exists'] == '1']
    assert np.mean([float(row['iou']) for row in visible]) == scores['ego2exo_val/iou']
    assert np.mean([float(row['contour']) for row in visible]) == scores['registered/ego2exo_val/contour_acc']
    assert float(rows[0]['area_share']) == 100 * 110 / (270 * 480)
    with (tmp_path / 'takes.csv').open(newline='') as file:
        assert [(row['protocol'], row['uid'], row['frames']) for row in csv.DictReader(file)] == [
            (protocol, f'take{take}', str(frames)) for protocol in ('registered', 'official')
            for take, frames in enumerate((4, 4, 2))]


def test_scores_by_object_size_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    monkeypatch.setattr(correspondence, 'print_log', lambda text, logger: said.append(text))
    assert evaluate(SAMPLES, by_size=True) == evaluate(SAMPLES)
    assert ['Object, % of picture' in text for text in said] == [True, False] and 'visible_recall' in said[0]


def test_another_size_is_resized_when_asked_for() -> None:
    small = sample(0)
    small.set_data(dict(pred_target_mask=small.pred_target_mask[::2, ::2]))
    assert evaluate([small], resize_pred='nearest')['ego2exo_val/iou'] == pytest.approx(
        evaluate([sample(0)])['ego2exo_val/iou'], abs=0.02)
    assert 'pred_size/ego2exo_val/iou' in evaluate([small], protocols='pred_size')
    with pytest.raises(PredictionError, match=r'sample ego2exo_val/take0//pan_0.*: expected a mask that protocol '
                                              r'official can score, found .*135x240 for 270x480. Take'):
        evaluate([small])


@pytest.mark.parametrize(('change', 'message'), [
    (dict(pred_target_mask=None), r'sample ego2exo_val/take0//pan_0.* found no pred_target_mask. Check that model'),
    (dict(pred_confidence=None), 'found no pred_confidence'), (dict(order=None), 'found no order'),
    (dict(pred_target_mask=torch.zeros(1, 270, 480)), r'expected a mask \(h, w\).* found a mask \(1, 270, 480\)'),
    (dict(pred_confidence=torch.tensor(float('nan'))), r'found a mask \(270, 480\) and a confidence nan'),
])
def test_bad_samples(change: dict, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        CorrespondenceMetric().process(None, [SAMPLES[0].to_dict() | change])


def test_samples_without_meta_information() -> None:
    content = SAMPLES[0].to_dict()
    del content['is_annotated'], content['target_rle']
    with pytest.raises(PredictionError, match='found no target_rle, is_annotated'):
        CorrespondenceMetric().process(None, [content])


def test_a_damaged_truth_is_named() -> None:
    content = SAMPLES[0].to_dict() | dict(target_rle={'size': [540, 960], 'counts': '0'})
    with pytest.raises(AnnotationError, match='sample ego2exo_val/take0.*, target view: mask counts: expected run'):
        CorrespondenceMetric().process(None, [content])


def test_no_sample_and_one_twice() -> None:
    with pytest.raises(PredictionError, match='each query frame once, found 1 of 2 rows'):
        evaluate([SAMPLES[0], SAMPLES[0]])
    with pytest.raises(PredictionError, match='at least one predicted frame, found none'):
        CorrespondenceMetric().compute_scores([])


def test_unknown_protocol() -> None:
    with pytest.raises(ConfigError, match="unknown correspondence protocol 'micro'"):
        CorrespondenceMetric(protocols='micro')


@pytest.fixture(scope='module')
def worker() -> object:
    spec = importlib.util.spec_from_file_location('correspondence_gather_worker', WORKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize('world_size', [2, 3])
def test_same_digits_on_several_processes(world_size: int, worker: object, tmp_path: Path) -> None:
    env = os.environ | dict(PYTHONPATH=str(REPO), OMP_NUM_THREADS='1')
    processes = [
        subprocess.Popen([sys.executable, str(WORKER), str(rank), str(world_size), str(tmp_path)], env=env,
                         cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for rank in range(world_size)]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors[-2000:]
    for size in worker.SIZES:
        samples = worker.make_samples(size)
        alone = worker.score(samples, DefaultSampler(samples, shuffle=False, seed=0), None, batch_size=3)
        assert {key.split('/')[-2] for key in alone} == {'ego2exo_val', 'exo2ego_val'} - (
            {'exo2ego_val'} if size == 1 else set())
        for rank in range(world_size):
            assert json.loads((tmp_path / f'rank{rank}.json').read_text())[str(size)] == alone, (size, rank)
