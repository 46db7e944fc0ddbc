"""Which non-tensor objects a checkpoint may hold when it is read with ``weights_only=True``.

MMEngine checkpoints carry the log history (``HistoryBuffer``), whose pickle names six globals that torch refuses:
the class itself, ``numpy.ndarray``, ``numpy.dtype``, numpy's ``_reconstruct`` and ``scalar``, and
``builtins.getattr``. The real ``getattr`` hands out module globals and the real ``numpy.ndarray`` turns bytes into
object pointers (a crafted file crashes the interpreter), so none of the six is allowed as it is: each name is bound
to a stand-in that builds plain numbers and nothing else.
"""

import importlib.util
import re
import sys
from collections.abc import Callable

import numpy as np
import torch

from egoexo.errors import CheckpointError

__all__ = ['register_safe_globals', 'restricted_getattr', 'safe_globals_list']

_HISTORY_BUFFER = 'mmengine.logging.history_buffer.HistoryBuffer'
_STATISTICS = ('min', 'max', 'mean', 'current')
_PLAIN_DTYPES = ('float64', 'float32', 'float16', 'int64', 'int32', 'int16', 'int8',
                 'uint64', 'uint32', 'uint16', 'uint8', 'bool')
_PLAIN_SPEC = re.compile(r'[<=|]?(?:f[248]|[iu][1248]|b1|\?)')
# The unpickler finds a global by one line of text, so a key with a line break can be built upon but never be named.
_UNNAMEABLE = 'numpy.ndarray\n(filled, never called)'


def restricted_getattr(owner: object, name: str) -> Callable:
    """Stand in for ``builtins.getattr`` while a checkpoint is read.

    Args:
        owner (object): Must be MMEngine's ``HistoryBuffer``.
        name (str): One of ``min``, ``max``, ``mean``, ``current``.

    Returns:
        Callable: The method of that name.

    Raises:
        CheckpointError: For every other object or name.
    """
    module = sys.modules.get('mmengine.logging.history_buffer')
    history_buffer = getattr(module, 'HistoryBuffer', None)
    if history_buffer is None or name not in _STATISTICS or not (
            isinstance(owner, type) and issubclass(owner, history_buffer)):
        raise CheckpointError(f'the file asks for getattr({owner!r}, {name!r}); only the methods '
                              f'{", ".join(_STATISTICS)} of HistoryBuffer are handed out')
    return getattr(history_buffer, name)


def _plain_dtype(spec: object, *_: object) -> np.dtype:
    """Stand in for ``numpy.dtype``: real numbers only, and numpy's own instance, on which a state has no effect."""
    text = spec.decode('latin1') if isinstance(spec, bytes) else spec
    if not isinstance(text, str) or not _PLAIN_SPEC.fullmatch(text):
        raise CheckpointError(f'the file holds a numpy array of type {spec!r}; expected plain little-endian numbers')
    return np.dtype(text)


def _forbidden_ndarray(*_: object) -> None:
    """Stand in for ``numpy.ndarray``, which a file names as an argument and never has to call."""
    raise CheckpointError('the file calls numpy.ndarray itself, which no checkpoint writer does')


def _empty_array(*_: object) -> np.ndarray:
    """Stand in for numpy's ``_reconstruct``: the empty array whose content follows as its state."""
    return np.ndarray((0,), dtype=np.int8)


def _plain_scalar(dtype: np.dtype, data: bytes) -> np.generic:
    """Stand in for numpy's ``scalar``."""
    if not isinstance(dtype, np.dtype) or not isinstance(data, bytes) or len(data) != dtype.itemsize:
        raise CheckpointError(f'the file holds a numpy scalar of {dtype!r:.60} from {data!r:.60}; expected a type '
                              'and as many bytes as it needs')
    return np.frombuffer(data, dtype=dtype)[0]


def _history_buffer_stand_in() -> type | None:
    """Class under which a ``HistoryBuffer`` is read, or None without mmengine.

    Its own ``__setstate__`` would let a file replace methods of the class for the whole process, therefore only the
    two arrays and the length are taken over.
    """
    if importlib.util.find_spec('mmengine') is None:
        return None
    from mmengine.logging.history_buffer import HistoryBuffer

    class RestrictedHistoryBuffer(HistoryBuffer):

        def __setstate__(self, state: dict) -> None:
            arrays = [state.get('_log_history'), state.get('_count_history')] if isinstance(state, dict) else []
            if not arrays or not all(isinstance(item, np.ndarray) and item.ndim == 1 for item in arrays):
                raise CheckpointError('the file holds a HistoryBuffer without its two 1-D arrays _log_history and '
                                      '_count_history')
            self._log_history, self._count_history = arrays
            self.max_length = int(state.get('max_length', 1_000_000))
            self._set_default_statistics()
            self.__class__ = HistoryBuffer

    return RestrictedHistoryBuffer


_registered: list[tuple[object, str]] = []


def safe_globals_list() -> list[tuple[object, str]]:
    """Pairs (stand-in, name in the file), the form ``torch.serialization.add_safe_globals`` takes.

    Returns:
        list[tuple[object, str]]: The same list on every call of a process.
    """
    if _registered:
        return _registered
    pairs: list[tuple[object, str]] = [
        (restricted_getattr, 'builtins.getattr'),
        (_plain_dtype, 'numpy.dtype'),
        (_forbidden_ndarray, 'numpy.ndarray'),
        (np.ndarray, _UNNAMEABLE),
    ]
    for module in ('numpy._core.multiarray', 'numpy.core.multiarray'):  # numpy 2.x and 1.x
        pairs += [(_empty_array, f'{module}._reconstruct'), (_plain_scalar, f'{module}.scalar')]
    for name in _PLAIN_DTYPES:
        dtype_class = type(np.dtype(name))
        pairs.append((dtype_class, f'numpy.dtypes.{dtype_class.__name__}'))
    history_buffer = _history_buffer_stand_in()
    if history_buffer is not None:
        pairs.append((history_buffer, _HISTORY_BUFFER))
    _registered.extend(pairs)
    return _registered


def register_safe_globals() -> None:
    """Let ``torch.load(weights_only=True)`` of this process read MMEngine checkpoints; cheap when called again.

    Examples:
        >>> register_safe_globals()
        >>> torch.save({'meta': {'epoch': 3}, 'best_score': np.float64(71.2)}, 'epoch_3.pth')
        >>> torch.load('epoch_3.pth', weights_only=True)['meta']
        {'epoch': 3}
    """
    torch.serialization.add_safe_globals(safe_globals_list())
