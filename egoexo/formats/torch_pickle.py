"""Tensors in pickles and in files of ``torch.save``, read as arrays of numpy: torch is not needed.

``torch.save`` writes a zip archive around a pickle, before torch 1.6 five pickles in a row; ``pickle.dump`` of a tensor
holds such a row of five inside. The numbers lie beside the pickle as storages, to which it refers by name.
"""

import io
import math
import zipfile
from collections.abc import Callable

import numpy as np

from egoexo.formats.numpy_pickle import NUMPY_NAMES
from egoexo.formats.plain_pickle import PickleRefusal, parse_pickle

__all__ = ['TORCH_NAMES', 'parse_torch']

_ZIP_MAGIC = b'PK\x03\x04'
_MAGIC_NUMBER = 0x1950a86a20f9469cfc6c
_DTYPES = {'DoubleStorage': '<f8', 'FloatStorage': '<f4', 'HalfStorage': '<f2', 'BFloat16Storage': 'bfloat16',
           'LongStorage': '<i8', 'IntStorage': '<i4', 'ShortStorage': '<i2', 'CharStorage': 'i1', 'ByteStorage': 'u1',
           'BoolStorage': '?'}


def parse_torch(data: bytes) -> object:
    """Content of a file of ``torch.save``.

    Args:
        data (bytes): All of it.

    Returns:
        object: Lists, dictionaries, numbers and text; tensors, on whatever device they were, as arrays of numpy,
        bfloat16 as float32.

    Raises:
        PickleRefusal: If it holds anything else, or is damaged.
    """
    return _parse_zip(data) if data.startswith(_ZIP_MAGIC) else _parse_row(data)


def _parse_zip(data: bytes) -> object:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename: info for info in archive.infolist()}
            roots = [name.removesuffix('data.pkl') for name in members if name.endswith('/data.pkl')]
            if len(roots) != 1 or sum(info.file_size for info in members.values()) > len(data):
                raise PickleRefusal('an archive that torch.save does not write: without data.pkl, or compressed')
            content = {name.removeprefix(roots[0]): archive.read(name) for name in members if name.startswith(roots[0])}
    except PickleRefusal:
        raise
    except Exception as cause:  # a damaged archive fails in any way
        raise PickleRefusal(f'an archive that cannot be read ({type(cause).__name__}: {str(cause)[:100]})') from cause
    if content.get('byteorder', b'little') != b'little':
        raise PickleRefusal('numbers in the byte order of another kind of machine')
    storages: dict[str, np.ndarray] = {}

    def storage(pid: object) -> np.ndarray:
        kind, key, numel = _storage_parts(pid)
        if key not in storages:
            storages[key] = _numbers(content.get(f'data/{key}', b''), kind, numel)
        return storages[key]

    return parse_pickle(content['data.pkl'], TORCH_NAMES, storage=storage, num_bytes=len(data))[0]


def _parse_row(data: bytes) -> object:
    """Magic number, version, system, content, names of storages, and then the numbers."""
    start = 0
    head = []
    for _ in range(3):
        part, start = parse_pickle(data, start=start)
        head.append(part)
    if head[0] != _MAGIC_NUMBER or not isinstance(head[2], dict) or head[2].get('little_endian') is not True:
        raise PickleRefusal('something that torch.save does not write')
    wanted: dict[str, tuple[str, int]] = {}

    def note(pid: object) -> None:
        kind, key, numel = _storage_parts(pid)
        wanted[key] = kind, numel

    _, end = parse_pickle(data, _without_tensors(), start, note)  # the numbers come behind the names
    keys, place = parse_pickle(data, start=end)
    storages: dict[str, np.ndarray] = {}
    for key in keys if isinstance(keys, list) else []:
        if not isinstance(key, str) or key not in wanted:
            raise PickleRefusal('a list of storages that differs from those its content refers to')
        kind, numel = wanted[key]
        num_bytes = numel * _item_size(kind)
        storages[key] = _numbers(data[place + 8:place + 8 + num_bytes], kind, numel)  # 8 bytes repeat the length
        place += 8 + num_bytes
    return parse_pickle(data, TORCH_NAMES, start, lambda pid: storages[_storage_parts(pid)[1]])[0]


def _storage_parts(pid: object) -> tuple[str, str, int]:
    """Type, name and number of elements of what a pickle refers to."""
    if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != 'storage' or (
            len(pid) == 6 and pid[5] is not None):
        raise PickleRefusal('a reference to something other than a whole storage of numbers')
    kind, key, numel = pid[1], pid[2], pid[4]
    if not isinstance(kind, str) or kind not in _DTYPES.values() or not isinstance(key, str) or not isinstance(
            numel, int) or numel < 0:
        raise PickleRefusal('a storage whose type, name or size is none')
    return kind, key, numel


def _item_size(kind: str) -> int:
    return 2 if kind == 'bfloat16' else np.dtype(kind).itemsize


def _numbers(content: bytes, kind: str, numel: int) -> np.ndarray:
    if len(content) != numel * _item_size(kind):
        raise PickleRefusal(f'a storage of {numel:,} numbers of which the file holds {len(content):,} bytes')
    if kind == 'bfloat16':  # the upper half of a float32
        return (np.frombuffer(content, '<u2').astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(content, kind)


def _tensor(storage: object, offset: object, size: object, stride: object, *_: object) -> np.ndarray:
    """Stands in for ``torch._utils._rebuild_tensor``."""
    if not isinstance(storage, np.ndarray) or storage.ndim != 1 or not all(
            isinstance(part, tuple) and len(part) <= 8 for part in (size, stride)) or len(size) != len(stride):
        raise PickleRefusal('a tensor whose storage, shape or strides are none')
    if not all(isinstance(value, int) and 0 <= value < 2**40 for value in (offset, *size, *stride)):
        raise PickleRefusal('a tensor with a negative or gigantic size')
    count = math.prod(size)
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if not count:
        return np.zeros(size, storage.dtype)
    if last >= len(storage) or count > len(storage):
        raise PickleRefusal(f'a tensor of {count:,} numbers in a storage of {len(storage):,}')
    return np.lib.stride_tricks.as_strided(storage[offset:], size, [step * storage.itemsize for step in stride],
                                           writeable=False)


def _parameter(tensor: object, *_: object) -> object:
    return tensor


def _no_hooks(*args: object) -> dict:
    """Stands in for the ``OrderedDict`` of a tensor's hooks, or that of a state dict, which is filled later."""
    if args:
        raise PickleRefusal('an ordered dictionary as Python 2 wrote it')
    return {}


def _nested(content: object) -> object:
    if not isinstance(content, bytes):
        raise PickleRefusal('a storage without its bytes')
    return _parse_row(content)


def _without_tensors() -> dict[str, Callable | object]:
    """Names for a first pass, which only looks for storages."""
    return TORCH_NAMES | {name: _nothing for name in TORCH_NAMES if name.startswith('torch._utils.')}


def _nothing(*_: object) -> None:
    pass


#: For :func:`egoexo.formats.plain_pickle.parse_pickle`: dense tensors, and all that numpy needs.
TORCH_NAMES: dict[str, object] = {
    **NUMPY_NAMES, 'collections.OrderedDict': _no_hooks, 'torch.storage._load_from_bytes': _nested,
    'torch._utils._rebuild_tensor': _tensor, 'torch._utils._rebuild_tensor_v2': _tensor,
    'torch._utils._rebuild_parameter': _parameter,
    **{f'torch.{name}': dtype for name, dtype in _DTYPES.items()},
}
