import pytest
import torch

from egoexo.models.adaptation import DomainHeads


def _pair(lengths=(8, 6), batch=1, stages=2, channels=4, classes=3):
    torch.manual_seed(1)
    features = tuple(torch.randn(batch, stages, channels, length) for length in lengths)
    probs = tuple(torch.randn(batch, stages, classes, length).softmax(2) for length in lengths)
    masks = tuple(torch.ones(batch, length, dtype=torch.bool) for length in lengths)
    return features, probs, masks


def _heads(**options):
    torch.manual_seed(0)
    return DomainHeads(channels=4, num_classes=3, num_stages=2, **options)


@pytest.mark.parametrize(('options', 'video_shape', 'classes'), [
    (dict(), (4, 2), 2),
    (dict(video='rev_grad', num_segments=2), (8, 2), 2),
    (dict(video='rev_grad_ssl', num_segments=2), (2, 2), 6),
    (dict(video='rev_grad_ssl_2', num_segments=2, pairs='adjacent'), (2, 2), 6),
    (dict(order=True, num_segments=3), (4, 2), 6),
])
def test_shapes_and_labels(options, video_shape, classes):
    out = _heads(**options)(*_pair(batch=2))
    assert out.pred_d.shape == (2 * 8 + 2 * 6, 2, 1, 2)
    assert out.label_d[:, 0, 0].tolist() == [0] * 16 + [1] * 12
    assert out.pred_d_video.shape == (*video_shape, classes)
    assert out.label_d_video.shape == video_shape
    assert int(out.label_d_video.max()) < classes


def test_padding_is_left_out_of_the_frame_logits():
    features, probs, masks = _pair(batch=2)
    masks[0][1, 5:] = False
    heads = _heads(dropout=0.0)
    out = heads(features, probs, masks)
    assert len(out.pred_d) == 8 + 5 + 12
    torch.testing.assert_close(out.pred_d[8:13], heads.frame_discriminator(features[0][1, :, :, :5].permute(2, 0, 1)))


def test_attention_weights_the_pooled_features():
    features, probs, masks = _pair()
    plain = _heads(video='rev_grad', num_segments=2, dropout=0.0)
    attended = _heads(video='rev_grad', num_segments=2, dropout=0.0, attention=True)
    logits = attended.frame_discriminator(features[0].transpose(2, 3))[:, :, :, 0].softmax(-1)
    weights = 1 + (logits * logits.log()).sum(-1)
    scaled = (features[0] * (weights + 1).unsqueeze(2), features[1])
    segments = plain(scaled, probs, masks).pred_d_video[:2]
    torch.testing.assert_close(attended(features, probs, masks).pred_d_video[:2], segments)


def test_gradient_to_the_features_is_reversed():
    features, probs, masks = _pair()
    features[0].requires_grad_()
    heads = _heads(dropout=0.0, video='rev_grad', trainable=True)
    frame = heads(features, probs, masks, beta=(0.7, 0.3)).pred_d.sum()
    frame.backward()
    flipped, own = features[0].grad.clone(), heads.frame_discriminator.bases[0].weight.grad.clone()
    features[0].grad = None
    heads.zero_grad()
    heads.frame_discriminator(features[0].transpose(2, 3)).sum().backward()
    torch.testing.assert_close(flipped, -0.7 * features[0].grad)
    assert not torch.equal(own, torch.zeros_like(own))
    features[0].grad = None
    heads(features, probs, masks, beta=(0.7, 0.0)).pred_d_video.sum().backward()
    assert features[0].grad.abs().sum() == 0


def test_frozen_unless_an_objective_reads_them():
    assert not any(p.requires_grad for p in _heads(video='rev_grad', order=False).parameters())
    assert all(p.requires_grad for p in _heads(trainable=True).parameters())


def test_videos_without_a_partner_are_left_out_of_the_order():
    features, probs, masks = _pair(batch=2)
    heads = _heads(video='rev_grad_ssl', num_segments=2).eval()
    heads.draw_permutation = torch.arange
    fewer = heads(*((source, target[:1]) for source, target in (features, probs, masks)))
    both = heads(features, probs, masks)
    assert fewer.pred_d_video.shape == (1, 2, 6)
    torch.testing.assert_close(fewer.pred_d_video, both.pred_d_video[:1])


@pytest.mark.parametrize('wrong', [dict(video='mmd'), dict(class_weight='medium')])
def test_unknown_options(wrong):
    with pytest.raises(ValueError, match='DomainHeads: expected video in'):
        _heads(**wrong)
