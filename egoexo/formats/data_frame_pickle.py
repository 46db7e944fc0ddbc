"""Tables that pandas has pickled, read without pandas: ``EPIC_100_train.pkl``, ``EPIC_val_action_labels.pkl``.

A table is a few blocks, each an array of the columns of one type, and two indices: names of columns and of rows. The
way in which a file holds them has changed with pandas 0.14, 0.20, 0.24, 1.3, 2.0 and 3.0; all of them are read.
"""

import os
from typing import NamedTuple

import numpy as np

from egoexo.errors import AnnotationError
from egoexo.formats.arrow_pickle import ARROW_NAMES
from egoexo.formats.numpy_pickle import NUMPY_NAMES
from egoexo.formats.plain_pickle import Pending, PickleRefusal, read_pickle, shown

__all__ = ['DataFrame', 'read_data_frame']

#: Official tables have 15 columns and at most 67,217 rows.
_MAX_COLUMNS, _MAX_VALUES = 1000, 2**24
_ROWS, _RANGE = 'index of values', 'index of a range'


class DataFrame(NamedTuple):
    """A table.

    Args:
        columns (dict[str, list]): Name of a column to its values, plain numbers, text and lists, in the order of rows.
        index (list): Names of the rows.
        index_name (str | None): What the names of the rows are called.
    """

    columns: dict[str, list]
    index: list
    index_name: str | None


class _Index(NamedTuple):
    """Stands in for an index of pandas: names of columns or rows."""

    values: np.ndarray | range
    name: str | None


def _new_index(kind: object, parts: object) -> _Index:
    parts = parts if isinstance(parts, dict) else {}
    name = parts.get('name')
    if name is not None and not isinstance(name, str | int):
        raise PickleRefusal(f'an index with the name {shown(name)}')
    if kind == _RANGE:
        limits = [parts.get(key) for key in ('start', 'stop', 'step')]
        if not all(isinstance(limit, int) and abs(limit) < 2**62 for limit in limits) or limits[2] == 0:
            raise PickleRefusal('an index of a range without limits')
        return _Index(range(*limits), name)
    values = parts.get('data')
    if kind != _ROWS or not isinstance(values, np.ndarray) or values.ndim != 1:
        raise PickleRefusal('an index without a list of values')
    return _Index(values, name)


def _block(values: object, places: object, *_: object) -> tuple[np.ndarray, range | np.ndarray]:
    """Values (columns, rows), and which columns they are."""
    if isinstance(values, np.ndarray) and values.ndim == 1:  # pandas 3 keeps text so
        values = values[None]
    if isinstance(places, slice):
        places = range(places.start or 0, places.stop or 0, places.step or 1)
    if not isinstance(values, np.ndarray) or values.ndim != 2 or not isinstance(places, range | np.ndarray) or len(
            places) != len(values):
        raise PickleRefusal('a block of columns that does not bring them')
    return values, places


class _Manager(Pending):
    """Stands in for pandas' ``BlockManager``.

    Args:
        blocks (tuple): Since pandas 1.3.
        axes (list): Index of columns and index of rows.
    """

    def __init__(self, blocks: object = (), axes: object = (), *_: object) -> None:
        self.blocks, self.axes = blocks, axes

    def content(self, state: object) -> '_Manager':
        """Until pandas 1.2."""
        parts = state[3].get('0.14.1') if isinstance(state, tuple) and len(state) == 4 and isinstance(
            state[3], dict) else None
        if not isinstance(parts, dict) or not isinstance(parts.get('blocks'), list) or not all(
                isinstance(block, dict) for block in parts['blocks']):
            raise PickleRefusal('a table older than pandas 0.14, or a damaged one')
        self.axes = parts.get('axes')
        self.blocks = tuple(_block(block.get('values'), block.get('mgr_locs')) for block in parts['blocks'])
        return self


class _Frame(Pending):
    """Stands in for pandas' ``DataFrame``."""

    def __init__(self, *_: object) -> None:
        self.manager: object = None

    def content(self, state: object) -> '_Frame':
        self.manager = state.get('_mgr', state.get('_data')) if isinstance(state, dict) else None
        return self


