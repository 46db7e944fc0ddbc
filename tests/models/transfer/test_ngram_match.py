import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.transfer import HFTextEncoder, NGramMatch, ngrams

NAMES = ('make pasta', 'clean up', 'onion')


@pytest.mark.parametrize(('text', 'options', 'expected'), [
    ('cut cut pan', {}, ['cut', 'pan', 'cut cut', 'cut pan', 'cut cut pan']),
    ('cut  pan', {}, ['cut', '', 'pan', 'cut ', ' pan', 'cut  pan']),
    ('', {}, ['']),
    ('cut', {}, ['cut']),
    ('a b c d', dict(longest=2, limit=5), ['a', 'b', 'c', 'd', 'a b'])])
def test_pieces_in_order_of_appearance(text, options, expected):
    assert ngrams(text, **options) == expected


def test_five_hundred_pieces_at_most():
    words = [str(number) for number in range(400)]
    found = ngrams(' '.join(words))
    assert len(found) == 500
    assert found[:400] == words
    assert found[-1] == '99 100'


def fitted(tiny_bert, **options):
    model = NGramMatch(dict(type='HFTextEncoder', name=tiny_bert), num_classes=3, **options)
    model.fit_texts([], classes=NAMES)
    return model


def test_best_piece_counts(tiny_bert):
    model, encoder = fitted(tiny_bert), HFTextEncoder(tiny_bert)
    texts = ['cut the onion with water', 'pan']
    found = model(texts)
    for text, row in zip(texts, found, strict=True):
        torch.testing.assert_close(row, (encoder(ngrams(text)) @ encoder(NAMES).T).amax(0))
    assert found[0, 2] == pytest.approx(1, abs=1e-6)


def test_official_padding_knows_no_negative_class(tiny_bert):
    model, legacy = fitted(tiny_bert), fitted(tiny_bert, legacy_padding=True)
    full = fitted(tiny_bert, legacy_padding=True, limit=1)
    with torch.no_grad():
        for item in (model, legacy, full):
            item.class_vectors[0] = -item.encoder(['pan'])[0]
    plain = model(['pan'])[0]
    assert plain[0] == pytest.approx(-1, abs=1e-6)
    torch.testing.assert_close(legacy(['pan'])[0], plain.clamp(min=0))
    torch.testing.assert_close(full(['pan'])[0], plain)


def test_working_ahead_embeds_the_pieces(tiny_bert):
    model = fitted(tiny_bert)
    model.prepare(['cut the pan', 'cut the onion'])
    assert not model.encoder.cache.missing([*ngrams('cut the pan'), *ngrams('cut the onion')])


@pytest.mark.parametrize('options', [dict(longest=0), dict(limit=0)])
def test_wrong_numbers(tiny_bert, options):
    with pytest.raises(ConfigError, match='longest and limit: expected at least 1'):
        fitted(tiny_bert, **options)
