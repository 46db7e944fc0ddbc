import math

import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.models.losses import PairMaskLoss


def batch(count=3, size=6, seed=0, visible=(True, False, True)):
    generator = torch.Generator().manual_seed(seed)
    maps = [torch.rand(count, 1, size, size, generator=generator).clamp(1e-3, 1 - 1e-3) for _ in range(2)]
    masks = [(torch.rand(count, 1, size, size, generator=generator) > 0.7).float() for _ in range(2)]
    return (*maps, torch.rand(count, 1, generator=generator), *masks, torch.tensor(visible))


def plainly(query_map, target_map, visibility, query_mask, target_mask, visible):
    """The definition, both views stacked and every factor written out."""
    probs, target = torch.cat([query_map, target_map]), torch.cat([query_mask, target_mask])
    positive = torch.cat([visible, visible]).float()
    weight = torch.where(target == 1, 10.0, 1.0) * positive[:, None, None, None]
    overlap, area = (probs * target).sum((1, 2, 3)), probs.sum((1, 2, 3)) + target.sum((1, 2, 3))
    dice = (1 - (2 * overlap + 1) / (area + 1)) * positive
    objects = (target == 1) & positive[:, None, None, None].bool()
    return dict(
        loss_mask=(weight * F.binary_cross_entropy(probs, target, reduction='none')).mean(),
        loss_dice=dice.sum() / positive.sum(),
        loss_visibility=F.binary_cross_entropy(visibility[:, 0], visible.float()),
        acc_pos=((probs > 0.5) & objects).sum() / objects.sum(),
        acc_neg=((probs <= 0.5) & ~objects).sum() / (target == 0).sum())


def test_value_by_hand():
    probs = torch.tensor([[[0.5, 0.25], [0.25, 0.25]]])
    mask = torch.tensor([[[1, 0], [0, 0]]])
    losses = PairMaskLoss()(probs, probs, torch.tensor([[0.5]]), mask, mask, torch.tensor([True]))
    assert losses['loss_mask'].item() == pytest.approx((10 * math.log(2) - 3 * math.log(0.75)) / 4, rel=1e-6)
    assert losses['loss_dice'].item() == pytest.approx(1 - 2 / 3.25, rel=1e-6)
    assert losses['loss_visibility'].item() == pytest.approx(math.log(2), rel=1e-6)
    # Half is not above a half.
    assert [losses[key].item() for key in ('acc', 'acc_pos', 'acc_neg')] == [0.5, 0.0, 1.0]


@pytest.mark.parametrize('visible', [(True, False, True), (True, True, True), (False, False, True)])
def test_equals_the_definition(visible):
    inputs = batch(visible=visible)
    inputs[0].requires_grad_()
    found, expected = PairMaskLoss()(*inputs), plainly(*inputs)
    assert {key: found[key].item() for key in expected} == pytest.approx(
        {key: value.item() for key, value in expected.items()}, rel=1e-6)
    gradients = [torch.autograd.grad(sum(value for key, value in losses.items() if 'loss' in key), inputs[0])[0]
                 for losses in (found, expected)]
    torch.testing.assert_close(*gradients)
    assert not any(found[key].requires_grad for key in ('acc', 'acc_pos', 'acc_neg'))


def test_negative_pairs_count_in_the_mean_only():
    maps = torch.full((2, 1, 4, 4), 0.25)
    mask = torch.zeros(2, 1, 4, 4)
    mask[:, :, 0] = 1
    alone = PairMaskLoss()(maps[:1], maps[:1], torch.ones(1), mask[:1], mask[:1], torch.tensor([True]))
    both = PairMaskLoss()(maps, maps, torch.ones(2), mask, mask, torch.tensor([True, False]))
    assert both['loss_mask'].item() == pytest.approx(alone['loss_mask'].item() / 2, rel=1e-6)
    assert both['loss_dice'].item() == pytest.approx(alone['loss_dice'].item(), rel=1e-6)
    # 64 pixels, 48 of them outside objects; all are rejected, and the 8 on the object of the positive pair wrongly.
    assert (alone['acc_neg'].item(), both['acc_neg'].item()) == (1.0, pytest.approx(56 / 48))


