import logging
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch

from egoexo.engine.hooks.correspondence_visualization_hook import CorrespondenceVisualizationHook
from egoexo.registry import HOOKS
from egoexo.structures import EgoExoDataSample

RLE = {'size': [4, 4], 'counts': '04<'}


def make_sample(uid='a', name='cup', frame=0, subset='ego2exo_val', visible=True):
    return EgoExoDataSample(
        metainfo=dict(sample_id=f'{uid}//{name}//{frame}', uid=uid, subset=subset, view=subset.partition('_')[0],
                      object_name=name, query_camera='aria', target_camera='cam', frame=str(frame), is_annotated=True,
                      target_rle=RLE if visible else None, query_rle=RLE, query_size=(4, 4), target_size=(4, 4)),
        pred_target_mask=torch.ones(4, 4, dtype=torch.bool), pred_confidence=torch.tensor(0.8),
        gt_target_mask=torch.ones(4, 4, dtype=torch.bool))


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(work_dir=str(tmp_path), epoch=2, iter=70, logger=logging.getLogger('hook-test'),
                           visualizer=SimpleNamespace(dataset_meta={}))


def run_test(hook, runner, samples):
    calls = {}
    hook._visualizer = SimpleNamespace(add_datasample=lambda name, data_sample, out_file: calls.update(
        {out_file.name: [(item.uid, item.object_name, int(item.frame)) for item in data_sample]}))
    hook.before_test_epoch(runner)
    for index, item in enumerate(samples):
        hook.after_test_iter(runner, index, None, [item])
    hook.after_test_epoch(runner)
    return calls


def test_objects_come_from_different_takes_first(runner):
    hook = CorrespondenceVisualizationHook(num_samples=3, num_tracks=0)
    names = [('a', 'cup'), ('a', 'pan'), ('a', 'lid'), ('b', 'cup'), ('b', 'jar')]
    calls = run_test(hook, runner, [make_sample(uid, name) for uid, name in names])
    assert calls == {'val.png': [('a', 'cup', 0), ('b', 'cup', 0), ('a', 'pan', 0)]}


def test_first_frame_that_shows_the_object_is_drawn(runner):
    hook = CorrespondenceVisualizationHook(num_samples=2, num_tracks=0)
    samples = [make_sample(frame=0, visible=False), make_sample(name='pan', frame=0, visible=False),
               make_sample(frame=30), make_sample(frame=60)]
    assert run_test(hook, runner, samples) == {'val.png': [('a', 'cup', 30), ('a', 'pan', 0)]}


def test_frames_of_a_track_are_collected_and_spread(runner):
    hook = CorrespondenceVisualizationHook(num_samples=1, num_frames=4)
    samples = [make_sample(name=name, frame=frame) for frame in range(100) for name in ('cup', 'pan')]
    frames = run_test(hook, runner, samples)['val_tracks.png']
    assert [name for _, name, _ in frames] == ['cup'] * 4
    numbers = [frame for *_, frame in frames]
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    assert numbers[0] == 0 and numbers[-1] > 75 and min(steps) >= 16


@pytest.mark.parametrize('num', [1, 2, 5, 11, 97])
def test_few_frames_are_held(runner, num):
    hook = CorrespondenceVisualizationHook(num_frames=3)
    hook.before_test_epoch(runner)
    for frame in range(num):
        hook.after_test_iter(runner, 0, None, [make_sample(frame=frame)])
        assert all(len(track.samples) < 6 for tracks in hook._tracks.values() for track in tracks.values())
    drawn = hook._figures().get('val_tracks', [])
    assert len(drawn) == (min(num, 3) if num > 1 else 0)


def test_track_begins_where_the_object_is_there(runner):
    hook = CorrespondenceVisualizationHook(num_tracks=1)
    samples = [make_sample(name='never', frame=frame, visible=False) for frame in range(3)]
    samples += [make_sample(name='cup', frame=frame, visible=frame != 4) for frame in range(3, 6)]
    assert run_test(hook, runner, samples)['val_tracks.png'] == [('a', 'cup', frame) for frame in (3, 4, 5)]


def test_kept_samples_are_small_copies(runner):
    hook = CorrespondenceVisualizationHook()
    sample = make_sample()
    hook.after_test_iter(runner, 0, None, [sample])
    sample.pred_target_mask.zero_()
    kept, = hook._figures()['val']
    assert kept.pred_target_mask.all() and 'gt_target_mask' not in kept


def test_lists_of_a_split_share_figures_which_are_written(runner, tmp_path, caplog):
    hook = HOOKS.build({'type': 'CorrespondenceVisualizationHook', 'draw_val': True})
    with caplog.at_level('INFO', 'hook-test'):
        hook.before_val_epoch(runner)
        hook.after_val_iter(runner, 0, None, [make_sample(frame=frame, subset=subset) for frame in (0, 30)
                                              for subset in ('ego2exo_val', 'exo2ego_val')])
        hook.after_val_epoch(runner)
    folder = tmp_path / 'vis_data/correspondence'
    assert sorted(path.name for path in folder.iterdir()) == ['val_epoch_2.png', 'val_tracks_epoch_2.png']
    assert 'Pictures of 2 pairs of val:' in caplog.text and 'Pictures of 4 pairs of val_tracks:' in caplog.text
    assert not hook._objects and not hook._tracks


def test_nothing_is_drawn_unless_asked_for(runner, tmp_path):
    hook = CorrespondenceVisualizationHook(draw_test=False)
    assert run_test(hook, runner, [make_sample()]) == {}
    hook.after_val_iter(runner, 0, None, [make_sample()])
    hook.after_val_epoch(runner)
    assert not (tmp_path / 'vis_data').exists()


@pytest.mark.parametrize('wrong', [dict(num_samples=0), dict(num_tracks=-1), dict(num_frames=1)])
def test_numbers_must_be_large_enough(wrong):
    with pytest.raises(ValueError, match=r'expected num_samples of at least 1, .* got .*; switch the pictures off'):
        CorrespondenceVisualizationHook(**wrong)
