"""Clips of both views in the space of sentences."""

import pytest
import torch

from egoexo.errors import AnnotationError
from egoexo.models.recognition import TextContrastHead
from egoexo.structures import EgoExoDataSample


def features(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 6, 2, 3, 3, generator=generator), torch.rand(count, 2, 8, 3, 3, generator=generator)


@pytest.mark.parametrize('count', [1, 3])
def test_vectors_of_length_one(count):
    head = TextContrastHead((6, 2), dim=4)
    head.init_weights()
    ego, tpv = head(features(count), features(count, 1))
    assert ego.shape == tpv.shape == (count, 4)
    torch.testing.assert_close(ego.norm(dim=1), torch.ones(count))
    slow, fast = features(count)
    pooled = torch.cat([slow.mean((2, 3, 4)), fast.mean((2, 3, 4))], 1)
    expected = head.ego_proj(pooled / pooled.norm(dim=1, keepdim=True))
    torch.testing.assert_close(ego, expected / expected.norm(dim=1, keepdim=True))
    assert not torch.allclose(ego, tpv)


def test_weights_are_drawn_as_released():
    head = TextContrastHead(dim=384)
    head.init_weights()
    assert sum(weight.numel() for weight in head.parameters()) == 1_770_240
    assert head.ego_proj.weight.std().item() == pytest.approx(0.01, rel=0.01)
    assert not head.tpv_proj.bias.any()


def test_half_precision_ends_here():
    head = TextContrastHead((6, 2), dim=4)
    with torch.autocast('cpu', torch.bfloat16):
        ego, _ = head([part.bfloat16() for part in features(2)], features(2))
    assert ego.dtype == torch.float32


def test_texts():
    head = TextContrastHead((6, 2), dim=2)
    samples = [EgoExoDataSample(gt_text_embedding=torch.tensor([3.0, 4.0]),
                                gt_tpv_text_embedding=torch.tensor([0.0, 2.0])),
               EgoExoDataSample(gt_text_embedding=torch.tensor([0.0, 0.0]),
                                gt_tpv_text_embedding=torch.tensor([-5.0, 0.0]))]
    ego, tpv = head.gather_texts(samples, torch.device('cpu'))
    torch.testing.assert_close(ego, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
    torch.testing.assert_close(tpv, torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))


@pytest.mark.parametrize(('fields', 'found'), [
    ({}, 'gt_text_embedding of P01: expected 2 numbers, found none. Train on SemanticPairDataset'),
    (dict(gt_text_embedding=torch.zeros(2)), 'gt_tpv_text_embedding of P01'),
    (dict(gt_text_embedding=torch.zeros(3)), 'expected 2 numbers, found 3')])
def test_wrong_texts(fields, found):
    sample = EgoExoDataSample(metainfo=dict(sample_id='P01'), **fields)
    with pytest.raises(AnnotationError, match=found):
        TextContrastHead((6, 2), dim=2).gather_texts([sample], torch.device('cpu'))
