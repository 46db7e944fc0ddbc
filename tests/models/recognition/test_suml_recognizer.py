"""SUM-L: two networks in training, one in a test."""

import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import AnnotationError, ConfigError
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

CLIPS = dict(ego=torch.randn(3, 3, 8, 32, 32, generator=torch.Generator().manual_seed(0)),
             tpv=torch.randn(3, 3, 8, 32, 32, generator=torch.Generator().manual_seed(1)))
SIZES = dict(verb=4, noun=5), dict(verb=3, noun=6)


def build(**options):
    torch.manual_seed(0)
    backbone = dict(type='SlowFast', depth=18, base_channels=8)
    heads = [dict(type='MultiTaskHead', num_classes=classes, dropout=0.0) for classes in SIZES]
    return MODELS.build(dict(
        type='SUMLRecognizer', backbone=backbone, tpv_backbone=backbone, cls_head=heads[0],
        tpv_head=heads[1] | dict(activation='sigmoid'), contrast_head=dict(type='TextContrastHead', dim=7)) | options)


def samples(count=3, **changes):
    generator = torch.Generator().manual_seed(2)
    found = []
    for row in range(count):
        found.append(EgoExoDataSample(metainfo=dict(sample_id=f's{row}'), **dict(
            gt_verb_label=torch.tensor(row % 4), gt_noun_label=torch.tensor(row % 5),
            gt_tpv_verb_targets=F.one_hot(torch.tensor(row % 3), 3).float(),
            gt_tpv_noun_targets=F.one_hot(torch.tensor(row % 6), 6).float(),
            gt_text_embedding=torch.randn(7, generator=generator),
            gt_tpv_text_embedding=torch.randn(7, generator=generator)) | changes))
    return found


def loss_of(model, count=3, **changes):
    return model.train()({view: clips[:count] for view, clips in CLIPS.items()}, samples(count, **changes), mode='loss')


LOSSES = ['loss_verb', 'loss_noun', 'loss_tpv_verb', 'loss_tpv_noun', 'loss_ego_text', 'loss_tpv_text']


def test_every_parameter_gets_a_gradient():
    model = build()
    losses = loss_of(model)
    assert [key for key in losses if key.startswith('loss')] == LOSSES
    sum(losses[key] for key in LOSSES).backward()
    assert not [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]


def test_weights_are_those_of_the_released_code():
    plain = loss_of(build(tpv_weight=1.0, ego_text_weight=1.0, tpv_text_weight=1.0))
    released, other = loss_of(build()), loss_of(build(tpv_weight=0.3, ego_text_weight=0.0, tpv_text_weight=0.5))
    for key, weight, mine in (('verb', 1, 1), ('noun', 1, 1), ('tpv_verb', 0.1, 0.3), ('tpv_noun', 0.1, 0.3),
                              ('ego_text', 0.1, 0.0), ('tpv_text', 0.1, 0.5)):
        assert released[f'loss_{key}'].item() == pytest.approx(weight * plain[f'loss_{key}'].item(), rel=1e-5)
        assert other[f'loss_{key}'].item() == pytest.approx(mine * plain[f'loss_{key}'].item(), rel=1e-5)


def test_networks_share_nothing():
    model = build()
    ego = [key for key, _ in model.named_parameters() if key.startswith('backbone.')]
    assert len(ego) == len([key for key, _ in model.named_parameters() if key.startswith('tpv_backbone.')])
    assert len({id(value) for value in model.parameters()}) == len(list(model.parameters()))
    losses = loss_of(model)
    (losses['loss_verb'] + losses['loss_noun'] + losses['loss_ego_text']).backward()
    touched = {key.split('.')[0] for key, value in model.named_parameters()
               if value.grad is not None and value.grad.any()}
    assert touched == {'backbone', 'cls_head', 'contrast_head'}


def test_one_pair_is_finite():
    losses = loss_of(build(), count=1)
    assert all(torch.isfinite(value) for value in losses.values())


def test_prediction_does_not_run_the_third_person_network(monkeypatch):
    model = build().eval()

    def refuse(*_):
        raise RuntimeError('third-person network')

    for part in (model.tpv_backbone, model.tpv_head, model.contrast_head):
        monkeypatch.setattr(part, 'forward', refuse)
    with torch.no_grad():
        alone, both = model(CLIPS['ego'], mode='predict'), model(CLIPS, mode='predict')
        logits = model(CLIPS)
    for one, other, row in zip(alone, both, logits['verb'], strict=True):
        assert torch.equal(one.pred_verb_scores, other.pred_verb_scores)
        torch.testing.assert_close(one.pred_verb_scores, row.softmax(-1))
    assert any(key.startswith('tpv_backbone.') for key in model.state_dict())


def test_alignment_of_pairs_with_alike_narrations():
    alike = torch.ones(7)
    aligned = loss_of(build(align_loss='dcl_thres', align_weight=0.5), gt_text_embedding=alike,
                      gt_tpv_text_embedding=alike)
    apart = loss_of(build(align_loss='dcl_thres'), gt_text_embedding=alike, gt_tpv_text_embedding=-alike)
    twice = loss_of(build(align_loss='dcl_thres', align_weight=1.0), gt_text_embedding=alike,
                    gt_tpv_text_embedding=alike)
    assert list(aligned)[-1] == 'loss_align' and aligned['loss_align'].item() != 0
    assert twice['loss_align'].item() == pytest.approx(2 * aligned['loss_align'].item(), rel=1e-5)
    assert apart['loss_align'].item() == 0


def test_alignment_by_triplets():
    losses = loss_of(build(align_loss='triplet', align_weight=1.0))
    assert losses['loss_align'].item() > 0


@pytest.mark.parametrize(('options', 'found'), [
    (dict(align_loss='dcl'), "align_loss None, 'dcl_thres', 'triplet', found .*'dcl'"),
    (dict(tpv_weight=-1), 'weights of at least 0'),
    (dict(align_loss='dcl_thres', contrast_loss=dict(type='DecoupledContrastiveLoss', gather=True)),
     r'expected contrast_loss\.gather=False')])
def test_wrong_options(options, found):
    with pytest.raises(ConfigError, match=found):
        build(**options)


def test_wrong_samples():
    with pytest.raises(AnnotationError, match='gt_tpv_verb_targets of s0: expected 3 numbers, found 2'):
        loss_of(build(), gt_tpv_verb_targets=torch.zeros(2))
    with pytest.raises(AnnotationError, match='gt_verb_label of s0'):
        loss_of(build(), gt_verb_label=torch.tensor(-1))
    with pytest.raises(ConfigError, match=r'one clip of the ego and of the third-person view.*SemanticPairDataset'):
        build()(CLIPS['ego'], samples(), mode='loss')
