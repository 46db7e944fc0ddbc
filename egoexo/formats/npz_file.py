"""Arrays of an ``.npz`` file, read one at a time and only after their declared sizes were looked at."""

import os
import zipfile
from pathlib import Path

import numpy as np

from egoexo.errors import EgoExoError, explain
from egoexo.files import check_file

__all__ = ['NpzFile']

_NPY = '.npy'


class NpzFile:
    """An ``.npz`` file made by others.

    ``numpy.load`` allocates what the header of an array declares before it looks for the data, and unpacks whatever a
    compressed member contains; here header, member and limit are compared first. Nothing is unpickled.

    Args:
        path (str | os.PathLike): The file.
        error (type[EgoExoError]): Class of every refusal.
        what (str): What the file should be, e.g. ``'an .npz of predictions'``.
        max_bytes (int): Largest size of one array. Defaults to 64 MiB.

    Attributes:
        names (list[str]): Names of the arrays in file order, one per member, so a crafted file may hold one twice.

    Raises:
        EgoExoError: ``error`` if it is no readable ``.npz``.
    """

    def __init__(self, path: str | os.PathLike, error: type[EgoExoError], what: str, max_bytes: int = 2**26) -> None:
        self.path, self.error, self.what, self.max_bytes = Path(path), error, what, max_bytes
        check_file(path, error, what)
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = archive.infolist()
        except Exception as cause:  # a damaged table of contents fails in any way
            raise error(explain(path, what, f'a file that is no such archive ({_reason(cause)})',
                                'It may be truncated. Save it again with numpy.savez.')) from cause
        strangers = [info.filename for info in members if not info.filename.endswith(_NPY)]
        if strangers:
            raise error(explain(path, what, f'a member {strangers[0]!r} that is no array',
                                'Save arrays only, with numpy.savez.'))
        self._members = {info.filename.removesuffix(_NPY): info for info in members}
        self.names = [info.filename.removesuffix(_NPY) for info in members]

    def read(self, name: str) -> np.ndarray:
        """Read one array.

        Args:
            name (str): One of :attr:`names`.

        Returns:
            np.ndarray: As stored; never of objects.

        Raises:
            EgoExoError: If it cannot be read, holds Python objects, or is larger than the limit.
        """
        info, where = self._members[name], f'{self.path} array {name}'
        try:
            if info.file_size > self.max_bytes:
                raise ValueError(f'{info.file_size:,} bytes, more than {self.max_bytes:,}')
            with zipfile.ZipFile(self.path) as archive, archive.open(info) as stream:
                return self._array(stream, info.file_size)
        except Exception as cause:  # zlib, zip, header and dtype errors: all mean that this array is damaged or foreign
            raise self.error(explain(where, 'a plain array of numbers', f'one that cannot be read ({_reason(cause)})',
                                     'Save plain integers again with numpy.savez.')) from cause

    @staticmethod
    def _array(stream: zipfile.ZipExtFile, num_bytes: int) -> np.ndarray:
        version = np.lib.format.read_magic(stream)
        reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if reader is None:
            raise ValueError(f'version {version} of the format')
        shape, fortran, dtype = reader(stream)
        if dtype.hasobject:
            raise ValueError('Python objects, which are not unpickled')
        data = stream.read(num_bytes + 1)
        if any(length < 0 for length in shape) or len(data) != int(np.prod(shape, dtype=object)) * dtype.itemsize:
            raise ValueError(f'{len(data):,} bytes of data for the shape {shape} of {dtype}')
        array = np.frombuffer(data, dtype)
        return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _reason(cause: Exception) -> str:
    return f'{type(cause).__name__}: {str(cause).splitlines()[0] if str(cause) else ""}'
