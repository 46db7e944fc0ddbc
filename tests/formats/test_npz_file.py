import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from egoexo.errors import PredictionError
from egoexo.formats.npz_file import NpzFile


def _open(path: Path, **options: int) -> NpzFile:
    return NpzFile(path, PredictionError, 'an .npz of predictions', **options)


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(tmp_path: Path, save: object) -> None:
    arrays = {'a': np.arange(5), 'list/b': np.asfortranarray(np.arange(6.0).reshape(2, 3)), 'c': np.float32(2.5),
              'd': np.zeros((0, 4), bool), 'e': np.array(['x', 'yz'])}
    save(tmp_path / 'a.npz', **arrays)
    file = _open(tmp_path / 'a.npz')
    assert file.names == list(arrays)
    for name, array in arrays.items():
        found = file.read(name)
        np.testing.assert_array_equal(found, array)
        assert (found.dtype, found.shape) == (np.asarray(array).dtype, np.shape(array))


def test_the_limit_is_checked_before_unpacking(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / 'a.npz', a=np.zeros(1000, np.int64))
    with pytest.raises(PredictionError, match=r'a\.npz array a: .*8,128 bytes, more than 8,000.*Save plain integers'):
        _open(tmp_path / 'a.npz', max_bytes=8000).read('a')


def test_header_and_data_must_agree(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, dict(shape=(10**12,), fortran_order=False, descr='<i8'))
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive:
        archive.writestr('a.npy', buffer.getvalue() + bytes(16))
    with pytest.raises(PredictionError, match=r'16 bytes of data for the shape \(1000000000000,\) of int64'):
        _open(tmp_path / 'a.npz').read('a')


def test_other_members_and_files_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'a.npz', 'w') as archive:
        archive.writestr('a.txt', b'x')
    with pytest.raises(PredictionError, match=r"found a member 'a\.txt' that is no array"):
        _open(tmp_path / 'a.npz')
    (tmp_path / 'b.npz').write_bytes(b'PK')
    with pytest.raises(PredictionError, match='found a file that is no such archive'):
        _open(tmp_path / 'b.npz')
