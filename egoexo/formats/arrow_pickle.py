"""What stands in for pyarrow in a pickle: columns of text, as pandas 3 keeps them where pyarrow is installed."""

import numpy as np

from egoexo.formats.plain_pickle import Pending, PickleRefusal, shown

__all__ = ['ARROW_NAMES']

#: Name of a type of text -> type of the offsets at which its texts begin.
_OFFSETS = {'string': np.dtype('<i4'), 'utf8': np.dtype('<i4'), 'large_string': np.dtype('<i8'),
            'large_utf8': np.dtype('<i8')}


def _buffer(content: object) -> bytes:
    if not isinstance(content, bytes):
        raise PickleRefusal('a buffer of pyarrow without its bytes')
    return content


def _type(name: object) -> str:
    if not isinstance(name, str) or name not in _OFFSETS:
        raise PickleRefusal(f'a column of pyarrow of the type {shown(name)}; text is read')
    return name


def _array(parts: object) -> list[str | None]:
    """Texts from presence bits, offsets and one run of UTF-8, see the columnar format of Apache Arrow."""
    kind, length, _, first, buffers = parts[:5] if isinstance(parts, tuple) and len(parts) >= 5 else [None] * 5
    fits = isinstance(kind, str) and kind in _OFFSETS and all(
        isinstance(value, int) and 0 <= value < 2**40 for value in (length, first))
    if not fits or not isinstance(buffers, list) or len(buffers) != 3:
        raise PickleRefusal('a column of pyarrow without type, length and three buffers')
    if not length:
        return []
    present, offsets, text = buffers
    offsets, text = np.frombuffer(offsets, _OFFSETS[kind])[first:first + length + 1], text or b''
    if len(offsets) != length + 1 or offsets[0] < 0 or offsets[-1] > len(text) or (np.diff(offsets) < 0).any():
        raise PickleRefusal(f'a column of pyarrow of {length:,} texts that does not bring them')
    here = np.ones(length, bool)
    if present is not None:
        here = np.unpackbits(np.frombuffer(present, np.uint8), bitorder='little')[first:first + length].astype(bool)
    return [str(text[start:stop], 'utf-8') if is_here else None
            for start, stop, is_here in zip(offsets[:-1].tolist(), offsets[1:].tolist(), here.tolist(), strict=True)]


def _chunks(parts: object, *_: object) -> list[str | None]:
    if not isinstance(parts, list) or not all(isinstance(part, list) for part in parts):
        raise PickleRefusal('a column of pyarrow in something other than parts')
    return [text for part in parts for text in part]


class _StringArray(Pending):
    """Stands in for pandas' ``ArrowStringArray``; becomes an array of objects."""

    def __init__(self, *_: object) -> None:
        pass

    def content(self, state: object) -> np.ndarray:
        texts = None
        if isinstance(state, dict):
            texts = state.get('_pa_array', state.get('_data'))
        if not isinstance(texts, list):
            raise PickleRefusal('a column of text without its texts')
        return np.fromiter(texts, dtype=object, count=len(texts))


#: For :func:`egoexo.formats.plain_pickle.parse_pickle`.
ARROW_NAMES: dict[str, object] = {
    'pyarrow.lib._restore_array': _array, 'pyarrow.lib.py_buffer': _buffer, 'pyarrow.lib.type_for_alias': _type,
    'pyarrow.lib.chunked_array': _chunks, 'pandas.arrays.ArrowStringArray': _StringArray,
    'pandas.core.arrays.string_arrow.ArrowStringArray': _StringArray,
}
