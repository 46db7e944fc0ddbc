"""Feature files of the three usual formats, opened without reading more than the header where the format allows.

What a header declares is compared with the size of the file before memory is taken for it, so a file of a few bytes
that announces terabytes ends in an error. A file that is cut while it is mapped cannot be caught: the operating
system then stops the process with SIGBUS ("Bus error"), so write feature files under another name and rename them.
"""

import io
import math
import pickle
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from egoexo.checkpoints.file_scan import scan_file
from egoexo.checkpoints.pickle_scan import Refusal
from egoexo.errors import EgoExoError, FeatureError, explain
from egoexo.files import check_file

__all__ = ['MAX_FEATURE_BYTES', 'SUFFIXES', 'open_feature_file']

#: Largest features of one video; ten hours at 30 rows per second with 2,304 float32 numbers are 10 GB.
MAX_FEATURE_BYTES = 16 * 2**30
#: An archive may unpack to this many bytes whatever its own size ...
_FREE_UNPACKED_BYTES = 64 * 2**20
#: ... and beyond that to this multiple of it; features shrink by a factor of 1 to 10.
_MAX_RATIO = 100
_MAX_HEADER_BYTES = 1024  # NumPy writes 128 for a plain array
_FLOATS = {'f2': np.dtype(np.float16), 'f4': np.dtype(np.float32), 'f8': np.dtype(np.float64)}
_TORCH_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_AGAIN = 'It is damaged or was cut short. Fetch or extract it again.'
_REWRITE = 'Save the features again, as a float array (T, D).'
_HEADER = re.compile(r"\s*\{\s*'descr'\s*:\s*'([^']{1,40})'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,"
                     r"\s*'shape'\s*:\s*\(((?:\s*\d{1,20}\s*,)*(?:\s*\d{1,20})?)\s*\)\s*,?\s*\}\s*")
_MAGIC = b'\x93NUMPY'
_KINDS = ((_MAGIC, 'a .npy file'), (b'PK', 'a zip archive (.npz or .pt)'), (b'\x80', 'a pickle'),
          (b'\x89HDF', 'an HDF5 file'), (b'<', 'a web page'))


def open_feature_file(path: Path) -> np.ndarray:
    """Open one feature file.

    Args:
        path (Path): ``.npy`` (mapped), ``.pt`` (a bare tensor, safe load, mapped) or ``.npz`` (read).

    Returns:
        np.ndarray: As stored, (T, D) or (T, D, k), floating; do not write into it. bfloat16 becomes float32, numbers
        in the other byte order become native ones.

    Raises:
        FeatureError: If the file is missing, damaged, truncated, holds something else, or more than
            :data:`MAX_FEATURE_BYTES`.
    """
    if path.suffix not in SUFFIXES:
        raise FeatureError(explain(path, f'a file that ends in {", ".join(SUFFIXES)}', f"'{path.suffix}'",
                                   'Convert it to one of these formats.'))
    num_bytes = check_file(path, FeatureError, 'a feature file', MAX_FEATURE_BYTES)
    try:
        return SUFFIXES[path.suffix](path, num_bytes)
    except EgoExoError:
        raise
    except PermissionError as error:
        raise FeatureError(explain(path, 'a feature file', f'one that cannot be read ({error.strerror})',
                                   'Check its permissions.')) from error
    except Exception as error:  # numpy, zip, pickle and torch errors of any kind: each means that it is unreadable
        raise FeatureError(explain(path, f'a whole {path.suffix} file of floating numbers',
                                   f'{num_bytes} bytes that cannot be read ({_reason(error)})', _AGAIN)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, pickle.UnpicklingError):  # its first line recommends to switch the safe mode off
        return 'not made by torch.save'
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _check_shape(path: Path, shape: tuple[int, ...]) -> None:
    if len(shape) not in (2, 3) or not all(size > 0 for size in shape):
        raise FeatureError(explain(path, 'shape (T, D) or (T, D, k), none of them 0', f'shape {shape}',
                                   'Save one row of D numbers per time step.'))


