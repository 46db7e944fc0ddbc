import pytest
import torch
from torch import nn

from egoexo.errors import ConfigError
from egoexo.registry import MODELS


def build(**changes):
    torch.manual_seed(0)
    settings = dict(type='MultiTaskHead', num_classes=dict(verb=3, noun=5), in_channels=(8, 4), dropout=0.0)
    head = MODELS.build(settings | changes)
    head.init_weights()
    return head


def draw(size=3, frames=2):
    generator = torch.Generator().manual_seed(1)
    return (torch.randn(2, 8, frames, *[size] * 2, generator=generator),
            torch.randn(2, 4, 4 * frames, *[size] * 2, generator=generator))


def scored(head, features):
    """Logits of the verbs for pooled features (N, 12)."""
    return features @ head.fc_verb.weight.T + head.fc_verb.bias


def test_global_pooling_scores_the_mean_slow_channels_first():
    head, features = build(), draw()
    mean = torch.cat([pathway.mean((2, 3, 4)) for pathway in features], 1)
    logits = head(features)
    assert list(logits) == ['verb', 'noun'] and logits['noun'].shape == (2, 5)
    torch.testing.assert_close(logits['verb'], scored(head, mean))
    torch.testing.assert_close(head.scores(features)['verb'], scored(head, mean).softmax(-1))


def test_window_pooling_averages_the_probabilities_of_the_positions():
    head, features = build(pool='window', window=2), draw()
    nn.init.normal_(head.fc_verb.weight, std=3.0)
    positions = [torch.cat([pathway[..., row:row + 2, column:column + 2].mean((2, 3, 4)) for pathway in features], 1)
                 for row in range(2) for column in range(2)]
    logits = torch.stack([scored(head, position) for position in positions])
    torch.testing.assert_close(head(features)['verb'], logits.mean(0))
    torch.testing.assert_close(head.scores(features, 'logit')['verb'], logits.mean(0))
    found = head.scores(features)['verb']
    torch.testing.assert_close(found, logits.softmax(-1).mean(0))
    assert not torch.allclose(found, logits.mean(0).softmax(-1), atol=0.01)


def test_one_window_is_the_global_mean():
    first, second = build(pool='window', window=3), build()
    torch.testing.assert_close(first(draw())['noun'], second(draw())['noun'])


def test_sigmoid_for_several_classes():
    head, features = build(activation='sigmoid'), draw()
    torch.testing.assert_close(head.scores(features)['noun'], head(features)['noun'].sigmoid())


def test_one_pathway_as_a_tensor():
    head = build(in_channels=(8,))
    slow = draw()[0]
    torch.testing.assert_close(head(slow)['verb'], scored(head, slow.mean((2, 3, 4))))


def test_half_precision_ends_before_the_softmax():
    head = build().bfloat16()
    scores = head.scores([pathway.bfloat16() for pathway in draw()])
    assert {values.dtype for values in scores.values()} == {torch.float32}
    assert scores['noun'].sum(-1).tolist() == pytest.approx([1, 1], abs=1e-6)


def test_dropout_acts_in_training_only():
    head, features = build(dropout=0.9), draw()
    assert not torch.equal(head.train()(features)['verb'], head(features)['verb'])
    assert torch.equal(head.eval()(features)['verb'], head(features)['verb'])


def test_initial_weights():
    head = build(num_classes=dict(action=400), in_channels=(64, 8))
    assert head.fc_action.weight.std().item() == pytest.approx(0.01, rel=0.05) and head.fc_action.bias.abs().max() == 0


@pytest.mark.parametrize(('changes', 'text'), [
    (dict(pool='max'), "found pool='max', activation='softmax'"), (dict(activation='relu'), "activation='relu'"),
    (dict(num_classes=dict(verb=0)), 'num_classes.verb: expected the number of classes, found 0'),
    (dict(num_classes=dict(verb=97, noun='dataset')), "num_classes.noun: .*found 'dataset'. Write it into model.cls")])
def test_wrong_settings_are_named(changes, text):
    with pytest.raises(ConfigError, match=f'MultiTaskHead.*{text}'):
        build(**changes)


def test_wrong_features_are_named():
    with pytest.raises(ConfigError, match=r'expected pathways of \(8, 4\) channels, found \(4, 8\)'):
        build()(draw()[::-1])
    with pytest.raises(ConfigError, match='expected at least window=7 pixels, found 3. Give clips of at least 224 pix'):
        build(pool='window')(draw())
