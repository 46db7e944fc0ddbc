"""The registered metric: keys, values, breakdowns, files, refusals, and the same digits on 1, 2 and 3 processes."""

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

from egoexo.errors import ConfigError, PredictionError
from egoexo.evaluation.functional.segmentation import count_video, summarise
from egoexo.evaluation.metrics import SegmentationMetric, segmentation
from egoexo.evaluation.protocols.segmentation import LEAKED_VIDEO, PROTOCOLS
from egoexo.registry import METRICS

WORKER = Path(__file__).with_name('gather_worker.py')
NAMES = ['Acc', 'Edit', 'F1@10', 'F1@25', 'F1@50', 'F1@Avg', 'Avg']


def sample(sample_id: str, gt: list[int], pred: list[int], **meta: object) -> dict:
    meta = dict(view='ego', subset='ego_val', task='task1') | meta
    return dict(sample_id=sample_id, gt_frame_labels=torch.tensor(gt), pred_frame_labels=torch.tensor(pred), **meta)


SAMPLES = [
    sample('a', [1, 1, 2, 2], [1, 1, 1, 2]),
    sample('b', [3, 3, 3, 3], [3, 3, 0, 3, 3], task='task2'),
    sample('c', [5, 6, 6], [5, 6, 6], view='exo', subset='exo_val', task='task2'),
]


def evaluate(samples: list[dict], **options: object) -> dict[str, float]:
    metric = SegmentationMetric(**options)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


def expected(samples: list[dict], protocol: str = 'official') -> dict[str, float]:
    return summarise([count_video(item['pred_frame_labels'].numpy(), item['gt_frame_labels'].numpy(),
                                  PROTOCOLS[protocol]) for item in samples])


def test_registered() -> None:
    assert isinstance(METRICS.build(dict(type='SegmentationMetric')), SegmentationMetric)


def test_keys_and_values() -> None:
    scores = evaluate(SAMPLES)
    groups = {'ego_val': SAMPLES[:2], 'ego_val/seen': SAMPLES[:1], 'ego_val/unseen': SAMPLES[1:2],
              'exo_val': SAMPLES[2:]}
    assert scores == {f'{group}/{name}': value for group, items in groups.items()
                      for name, value in expected(items).items()}
    assert scores['ego_val/Acc'] == 75.0
    assert list(scores)[:7] == [f'ego_val/{name}' for name in NAMES]
    assert all(type(value) is float for value in scores.values())


def test_every_protocol_has_its_own_keys() -> None:
    scores = evaluate(SAMPLES, protocols=('official', 'fixed_ends', 'official_test_bug'), unseen_tasks={})
    assert scores['fixed_ends/ego_val/F1@50'] == expected(SAMPLES[:2], 'fixed_ends')['F1@50']
    assert scores['official_test_bug/ego_test/Avg'] == scores['ego_val/Avg']
    assert {key.rsplit('/', 1)[0] for key in scores} == {
        'ego_val', 'exo_val', 'fixed_ends/ego_val', 'fixed_ends/exo_val', 'official_test_bug/ego_test',
        'official_test_bug/exo_test'}


def test_unseen_tasks_without_views_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"must map a view to tasks, .* got \['task2'\]"):
        SegmentationMetric(unseen_tasks=['task2'])


def test_clean_leaves_the_leaked_video_out() -> None:
    leaked = sample(LEAKED_VIDEO, [1, 1], [2, 2])
    scores = evaluate([*SAMPLES[:2], leaked], protocols=('official', 'clean'), unseen_tasks={})
    assert scores['clean/ego_val/Acc'] == 75.0
    assert scores['ego_val/Acc'] == 60.0


def test_tasks_that_are_not_known_are_not_broken_down() -> None:
    scores = evaluate([SAMPLES[0], SAMPLES[1] | dict(task=None)])
    assert [key for key in scores if 'seen' in key] == []


def test_per_class() -> None:
    metric = SegmentationMetric(per_class=True, num_classes=7)
    metric.dataset_meta = dict(classes=tuple('abcdefg'))
    metric.process(None, SAMPLES)
    scores = metric.evaluate(3)
    found = {key: value for key, value in scores.items() if '/class_acc/' in key}
    assert found == {'ego_val/class_acc/b': 100.0, 'ego_val/class_acc/c': 50.0, 'ego_val/class_acc/d': 75.0,
                     'exo_val/class_acc/f': 100.0, 'exo_val/class_acc/g': 100.0}


