import math

import pytest
import torch

from egoexo.models.backbones import StageOutput
from egoexo.models.heads import FrameHead
from egoexo.structures import EgoExoDataSample

LOSSES = [dict(type='StageCrossEntropy'), dict(type='TruncatedSmoothingLoss')]
MASK = torch.tensor([[True, True, True], [True, True, False]])


def _outputs(*logits):
    return [StageOutput(torch.zeros(2, 1, 3), (item,)) for item in logits]


def _logits():
    """Best classes 1, 0, 1 in the first video and 1, 1, (1) in the second."""
    logits = torch.zeros(2, 2, 3)
    logits[0, 1, 0] = logits[0, 0, 1] = logits[0, 1, 2] = 1.0
    logits[1, 1] = 2.0
    return logits


def test_last_stage_is_repeated_and_padding_cut():
    head = FrameHead(num_classes=2, loss=LOSSES, upsample=3)
    given = [EgoExoDataSample(metainfo=dict(sample_id=name)) for name in 'ab']
    samples = head.predict(_outputs(-_logits(), _logits()), MASK, given)
    assert [sample.sample_id for sample in samples] == ['a', 'b']
    assert samples[0].pred_frame_labels.tolist() == [1, 1, 1, 0, 0, 0, 1, 1, 1]
    assert samples[1].pred_frame_labels.tolist() == [1] * 6
    assert samples[1].pred_step_scores.shape == (2, 2)
    torch.testing.assert_close(samples[1].pred_step_scores[1, 0], torch.tensor(math.exp(2) / (1 + math.exp(2))))


def test_lower_class_wins_a_tie_and_one_step_is_enough():
    head = FrameHead(num_classes=3, loss=LOSSES)
    sample = head.predict([StageOutput(torch.zeros(1, 1, 1), (torch.tensor([[[0.0], [1.0], [1.0]]]),))],
                          torch.ones(1, 1, dtype=torch.bool))[0]
    assert sample.pred_frame_labels.tolist() == [1] * 5


def test_losses_are_summed_over_stages_and_classifiers():
    head = FrameHead(num_classes=2, loss=LOSSES)
    samples = [EgoExoDataSample(gt_step_labels=torch.tensor(labels)) for labels in ([1, 0, 1], [1, 0])]
    one = head.loss(_outputs(_logits()), MASK, samples)
    assert set(one) == {'loss_ce', 'loss_smooth'}
    single, wrong = math.log(1 + math.exp(-1)), math.log(1 + math.exp(2))
    assert one['loss_ce'].item() == pytest.approx((3 * single + math.log(1 + math.exp(-2)) + wrong) / 5)
    twice = head.loss([StageOutput(torch.zeros(2, 1, 3), (_logits(), _logits()))] * 2, MASK, samples)
    for name, value in one.items():
        torch.testing.assert_close(twice[name], 4 * value)


def test_half_precision_logits_are_lifted_before_the_losses():
    head = FrameHead(num_classes=2, loss=LOSSES)
    samples = [EgoExoDataSample(gt_step_labels=torch.tensor(labels)) for labels in ([1, 0, 1], [1, 0])]
    losses = head.loss(_outputs(_logits().bfloat16()), MASK, samples)
    assert all(value.dtype == torch.float32 for value in losses.values())


def test_label_count_must_match_the_steps():
    head = FrameHead(num_classes=2, loss=LOSSES)
    samples = [EgoExoDataSample(metainfo=dict(sample_id='uid-1'), gt_step_labels=torch.tensor([1, 0, 1, 1])),
               EgoExoDataSample(metainfo=dict(sample_id='uid-2'), gt_step_labels=torch.tensor([1, 0]))]
    with pytest.raises(ValueError, match='uid-1: expected one gt_step_labels entry for each of the 3 steps, found 4'):
        head.loss(_outputs(_logits()), MASK, samples)


def test_bad_options():
    with pytest.raises(KeyError, match='upsample must be at least 1'):
        FrameHead(num_classes=2, loss=LOSSES, upsample=0)
    with pytest.raises(KeyError, match='each loss may be listed once'):
        FrameHead(num_classes=2, loss=LOSSES + LOSSES[:1])


def test_sampling_and_upsampling_must_agree():
    head = FrameHead(num_classes=2, loss=LOSSES, upsample=5)
    samples = [EgoExoDataSample(metainfo=dict(sample_id=f'uid-{i}', frames_per_step=step)) for i, step in
               enumerate((5, 2))]
    with pytest.raises(KeyError, match=r'upsample=5, but one step of uid-1 stands for 2 label frames'):
        head.predict(_outputs(_logits()), MASK, samples)
