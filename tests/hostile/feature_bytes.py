"""Bytes of feature files, sound and hostile, for the cases of the corpus."""

import io
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import torch

__all__ = ['ROWS', 'Call', 'bomb', 'flipped', 'header', 'npy', 'npz', 'plain', 'pt', 'rebuilt', 'with_value']

ROWS = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)


def npy(rows: np.ndarray = ROWS) -> bytes:
    """Bytes of a .npy file; pickles objects."""
    buffer = io.BytesIO()
    np.save(buffer, rows, allow_pickle=True)
    return buffer.getvalue()


def npz(*rows: np.ndarray, names: tuple[str, ...] = ('rows.npy', 'more.npy')) -> bytes:
    """Bytes of a .npz file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, array in zip(names, rows, strict=False):
            archive.writestr(name, npy(array))
    return buffer.getvalue()


def pt(value: object = None, old: bool = False) -> bytes:
    """Bytes of a .pt file in the present or the old format."""
    buffer = io.BytesIO()
    torch.save(torch.from_numpy(ROWS) if value is None else value, buffer, _use_new_zipfile_serialization=not old)
    return buffer.getvalue()


def header(text: str, length: int | None = None, version: int = 1) -> bytes:
    """Beginning of a .npy file with any text as its header."""
    text = text.encode().ljust(118 if version == 1 else 116) + b'\n'
    size = struct.pack('<H' if version == 1 else '<I', len(text) if length is None else length)
    return b'\x93NUMPY' + bytes([version, 0]) + size + text


def plain(shape: str, descr: str = "'<f4'") -> str:
    """Header text of a .npy file."""
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


def flipped(data: bytes, seed: int, num_bits: int = 3, end: int | None = None) -> bytes:
    """Some bits changed, in the first ``end`` bytes."""
    changed = bytearray(data)
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, end or len(data), num_bits):
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def with_value(value: float, row: int, dtype: type = np.float32) -> np.ndarray:
    """The rows with one other number."""
    rows = ROWS.astype(dtype)
    rows[row, 3] = value
    return rows


class Call:
    """Pickles as the call of a function."""

    def __init__(self, function: Callable, *args: object) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args


def rebuilt(size: tuple, stride: tuple, offset: int = 0) -> Call:
    """A tensor of any size over a storage of 16 numbers."""
    return Call(torch._utils._rebuild_tensor_v2, torch.zeros(16).storage(), offset, size, stride, False, OrderedDict())


def bomb(num_bytes: int) -> bytes:
    """A .npz whose one array of zeros unpacks to ``num_bytes``, from a thousandth of it."""
    start = header(plain(f'({num_bytes // 32}, 8)'))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    data += block * (num_bytes // 2**20) + packer.flush()
    sizes = struct.pack('<III', 0, len(data), num_bytes + len(start))
    fields = struct.pack('<HHHHH', 20, 0, 8, 0, 0x21) + sizes
    local = b'PK\x03\x04' + fields + struct.pack('<HH', 8, 0) + b'rows.npy'
    entry = b'PK\x01\x02' + struct.pack('<H', 20) + fields + struct.pack('<HHHHHII', 8, 0, 0, 0, 0, 0, 0) + b'rows.npy'
    end = b'PK\x05\x06' + struct.pack('<HHHHIIH', 0, 0, 1, 1, len(entry), len(local) + len(data), 0)
    return local + data + entry + end
