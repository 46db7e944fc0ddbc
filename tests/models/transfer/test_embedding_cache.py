import numpy as np
import pytest
import torch

from egoexo.models.transfer import EmbeddingCache

TEXTS = ['cut', 'wash', 'peel']
ROWS = torch.arange(6.0).view(3, 2)


def filled(folder, texts=TEXTS, rows=ROWS, **options):
    cache = EmbeddingCache(2, folder, **options)
    cache.add(cache.missing(texts), rows)
    cache.save()
    return cache


def test_rows_come_back_in_the_order_of_the_question():
    cache = filled(None)
    assert cache.rows(['peel', 'cut', 'peel']).tolist() == [[4, 5], [0, 1], [4, 5]]
    assert cache.missing(['peel', 'boil', 'boil', 'fry']) == ['boil', 'fry']
    cache.add(['boil', 'fry'], torch.tensor([[7.0, 7], [8, 8]]))
    assert cache.rows(['fry', 'wash', 'boil']).tolist() == [[8, 8], [2, 3], [7, 7]]
    assert len(cache) == 5


def test_growth_keeps_every_row():
    cache = EmbeddingCache(1)
    for number in range(50):
        cache.add([str(number)], torch.tensor([[float(number)]]))
    assert cache.rows([str(number) for number in range(50)]).flatten().tolist() == list(range(50))


def test_another_process_finds_them(tmp_path):
    filled(tmp_path)
    again = EmbeddingCache(2, tmp_path)
    assert again.missing(['peel', 'boil']) == ['boil']
    assert again.rows(['peel']).tolist() == [[4, 5]]


def test_two_writers_are_merged_and_no_text_is_stored(tmp_path):
    first, second = EmbeddingCache(2, tmp_path), EmbeddingCache(2, tmp_path)
    first.add(['cut'], ROWS[:1])
    second.add(['cut', 'wash'], ROWS[:2])
    first.save()
    second.save()
    again = EmbeddingCache(2, tmp_path)
    assert (len(again), again.missing(['cut', 'wash'])) == (2, [])
    assert [path.name for path in tmp_path.iterdir()] == ['embeddings.npz']
    assert b'wash' not in (tmp_path / 'embeddings.npz').read_bytes()


def test_another_model_is_another_file(tmp_path):
    filled(tmp_path, fingerprint='one')
    assert EmbeddingCache(2, tmp_path, 'other').missing(['cut']) == ['cut']


def damage_bytes(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def damage_rows(path):
    with np.load(path) as file:
        np.savez(path, digests=file['digests'], rows=file['rows'] + 1, check=file['check'])


@pytest.mark.parametrize('damage', [
    damage_bytes, damage_rows, lambda path: path.write_bytes(path.read_bytes()[:100]),
    lambda path: path.write_text('text'), lambda path: np.savez(path, other=np.zeros(3))])
def test_damaged_file_is_made_anew(tmp_path, damage):
    damage(filled(tmp_path).path)
    with pytest.warns(UserWarning, match='is damaged and made anew'):
        cache = EmbeddingCache(2, tmp_path)
    assert cache.missing(TEXTS) == TEXTS
    cache.add(TEXTS, ROWS)
    with pytest.warns(UserWarning, match='damaged'):
        cache.save()
    assert EmbeddingCache(2, tmp_path).rows(['wash']).tolist() == [[2, 3]]


def test_rows_of_another_width_are_not_taken(tmp_path):
    filled(tmp_path)
    with pytest.warns(UserWarning, match='not what was written'):
        assert EmbeddingCache(3, tmp_path).missing(['cut']) == ['cut']
