import pickle

import numpy as np
import pytest

from egoexo.formats.numpy_pickle import NUMPY_NAMES
from egoexo.formats.plain_pickle import PickleRefusal, parse_pickle

ARRAYS = [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.array(['a', 'bü']),
          np.array([[1], 'x', None], dtype=object), np.zeros((0, 4)), np.array([1, 2], '>f4'), np.array(5.0),
          np.array([True, False]), np.array([b'abc']), np.float32(2.5), np.int64(-3), np.ones(3, np.float16),
          np.array([['a', None], ['b', 2.5]], dtype=object)]


def text(value):
    return b'X' + len(value.encode()).to_bytes(4, 'little') + value.encode()


DOUBLE = b'cnumpy\ndtype\n' + text('f8') + b'\x85R'


def array(shape, dtype=DOUBLE, content=b'C\x088 bytes!'):
    """An array of 8 bytes whose state says something else."""
    return (b'\x80\x03cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01' + shape + dtype
            + b'\x89' + content + b'tb.')


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_arrays_come_back(protocol):
    for expected, found in zip(ARRAYS, parse_pickle(pickle.dumps(ARRAYS, protocol), NUMPY_NAMES)[0], strict=True):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype.newbyteorder('=') and found.shape == expected.shape


def test_old_names_and_states():
    data = pickle.dumps(np.arange(3.0), 2).replace(b'numpy._core', b'numpy.core')
    assert parse_pickle(data, NUMPY_NAMES)[0].tolist() == [0, 1, 2]
    assert parse_pickle(array(b'K\x01\x85'), NUMPY_NAMES)[0].tobytes() == b'8 bytes!'
    of_python_2 = array(b'K\x01\x85', content=b'U\x088 bytes!')
    assert parse_pickle(of_python_2, NUMPY_NAMES)[0].tobytes() == b'8 bytes!'


@pytest.mark.parametrize(('data', 'message'), [
    (array(b'\x8a\x06\x00\x00\x00\x00\x00\x01\x85'), 'an array of 1,099,511,627,776 numbers that does not bring them'),
    (array(b'J\xff\xff\xff\xff\x85'), 'whose type or shape is none'), (array(b']'), 'whose type or shape is none'),
    (array(b'K\x01\x85', b'N'), 'whose type or shape is none'), (array(b'K\x02\x85'), 'does not bring them'),
    (array(b'K\x01\x85', b'cnumpy\ndtype\n' + text('O8') + b'\x85R'), 'of 1 objects that does not bring them'),
    (array(b'K\x01\x85', b'cnumpy\ndtype\n' + text('V8') + b'\x85R'), "a numpy type 'V8'"),
    (array(b'K\x01\x85', b'cnumpy\ndtype\n' + text('M8[ns]') + b'\x85R'), 'numbers, text and objects are built'),
    (array(b'K\x01\x85', b'cnumpy\ndtype\n' + text('S2147483647') + b'\x85R'), 'a numpy type'),
    (array(b'K\x01\x85', b'cnumpy\ndtype\n]\x85R'), 'a numpy type a list'),
    (array(b'K\x01\x85', b'cnumpy\ndtype\n' + text('U2') + b'\x85R'), 'text that is none'),
    (b'\x80\x02cnumpy\ndtype\n' + text('f8') + b'\x85R' + text('<') + b'\x85b.', 'the byte order None'),
    (b'\x80\x02cnumpy\ndtype\n' + text('f8') + b'\x85RK\x03' + text('!') + b'\x86b.', "the byte order '!'"),
    (b'\x80\x02cnumpy.core.multiarray\n_reconstruct\n)RK\x01\x85b.', 'without shape, type and content'),
    (b'\x80\x02cnumpy.core.multiarray\nscalar\nNC\x01a\x86R.', 'without type or content'),
    (b'\x80\x02c_codecs\nencode\n' + text('a') + text('utf-8') + b'\x86R.', "text in the encoding 'utf-8'"),
    (b'\x80\x02cnumpy\nndarray\n)R.', 'a call of something'), (b'\x80\x02cnumpy\nmemmap\n.', r'object numpy\.memmap')])
def test_crafted_arrays_are_refused(data, message):
    with pytest.raises(PickleRefusal, match=message):
        parse_pickle(data, NUMPY_NAMES)
