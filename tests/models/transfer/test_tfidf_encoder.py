import builtins
import math
import sys

import pytest
import torch

from egoexo.checkpoints.loading import load_checkpoint_file
from egoexo.errors import CheckpointError, ConfigError, DataError
from egoexo.models.transfer import TfidfEncoder

pytest.importorskip('sklearn')
TEXTS = ['cut the onion', 'wash the pan', 'cut the pan', 'peel garlic']


def fitted(**options):
    encoder = TfidfEncoder(**dict(dict(dim=16), **options))
    encoder.fit_texts(TEXTS)
    return encoder


def test_terms_occur_twice_and_are_sorted():
    assert fitted().vocabulary == ['cut', 'cut the', 'pan', 'the', 'the pan']
    assert fitted(min_df=1, ngram_range=(1, 1)).vocabulary == [
        'cut', 'garlic', 'onion', 'pan', 'peel', 'the', 'wash']


def test_weights_by_hand():
    row = fitted()(['the pan the stove'])[0]
    weight = {'the': (1 + math.log(2)) * (math.log(5 / 4) + 1), 'pan': math.log(5 / 3) + 1,
              'the pan': math.log(5 / 3) + 1}
    length = math.hypot(*weight.values())
    for term, place in (('the', 3), ('pan', 2), ('the pan', 4)):
        assert row[place] == pytest.approx(weight[term] / length, rel=1e-6)
    assert int((row != 0).sum()) == 3
    torch.testing.assert_close(fitted(scale=8.0)(['the pan the stove'])[0], 8 * row)


def test_the_most_frequent_terms_get_the_places():
    assert fitted(dim=2).vocabulary == ['cut', 'the']
    assert fitted(min_df=1, term_bytes=3, ngram_range=(1, 1)).vocabulary == ['cut', 'pan', 'the']


def test_checkpoint_is_plain_and_gives_the_same_rows(tmp_path):
    encoder = fitted()
    before = encoder(TEXTS)
    torch.save(encoder.state_dict(), tmp_path / 'encoder.pth')
    other = TfidfEncoder(dim=16)
    other.load_state_dict(load_checkpoint_file(tmp_path / 'encoder.pth'))
    assert other.vocabulary == encoder.vocabulary
    torch.testing.assert_close(other(TEXTS), before)


def test_loading_other_terms_forgets_the_rows():
    encoder, other = fitted(), TfidfEncoder(dim=16)
    other.fit_texts(['pan pan', 'pan'])
    encoder(TEXTS)
    encoder.load_state_dict(other.state_dict())
    assert encoder(['the pan'])[0].nonzero().flatten().tolist() == [0]


def test_text_without_known_terms_is_zero():
    assert not fitted()(['', 'boil']).any()


def test_not_fitted():
    with pytest.raises(ConfigError, match=r"dict\(type='FitEncoderHook'\) to custom_hooks"):
        TfidfEncoder()(['cut'])


@pytest.mark.parametrize('texts', [['one', 'two'], ['a', 'b'], ['', '']])
def test_nothing_to_learn(texts):
    with pytest.raises(DataError, match='expected terms that occur in 2 of them'):
        TfidfEncoder().fit_texts(texts)


@pytest.mark.parametrize('content', [b'\xff\xfe', b'cut'])
def test_damaged_terms(content):
    encoder = fitted()
    for row in (0, 1):
        encoder.terms[row] = 0
        encoder.terms[row, :len(content)] = torch.tensor(list(content), dtype=torch.uint8)
    with pytest.raises(CheckpointError, match='expected different terms in UTF-8'):
        encoder(['cut'])


@pytest.mark.parametrize('options', [dict(dim=0), dict(min_df=0), dict(ngram_range=(2, 1)), dict(term_bytes=0)])
def test_wrong_numbers(options):
    with pytest.raises(ConfigError, match='at least 1 and an increasing ngram_range'):
        TfidfEncoder(**options)


def test_missing_package(monkeypatch):
    real = builtins.__import__

    def guarded(name, *args, **options):
        if name.startswith('sklearn'):
            raise ImportError(name)
        return real(name, *args, **options)

    for name in [name for name in sys.modules if name.startswith('sklearn.feature_extraction')]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, '__import__', guarded)
    with pytest.raises(ConfigError, match=r"scikit-learn, which is not installed: pip install .*-e '\.\[text\]'"):
        TfidfEncoder().fit_texts(TEXTS)
