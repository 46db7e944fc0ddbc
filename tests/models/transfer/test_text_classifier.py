import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.models.transfer import TextClassifier
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

TEXTS = ['cut the onion', 'wash the pan', 'cut the pan', 'make pasta']


def samples(labels):
    return [EgoExoDataSample(metainfo=dict(sample_id=str(place)), gt_label=torch.tensor(label))
            for place, label in enumerate(labels)]


def classifier(tiny_bert, head=None, **encoder):
    return MODELS.build(dict(
        type='TextClassifier', encoder=dict(dict(type='HFTextEncoder', name=tiny_bert, scale=8.0), **encoder),
        head=head or dict(type='MLPHead', feat_size=['encoder', 12], num_classes=3, bn=False, dropout=0.2)))


def test_loss_and_gradients_reach_the_head_only(tiny_bert):
    model = classifier(tiny_bert)
    losses = model(TEXTS, data_samples=samples([0, 1, 0, 2]), mode='loss')
    assert list(losses) == ['loss_cls']
    losses['loss_cls'].backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert all(name.startswith('head.') for name in model.state_dict())
    model.eval()
    by_hand = F.cross_entropy(model.head(model.encoder(TEXTS)).logits, torch.tensor([0, 1, 0, 2]))
    torch.testing.assert_close(model(TEXTS, data_samples=samples([0, 1, 0, 2]), mode='loss')['loss_cls'], by_hand)


def test_predictions_go_through_the_runner_door(tiny_bert):
    model = classifier(tiny_bert).eval()
    found = model.test_step(dict(inputs=TEXTS, data_samples=samples([0, 1, 0, 2])))
    torch.testing.assert_close(torch.stack([sample.pred_class_logits for sample in found]), model(TEXTS))
    assert [sample.sample_id for sample in found] == ['0', '1', '2', '3']


def test_it_learns(tiny_bert):
    torch.manual_seed(0)
    model = classifier(tiny_bert)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        model(TEXTS, data_samples=samples([0, 1, 0, 2]), mode='loss')['loss_cls'].backward()
        optimizer.step()
    assert model.eval()(TEXTS).argmax(1).tolist() == [0, 1, 0, 2]


def test_width_is_filled_in(tiny_bert):
    assert classifier(tiny_bert).head.in_channels == 16
    assert classifier(tiny_bert, dict(type='LinearHead', feat_size='encoder', num_classes=3)).head.in_channels == 16


def test_class_logits_need_no_head(tiny_bert):
    model = TextClassifier(dict(type='HFTextEncoder', name=tiny_bert, pooling='hf_head', trainable=True, num_classes=3))
    assert model(TEXTS).shape == (4, 3)
    model(TEXTS, data_samples=samples([0, 1, 0, 2]), mode='loss')['loss_cls'].backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_frozen_trainable_network_learns_nothing(tiny_bert):
    model = TextClassifier(dict(type='HFTextEncoder', name=tiny_bert, trainable=True),
                           dict(type='LinearHead', feat_size=16, num_classes=3), freeze_encoder=True).train()
    model(TEXTS, data_samples=samples([0, 1, 0, 2]), mode='loss')['loss_cls'].backward()
    assert not model.encoder.network.training
    assert {name for name, item in model.named_parameters() if item.grad is not None} == {
        'head.linear.weight', 'head.linear.bias'}


def test_texts_reach_the_encoder():
    pytest.importorskip('sklearn')
    model = TextClassifier(dict(type='TfidfEncoder', dim=8), dict(type='LinearHead', feat_size=8, num_classes=3))
    model.fit_texts(TEXTS, [0, 1, 0, 2], ('a', 'b', 'c'))
    model.prepare(TEXTS)
    assert model.encoder.vocabulary == ['cut', 'cut the', 'pan', 'the', 'the pan']
    assert {'encoder.terms', 'encoder.idf'} < set(model.state_dict())


def test_widths_differ(tiny_bert):
    with pytest.raises(ConfigError, match='an input of 16 numbers, the width of HFTextEncoder, found 17'):
        classifier(tiny_bert, dict(type='LinearHead', feat_size=17, num_classes=3))


def test_encoder_of_something_else():
    with pytest.raises(ConfigError, match='an encoder of text, such as HFTextEncoder, found MLPHead'):
        TextClassifier(dict(type='MLPHead', num_classes=3), dict(type='LinearHead', feat_size=16, num_classes=3))
