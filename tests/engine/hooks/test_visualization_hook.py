import logging
from types import SimpleNamespace

import pytest
import torch

from egoexo.engine.hooks.visualization_hook import SequenceVisualizationHook
from egoexo.registry import HOOKS
from egoexo.structures import EgoExoDataSample


def sample(name, subset):
    labels = torch.tensor([0] * 30 + [1] * 30)
    return EgoExoDataSample(metainfo={'sample_id': name, 'view': subset[:3], 'subset': subset},
                            gt_frame_labels=labels, pred_frame_labels=labels, pred_step_scores=torch.zeros(2, 12))


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(work_dir=str(tmp_path), epoch=4, iter=120, logger=logging.getLogger('hook-test'),
                           visualizer=SimpleNamespace(dataset_meta={'classes': ('background', 'Cut tomato')}))


class Recorder:
    """Stands where the drawer stands and notes what it is asked to draw."""

    def __init__(self):
        self.calls = []

    def add_datasample(self, name, data_sample, out_file):
        self.calls.append((name, [item.sample_id for item in data_sample], out_file.name, self.dataset_meta))


def run_pass(hook, runner, mode, samples):
    getattr(hook, f'before_{mode}_epoch')(runner)
    for index, item in enumerate(samples):
        getattr(hook, f'after_{mode}_iter')(runner, index, None, [item])
    getattr(hook, f'after_{mode}_epoch')(runner)


SAMPLES = [sample(f'{subset}-{index}', subset) for subset in ('ego_val', 'exo_val', 'ego_gaze_test', 'exo_test')
           for index in range(3)]


def test_first_videos_of_each_list_one_figure_per_split(runner):
    hook = SequenceVisualizationHook(num_videos=2)
    hook._visualizer = recorder = Recorder()
    run_pass(hook, runner, 'test', SAMPLES)
    meta = runner.visualizer.dataset_meta
    assert recorder.calls == [
        ('val', ['ego_val-0', 'ego_val-1', 'exo_val-0', 'exo_val-1'], 'val.png', meta),
        ('test', ['ego_gaze_test-0', 'ego_gaze_test-1', 'exo_test-0', 'exo_test-1'], 'test.png', meta)]


@pytest.mark.parametrize(('by_epoch', 'name'), [(True, 'val_epoch_4.png'), (False, 'val_iter_120.png')])
def test_validation_is_off_unless_asked(runner, by_epoch, name):
    hook = SequenceVisualizationHook(num_videos=1, by_epoch=by_epoch)
    hook._visualizer = recorder = Recorder()
    run_pass(hook, runner, 'val', SAMPLES[:6])
    assert recorder.calls == []
    hook.draw_val = True
    run_pass(hook, runner, 'val', SAMPLES[:6])
    assert [call[2] for call in recorder.calls] == [name]


def test_interrupted_pass_leaves_nothing(runner):
    hook = SequenceVisualizationHook(num_videos=5)
    hook._visualizer = recorder = Recorder()
    hook.after_test_iter(runner, 0, None, [SAMPLES[0]])
    run_pass(hook, runner, 'test', SAMPLES[1:2])
    assert [call[1] for call in recorder.calls] == [['ego_val-1']]


def test_kept_samples_hold_labels_only(runner):
    hook = SequenceVisualizationHook()
    hook.after_test_iter(runner, 0, None, [SAMPLES[0]])
    assert sorted(hook._kept['ego_val'][0].keys()) == ['gt_frame_labels', 'pred_frame_labels']


def test_picture_on_disk(runner, tmp_path):
    hook = HOOKS.build({'type': 'SequenceVisualizationHook', 'num_videos': 1})
    run_pass(hook, runner, 'test', SAMPLES[:6])
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob('*.png'))
    assert written == ['vis_data/timelines/val.png']
    assert (tmp_path / written[0]).stat().st_size > 5000


def test_bad_number():
    with pytest.raises(ValueError, match='num_videos must be at least 1, got 0'):
        SequenceVisualizationHook(num_videos=0)
