import re

import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import AnnotationError, ConfigError, FeatureError
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

HEAD = dict(type='MLPHead', feat_size=[6, 5], num_classes=4)


@MODELS.register_module()
class LengthEncoder(torch.nn.Module):
    """Vectors of sentences, with dropout that shows in which mode it is."""

    def __init__(self, width: int = 6, norm: dict | None = None) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(1, width)
        self.norm = torch.nn.Identity() if norm is None else MODELS.build(norm)
        self.dropout = torch.nn.Dropout(0.5)

    def forward(self, inputs: list[str]) -> torch.Tensor:
        return self.dropout(self.norm(self.linear(torch.tensor([[float(len(item))] for item in inputs]))))


def classifier(**options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    model = MODELS.build(dict(type='SegmentClassifier', head=HEAD) | options)
    for parameter in model.head.parameters():  # the published initial weights are nearly zero
        if parameter.ndim > 1:
            torch.nn.init.xavier_normal_(parameter)
    return model


def batch(count: int, seed: int = 0, labels: bool = True) -> dict:
    inputs = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    samples = [EgoExoDataSample(metainfo=dict(sample_id=str(row))) for row in range(count)]
    for row, sample in enumerate(samples if labels else []):
        sample.gt_label = torch.tensor((row + seed) % 4)
    return dict(inputs=inputs, data_samples=samples)


def labels_of(data: dict) -> torch.Tensor:
    return torch.stack([sample.gt_label for sample in data['data_samples']])


def test_one_domain():
    model, data = classifier(), batch(5)
    logits = model(**data)
    assert logits.shape == (5, 4) and logits.dtype == torch.float32
    losses = model(**data, mode='loss')
    torch.testing.assert_close(losses, dict(loss_cls=F.cross_entropy(logits, labels_of(data))))


def test_predictions_go_into_copies():
    model, data = classifier().eval(), batch(3)
    filled = model(**data, mode='predict')
    assert torch.equal(torch.stack([sample.pred_class_logits for sample in filled]), model(**data).detach())
    assert [sample.sample_id for sample in filled] == ['0', '1', '2'] and filled[1].gt_label == 1
    assert all('pred_class_logits' not in sample for sample in data['data_samples'])
    assert len(model(data['inputs'], mode='predict')) == 3


def test_both_domains_in_one_pass_share_their_statistics():
    model, source, target = classifier(supervise_target=True), batch(5), batch(3, seed=1)
    together = model.classify(torch.cat([source['inputs'], target['inputs']])).logits
    losses = model(source=source, target=target, mode='loss')
    torch.testing.assert_close(losses, dict(
        loss_cls=F.cross_entropy(together[:5], labels_of(source)),
        loss_target=F.cross_entropy(together[5:], labels_of(target))))
    assert model.head.mlp[1].num_batches_tracked == 2


def test_one_pass_for_each_domain():
    model = classifier(supervise_target=True, joint_forward=False)
    source, target = batch(5), batch(3, seed=1)
    losses = model(source=source, target=target, mode='loss')
    assert model.head.mlp[1].num_batches_tracked == 2
    torch.testing.assert_close(losses, dict(
        loss_cls=F.cross_entropy(model(**source), labels_of(source)),
        loss_target=F.cross_entropy(model(**target), labels_of(target))))


def test_sentences():
    model = classifier(encoder=dict(type='LengthEncoder'), supervise_target=True).eval()
    source = dict(inputs=['cut', 'stir'], data_samples=batch(2)['data_samples'])
    target = dict(inputs=['wash'], data_samples=batch(1)['data_samples'])
    assert model(['cut', 'stir', 'wash']).shape == (3, 4)
    losses = model(source=source, target=target, mode='loss')
    torch.testing.assert_close(losses['loss_target'], model(**target, mode='loss')['loss_cls'])


def test_a_frozen_encoder_stays_in_prediction_and_learns_nothing():
    model = classifier(encoder=dict(type='LengthEncoder'), freeze_encoder=True).train()
    assert model.training and model.head.training and not model.encoder.dropout.training
    before = {key: value.clone() for key, value in model.encoder.state_dict().items()}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    assert len(trained) == len(list(model.head.parameters()))
    model(['cut', 'stir'], data_samples=batch(2)['data_samples'], mode='loss')['loss_cls'].backward()
    torch.optim.SGD(model.parameters(), 0.1).step()
    assert all(torch.equal(value, before[key]) for key, value in model.encoder.state_dict().items())
    assert all(parameter.grad is not None for parameter in trained)


def test_a_trained_encoder_follows_the_mode():
    model = classifier(encoder=dict(type='LengthEncoder')).train()
    assert model.encoder.dropout.training
    model(['cut', 'stir'], data_samples=batch(2)['data_samples'], mode='loss')['loss_cls'].backward()
    assert model.encoder.linear.weight.grad is not None


def test_statistics_of_each_domain():
    """AdaBN: the target moves its statistics and nothing else."""
    model = classifier(encoder=dict(type='DomainBatchNorm', num_features=6), joint_forward=False,
                       predict_views=dict(ego='source'))
    source, target = batch(5), batch(3, seed=1, labels=False)
    assert set(model(source=source, target=target, mode='loss')) == {'loss_cls'}
    assert model.encoder.source.num_batches_tracked == model.encoder.target.num_batches_tracked == 1
    model.eval()
    for view, sample in zip(('ego', 'exo', 'ego'), target['data_samples'], strict=True):
        sample.set_metainfo(dict(view=view))
    predicted = torch.stack([sample.pred_class_logits for sample in model(**target, mode='predict')])
    with model.domain('source'):
        expected = model.classify(target['inputs']).logits
    torch.testing.assert_close(predicted[[0, 2]], expected[[0, 2]])
    assert not torch.allclose(predicted[1], expected[1])
    with pytest.raises(ConfigError, match=r'model\.joint_forward: expected False, because a DomainBatchNorm'):
        classifier(encoder=dict(type='DomainBatchNorm', num_features=6))


def test_sentences_of_each_view():
    norm = dict(type='DomainBatchNorm', num_features=6)
    model = classifier(encoder=dict(type='LengthEncoder', norm=norm), joint_forward=False,
                       predict_views=dict(ego='source')).eval()
    model.encoder.norm.source.running_mean += 1
    samples = [EgoExoDataSample(metainfo=dict(view=view)) for view in ('exo', 'ego', 'exo')]
    predicted = torch.stack([sample.pred_class_logits for sample in model(['a', 'a', 'a'], data_samples=samples,
                                                                          mode='predict')])
    torch.testing.assert_close(predicted[0], predicted[2])
    assert not torch.allclose(predicted[0], predicted[1])


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_losses_are_float32_in_mixed_precision(dtype):
    model, data = classifier(), batch(5)
    with torch.autocast('cpu', dtype=dtype):
        assert model.head(data['inputs']).logits.dtype == dtype
        loss = model(**data, mode='loss')['loss_cls']
        assert model.classify(data['inputs']).logits.dtype == loss.dtype == torch.float32
    torch.testing.assert_close(loss, model(**data, mode='loss')['loss_cls'], rtol=0.05, atol=0.02)


def test_trains_on_random_vectors():
    model, data = classifier(), batch(16)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, nesterov=True)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        losses.append(model(**data, mode='loss')['loss_cls'])
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.2 * losses[0]


