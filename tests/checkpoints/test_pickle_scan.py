"""What the scan lets pass and what it refuses; whole hostile files are in tests/hostile."""

import io
import pickle
from collections import OrderedDict

import pytest

from egoexo.checkpoints.pickle_scan import Refusal, Storage, scan_pickle

PROTO, STOP = b'\x80\x02', b'.'


def _scan(body: bytes, extra: tuple[str, ...] = ()) -> tuple[object, dict[str, Storage]]:
    return scan_pickle(io.BytesIO(PROTO + body + STOP), extra, lambda storage: None)


def _text(text: str) -> bytes:
    return b'X' + len(text).to_bytes(4, 'little') + text.encode()


def _storage(numel: int, kind: str = 'FloatStorage') -> bytes:
    return b'(' + _text('storage') + f'ctorch\n{kind}\n'.encode() + _text('0') + _text('cpu') + b'J' + numel.to_bytes(
        4, 'little') + b'tQ'


def _tensor(numel: int, offset: bytes, size: bytes, stride: bytes) -> bytes:
    return (b'ctorch._utils\n_rebuild_tensor_v2\n(' + _storage(numel) + offset + size + stride
            + b'\x89ccollections\nOrderedDict\n)RtR')


def test_plain_content_passes_and_storages_are_reported() -> None:
    _, storages = _scan(_tensor(6, b'K\x00', b'K\x02K\x03\x86', b'K\x03K\x01\x86'))
    assert [(storage.key, storage.numel, storage.num_bytes) for storage in storages.values()] == [('0', 6, 24)]
    content = dict(a=[1, 2.5, None, True, 'text', (1, (2, 3))], b={3: 10**12}, c=OrderedDict(x={1, (2, 3)}))
    scan_pickle(io.BytesIO(pickle.dumps(content, protocol=2)), (), lambda storage: None)


def test_reading_stops_behind_the_pickle() -> None:
    stream = io.BytesIO(pickle.dumps([1], 2) + pickle.dumps(7, 2))
    assert scan_pickle(stream, (), lambda storage: None)[0] == [1]
    assert scan_pickle(stream, (), lambda storage: None)[0] == 7


@pytest.mark.parametrize(('body', 'found'), [
    (b'cos\nsystem\n', r'the Python object os\.system, which is not built from a file'),
    (b'c__builtin__\neval\n', r'the Python object builtins\.eval'),
    (b'c__builtin__\nbytearray\n', r'the Python object builtins\.bytearray'),
    (b'ctorch\nTensor\n', r'the Python object torch\.Tensor'),
    (b'ctorch.storage\n_load_from_bytes\n', r'the Python object torch\.storage\._load_from_bytes'),
    (b'\x8c\x02os\x8c\x06system\x93', 'the pickle instruction SHORT_BINUNICODE'),
    (b'})K\x01s'.replace(b')', b')' + b'\x85' * 5), 'a dictionary key or set element that is itself a'),
    (b'ccollections\nOrderedDict\n]]()\x85\x85K\x01ea\x85R', 'a dictionary key or set element'),
    (_tensor(6, b'K\x00', b'K\x07\x85', b'K\x01\x85'), 'a tensor of 7 numbers in a storage of 6'),
    (_tensor(6, b'K\x01', b'K\x06\x85', b'K\x01\x85'), 'a tensor of 6 numbers in a storage of 6'),
    (_tensor(6, b'K\x00', b'J\xff\xff\xff\x7f\x85', b'K\x00\x85'), 'a tensor of 2147483647 numbers in a storage of 6'),
    (_tensor(6, b'K\x00', b'J\xff\xff\xff\xff\x85', b'K\x01\x85'), 'whose storage, offset, shape or strides are none'),
    (_tensor(6, b'K\x00', b'K\x06\x85', b'K\x01K\x01\x86'), 'a tensor with 1 sizes and 2 strides'),
    (_storage(4) + b'0' + _storage(5), 'the pickle instruction POP'),
    (b'(' + _storage(4) + _storage(5) + b't', "the storage '0' with two sizes"),
    (_storage(4, 'QInt8Storage'), r'the Python object torch\.QInt8Storage'),
    (_text('storage') + b'Q', 'a reference to something other than a whole storage'),
    (b'K\x01K\x02\x85R', 'a call of something'),
    (b'c_codecs\nencode\n' + _text('a') + _text('zip') + b'\x86R', 'text in the encoding'),
    (b'K\x01}b', 'sets the state of something that has none'),
])
def test_refusals(body: bytes, found: str) -> None:
    with pytest.raises(Refusal, match=found):
        _scan(body)


def test_names_of_stand_ins_pass() -> None:
    body = b'cargparse\nNamespace\n)R}b'
    with pytest.raises(Refusal, match=r'argparse\.Namespace'):
        _scan(body)
    _scan(body, ('argparse.Namespace',))


def test_an_expanded_view_of_moderate_size_passes() -> None:
    _scan(_tensor(1, b'K\x00', b'J\x40\x42\x0f\x00\x85', b'K\x00\x85'))  # a million