class _Values(Pending):
    """Stands in for pandas' own arrays of text; becomes the array of numpy in it."""

    def __init__(self, *_: object) -> None:
        pass

    def content(self, state: object) -> np.ndarray:
        arrays = [part for part in state if isinstance(part, np.ndarray)] if isinstance(state, tuple) else []
        if len(arrays) != 1:
            raise PickleRefusal('a column of text without its texts')
        return arrays[0]


def _nothing(*_: object) -> None:
    """Stands in for what says how a column is kept."""


_INDICES = {'Index': _ROWS, 'Int64Index': _ROWS, 'UInt64Index': _ROWS, 'RangeIndex': _RANGE}
_NAMES: dict[str, object] = {
    **NUMPY_NAMES, **ARROW_NAMES, 'builtins.slice': slice,
    **dict.fromkeys(('pandas.DataFrame', 'pandas.core.frame.DataFrame'), _Frame),
    **dict.fromkeys((f'pandas.core.internals{part}.BlockManager' for part in ('', '.managers')), _Manager),
    'pandas._libs.internals._unpickle_block': _block,
    **dict.fromkeys((f'pandas.{module}._new_Index' for module in (
        'core.indexes.base', 'indexes.base', 'core.index')), _new_index),
    **{f'pandas.{module}{name}': kind for name, kind in _INDICES.items() for module in (
        '', 'core.indexes.base.', 'core.indexes.numeric.', 'core.indexes.range.', 'indexes.base.', 'indexes.numeric.',
        'indexes.range.', 'core.index.')},
    'pandas._libs.arrays.__pyx_unpickle_NDArrayBacked': _Values, 'pandas._libs.missing.NA': None,
    **dict.fromkeys(('pandas.arrays.StringArray', 'pandas.core.arrays.string_.StringArray'), None),
    **dict.fromkeys(('pandas.StringDtype', 'pandas.core.arrays.string_.StringDtype'), _nothing),
}


def read_data_frame(path: str | os.PathLike) -> DataFrame:
    """Read a table that pandas has pickled.

    Args:
        path (str | os.PathLike): The file, of pandas 0.14 to 3, protocol 2 or later.

    Returns:
        DataFrame: Its columns.

    Raises:
        AnnotationError: If the file is missing, damaged, or holds anything but a table of numbers, text and lists.
            Nothing in it is executed.
    """
    return read_pickle(path, AnnotationError, 'a table of pandas', _NAMES, finish=_table)


def _table(frame: object) -> DataFrame:
    """Columns of what was read; names and sizes first, because a file may refer to one block a thousand times."""
    if not isinstance(frame, _Frame):
        raise PickleRefusal(f'an object of the kind {type(frame).__name__}')
    manager = frame.manager
    axes = list(manager.axes) if isinstance(manager, _Manager) and isinstance(manager.axes, list | tuple) else []
    if len(axes) != 2 or not all(isinstance(axis, _Index) for axis in axes) or not isinstance(manager.blocks, tuple):
        raise PickleRefusal('a table without columns and rows')
    num_columns, num_rows = (len(axis.values) for axis in axes)
    if not 0 < num_columns <= _MAX_COLUMNS or num_columns * num_rows > _MAX_VALUES:
        raise PickleRefusal(f'a table of {num_columns:,} columns and {num_rows:,} rows')
    names = list(axes[0].values)
    if not all(isinstance(name, str) for name in names) or len(set(names)) != num_columns:
        raise PickleRefusal('a table whose columns have no names of their own')
    columns: dict[str, list] = {}
    for values, places in manager.blocks:
        if values.shape != (len(places), num_rows) or len(places) + len(columns) > num_columns:
            raise PickleRefusal('a block of columns that does not fit the table')
        columns.update((names[place], row.tolist()) for place, row in zip(places, values, strict=True))
    if len(columns) != num_columns:
        raise PickleRefusal(f'a table that lacks {num_columns - len(columns)} of its {num_columns} columns')
    rows = axes[1].values
    return DataFrame({name: columns[name] for name in names},
                     list(rows) if isinstance(rows, range) else rows.tolist(), axes[1].name)
