"""What stands in for numpy in a pickle of plain data: arrays and numbers, built here from the bytes in the file."""

import math
import re
import sys
from collections.abc import Sequence

import numpy as np

from egoexo.formats.plain_pickle import Pending, PickleRefusal, shown

__all__ = ['NUMPY_NAMES', 'latin1_bytes']

#: Real and whole numbers, booleans, bytes and text of a fixed length, and objects.
_TYPE = re.compile(r'[<>=|]?(?:f[248]|[iu][1248]|b1|\?|[SU][1-9][0-9]{0,5}|O8?)')
_MAX_AXES = 8


class _Type(Pending):
    """Stands in for ``numpy.dtype``; what follows in the file is its byte order."""

    def __init__(self, spec: object, *_: object) -> None:
        text = spec.decode('latin1') if isinstance(spec, bytes) else spec
        if not isinstance(text, str) or not _TYPE.fullmatch(text):
            raise PickleRefusal(f'a numpy type {shown(spec)}; numbers, text and objects are built')
        self.dtype = np.dtype('O' if 'O' in text else text)

    def content(self, state: object) -> np.dtype:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        order = order.decode('latin1') if isinstance(order, bytes) else order
        if order not in ('<', '>', '=', '|'):
            raise PickleRefusal(f'a numpy type with the byte order {shown(order)}')
        return self.dtype if order == '|' else self.dtype.newbyteorder(order)


class _Array(Pending):
    """Stands in for numpy's ``_reconstruct``: the array whose content follows as its state."""

    def __init__(self, *_: object) -> None:
        pass

    def content(self, state: object) -> np.ndarray:
        state = state[-4:] if isinstance(state, tuple) and len(state) in (4, 5) else ()  # the version may be absent
        if len(state) != 4:
            raise PickleRefusal('an array without shape, type and content')
        shape, dtype, by_column, content = state
        return _array(content, dtype, shape, 'F' if by_column else 'C')


def _array(content: object, dtype: object, shape: object, order: object = 'C') -> np.ndarray:
    """Stands in for numpy's ``_frombuffer`` as well."""
    if isinstance(dtype, _Type):
        dtype = dtype.dtype
    if not isinstance(dtype, np.dtype) or not isinstance(shape, tuple) or len(shape) > _MAX_AXES or not all(
            isinstance(size, int) and 0 <= size < 2**62 for size in shape) or order not in ('C', 'F'):
        raise PickleRefusal('an array whose type or shape is none')
    count = math.prod(shape)
    if dtype.hasobject:
        if not isinstance(content, list) or len(content) != count:
            raise PickleRefusal(f'an array of {count:,} objects that does not bring them')
        flat = np.fromiter(content, dtype=object, count=count)
    else:
        content = content.encode('latin1') if isinstance(content, str) else content  # as Python 2 wrote it
        if not isinstance(content, bytes) or len(content) != count * dtype.itemsize:
            raise PickleRefusal(f'an array of {count:,} numbers that does not bring them')
        flat = np.frombuffer(content, dtype) if content else np.empty(count, dtype)
        flat = flat if dtype.isnative else flat.astype(dtype.newbyteorder('='))
        if dtype.kind == 'U' and count and flat.view(np.uint32).max() > sys.maxunicode:  # of these numpy crashes
            raise PickleRefusal('an array of text that is none')
    return flat.reshape(shape, order=order)


def _scalar(dtype: object, content: object) -> np.generic:
    """Stands in for numpy's ``scalar``."""
    if isinstance(content, str):
        content = content.encode('latin1')
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(content, bytes):
        raise PickleRefusal('a number of numpy without type or content')
    return _array(content, dtype, (1,))[0]


def latin1_bytes(text: str, encoding: str = 'latin1') -> bytes:
    """Stands in for ``_codecs.encode``, by which pickles of protocol 2 hold bytes.

    Args:
        text (str): The bytes as characters.
        encoding (str): Must be ``'latin1'``.

    Returns:
        bytes: One for each character.

    Raises:
        PickleRefusal: If the encoding is another one.
    """
    if not isinstance(text, str) or encoding not in ('latin1', 'latin-1'):
        raise PickleRefusal(f'text in the encoding {shown(encoding)}')
    return text.encode('latin1')


def _no_bytes() -> bytes:
    """Stands in for ``bytes``, by which protocol 2 holds no bytes at all."""
    return b''


def _in_modules(modules: Sequence[str], names: dict[str, object]) -> dict[str, object]:
    return {f'{module}.{name}': value for module in modules for name, value in names.items()}


#: For :func:`egoexo.formats.plain_pickle.parse_pickle`: arrays and numbers of numpy 1 and 2.
NUMPY_NAMES: dict[str, object] = {
    'numpy.ndarray': None, 'numpy.dtype': _Type, '_codecs.encode': latin1_bytes,
    'builtins.bytes': _no_bytes,
    **_in_modules(('numpy.core.multiarray', 'numpy._core.multiarray'), {'_reconstruct': _Array, 'scalar': _scalar}),
    **_in_modules(('numpy.core.numeric', 'numpy._core.numeric'), {'_frombuffer': _array}),
}
