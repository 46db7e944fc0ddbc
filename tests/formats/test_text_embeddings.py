"""Tables of sentences and their embeddings."""

import zipfile

import numpy as np
import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.text_embeddings import TextEmbeddings, read_text_embeddings, write_text_embeddings

ROWS = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_written_and_read(tmp_path):
    path = tmp_path / 'new' / 'texts.npz'
    write_text_embeddings(path, ['cut onion', 'Zwiebel schälen'], ROWS.astype(np.float64))
    table = read_text_embeddings(path)
    assert table.texts == ['cut onion', 'Zwiebel schälen'] and table.dim == 3 and len(table) == 2
    assert 'cut onion' in table and 'cut' not in table
    np.testing.assert_array_equal(table['Zwiebel schälen'], [3, 4, 5])
    assert [item.name for item in path.parent.iterdir()] == ['texts.npz']


def test_a_narration_without_a_row():
    with pytest.raises(AnnotationError, match=r"texts\.npz: expected a row for the narration 'wash pan', found none "
                                              r'among 2\. Make it with: python tools/data/embed_narrations\.py'):
        TextEmbeddings(['a', 'b'], ROWS, 'texts.npz')['wash pan']


@pytest.mark.parametrize(('arrays', 'found'), [
    (dict(texts=np.array(['a', 'b'])), 'with the arrays rows and texts, found texts'),
    (dict(texts=np.array(['a']), rows=ROWS), r'\(n, D\) rows of float32, found <U1 \(1,\)'),
    (dict(texts=np.array([1, 2]), rows=ROWS), 'n texts'),
    (dict(texts=np.array(['a', 'b']), rows=ROWS.astype(int)), 'n texts'),
    (dict(texts=np.array([], dtype=str), rows=ROWS[:0]), 'n texts'),
    (dict(texts=np.array(['a', 'a']), rows=ROWS), 'each text once, found 1 repeated'),
    (dict(texts=np.array(['a', 'b']), rows=ROWS / 0), 'finite numbers, found 6 others'),
    (dict(texts=np.array(['a', 'b'], dtype=object), rows=ROWS), 'Python objects, which are not unpickled')])
@pytest.mark.filterwarnings('ignore:divide by zero', 'ignore:invalid value')
def test_wrong_tables(tmp_path, arrays, found):
    path = tmp_path / 'texts.npz'
    np.savez(path, **arrays)
    with pytest.raises(AnnotationError, match=found):
        read_text_embeddings(path)


def test_an_archive_that_unpacks_to_much_more(tmp_path):
    path = tmp_path / 'texts.npz'
    np.savez_compressed(path, texts=np.array(['a', 'b']), rows=np.zeros((2, 10**6), dtype=np.float32))
    with pytest.raises(AnnotationError, match=r'array rows: .*8,000,128 bytes, more than'):
        read_text_embeddings(path)


def test_what_does_not_fit_is_not_written(tmp_path):
    for texts in (['a'], ['a', 'a']):
        with pytest.raises(AnnotationError, match='distinct texts and a row for each'):
            write_text_embeddings(tmp_path / 'texts.npz', texts, ROWS)
    assert not list(tmp_path.iterdir())


def test_members_are_plain(tmp_path):
    write_text_embeddings(tmp_path / 'texts.npz', ['a', 'b'], ROWS)
    with zipfile.ZipFile(tmp_path / 'texts.npz') as archive:
        assert [(info.filename, info.compress_type) for info in archive.infolist()] == [('texts.npy', 0),
                                                                                        ('rows.npy', 0)]
