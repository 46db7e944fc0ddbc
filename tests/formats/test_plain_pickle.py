import os
import pickle
from collections import OrderedDict

import pytest

from egoexo.errors import AnnotationError
from egoexo.formats.plain_pickle import Pending, PickleRefusal, parse_pickle, read_pickle, shown

VALUES = [None, True, False, 0, 255, 256, 65535, 65536, -1, 2**31, -2**70, 1.5, float('inf'), 'a', 'ü' * 300, '', b'x',
          b'y' * 300, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], [[1], [2, [3]]], {}, {'a': 1},
          {1: 'x', 'k': [1], (1, 'a'): None, 2.5: b''}]


class Held(Pending):
    """Remembers its arguments and state."""

    def __init__(self, *args):
        self.args = args

    def content(self, state):
        return ('held', self.args, state)


class Call:
    """Pickles as a call."""

    def __init__(self, *parts):
        self.parts = parts

    def __reduce__(self):
        return self.parts


@pytest.mark.parametrize('protocol', [2, 3, 4, 5])
def test_plain_values_come_back(protocol):
    values = VALUES if protocol > 2 else [value for value in VALUES if not isinstance(value, bytes)][:-1]
    assert parse_pickle(pickle.dumps(values, protocol))[0] == values


def test_one_object_stays_one():
    row = [1]
    first, second = parse_pickle(pickle.dumps([row, row]))[0]
    assert first is second


def test_position_behind_the_pickle():
    data = b'..' + pickle.dumps([1, 'a']) + b'rest'
    assert parse_pickle(data, start=2) == ([1, 'a'], len(data) - 4)


def test_text_of_python_2():
    assert parse_pickle(b'\x80\x02(U\x03abcT\x02\x00\x00\x00d\xe9t.')[0] == ('abc', 'd\xe9')


def test_names_have_stand_ins():
    data = pickle.dumps([OrderedDict, Call(OrderedDict, ([1],))])
    with pytest.raises(PickleRefusal, match='object collections.OrderedDict, which is not built'):
        parse_pickle(data)
    assert parse_pickle(data, {'collections.OrderedDict': lambda *args: args})[0][1] == ([1],)
    assert parse_pickle(pickle.dumps([OrderedDict]), {'collections.OrderedDict': 'a word'})[0] == ['a word']


def test_names_of_python_2():
    assert parse_pickle(b'\x80\x02c__builtin__\nslice\n.', {'builtins.slice': 5})[0] == 5


def test_content_takes_the_place_of_what_was_pending():
    made = Call(OrderedDict, (7,), 'state')
    names = {'collections.OrderedDict': Held}
    first, second = parse_pickle(pickle.dumps([made, made]), names)[0]
    assert first == ('held', (7,), 'state') and second is first


@pytest.mark.parametrize(('data', 'message'), [
    (b'\x80\x02]', 'without an end'), (b'', 'without an end'),
    (b'\x80\x02X\xff\xff\xff\x7fabc.', '2,147,483,647 bytes announced at offset'),
    (b'\x80\x04\x96' + b'\xff' * 7 + b'\x7f.', 'bytes announced'),
    (b'\x80\x02h\x07.', r'cannot be read \(KeyError'), (b'.', 'IndexError'), (b't.', 'IndexError'),
    (b'\x80\x02K\x01\x86.', 'a tuple of more than there is'), (b'S\n.', "instruction b'S'"),
    (b'\x80\x04\x8f.', r"instruction b'\\x8f'"), (b'\x80\x02}K\x01a.', 'appends to something other than a list'),
    (b'\x80\x02]K\x01K\x02s.', 'sets an item of something other'), (b'\x80\x02}(K\x01u.', 'sets an item'),
    (b'\x80\x02})\x85\x85K\x01s.', 'a dictionary key that is itself a collection'),
    (b'\x80\x02X\x01\x00\x00\x00\xff.', 'UnicodeDecodeError'), (b'\x80\x02]}b.', 'sets the state of something'),
    (b'\x80\x02X\x01\x00\x00\x00a)R.', 'a call of something'), (b'\x80\x04K\x01K\x02\x93.', 'a name that is no text'),
    (b'\x80\x02K\x01Q.', 'a reference to something outside the file')])
def test_damage_is_refused(data, message):
    with pytest.raises(PickleRefusal, match=message):
        parse_pickle(data)


def test_a_tuple_in_a_tuple_is_no_key():
    data = b'\x80\x02})' + b'\x85' * 10**5 + b'K\x01s.'
    with pytest.raises(PickleRefusal, match='itself a collection'):
        parse_pickle(data)


def test_a_place_of_four_billion_takes_no_memory():
    assert parse_pickle(b'\x80\x02K\x05r\xff\xff\xff\xff0j\xff\xff\xff\xff.')[0] == 5


def test_content_made_again_and_again():
    text = b'X' + (10**4).to_bytes(4, 'little') + b'a' * 10**4 + b'q\x00'
    data = b'\x80\x02](' + text + b'c_codecs\nencode\nq\x01' + b'h\x01h\x00\x85R' * 50 + b'e.'
    with pytest.raises(PickleRefusal, match='made again and again'):
        parse_pickle(data, {'_codecs.encode': str.encode})
    assert len(parse_pickle(data, {'_codecs.encode': str.encode}, num_bytes=10**6)[0]) == 52


def test_calls_need_a_name_and_a_tuple():
    with pytest.raises(PickleRefusal, match='a call with keywords'):
        parse_pickle(b'\x80\x04c_codecs\nencode\n)}K\x01K\x02s\x92.', {'_codecs.encode': str.encode})
    with pytest.raises(PickleRefusal, match='a call of something'):
        parse_pickle(b'\x80\x04c_codecs\nencode\n]R.', {'_codecs.encode': str.encode})


def test_read_pickle_names_the_file(tmp_path):
    path = tmp_path / 'frames.p'
    path.write_bytes(pickle.dumps([1, 2]))
    assert read_pickle(path, AnnotationError, 'a list', {}) == [1, 2]
    assert read_pickle(path, AnnotationError, 'a list', {}, finish=sum) == 3
    with pytest.raises(AnnotationError, match=r'frames.p: expected a list, a pickle of plain data, found something '
                                              r'that cannot be read \(TypeError'):
        read_pickle(path, AnnotationError, 'a list', {}, finish=float)
    with pytest.raises(AnnotationError, match='a list of at most 3 bytes'):
        read_pickle(path, AnnotationError, 'a list', {}, max_bytes=3)
    path.write_bytes(pickle.dumps(Call(os.system, ('true',))))
    with pytest.raises(AnnotationError, match=r'the Python object posix.system, .*Nothing of it was executed'):
        read_pickle(path, AnnotationError, 'a list', {})


def test_shown_walks_through_nothing():
    laughs = ['a']
    for _ in range(60):
        laughs = [laughs] * 10
    assert shown(laughs) == 'a list' and len(shown('a' * 1000)) == 80
