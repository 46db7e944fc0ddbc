import logging
from types import SimpleNamespace

import matplotlib.image
import pytest
import torch
from recognition_report_support import NOUNS, VERBS, make_samples

from egoexo.engine.hooks.recognition_visualization_hook import RecognitionVisualizationHook
from egoexo.registry import HOOKS
from egoexo.structures import ClipViews


@pytest.fixture
def runner(tmp_path):
    return SimpleNamespace(work_dir=str(tmp_path), epoch=4, iter=120, logger=logging.getLogger('hook-test'),
                           visualizer=SimpleNamespace(dataset_meta=dict(classes=dict(verb=VERBS, noun=NOUNS))))


def make_batch(samples):
    """BGR frames, the blue of which is the number of the frame."""
    frames = torch.zeros(20, 6, 8, 3, dtype=torch.uint8)
    frames[..., 0] = torch.arange(20).view(20, 1, 1)
    views = ClipViews(frames, torch.arange(20).view(2, 10), torch.zeros(3, 2).long(), 6)
    return dict(inputs=[views.fields() for _ in samples], data_samples=samples)


def run_test(hook, runner, samples, batch=make_batch):
    hook.before_test_epoch(runner)
    for start in range(0, len(samples), 3):
        part = samples[start:start + 3]
        hook.after_test_iter(runner, start, batch(part), part)
    hook.after_test_epoch(runner)


def drawn(hook):
    calls = []
    hook._visualizer = SimpleNamespace(add_datasample=lambda name, data_sample, out_file: calls.append(
        (name, data_sample, out_file.name)))
    return calls


def test_one_segment_of_each_video_with_the_frames_of_the_model(runner):
    hook = HOOKS.build(dict(type='RecognitionVisualizationHook', num_samples=2, num_pictures=4))
    calls = drawn(hook)
    run_test(hook, runner, make_samples())
    (name, samples, file), = calls
    assert (name, file) == ('val', 'val.png') and [item.sample_id for item in samples] == ['P01_101_0', 'P01_102_0']
    assert [picture[0, 0].tolist() for picture in samples[0].metainfo['pictures']] == [
        [0, 0, place] for place in (0, 6, 13, 19)]
    assert set(samples[0].keys()) == {f'{kind}' for task in ('verb', 'noun') for kind in (
        f'gt_{task}_label', f'pred_{task}_scores')}


@pytest.mark.parametrize('batch', [lambda samples: None, lambda samples: dict(inputs=torch.zeros(2, 3, 4, 6, 6)),
                                   lambda samples: dict(inputs=dict(ego=make_batch(samples)['inputs'], tpv=[]))])
def test_other_batches_do_not_end_a_test(runner, batch):
    hook = RecognitionVisualizationHook(num_samples=1)
    calls = drawn(hook)
    run_test(hook, runner, make_samples()[:1], batch)
    kept = calls[0][1][0].metainfo
    assert ('pictures' in kept) == (isinstance(batch(make_samples()[:1]), dict)
                                    and isinstance(batch(make_samples()[:1])['inputs'], dict))


def test_pictures_are_written_after_validation_when_asked(runner, tmp_path):
    hook = RecognitionVisualizationHook(num_samples=1, draw_test=False, draw_val=True)
    samples = make_samples()[:1]
    run_test(hook, runner, samples)
    assert not (tmp_path / 'vis_data').exists()
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, make_batch(samples), samples)
    hook.after_val_epoch(runner)
    assert matplotlib.image.imread(tmp_path / 'vis_data/recognition/val_epoch_4.png').shape[1] > 1000


@pytest.mark.parametrize('settings', [dict(num_samples=0), dict(num_pictures=0)])
def test_numbers_must_be_positive(settings):
    with pytest.raises(ValueError, match='num_samples and num_pictures must be at least 1'):
        RecognitionVisualizationHook(**settings)
