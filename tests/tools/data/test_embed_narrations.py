"""Embeddings of narrations."""

import numpy as np
import pytest
import suml_support as support

from egoexo.errors import AnnotationError, ConfigError
from egoexo.formats.text_embeddings import read_text_embeddings
from tools.data import embed_narrations as tool


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return support.write_world(tmp_path_factory.mktemp('suml'))


def test_every_narration_once(root):
    assert tool.list_narrations([root / 'train.csv'], root / 'pairs.json') == [
        'open fridge', 'cut cup', 'cut fridge', 'take cup', 'take pan', 'cut cup with knife',
        'put cup and knife to the board']
    assert len(tool.list_narrations([root / 'train.csv'] * 2)) == 5


def test_hashes_are_the_same_everywhere():
    rows = tool.hash_texts(['cut onion', 'wash the pan', ''], 8)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(rows, tool.hash_texts(['cut onion', 'wash the pan', ''], 8))
    # Sums of quarters before they are brought to length 1.
    np.testing.assert_allclose(rows[0] * 108**0.5, [-4, 3, -5, -4, 1, 4, -3, 4], rtol=1e-6)


def test_alike_sentences_are_near():
    rows = tool.hash_texts(['cut onion', 'Cut the onion', 'cutting onions', 'wash pan', 'take plate'])
    alike = rows @ rows.T
    assert alike[0, 1] > 0.5 and alike[0, 2] > 0.2
    assert abs(alike[0, 3:]).max() < 0.1


def test_words_that_are_rare_weigh_more():
    pytest.importorskip('sklearn')
    rows = tool.tfidf_texts(['cut onion', 'cut pan', 'cut plate', 'cut onion now'], 16)
    assert rows.shape == (4, 16) and rows.dtype == np.float32
    alike = rows @ rows.T
    assert alike[0, 3] > alike[0, 1] > 0
    np.testing.assert_allclose(np.diag(alike), 1, rtol=1e-5)
    assert tool.tfidf_texts(['cut'], 3).tolist() == [[1, 0, 0]]


def test_command(root, tmp_path, capsys):
    out = tmp_path / 'texts.npz'
    assert tool.main(['--ann', str(root / 'train.csv'), '--pairs', str(root / 'pairs.json'), '--out', str(out)]) == 0
    assert capsys.readouterr().out == f'{out}: 7 narrations by hashing, 384 numbers each\n'
    table = read_text_embeddings(out)
    assert (len(table), table.dim) == (7, 384)
    np.testing.assert_array_equal(table['take pan'], tool.hash_texts(['take pan'])[0])
    assert tool.main(['--ann', str(root / 'none.csv'), '--out', str(out)]) == 2
    assert 'none.csv: expected' in capsys.readouterr().err


def test_language_model(root, tmp_path, monkeypatch):
    torch = pytest.importorskip('torch')
    from egoexo.models.transfer import hf_text_encoder

    class Encoder:
        dim = 3

        def __init__(self, name, **options):
            assert (name, options) == ('a/model', dict(pooling='mean', max_length=128, normalize=False))

        def __call__(self, texts):
            return torch.tensor([[len(text), 1.0, 2.0] for text in texts])

    monkeypatch.setattr(hf_text_encoder, 'HFTextEncoder', Encoder)
    tool.embed_narrations(tmp_path / 'a.npz', [root / 'train.csv'], encoder='a/model', dim=3)
    assert read_text_embeddings(tmp_path / 'a.npz')['cut cup'].tolist() == [7, 1, 2]
    with pytest.raises(ConfigError, match='language model a/model: expected 384 numbers per text, found 3'):
        tool.embed_narrations(tmp_path / 'a.npz', [root / 'train.csv'], encoder='a/model')


def test_wrong_sizes(root, tmp_path):
    with pytest.raises(ConfigError, match='at least 1, found 0'):
        tool.embed_narrations(tmp_path / 'a.npz', [root / 'train.csv'], dim=0)
    text = (root / 'train.csv').read_text()
    for row in support.ROWS:
        text = text.replace(f',{row[4]},', ',,')
    (tmp_path / 'train.csv').write_text(text)
    with pytest.raises(AnnotationError, match='expected narrations, found none'):
        tool.list_narrations([tmp_path / 'train.csv'])