def test_wrong_widths_are_named():
    model = classifier()
    text = ('inputs of SegmentClassifier.head: expected 6 numbers per segment, shape (N, 6), found shape (2, 7). '
            'Set model.head.feat_size')
    with pytest.raises(FeatureError, match=re.escape(text)):
        model(torch.zeros(2, 7))
    with pytest.raises(FeatureError, match=re.escape('found shape (2, 6, 1)')):
        model(torch.zeros(2, 6, 1))
    with pytest.raises(FeatureError, match='found list'):
        model(['cut', 'stir'])


def test_missing_and_foreign_labels_are_named():
    model = classifier(supervise_target=True)
    with pytest.raises(AnnotationError, match=r"gt_label of 0: expected a class id, because its label is in the loss, "
                                              r"found none\. Give this list labels \('true' or 'pseudo'\)"):
        model(source=batch(2), target=batch(2, labels=False), mode='loss')
    for wrong in (4, -1):
        data = batch(3)
        data['data_samples'][2].gt_label = torch.tensor(wrong)
        with pytest.raises(AnnotationError, match=f'gt_label of 2: expected a class id from 0 to 3, found {wrong}'):
            model(**data, mode='loss')


def test_a_pair_needs_something_to_learn_from_the_target():
    with pytest.raises(ConfigError, match=r'If the target batches have labels that count, set model\.supervise_target'):
        classifier()(source=batch(2), target=batch(2), mode='loss')
    with pytest.raises(ConfigError, match='SegmentClassifier has one; choose another method'):
        classifier().run_reversed(batch(2), batch(2))
