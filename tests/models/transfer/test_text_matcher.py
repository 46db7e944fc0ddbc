import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.transfer import TextMatch
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

NAMES = ('make pasta', 'clean up')


@pytest.fixture
def model(tiny_bert):
    return MODELS.build(dict(type='TextMatch', encoder=dict(type='HFTextEncoder', name=tiny_bert), num_classes=2))


def test_counting_needs_the_hook(model):
    assert model.observe([EgoExoDataSample(), EgoExoDataSample()]) == 2
    with pytest.raises(ConfigError, match=r"dict\(type='FitEncoderHook'\)"):
        model.finish()
    model.fit_texts([], classes=NAMES)
    assert model.observe([EgoExoDataSample()]) == 3
    assert (model.finish(), model.finish()) == (3, 0)


def test_prediction_fills_copies(model):
    model.fit_texts([], classes=NAMES)
    given = [EgoExoDataSample(metainfo=dict(sample_id='7'))]
    found = model.eval().test_step(dict(inputs=['make pasta'], data_samples=given))
    assert 'pred_class_logits' not in given[0]
    assert found[0].sample_id == '7'
    assert found[0].pred_class_logits.dtype == torch.float32
    torch.testing.assert_close(found[0].pred_class_logits, model(['make pasta'])[0])


def test_not_fitted_and_no_loss(model):
    with pytest.raises(ConfigError, match='expected class names and source texts, or a checkpoint'):
        model(['cut'])
    with pytest.raises(ConfigError, match="'CountingLoop', as TextMatch learns nothing"):
        model(['cut'], mode='loss')


@pytest.mark.parametrize(('encoder', 'found'), [
    (dict(type='LinearHead', num_classes=2), 'found LinearHead'),
    (dict(type='HFTextEncoder', trainable=True), 'found HFTextEncoder, trainable')])
def test_wrong_encoder(tiny_bert, encoder, found):
    if encoder['type'] == 'HFTextEncoder':
        encoder = dict(encoder, name=tiny_bert)
    with pytest.raises(ConfigError, match=f'expected a frozen encoder of text, {found}'):
        TextMatch(encoder, num_classes=2)