def _read_header(path: Path, file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, column order and type of an array in NumPy's format; leaves the file at its first number."""
    start = file.read(12)
    if not start.startswith(_MAGIC):
        kind = next((name for magic, name in _KINDS if start.startswith(magic)), f'bytes {start[:8]!r}')
        raise FeatureError(explain(path, 'an array in .npy format', kind if start else 'nothing',
                                   'The ending does not fit, or the file is damaged. ' + _REWRITE))
    wide = start[6:7] != b'\x01'
    length = struct.unpack_from('<I' if wide else '<H', start.ljust(12, b'\xff'), 8)[0]
    if length > _MAX_HEADER_BYTES:
        raise FeatureError(explain(path, f'a header of at most {_MAX_HEADER_BYTES} bytes', f'{length} bytes', _AGAIN))
    file.seek(12 if wide else 10)
    text = file.read(length).decode('latin-1')
    # Matched, not evaluated: NumPy's own reader hands these bytes to the parser of Python.
    match = _HEADER.fullmatch(text)
    if match is None:
        raise FeatureError(explain(path, "a header like {'descr': '<f4', 'fortran_order': False, 'shape': (T, D), }",
                                   repr(text.strip()[:100]), 'It is damaged or was cut short, or holds records. ' +
                                   _REWRITE))
    descr, by_column, sizes = match.groups()
    shape = tuple(int(size) for size in sizes.replace(',', ' ').split())
    dtype = _FLOATS.get(descr.lstrip('<>=|'))
    if dtype is None:
        kind = 'pickled objects' if 'O' in descr else f"'{descr}' numbers"
        raise FeatureError(explain(path, 'float16, float32 or float64 numbers', kind, _REWRITE))
    _check_shape(path, shape)
    return shape, by_column == 'True', dtype.newbyteorder('>') if descr.startswith('>') else dtype


def _check_length(path: Path, declared: int, present: int, shape: tuple[int, ...]) -> None:
    if declared != present:
        raise FeatureError(explain(path, f'{declared:,} bytes of numbers for the shape {shape} of its header',
                                   f'{present:,}', _AGAIN))


def _open_npy(path: Path, num_bytes: int) -> np.ndarray:
    with path.open('rb') as file:
        shape, by_column, dtype = _read_header(path, file)
        offset = file.tell()
        _check_length(path, math.prod(shape) * dtype.itemsize, num_bytes - offset, shape)
        array = np.memmap(file, dtype, 'r', offset, shape, order='F' if by_column else 'C')
    return array if dtype.isnative else array.astype(dtype.newbyteorder('='))


def _open_npz(path: Path, num_bytes: int) -> np.ndarray:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) != 1:
            names = [member.filename for member in members[:5]]
            raise FeatureError(explain(path, 'exactly one array', f'{len(members)} arrays {names}',
                                       'Save one array per file.'))
        with archive.open(members[0]) as file:
            shape, by_column, dtype = _read_header(path, file)
            declared, offset = math.prod(shape) * dtype.itemsize, file.tell()
            _check_length(path, declared, members[0].file_size - offset, shape)
            allowed = min(max(_FREE_UNPACKED_BYTES, _MAX_RATIO * num_bytes), MAX_FEATURE_BYTES)
            if declared > allowed:
                raise FeatureError(explain(path, f'at most {allowed:,} bytes of numbers in an archive of {num_bytes:,}',
                                           f'{declared:,}', 'No features shrink this far. Save them as .npy.'))
            data = file.read(declared)
            file.read(1)  # the end, where the checksum is compared
    _check_length(path, declared, len(data), shape)
    array = np.frombuffer(data, dtype).reshape(shape, order='F' if by_column else 'C')
    return array if dtype.isnative else array.astype(dtype.newbyteorder('='))


def _open_pt(path: Path, num_bytes: int) -> np.ndarray:
    try:
        scan_file(path)  # before torch builds anything
    except Refusal as refusal:
        raise FeatureError(explain(path, 'a bare, dense tensor', refusal, 'Save the tensor alone, with torch.save('
                                   'tensor, path), or fetch it from a source you trust.')) from refusal
    if zipfile.is_zipfile(path):
        tensor = torch.load(path, map_location='cpu', weights_only=True, mmap=True)
    else:  # written before torch 1.6, or with the old format on purpose: cannot be mapped
        tensor = torch.load(io.BytesIO(path.read_bytes()), map_location='cpu', weights_only=True)
    if not isinstance(tensor, torch.Tensor):
        raise FeatureError(explain(path, 'a bare tensor', f'a {type(tensor).__name__}',
                                   'Save the tensor alone, with torch.save(tensor, path).'))
    if tensor.dtype not in _TORCH_FLOATS:
        kind = str(tensor.dtype).removeprefix('torch.')
        raise FeatureError(explain(path, 'float16, bfloat16, float32 or float64 numbers', f'{kind} numbers', _REWRITE))
    shape = tuple(tensor.shape)
    _check_shape(path, shape)
    if math.prod(shape) * tensor.itemsize > num_bytes:  # rows that share memory, or a storage that was never filled
        raise FeatureError(explain(path, f'{math.prod(shape) * tensor.itemsize:,} bytes for a tensor of shape {shape}',
                                   f'a file of {num_bytes:,}', 'Save a tensor that owns its rows: tensor.clone().'))
    tensor = tensor.detach().resolve_neg()
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()


#: Readers by file suffix, in the order in which a folder is searched; each takes the path and the size of the file.
SUFFIXES: dict[str, Callable[[Path, int], np.ndarray]] = {'.npy': _open_npy, '.pt': _open_pt, '.npz': _open_npz}
