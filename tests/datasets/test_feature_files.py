from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.datasets.feature_files import open_feature_file
from egoexo.errors import FeatureError

ROWS = np.random.default_rng(0).standard_normal((40, 6)).astype(np.float32)


def save(path: Path, rows: np.ndarray) -> Path:
    if path.suffix == '.pt':
        torch.save(torch.from_numpy(rows), path)
    elif path.suffix == '.npy':
        np.save(path, rows)
    else:
        np.savez_compressed(path, rows)
    return path


@pytest.mark.parametrize('suffix', ['.npy', '.pt', '.npz'])
@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_formats_and_types_come_back_as_stored(tmp_path: Path, suffix: str, dtype: type) -> None:
    array = open_feature_file(save(tmp_path / f'a{suffix}', ROWS.astype(dtype)))
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, ROWS.astype(dtype))


def test_old_torch_format_and_bfloat16(tmp_path: Path) -> None:
    torch.save(torch.from_numpy(ROWS), tmp_path / 'old.pt', _use_new_zipfile_serialization=False)
    np.testing.assert_array_equal(open_feature_file(tmp_path / 'old.pt'), ROWS)
    torch.save(torch.from_numpy(ROWS).bfloat16().requires_grad_(), tmp_path / 'short.pt')
    np.testing.assert_allclose(open_feature_file(tmp_path / 'short.pt'), ROWS, rtol=1e-2)


@pytest.mark.parametrize('suffix', ['.npy', '.pt'])
def test_only_the_pages_that_are_used_are_read(tmp_path: Path, suffix: str) -> None:
    big = np.zeros((20_000, 1024), dtype=np.float32)
    path = save(tmp_path / f'a{suffix}', big)
    del big

    def resident_kb() -> int:
        fields = Path('/proc/self/smaps').read_text().split(str(path))
        return sum(int(part.split('Rss:')[1].split()[0]) for part in fields[1:])

    array = open_feature_file(path)
    assert array[:10].sum() == 0
    assert resident_kb() < 8_000, 'the whole file of 80 MB was read'


@pytest.mark.parametrize('suffix', ['.npy', '.pt', '.npz'])
@pytest.mark.parametrize('keep', [0, 10, 0.5, 0.98])
def test_truncated(tmp_path: Path, suffix: str, keep: float) -> None:
    path = save(tmp_path / f'a{suffix}', ROWS)
    data = path.read_bytes()
    path.write_bytes(data[:int(keep * len(data)) if keep < 1 else keep])
    with pytest.raises(FeatureError, match=rf'a\{suffix}: expected .*, found .* damaged|was cut short'):
        open_feature_file(path)


@pytest.mark.parametrize(('value', 'message'), [
    (OrderedDict(a=torch.zeros(2, 2)), 'expected a bare tensor, found a OrderedDict'),
    (torch.zeros(4, 3, dtype=torch.int64), 'expected float16, bfloat16, .* numbers, found int64 numbers'),
    (torch.zeros(4), r'expected shape \(T, D\) or .*, found shape \(4,\)'),
    (torch.zeros(0, 8), r'none of them 0, found shape \(0, 8\)'),
    (Path('/x'), r'found the Python object pathlib\.PosixPath, which is not built from a file'),
])
def test_other_content(tmp_path: Path, value: object, message: str) -> None:
    torch.save(value, tmp_path / 'a.pt')
    with pytest.raises(FeatureError, match=message):
        open_feature_file(tmp_path / 'a.pt')


def test_pickled_arrays_and_ambiguous_archives_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / 'a.npy', np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FeatureError, match='numbers, found pickled objects'):
        open_feature_file(tmp_path / 'a.npy')
    np.savez(tmp_path / 'a.npz', rgb=ROWS, flow=ROWS)
    with pytest.raises(FeatureError, match=r"expected exactly one array, found 2 arrays \['rgb.npy', 'flow.npy'\]"):
        open_feature_file(tmp_path / 'a.npz')


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r'a\.npy: expected a feature file, found nothing'):
        open_feature_file(tmp_path / 'a.npy')
