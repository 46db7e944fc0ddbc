"""Means over windows: values, stand-ins, faults, and that each file is opened once."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.datasets import feature_store
from egoexo.datasets.pooled_features import PooledFeatures
from egoexo.datasets.recipe import FeatureRecipe
from egoexo.errors import ConfigError, FeatureError

FOLDER = 'features/omnivore_video'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two takes of 30 and 10 rows of 4 numbers: one as released, one flat and in half precision."""
    (tmp_path / FOLDER).mkdir(parents=True)
    rng = np.random.default_rng(0)
    torch.save(torch.from_numpy(rng.standard_normal((30, 1, 4)).astype(np.float32)), tmp_path / FOLDER / 'a_cam01_0.pt')
    torch.save(torch.from_numpy(rng.standard_normal((10, 4))).half(), tmp_path / FOLDER / 'b_aria01_rgb.pt')
    return tmp_path


def item(take: str, indices: Sequence[int], start_sec: float = 0.0, end_sec: float = 1.0) -> dict:
    file = dict(a=f'{FOLDER}/a_cam01_0.pt', b=f'{FOLDER}/b_aria01_rgb.pt', c=f'{FOLDER}/c_cam01_0.pt')[take]
    return dict(sample_id=f'{take}{indices}', feature_file=file, feature_indices=tuple(indices), start_sec=start_sec,
                end_sec=end_sec)


def rows_of(root: Path, take: str) -> torch.Tensor:
    return torch.load(root / item(take, [0])['feature_file'], weights_only=True).float().reshape(-1, 4)


def test_means_in_the_order_of_the_list_and_each_file_opened_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    read = feature_store.open_feature_file
    monkeypatch.setattr(feature_store, 'open_feature_file', lambda path: opened.append(path.name) or read(path))
    items = [item('b', [3]), item('a', range(30)), item('b', [0, 1, 2, 3]), item('a', [29]), item('a', [4, 9, 2])]
    pooled = PooledFeatures(root, dim=4).pool(items, 'ego_train')
    for row, one in zip(pooled.features, items, strict=True):
        rows = rows_of(root, one['sample_id'][0])[list(one['feature_indices'])]
        assert torch.equal(row, rows.mean(dim=0))  # bit for bit as torch does it
    assert (pooled.problems, pooled.num_clamped, pooled.num_empty) == ([[]] * 5, 0, 0)
    assert sorted(opened) == ['a_cam01_0.pt', 'b_aria01_rgb.pt']


