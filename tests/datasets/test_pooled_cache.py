from pathlib import Path

import pytest
import torch

from egoexo.datasets.pooled_cache import PooledCache

ROWS = torch.arange(12, dtype=torch.float32).reshape(4, 3)
COUNTS = dict(num_clamped=2, num_empty=1)


@pytest.fixture
def cache(tmp_path: Path) -> PooledCache:
    made = PooledCache(tmp_path / 'cache')
    made.write('ego_val', 'ab12', ROWS, COUNTS)
    return made


def test_written_and_mapped(cache: PooledCache) -> None:
    rows, counts = cache.read('ego_val', 'ab12', (4, 3))
    assert torch.equal(rows, ROWS)
    assert counts == COUNTS
    rows += 1  # reaches the memory of this process alone
    assert torch.equal(cache.read('ego_val', 'ab12', (4, 3))[0], ROWS)
    assert cache.read('ego_val', 'ab13', (4, 3)) is None
    assert sorted(path.name for path in cache.folder.iterdir()) == ['ego_val-ab12.json', 'ego_val-ab12.npy']


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(('damage', 'reason'), [
    (_cut, 'expected 48 bytes of numbers'),
    (_flip, 'another shape or checksum'),
    (lambda path: path.with_suffix('.json').unlink(), 'expected the note of a cache'),
    (lambda path: path.with_suffix('.json').write_text('[1]'), 'list indices'),
    (lambda path: path.with_suffix('.json').write_text('{"num_empty": 1}'), 'num_clamped'),
])
def test_damage_is_said_and_not_used(damage: object, reason: str, cache: PooledCache, said: list[str]) -> None:
    damage(cache.path('ego_val', 'ab12'))
    assert cache.read('ego_val', 'ab12', (4, 3)) is None
    assert 'the cached features are damaged and made again' in said[-1]
    assert reason in said[-1]


def test_another_shape_is_not_used(cache: PooledCache) -> None:
    assert cache.read('ego_val', 'ab12', (3, 4)) is None


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / 'file').write_text('')
    PooledCache(tmp_path / 'file' / 'cache').write('ego_val', 'ab12', ROWS, COUNTS)
    assert 'the features were not cached (' in said[-1]


def test_keys_tell_contents_apart() -> None:
    assert PooledCache.key([1, 'a']) == PooledCache.key([1, 'a']) != PooledCache.key([1, 'b'])
    assert len(PooledCache.key([])) == 20
