import pytest
import torch

from egoexo.errors import AnnotationError, ConfigError
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

LOSS = [dict(type='MultiLabelCrossEntropy')]


def _head(**changes):
    settings = dict(type='ClipHead', num_classes=4, loss=LOSS, in_channels=8, frame_channels=5)
    return MODELS.build(settings | changes)


def test_frames_are_scored_like_their_clip(clips):
    frames = torch.randn(2, 3, 5)
    head, averaged = _head(baseline='frame'), _head(baseline='tsn')
    averaged.load_state_dict(head.state_dict())
    logits, = head(torch.zeros(2, 8), frames)
    assert logits.shape == (2, 3, 4)
    torch.testing.assert_close(averaged(torch.zeros(2, 8), frames)[0], logits.mean(1))
    samples = clips(2)['data_samples']
    every = [head.loss(logits[:, step:step + 1], samples)['loss_ce'] for step in range(3)]
    torch.testing.assert_close(head.loss(logits, samples)['loss_ce'], sum(every) / 3)
    torch.testing.assert_close(head.predict(logits, samples)[1].pred_class_logits, logits[1].mean(0).detach())


def test_only_the_classifier_in_use_learns():
    for baseline, trained in (('video', 'classifiers.0'), ('tsn', 'frame_classifier')):
        names = {name.rsplit('.', 1)[0] for name, value in _head(baseline=baseline).named_parameters()
                 if value.requires_grad}
        assert names == {trained}


def test_target_classifier():
    head = _head(shared=False)
    video = torch.randn(2, 8)
    torch.testing.assert_close(head(video, None, 'target')[0], head.target_classifier(video))
    torch.testing.assert_close(head(video, None, 'source')[0], head.classifiers[0](video))


def test_steps_are_separated_step_by_step():
    head = _head(horizon=2, loss=[dict(type='FutureCrossEntropy')])
    torch.testing.assert_close(head.split_steps(torch.arange(8.0)), torch.arange(8.0).view(2, 4))
    filled = head.predict(torch.arange(8.0)[None])[0]
    assert filled.pred_future_logits.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_predict_leaves_the_samples_alone(clips):
    samples = clips(2)['data_samples']
    filled = _head().predict(torch.randn(2, 4), samples)
    assert [sample.sample_id for sample in filled] == ['clip0', 'clip1']
    assert torch.equal(filled[0].gt_class_targets, samples[0].gt_class_targets)
    assert not any('pred_class_logits' in sample for sample in samples)


def test_initial_weights_are_as_published():
    torch.manual_seed(0)
    classifier = _head(in_channels=4096).classifiers[0]
    assert classifier.weight.std().item() == pytest.approx(0.001, rel=0.02)
    assert classifier.bias.abs().max() == 0


@pytest.mark.parametrize(('changes', 'message'), [
    (dict(num_classes=None), r'model\.head\.num_classes: expected the number of classes, found None\. Write it'),
    (dict(num_classes='dataset'), "found 'dataset'. Write it into the config, e.g. 31 nouns"),
    (dict(baseline='temconv'), "expected baseline in .*, found baseline='temconv'"),
    (dict(horizon=0), 'horizon=0'),
    (dict(num_classifiers=2, shared=False), "expected 1, or 2 with baseline='video' and layers shared"),
    (dict(num_classifiers=2, baseline='tsn'), "found 2, baseline='tsn'"),
    (dict(baseline='frame', frame_channels=None), r"frame_channels: expected a number, because of baseline='frame'"),
    (dict(loss=LOSS * 2), r"each loss may be listed once, got \['loss_ce', 'loss_ce'\]"),
])
def test_impossible_settings(changes, message):
    with pytest.raises(ConfigError, match=message):
        _head(**changes)


@pytest.mark.parametrize(('steps', 'found'), [([0, 4], '2 numbers and class id 4'), ([0, 1, 2], '3 numbers')])
def test_labels_of_another_size(steps, found):
    head = _head(horizon=2, loss=[dict(type='FutureCrossEntropy')])
    sample = EgoExoDataSample(metainfo=dict(sample_id='clip7'), gt_future_steps=torch.tensor(steps))
    with pytest.raises(AnnotationError, match=f'gt_future_steps of clip7: expected 2 numbers .* found {found}'):
        head.loss(torch.zeros(1, 8), [sample])


def test_targets_of_another_size(clips):
    with pytest.raises(AnnotationError, match='gt_class_targets of clip0: expected 5 numbers .* found 4 numbers'):
        _head(num_classes=5).loss(torch.zeros(2, 5), clips(2)['data_samples'])
