from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.apis.feature_folder import FeatureFolder
from egoexo.datasets.feature_store import FeatureStore
from egoexo.datasets.recipe import FeatureRecipe
from egoexo.errors import ConfigError, FeatureError

RECIPE = FeatureRecipe('toy', 5.0, 5, 5, 0.08, 'full', 'float32', 3, source=dict(extractor='Toy', sha256='ab'))
ROWS = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(('suffix', 'dtype'), [('.npy', 'float32'), ('.pt', 'float16')])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str, dtype: str) -> None:
    folder = FeatureFolder(tmp_path / 'features', RECIPE.updated(dtype=dtype), suffix)
    folder.prepare()
    assert not folder.has('a')
    assert folder.write('a', ROWS).name == f'a{suffix}'
    assert folder.has('a')
    store = FeatureStore(tmp_path / 'features')
    assert store.recipe == RECIPE.updated(dtype=dtype)
    assert store.read('a').dtype == dtype
    np.testing.assert_array_equal(store.read('a'), ROWS)
    assert sorted(path.name for path in (tmp_path / 'features').iterdir()) == [f'a{suffix}', 'recipe.json']


def test_half_or_foreign_files_do_not_count(tmp_path: Path) -> None:
    folder = FeatureFolder(tmp_path, RECIPE)
    folder.prepare()
    path = folder.write('a', ROWS)
    path.write_bytes(path.read_bytes()[:-4])
    np.save(tmp_path / 'b.npy', ROWS[:, :2])
    assert [folder.has(uid) for uid in 'ab'] == [False, False]


def test_another_recipe_is_refused_with_the_difference(tmp_path: Path) -> None:
    FeatureFolder(tmp_path, RECIPE).prepare()
    FeatureFolder(tmp_path, RECIPE).prepare()  # the same one is welcome
    other = RECIPE.updated(stride=10, source=dict(extractor='Toy', sha256='cd'))
    with pytest.raises(FeatureError) as caught:
        FeatureFolder(tmp_path, other).prepare()
    assert "stride: 5 in the folder, 10 now" in str(caught.value)
    assert "source.sha256: 'ab' in the folder, 'cd' now" in str(caught.value)
    assert 'extractor' not in str(caught.value)


def test_features_of_unknown_origin_are_not_mixed_with(tmp_path: Path) -> None:
    torch.save(torch.zeros(2, 3), tmp_path / 'a.pt')
    with pytest.raises(FeatureError, match=r'holds 1 feature files \(a\.pt, \.\.\.\) but no recipe\.json'):
        FeatureFolder(tmp_path, RECIPE).prepare()


@pytest.mark.parametrize(('rows', 'dtype', 'message'), [
    (np.array([[1, 2, 3], [0, np.nan, 0]], np.float32), 'float32', 'NaN or Inf in 1 of 2 rows, first in row 1'),
    (np.full((1, 3), 1e5, np.float32), 'float16', r'does not fit into float16 .* Use --dtype float32'),
    (np.zeros((2, 4), np.float32), 'float32', r'rows \(2, 4\), expected \(T, 3\)'),
    (np.zeros((0, 3), np.float32), 'float32', r'rows \(0, 3\), expected \(T, 3\) with T >= 1'),
])
def test_bad_rows_are_not_written(tmp_path: Path, rows: np.ndarray, dtype: str, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        FeatureFolder(tmp_path, RECIPE.updated(dtype=dtype)).write('a', rows)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(('suffix', 'dtype'), [('.npz', 'float32'), ('.npy', 'float64')])
def test_unknown_formats(tmp_path: Path, suffix: str, dtype: str) -> None:
    with pytest.raises(ConfigError, match=f"features as '{suffix}' of {dtype}: choose '.npy' or '.pt'"):
        FeatureFolder(tmp_path, RECIPE.updated(dtype=dtype), suffix)