def test_batch_without_a_positive_pair():
    inputs = batch(visible=(False, False, False))
    inputs[0].requires_grad_()
    losses = PairMaskLoss()(*inputs)
    assert losses['loss_mask'].item() == losses['loss_dice'].item() == losses['acc_pos'].item() == 0
    expected = F.binary_cross_entropy(inputs[2], torch.zeros(3, 1)).item()
    assert losses['loss_visibility'].item() == pytest.approx(expected, rel=1e-6)
    sum(value for key, value in losses.items() if 'loss' in key).backward()
    assert inputs[0].grad.abs().sum() == 0


def test_weights():
    inputs = batch()
    plain = PairMaskLoss()(*inputs)
    weighted = PairMaskLoss(mask_weight=2, dice_weight=0.5, visibility_weight=0)(*inputs)
    for key, factor in (('loss_mask', 2), ('loss_dice', 0.5), ('loss_visibility', 0), ('acc', 1)):
        assert weighted[key].item() == pytest.approx(factor * plain[key].item(), rel=1e-6)
    even = PairMaskLoss(positive_weight=1)(*batch(visible=(True, True, True)))['loss_mask']
    maps, masks = (torch.cat(batch()[start:start + 2]) for start in (0, 3))
    assert even.item() == pytest.approx(F.binary_cross_entropy(maps, masks).item(), rel=1e-6)


@pytest.mark.parametrize('dtype', [torch.bool, torch.uint8, torch.int64, torch.float64])
def test_masks_of_any_type_and_shape(dtype):
    inputs = batch()
    expected = PairMaskLoss()(*inputs)
    maps = [value.squeeze(1) for value in inputs[:2]]
    masks = [value.to(dtype).squeeze(1) for value in inputs[3:5]]
    found = PairMaskLoss()(*maps, inputs[2][:, 0], *masks, inputs[5])
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    found = PairMaskLoss()(*inputs[:3], *masks, inputs[5])
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_channel_of_a_larger_map_is_not_copied():
    """The decoder's mask channel is a slice; its gradient reaches that channel only."""
    logits = torch.randn(3, 3, 6, 6, requires_grad=True)
    inputs = batch()
    losses = PairMaskLoss()(logits.sigmoid()[:, 2:3], *inputs[1:])
    losses['loss_mask'].backward()
    assert logits.grad[:, :2].abs().sum() == 0 and logits.grad[:, 2].abs().sum() > 0


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_stays_in_float32_under_autocast(dtype):
    inputs = list(batch())
    low = [value.to(dtype) for value in inputs[:3]] + inputs[3:]
    expected = PairMaskLoss()(*[value.float() for value in low[:3]], *inputs[3:])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = PairMaskLoss()(*low)
    assert all(value.dtype == torch.float32 for value in found.values())
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_certain_maps_stay_finite():
    """Wrong for certain costs 100 per pixel, as in the released loss."""
    zeros, ones = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    losses = PairMaskLoss()(zeros, ones, torch.zeros(1), ones, zeros, torch.tensor([True]))
    assert losses['loss_mask'].item() == pytest.approx((10 * 100 + 100) / 2)
    assert losses['loss_visibility'].item() == pytest.approx(100)


def test_masks_of_another_size():
    inputs = list(batch())
    inputs[4] = inputs[4][..., :5]
    with pytest.raises(ConfigError, match=r'expected a mask of the shape of its map, found maps \(3, 1, 6, 6\) and '
                                          r'masks \(3, 1, 6, 5\)\. Give pipeline and model the same input size\.'):
        PairMaskLoss()(*inputs)


def test_negative_weights():
    with pytest.raises(ConfigError, match="PairMaskLoss: expected weights of at least 0, found .*'dice_weight': -1"):
        PairMaskLoss(dice_weight=-1)
