import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.datasets import feature_store
from egoexo.datasets.feature_store import FeatureStore, require_finite
from egoexo.datasets.recipe import FeatureRecipe
from egoexo.errors import ConfigError, FeatureError

ROWS = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    np.save(tmp_path / 'a.npy', ROWS)
    torch.save(torch.from_numpy(ROWS).half(), tmp_path / 'b.pt')
    np.savez(tmp_path / 'c.npz', ROWS)
    return tmp_path


@pytest.mark.parametrize('uid', ['a', 'b', 'c'])
def test_reads_the_rows_asked_for(root: Path, uid: str) -> None:
    store = FeatureStore(root, dim=6)
    assert store.length(uid) == 40
    rows = store.read(uid, start=2, stop=33, step=5)
    assert rows.flags.c_contiguous
    assert rows.flags.writeable
    np.testing.assert_array_equal(rows, ROWS.astype(rows.dtype)[2:33:5])


def test_third_axis_is_averaged(root: Path) -> None:
    crops = np.random.default_rng(1).standard_normal((40, 6, 10)).astype(np.float32)
    torch.save(torch.from_numpy(crops), root / 'd.pt')
    read = FeatureStore(root, dim=6).read('d')
    np.testing.assert_array_equal(read, torch.from_numpy(crops).mean(2).numpy())


def test_rows_that_are_stacked_one_by_one_are_rows(root: Path) -> None:
    torch.save(torch.arange(12.0).reshape(3, 1, 4), root / 'stacked.pt')
    store = FeatureStore(root, dim=4)
    assert store.read('stacked', start=1).tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]]
    assert store.length('stacked') == 3
    with pytest.raises(FeatureError, match=r'expected shape \(T, 5\), found \(3, 1, 4\)'):
        FeatureStore(root, dim=5).open('stacked')


def test_missing_and_wrong_width(root: Path) -> None:
    with pytest.raises(FeatureError, match=r'features of z in z with one of the endings \.npy, \.pt, \.npz'):
        FeatureStore(root, dim=6).read('z')
    with pytest.raises(FeatureError, match=r'a\.npy: expected shape \(T, 2048\), found \(40, 6\)\. Check'):
        FeatureStore(root, dim=2048).open('a')
    with pytest.raises(FeatureError, match='which looks transposed'):
        FeatureStore(root, dim=40).open('a')
    with pytest.raises(FeatureError, match='nowhere: expected a folder of feature files, found nothing'):
        FeatureStore(root / 'nowhere')


@pytest.mark.parametrize(('value', 'row'), [(np.nan, 11), (np.inf, 20), (-np.inf, 30)])
def test_nan_and_inf_name_file_and_row(root: Path, value: float, row: int) -> None:
    rows = ROWS.copy()
    rows[row, 3] = value
    np.save(root / 'bad.npy', rows)
    store = FeatureStore(root, dim=6)
    with pytest.raises(FeatureError, match=rf'bad\.npy: .*NaN or Inf in 1 of 40 rows read, first in row {row}\.'):
        store.read('bad')
    with pytest.raises(FeatureError, match=f'first in row {row}'):
        store.scan('bad')
    if row % 5:
        assert len(store.read('bad', step=5)) == 8
    else:
        with pytest.raises(FeatureError, match=f'first in row {row}'):
            store.read('bad', step=5)


def test_scan_counts_over_all_blocks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_store, '_BLOCK_ROWS', 16)
    rows = ROWS.copy()
    rows[[3, 37]] = np.nan
    np.save(root / 'bad.npy', rows)
    with pytest.raises(FeatureError, match='in 2 of 40 rows read, first in row 3'):
        FeatureStore(root).scan('bad')


def test_large_finite_numbers_are_no_inf() -> None:
    require_finite(np.full((300, 4), 3e38, dtype=np.float32), 'x')
    require_finite(np.full((300, 400), 6e4, dtype=np.float16), 'x')


def test_cache_is_bounded_and_drops_the_oldest(root: Path) -> None:
    for uid in 'xyz':
        np.save(root / f'{uid}.npy', ROWS)
    store = FeatureStore(root, cache_bytes=2 * ROWS.nbytes)
    first = store.open('x')
    store.open('y')
    assert store.open('x') is first
    store.open('z')
    assert store.open('x') is first
    assert list(store._cache) == ['z', 'x']
    (root / 'x.npy').unlink()
    np.testing.assert_array_equal(store.open('x'), ROWS)
    assert not first.flags.writeable
    assert copy.copy(store)._cache == {}  # what a spawned loader worker gets


def test_cache_leaves_out_what_does_not_fit(root: Path) -> None:
    store = FeatureStore(root, cache_bytes=ROWS.nbytes - 1)
    assert store.open('a') is not store.open('a')


def test_recipe_of_the_folder_wins_and_gives_the_width(root: Path) -> None:
    FeatureRecipe(feature_fps=5.0, dim=6).write(root)
    assert FeatureStore(root).dim == 6
    with pytest.raises(FeatureError, match=r'feature_fps: 5\.0 in the folder, 25\.0 expected(.|\n)*time shift'):
        FeatureStore(root, benchmark='segmentation', dim=6)
    store = FeatureStore(root, benchmark='segmentation', dim=6, recipe=dict(feature_fps=5.0))
    assert store.recipe.seconds(10) == 2.0
    with pytest.raises(FeatureError, match='dim: 6 in the folder, 1024 expected'):
        FeatureStore(root, dim=1024)


def test_recipes_of_other_networks_fit_when_the_times_do(root: Path) -> None:
    (root / 'recipe.json').write_text(json.dumps(dict(backbone='mini-i3d', feature_fps=25.0, window=1, stride=1,
                                                      first_row_sec=0.0, crop='full', dtype='float16', dim=6)))
    assert FeatureStore(root, benchmark='segmentation', dim=6).recipe.backbone == 'mini-i3d'
    with pytest.raises(FeatureError, match="crop: 'full' in the folder, 'gaze_50' expected"):
        FeatureStore(root, benchmark='segmentation', recipe=dict(crop='gaze_50'))


def test_missing_recipe_is_said_aloud_once(root: Path, said: list[str]) -> None:
    for _ in range(3):
        store = FeatureStore(root, benchmark='segmentation', dim=6)
    assert len(said) == 1
    assert "has no recipe.json; taken for the official features of 'segmentation'" in said[0]
    assert store.recipe.feature_fps == 25.0
    assert store.recipe.dim == 6


@pytest.mark.parametrize(('kwargs', 'message'), [
    (dict(reduce='max'), "the only choice, found 'max'"),
    (dict(benchmark='segmentatoin'), r"official feature recipe \(segmentation, .*\), found 'segmentatoin'"),
])
def test_unknown_options(root: Path, kwargs: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        FeatureStore(root, **kwargs)


def test_suffix_belongs_to_the_file_name(root: Path) -> None:
    np.save(root / 'a_50.npy', ROWS * 2)
    np.testing.assert_array_equal(FeatureStore(root, suffix='_50').read('a'), ROWS * 2)
