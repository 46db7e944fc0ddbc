import pytest
import torch
from mmengine.config import ConfigDict

from egoexo.errors import ConfigError
from egoexo.models.clip import PLACES, ClipModel, TemporalRelation
from egoexo.registry import MODELS


def _gradients(model):
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


def test_parts_get_their_sizes(build):
    model = build(released=dict(type='ReleasedLayers'))
    assert model.head.classifiers[0].weight.shape == (4, 8)
    assert model.head.frame_classifier.weight.shape == (4, 5)
    assert len(model.adaptation.relation_discriminators) == 2
    assert model.adaptation.frame_discriminator.fc.weight.shape == (5, 5)
    assert build().head.frame_classifier is None


def test_a_config_of_mmengine_builds_it():
    config = ConfigDict(
        type='ClipModel', embedding=dict(type='FrameEmbedding', in_channels=6, channels=5),
        encoder=dict(type='AveragePool'), head=dict(type='ClipHead', num_classes=2, loss=[]))
    assert MODELS.build(config)(torch.zeros(1, 6, 3)).shape == (1, 2)


def test_one_domain_computes_no_discriminator(build, clips, monkeypatch):
    model = build()
    for name in ('judge_relations', 'judge_video', 'judge_frames'):
        monkeypatch.setattr(model.adaptation, name, None)
    model(**clips(3), mode='loss')['loss_ce'].backward()
    assert set(_gradients(model)) == {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert all(name.startswith(('embedding', 'encoder', 'head')) for name in _gradients(model))


def test_attention_computes_and_trains_its_own_discriminator_only(build, clips, monkeypatch):
    model = build(attention='domain')
    for name in ('judge_video', 'judge_frames'):
        monkeypatch.setattr(model.adaptation, name, None)
    model(**clips(3), mode='loss')['loss_ce'].backward()
    trained = [name for name in _gradients(model) if name.startswith('adaptation')]
    assert trained
    assert all(name.startswith('adaptation.relation_discriminators') for name in trained)


@pytest.mark.parametrize('encoder', [dict(type='TemporalRelation', num_segments=3), dict(type='AveragePool')])
def test_domain_attention_by_hand(build, clips, encoder):
    """With an undecided discriminator every token is weighted by 2 - ln 2, with a certain one by 2."""
    plain, attentive = build(encoder=encoder), build(encoder=encoder, attention='domain')
    attentive.load_state_dict(plain.state_dict())
    adaptation = attentive.adaptation
    heads = adaptation.relation_discriminators if adaptation.relation_discriminators else [
        adaptation.frame_discriminator]
    for bias, weight in ((0.0, 2 - torch.tensor(2.0).log()), (50.0, torch.tensor(2.0))):
        for head in heads:
            torch.nn.init.zeros_(head.classifier.weight)
            head.classifier.bias.data = torch.tensor([bias, 0.0])
        inputs = clips(2)['inputs']
        torch.testing.assert_close(attentive.run(inputs).video, weight * plain.run(inputs).video)


def test_frame_attention_by_hand(build, clips):
    model = build(frame_attention=True, encoder=dict(type='AveragePool'))
    model.adaptation.frame_discriminator.classifier.bias.data = torch.tensor([50.0, 0.0])
    outputs = model.run(clips(2)['inputs'])
    torch.testing.assert_close(outputs.video, 2 * outputs.layers[-1].mean(1))


def test_pair_is_one_pass_and_equals_two(build, clips, adversarial, monkeypatch):
    model = build(adaptation=adversarial, attention='domain')
    source, target = clips(4)['inputs'], clips(3)['inputs']
    together = model.run_both(source, target, PLACES)
    monkeypatch.setattr(ClipModel, '_joint', False)
    for one, two in zip(together, model.run_both(source, target, PLACES), strict=True):
        torch.testing.assert_close(one.logits, two.logits)
        torch.testing.assert_close(one.judged, two.judged)
        assert set(one.judged) == {'relation', 'video', 'frame'}


def test_losses_of_a_pair(build, clips, adversarial):
    model = build(adaptation=adversarial)
    source, target = clips(4), clips(3)
    losses = model(mode='loss', source=source, target=target)
    assert set(losses) == {'loss_ce', 'loss_domain'}
    alone = model(**source, mode='loss')
    torch.testing.assert_close(losses['loss_ce'], alone['loss_ce'])
    sum(losses.values()).backward()
    assert set(_gradients(model)) == set(dict(model.named_parameters()))


def _fill(module):
    """Weights far from zero, the same for every model."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.sin(torch.arange(parameter.numel()).float()).view_as(parameter))


@pytest.mark.parametrize(('place', 'beta'), [('relation', 0.5), ('video', 0.25), ('frame', 3.0)])
def test_reversed_gradient_of_each_branch(build, clips, place, beta):
    """The features get minus beta times what they would get without reversal; other branches have no say."""
    grads = []
    for own, others in ((beta, 9.0), (-1.0, -1.0)):
        weights = [own if name == place else others for name in ('relation', 'video', 'frame')]
        objectives = [dict(type='FrameAdversarialLoss', places=[place])]
        model = build(adaptation=dict(type='ClipDomainHeads', objectives=objectives, beta=weights))
        _fill(model)
        model(mode='loss', source=clips(4), target=clips(3))['loss_domain'].backward()
        grads.append(model.embedding.layers[0].weight.grad)
    assert grads[1].abs().max() > 0
    torch.testing.assert_close(grads[0], -beta * grads[1])


def test_target_labels_count_when_asked(build, clips, adversarial):
    source, target = clips(4), clips(3)
    found = build(adaptation=adversarial, supervise_target=True)(mode='loss', source=source, target=target)['loss_ce']
    model = build(adaptation=adversarial)
    parts = [model(**item, mode='loss')['loss_ce'] for item in (source, target)]
    torch.testing.assert_close(found, (4 * parts[0] + 3 * parts[1]) / 7)


def test_target_labels_without_any_other_objective(build, clips):
    losses = build(supervise_target=True)(mode='loss', source=clips(4), target=clips(3))
    assert set(losses) == {'loss_ce'}


def test_statistics_alone_need_no_domain_heads(build, clips):
    """AdaBN as a method of its own: the target only moves its mean and variance."""
    embedding = dict(type='FrameEmbedding', in_channels=6, channels=5, dropout=0.0, norm=dict(type='DomainBatchNorm'))
    model = build(embedding=embedding, adaptation=None)
    losses = model(mode='loss', source=clips(4), target=clips(3))
    assert set(losses) == {'loss_ce'}
    assert model.embedding.norm.target.num_batches_tracked == 1
    with pytest.raises(ConfigError, match='expected at least one objective or a DomainBatchNorm'):
        build(adaptation=None)(mode='loss', source=clips(4), target=clips(3))


def test_second_classifier(build, clips):
    adaptation = dict(type='ClipDomainHeads', reverse_weight=0.5,
                      objectives=[dict(type='ClassifierDiscrepancyLoss', places=['video'])])
    head = dict(type='ClipHead', num_classes=4, num_classifiers=2, loss=[dict(type='MultiLabelCrossEntropy')])
    model = build(adaptation=adaptation, head=head)
    torch.nn.init.normal_(model.head.classifiers[0].weight)
    source, target = clips(4), clips(3)
    losses = model(mode='loss', source=source, target=target)
    assert set(losses) == {'loss_ce', 'loss_ce_2', 'loss_classifier_discrepancy'}
    logits = model.run(target['inputs']).logits
    gap = (logits[0].softmax(-1) - logits[1].softmax(-1)).abs().mean()
    torch.testing.assert_close(losses['loss_classifier_discrepancy'], -gap)
    assert set(model(**source, mode='loss')) == {'loss_ce'}


def test_statistics_and_layers_of_each_domain(build, clips, adversarial):
    embedding = dict(type='FrameEmbedding', in_channels=6, channels=5, dropout=0.0, norm=dict(type='DomainBatchNorm'))
    model = build(embedding=embedding, adaptation=adversarial, shared=False, predict_views=dict(ego='source'))
    model(mode='loss', source=clips(4), target=clips(3))
    norm = model.embedding.norm
    assert norm.source.num_batches_tracked == norm.target.num_batches_tracked == 1
    assert not torch.equal(norm.source.running_mean, norm.target.running_mean)
    model.eval()
    batch = clips(2)
    batch['data_samples'][1].set_metainfo(dict(view='exo'))
    predicted = model(**batch, mode='predict')
    for row, name in enumerate(('source', 'target')):
        with model.domain(name):
            expected = model.run(batch['inputs'][row:row + 1]).logits[0][0]
        torch.testing.assert_close(predicted[row].pred_class_logits, expected.detach())
    torch.testing.assert_close(model(batch['inputs'])[1], predicted[1].pred_class_logits)


def test_predictions_do_not_depend_on_the_batch(build, clips):
    model = build(attention='domain').eval()
    batch = clips(5)
    together = model(**batch, mode='predict')
    for row, sample in enumerate(together):
        alone = model(batch['inputs'][row:row + 1], None, batch['data_samples'][row:row + 1], 'predict')[0]
        torch.testing.assert_close(alone.pred_class_logits, sample.pred_class_logits)
        assert 'pred_class_logits' not in batch['data_samples'][row]
        assert sample.sample_id == f'clip{row}'


def test_planning(build, clips, adversarial):
    head = dict(type='ClipHead', num_classes=4, horizon=2, loss=[dict(type='FutureCrossEntropy')])
    adversarial['objectives'].append(dict(type='AttentiveEntropyLoss', places=['video'], num_steps=2))
    model = build(head=head, adaptation=adversarial, attention='domain')
    assert model(clips(3)['inputs']).shape == (3, 2, 4)
    losses = model(mode='loss', source=clips(4, 2), target=clips(3, 2))
    assert set(losses) == {'loss_ce', 'loss_domain', 'loss_attentive_entropy'}
    assert model(**clips(3, 2), mode='predict')[0].pred_future_logits.shape == (2, 4)


def test_single_relation(build, clips, adversarial):
    """Released as ``trn``, where it stops for want of a discriminator."""
    model = build(encoder=dict(type='TemporalRelation', num_segments=3, multi_scale=False), adaptation=adversarial,
                  attention='domain')
    assert isinstance(model.encoder, TemporalRelation)
    assert model.run(clips(2)['inputs']).relations.shape == (2, 1, 256)
    sum(model(mode='loss', source=clips(4), target=clips(3)).values()).backward()
    assert set(_gradients(model)) == set(dict(model.named_parameters()))


@pytest.mark.parametrize(('changes', 'message'), [
    (dict(attention='TransAttn'), r"model\.attention: expected None, 'domain' .* found 'TransAttn' with Temporal"),
    (dict(attention='domain', encoder=dict(type='Recurrent')), "found 'domain' with Recurrent"),
    (dict(attention='general', encoder=dict(type='AveragePool')), "found 'general' with AveragePool"),
    (dict(attention='domain', adaptation=None), r"model\.adaptation: expected ClipDomainHeads, .* found None\. Set"),
    (dict(frame_attention=True, adaptation=None), r'frame_attention read its discriminators, found None'),
])
def test_impossible_settings(build, changes, message):
    with pytest.raises(ConfigError, match=message):
        build(**changes)


def test_unknown_place(build, clips):
    adaptation = dict(type='ClipDomainHeads', objectives=[dict(type='FrameAdversarialLoss', places=['stage2'])])
    with pytest.raises(ConfigError, match='expected places among relation, video, frame, found stage2'):
        build(adaptation=adaptation)(mode='loss', source=clips(4), target=clips(3))


def test_half_precision_ends_at_the_losses(build, clips, adversarial):
    adversarial['objectives'] = [*adversarial['objectives'], dict(type='AttentiveEntropyLoss', places=['video']),
                                 dict(type='MMDLoss', places=['video'])]
    model = build(adaptation=adversarial, attention='domain')
    with torch.autocast('cpu', dtype=torch.bfloat16):
        losses = model(mode='loss', source=clips(4), target=clips(3))
        predicted = model(**clips(3), mode='predict')
    assert {value.dtype for value in losses.values()} == {torch.float32}
    assert predicted[0].pred_class_logits.dtype == torch.float32
    sum(losses.values()).backward()
