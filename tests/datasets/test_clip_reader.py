"""Pooling and reading of clips; the data sets around it are tested in test_clip.py."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from egoexo.datasets.clip_reader import ClipReader, pool_rows
from egoexo.datasets.feature_store import FeatureStore
from egoexo.errors import FeatureError


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    for number, uid in enumerate('ab'):
        np.save(tmp_path / f'{uid}.npy', np.arange(40, dtype=np.float32).reshape(20, 2) + 100 * number)
    return FeatureStore(tmp_path, dim=2)


def reader(store: FeatureStore, **options: object) -> ClipReader:
    made = ClipReader(store, ['a', 'b', 'a', 'b'], np.array([0, 4, -1, 15]), np.array([4, 14, -1, 25]), **options)
    made.open_cache()
    return made


@pytest.mark.parametrize('num_rows', [3, 5, 11, 12])
def test_pooling_is_the_linear_interpolation_of_the_released_loader(num_rows: int) -> None:
    rows = torch.randn(4, num_rows, 6, generator=torch.Generator().manual_seed(0))
    expected = functional.interpolate(rows.transpose(1, 2), 5, mode='linear', align_corners=False).transpose(1, 2)
    torch.testing.assert_close(pool_rows(rows, 5), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize('cache_bytes', [0, 2**20])
def test_clips_come_in_the_order_asked_for(store: FeatureStore, cache_bytes: int) -> None:
    clips = reader(store, cache_bytes=cache_bytes)
    for _ in range(2):  # from the files, then perhaps from memory
        found = clips.read([2, 1, 0])
        assert found.shape == (3, 5, 2)
        assert (found[0] == 0).all()  # a context that begins before the video
        assert found[1, :, 0].tolist() == pytest.approx([109.2, 113.6, 118.0, 122.4, 126.8])
        assert found[2, :, 0].tolist() == [0, 2, 4, 6, 8]


def test_rows_past_the_end_are_the_last_one_or_an_error(store: FeatureStore) -> None:
    assert reader(store).read([3])[0, -1].tolist() == pytest.approx([138, 139], abs=0.5)
    with pytest.raises(FeatureError, match='b'):
        reader(store, on_short='error').read([3])