def test_long_windows_are_as_exact_as_the_official_mean(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    rows = np.random.default_rng(1).standard_normal((3000, 1, 64)).astype(np.float32) + 3
    torch.save(torch.from_numpy(rows), tmp_path / FOLDER / 'a_cam01_0.pt')
    pooled = PooledFeatures(tmp_path, dim=64).pool([item('a', range(5, 2900))], 'ego_train')
    exact = rows[5:2900, 0].astype(np.float64).mean(axis=0)
    assert np.abs(pooled.features[0].numpy() - exact).max() < 1e-5
    assert torch.equal(pooled.features[0], torch.from_numpy(rows[list(range(5, 2900))]).mean(dim=0).squeeze())


def test_rows_past_the_end_are_clamped_and_counted(root: Path, said: list[str]) -> None:
    pooled = PooledFeatures(root, dim=4).pool([item('b', [8, 9, 10, 11]), item('b', [50]), item('b', [9])], 'exo_val')
    rows = rows_of(root, 'b')
    assert torch.equal(pooled.features[0], rows[[8, 9, 9, 9]].mean(dim=0))
    assert torch.equal(pooled.features[1], rows[9])
    assert pooled.num_clamped == 2
    assert said[-1] == ('exo_val: 2 of 3 segments have windows past the end of their features; the last row stands '
                        "in. feature=dict(on_range='error') stops instead.")


def test_a_segment_without_windows_takes_the_nearest_one(root: Path, said: list[str]) -> None:
    # Row k shows the frames 16 k to 16 k + 31 at 30 fps: row 5 is at 3.18 s, row 6 at 3.72 s.
    items = [item('b', [], 3.4, 3.6), item('b', [], 500, 400), item('b', [], -9, -8), item('b', [4])]
    pooled = PooledFeatures(root, dim=4).pool(items, 'ego_val')
    assert torch.equal(pooled.features, rows_of(root, 'b')[[6, 9, 0, 4]])
    assert pooled.num_empty == 3
    assert said[-1].startswith('ego_val: 3 of 4 segments have no window; the one nearest to their middle stands in.')


def test_strict_rules(root: Path) -> None:
    strict = PooledFeatures(root, dim=4, on_range='error', on_empty='error')
    items = [item('b', [9, 10]), item('b', []), item('b', [1])]
    problems = strict.pool(items, 'ego_val').problems
    assert re.search(r'b_aria01_rgb.pt: expected at least 11 rows, up to the last window of the segment, found 10. '
                     'Extract the whole take', problems[0][0])
    assert 'expected at least one window in feature_indices, found none.' in problems[1][0]
    assert problems[2] == []
    assert [len(strict.look_at(one)[0]) for one in items] == [1, 1, 0]


def test_faults_are_told_per_segment(root: Path) -> None:
    rows = rows_of(root, 'a')
    rows[7, 2] = float('nan')
    rows[20, 1] = float('inf')
    torch.save(rows, root / FOLDER / 'a_cam01_0.pt')
    items = [item('a', [6, 7]), item('a', [8, 9]), item('a', range(10, 25)), item('c', [0])]
    reader = PooledFeatures(root, dim=4)
    pooled = reader.pool(items, 'ego_train')
    assert 'a_cam01_0.pt: expected finite numbers, found NaN or Inf in row 7.' in pooled.problems[0][0]
    assert pooled.problems[1] == []
    assert 'found NaN or Inf in row 20.' in pooled.problems[2][0]
    assert 'expected features of c_cam01_0' in pooled.problems[3][0]
    assert reader.look_at(items[0])[0] == []
    assert reader.look_at(items[0], full=True)[0][0].endswith('found NaN or Inf in 2 of 30 rows read, first in row 7. '
                                                              'Extract it again, or leave the video out with '
                                                              'exclude=[...].')


def test_an_overflowing_mean_is_no_feature(root: Path) -> None:
    torch.save(torch.full((5, 4), 3e38), root / FOLDER / 'a_cam01_0.pt')
    problems = PooledFeatures(root, dim=4).pool([item('a', [0, 1, 2]), item('a', [3])], 'ego_train').problems
    assert 'expected numbers whose mean is finite, found an overflow in 3 rows' in problems[0][0]
    assert problems[1] == []


def test_another_folder_can_hold_the_files(root: Path) -> None:
    (root / 'mine').mkdir()
    np.save(root / 'mine/b_aria01_rgb.npy', np.ones((10, 4), np.float32))
    pooled = PooledFeatures(root, root / 'mine', dim=4).pool([item('b', [1, 2])], 'ego_train')
    assert pooled.features.tolist() == [[1, 1, 1, 1]]


def test_a_recipe_of_other_times_is_refused(root: Path) -> None:
    FeatureRecipe(feature_fps=5.0, dim=4).write(root / FOLDER)
    with pytest.raises(FeatureError, match=r'feature_fps: 5.0 in the folder, 1.875 expected by the config'):
        PooledFeatures(root, dim=4).pool([item('b', [1])], 'ego_train')


@pytest.mark.parametrize(('options', 'message'), [
    (dict(on_range='wrap'), "feature=dict(on_range=...): expected 'clamp' or 'error', found 'wrap'"),
    (dict(on_empty='zero'), "feature=dict(on_empty=...): expected 'nearest' or 'error', found 'zero'"),
    (dict(dim=0), 'feature=dict(dim=...): expected the length of a feature row, found 0'),
])
def test_wrong_options(options: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        PooledFeatures(**options)


@pytest.fixture
def listed() -> list[dict]:
    return [item('a', [1, 2]), item('b', [9, 12]), item('b', [])]


def cached(root: Path, items: list[dict], **options: object) -> torch.Tensor:
    pooled = PooledFeatures(root, dim=4, cache_dir=root / 'cache', **options).pool(items, 'ego_train')
    assert (pooled.num_clamped, pooled.num_empty) == (1, 1)
    return pooled.features


def test_the_cache_holds_the_same_numbers(root: Path, listed: list[dict], said: list[str]) -> None:
    first = cached(root, listed)
    assert 'pooled from 2 files' in ' '.join(said)
    said.clear()
    again = cached(root, listed)
    assert 'ego_train: features of 3 segments read from' in said[0]
    assert len(said) == 3  # clamped and empty windows are said again
    assert torch.equal(first, again)


def test_the_cache_notices_every_change(root: Path, listed: list[dict]) -> None:
    def num_kept() -> int:
        return len(list((root / 'cache').glob('*.npy')))

    cached(root, listed)
    cached(root, [*listed[:2], item('b', [], 4.0, 5.0)])
    cached(root, [item('a', [1, 3]), *listed[1:]])
    assert num_kept() == 3
    torch.save(torch.ones(30, 1, 4), root / FOLDER / 'a_cam01_0.pt')
    assert cached(root, listed)[0].tolist() == [1, 1, 1, 1]
    assert num_kept() == 4
    (root / FOLDER / 'a_cam01_0.pt').unlink()
    assert PooledFeatures(root, dim=4, cache_dir=root / 'cache').pool(listed, 'ego_train').problems[0]
    assert num_kept() == 4
