import numpy as np
import pytest

from egoexo.formats.arrow_pickle import ARROW_NAMES
from egoexo.formats.plain_pickle import PickleRefusal

ARRAY = ARROW_NAMES['pyarrow.lib._restore_array']
OFFSETS = np.array([0, 2, 2, 5], '<i4').tobytes()


def test_texts():
    assert ARRAY(('string', 3, 0, 0, [None, OFFSETS, b'abcde'], [], None)) == ['ab', '', 'cde']


def test_gaps_and_a_beginning():
    present = np.packbits([1, 0, 1], bitorder='little').tobytes()
    wide = np.array([0, 2, 2, 5], '<i8').tobytes()
    assert ARRAY(('large_string', 3, 1, 0, [present, wide, b'abcde'], [], None)) == ['ab', None, 'cde']
    assert ARRAY(('string', 2, 1, 1, [present, OFFSETS, b'abcde'], [], None)) == [None, 'cde']
    assert ARRAY(('string', 0, 0, 0, [None, b'', None], [], None)) == []


def test_parts_are_put_together():
    assert ARROW_NAMES['pyarrow.lib.chunked_array']([['a'], ['b', None]], 'string') == ['a', 'b', None]
    column = ARROW_NAMES['pandas.arrays.ArrowStringArray']()
    assert column.content({'_pa_array': ['a', None]}).tolist() == ['a', None]


@pytest.mark.parametrize(('name', 'args', 'message'), [
    ('_restore_array', (('string', 3, 0, 0, [None, OFFSETS, b'abcd'], [], None),), 'of 3 texts that does not bring'),
    ('_restore_array', (('string', 4, 0, 0, [None, OFFSETS, b'abcde'], [], None),), 'of 4 texts'),
    ('_restore_array', (('string', 3, 0, 0, [None, OFFSETS[::-1], b'abcde'], [], None),), 'of 3 texts'),
    ('_restore_array', (('int64', 3, 0, 0, [None, OFFSETS], [], None),), 'without type, length and three buffers'),
    ('_restore_array', ((['string'], -1, 0, 0, [None] * 3),), 'without type'), ('_restore_array', (3,), 'without type'),
    ('type_for_alias', ('int64',), "of the type 'int64'"), ('py_buffer', ('abc',), 'without its bytes'),
    ('chunked_array', ([3],), 'in something other than parts')])
def test_crafted_columns_are_refused(name, args, message):
    with pytest.raises(PickleRefusal, match=message):
        ARROW_NAMES[f'pyarrow.lib.{name}'](*args)


def test_a_column_without_texts():
    with pytest.raises(PickleRefusal, match='a column of text without its texts'):
        ARROW_NAMES['pandas.arrays.ArrowStringArray']().content({})
