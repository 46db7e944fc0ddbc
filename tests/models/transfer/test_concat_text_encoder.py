import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.transfer import ConcatTextEncoder, HFTextEncoder

pytest.importorskip('sklearn')
TEXTS = ['cut the onion', 'wash the pan', 'cut the pan']


def test_rows_of_both(tiny_bert):
    frozen = dict(type='HFTextEncoder', name=tiny_bert)
    encoder = ConcatTextEncoder([dict(type='TfidfEncoder', dim=8), frozen])
    encoder.fit_texts(TEXTS)
    encoder.prepare(TEXTS)
    assert encoder.dim == 24
    rows = encoder(TEXTS)
    assert torch.equal(rows[:, 8:], HFTextEncoder(tiny_bert)(TEXTS))
    assert torch.equal(rows[:, :8], encoder.encoders[0](TEXTS))
    assert rows[0, :8].any()
    assert set(encoder.state_dict()) == {'encoders.0.terms', 'encoders.0.idf'}


def test_none_is_refused():
    with pytest.raises(ConfigError, match='encoders: expected at least one, found none'):
        ConcatTextEncoder([])