def test_bootstrap_interval_holds_the_score() -> None:
    scores = evaluate(SAMPLES, num_bootstrap=50, unseen_tasks={})
    assert scores['ego_val/F1@50_low'] <= scores['ego_val/F1@50'] <= scores['ego_val/F1@50_high']
    assert scores['ego_val/Acc_low'] == scores['ego_val/Acc_high'] == 75.0
    assert scores == evaluate(SAMPLES, num_bootstrap=50, unseen_tasks={})


def test_per_video_file(tmp_path: Path) -> None:
    path = tmp_path / 'made' / 'videos.csv'
    evaluate(SAMPLES, protocols=('official', 'no_background'), per_video_file=path)
    with path.open(newline='') as file:
        records = list(csv.DictReader(file))
    assert [(record['protocol'], record['sample_id']) for record in records] == [
        (protocol, name) for protocol in ('official', 'no_background') for name in 'abc']
    assert records[1]['task'] == 'task2'
    assert float(records[1]['Edit']) == expected(SAMPLES[1:2])['Edit']
    assert [int(records[1][f'{kind}@50']) for kind in ('tp', 'fp', 'fn')] == [1, 2, 0]


def test_rows_are_put_into_list_order() -> None:
    rng = np.random.default_rng(0)
    samples = [sample(str(index), rng.integers(0, 5, 90).tolist(), rng.integers(0, 5, 90).tolist(), sample_idx=index)
               for index in range(40)]
    scores = evaluate(samples)
    assert evaluate([samples[index] for index in rng.permutation(40)]) == scores
    assert scores['ego_val/Edit'] == expected(samples)['Edit']


def test_last_frame_is_dropped_here_when_it_was_loaded() -> None:
    scores = evaluate(SAMPLES[:1], protocols=('official', 'all_frames'), gt_has_last_frame=True)
    assert (scores['ego_val/Acc'], scores['all_frames/ego_val/Acc']) == (100 * 2 / 3, 75.0)


def test_all_frames_needs_the_last_frame() -> None:
    with pytest.raises(ConfigError, match='protocol all_frames scores the last label of each file'):
        SegmentationMetric(protocols='all')


def test_unknown_protocol() -> None:
    with pytest.raises(ConfigError, match="unknown segmentation protocol 'publ'"):
        SegmentationMetric(protocols=('publ',))


def test_short_prediction() -> None:
    short = sample('s', [1, 1, 2, 2], [1, 1])
    with pytest.raises(PredictionError, match='video ego_val/s: 2 predicted frames, but the truth has 4'):
        evaluate([short])
    assert evaluate([short], pad='repeat_last')['ego_val/Acc'] == 50.0


@pytest.mark.parametrize('key', ['pred_frame_labels', 'gt_frame_labels', 'subset', 'view'])
def test_a_sample_without_a_field(key: str) -> None:
    broken = {name: value for name, value in SAMPLES[0].items() if name != key}
    with pytest.raises(PredictionError, match=f'sample a has no {key}'):
        evaluate([broken])


def test_a_video_scored_twice() -> None:
    with pytest.raises(PredictionError, match='1 of 3 rows score a video of a list a second time: ego_val/a'):
        evaluate([*SAMPLES[:2], SAMPLES[0]])


def test_no_video() -> None:
    with pytest.raises(PredictionError, match='no video was predicted'):
        evaluate([])


def test_table_and_hash_are_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr(segmentation, 'print_log', lambda text, logger: shown.append((text, logger)))
    short = sample('short', [7, 7], [7], task='task2')
    evaluate([*SAMPLES, short], protocols=('official', 'clean'), pad='repeat_last')
    (text, logger), = shown
    assert logger == 'current'
    assert f'protocol clean [{PROTOCOLS["clean"].with_pad("repeat_last").hash}]: official, but ego_val' in text
    assert '| official | ego_val/unseen |      2 |  83.3333 |' in text
    assert '1 prediction(s) shorter than the truth, filled up with their last label: short' in text


@pytest.fixture(scope='module')
def worker() -> object:
    spec = importlib.util.spec_from_file_location('gather_worker', WORKER)
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
        assert len(alone) >= 42
        for rank in range(world_size):
            assert json.loads((tmp_path / f'rank{rank}.json').read_text())[str(size)] == alone, (size, rank)
