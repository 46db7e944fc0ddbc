import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.recognition.interaction_map_head import draw_maps
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample


def build(**changes):
    torch.manual_seed(0)
    head = MODELS.build(dict(type='InteractionMapHead', in_channels=6, channels=4) | changes)
    head.init_weights()
    return head


def boxes(*rows):
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)


def sample(hands=(), objects=()):
    return EgoExoDataSample(metainfo=dict(sample_id='P01_11_3'), gt_hand_boxes=boxes(*hands),
                            gt_object_boxes=boxes(*objects))


def test_boxes_fill_both_ends_and_overlaps_have_the_higher_score():
    drawn = boxes([0.0, 0.0, 0.5, 0.25, 0.4, 1], [0.5, 0.0, 1.0, 0.1, 0.9, 1], [0.0, 0.0, 1.0, 1.0, 0.7, 3])
    found = draw_maps(drawn, [1, 2], 4)
    row = torch.tensor([0.4, 0.4, 0.9, 0.9])
    expected = torch.zeros(2, 4, 4)
    expected[0, 0], expected[0, 1, :3] = row, 0.4
    torch.testing.assert_close(found, expected)


def test_hard_maps_and_boxes_without_extent():
    drawn = boxes([1.0, 1.0, 1.0, 1.0, 0.2, 0], [0.6, 0.0, 0.2, 0.0, 0.9, 0])
    assert draw_maps(drawn, [0], 2, soft=False).tolist() == [[[0, 0], [0, 1]]]
    assert draw_maps(torch.zeros(0, 6), [0, 4], 3).sum() == 0


def test_maps_come_from_the_slow_features():
    head = build()
    slow, fast = torch.randn(2, 6, 2, 3, 3), torch.randn(2, 1, 8, 3, 3)
    found = head((slow, fast))
    assert found.shape == (2, 2, 2, 3, 3) and torch.equal(found, head(slow))
    assert list(head.state_dict()) == ['conv.weight', 'conv.bias', 'score.weight', 'score.bias']


def test_loss_looks_at_the_slow_frames():
    head = build(loss=dict(type='InteractionMapLoss', hand_weight=1, object_weight=2))
    for parameter in head.parameters():
        torch.nn.init.zeros_(parameter)
    features = torch.zeros(1, 6, 2, 3, 3)  # of 8 frames, of which 0 and 7 are seen
    whole = [0.0, 0.0, 1.0, 1.0, 1.0]
    losses = head.loss(features, [sample([[*whole, 3]], [[*whole, 7]])])
    # Logits of zero cost log 2 whatever the target.
    assert losses['loss_hand'].item() == pytest.approx(0.693147, rel=1e-5)
    assert losses['loss_object'].item() == pytest.approx(2 * 0.693147, rel=1e-5)
    torch.nn.init.constant_(head.score.bias, 100)
    losses = head.loss(features, [sample([[*whole, 3]], [[*whole, 7]])])
    assert losses['loss_hand'].item() == pytest.approx(100)
    assert losses['loss_object'].item() == pytest.approx(2 * 100 / 2)


def test_initial_weights():
    head = build(in_channels=64, channels=64)
    assert head.conv.weight.std().item() == pytest.approx((2 / (64 * 9))**0.5, rel=0.05)
    assert head.score.weight.std().item() == pytest.approx(0.01, rel=0.2)
    assert head.conv.bias.abs().max() == 0 and head.score.bias.abs().max() == 0


def test_samples_without_boxes_and_other_shapes_are_named():
    head = build()
    with pytest.raises(ConfigError, match='P01_11_3: expected gt_hand_boxes and gt_object_boxes.*LoadInteractionBoxes'):
        head.loss(torch.zeros(1, 6, 2, 3, 3), [EgoExoDataSample(metainfo=dict(sample_id='P01_11_3'))])
    with pytest.raises(ConfigError, match='expected square maps, found 3 x 4. Train on square crops'):
        head.loss(torch.zeros(1, 6, 2, 3, 4), [sample()])
