import logging
from types import SimpleNamespace

import pytest
import torch

from egoexo.engine.hooks.clip_visualization_hook import ClipVisualizationHook
from egoexo.registry import HOOKS
from egoexo.structures import EgoExoDataSample


def make_sample(uid, subset='ego_val', has_context=True):
    return EgoExoDataSample(metainfo={'sample_id': f'{uid}|1', 'uid': uid, 'view': subset[:3], 'subset': subset,
                                      'has_context': has_context, 'start_sec': 1.0, 'end_sec': 3.0},
                            gt_class_targets=torch.tensor([1.0, 0.0]), pred_class_logits=torch.tensor([0.0, 1.0]))


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(work_dir=str(tmp_path), epoch=4, iter=120, logger=logging.getLogger('hook-test'),
                           visualizer=SimpleNamespace(dataset_meta={'classes': ('cut', 'take')}))


def run_test(hook, runner, samples):
    hook.before_test_epoch(runner)
    for index, item in enumerate(samples):
        hook.after_test_iter(runner, index, None, [item])
    hook.after_test_epoch(runner)


def test_one_clip_of_each_video_with_context(runner):
    hook = ClipVisualizationHook({'type': 'AnticipationVisualizer'}, num_samples=2)
    calls = []
    hook._visualizer = SimpleNamespace(
        add_datasample=lambda name, data_sample, out_file: calls.append(
            (name, [item.uid for item in data_sample], out_file.name)))
    run_test(hook, runner, [make_sample('early', has_context=False), make_sample('a'), make_sample('a'),
                            make_sample('b'), make_sample('c'), make_sample('x', 'exo_val')])
    assert calls == [('val', ['a', 'b', 'x'], 'val.png')]


def test_picture_is_written(runner, tmp_path, caplog):
    hook = HOOKS.build({'type': 'ClipVisualizationHook', 'visualizer': 'AnticipationVisualizer'})
    with caplog.at_level('INFO', 'hook-test'):
        run_test(hook, runner, [make_sample('a'), make_sample('x', 'exo_val')])
    assert (tmp_path / 'vis_data/clips/val.png').stat().st_size > 2000
    assert 'Pictures of 2 clips of val' in caplog.text


def test_number_must_be_positive():
    with pytest.raises(ValueError, match='num_samples must be at least 1, got 0; switch the pictures off'):
        ClipVisualizationHook({'type': 'PlanningVisualizer'}, num_samples=0)
