import io
import pickle
import zipfile

import numpy as np
import pytest
import torch

from egoexo.formats.plain_pickle import PickleRefusal, parse_pickle
from egoexo.formats.torch_pickle import TORCH_NAMES, parse_torch

BIG = torch.arange(35.0).reshape(5, 7)
CONTENT = [dict(row=BIG[2], column=BIG[:, 3], turned=BIG.t(), half=torch.ones(2).half(), number=torch.tensor(3.5),
                brain=torch.tensor([1.5, -2.0]).bfloat16(), weight=torch.nn.Parameter(torch.ones(2)), name='P01_1',
                empty=torch.zeros(0, 4), count=torch.tensor([1, 2]), array=np.array(['a', 'b']), truth=BIG[0] > 3)] * 2


def saved(content, old=False):
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not old)
    return stream.getvalue()


def repacked(data, change):
    """The archive with other members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(stream, 'w') as out:
        for name, content in change({name: archive.read(name) for name in archive.namelist()}).items():
            out.writestr(name, content)
    return stream.getvalue()


class Gadget:
    def __reduce__(self):
        return print, ('x',)


@pytest.mark.parametrize('read', [
    lambda: parse_torch(saved(CONTENT)), lambda: parse_torch(saved(CONTENT, old=True)),
    *(lambda protocol=protocol: parse_pickle(pickle.dumps(CONTENT, protocol), TORCH_NAMES)[0]
      for protocol in (2, 3, 4, 5))], ids=['zip', 'row', 'p2', 'p3', 'p4', 'p5'])
def test_tensors_become_arrays(read):
    found = read()
    assert len(found) == 2
    for key, expected in CONTENT[0].items():
        if isinstance(expected, torch.Tensor):
            assert isinstance(found[1][key], np.ndarray)
            expected = expected.detach()
            expected = (expected.float() if expected.dtype == torch.bfloat16 else expected).numpy()
        np.testing.assert_array_equal(found[1][key], expected)
        assert np.asarray(found[1][key]).dtype == np.asarray(expected).dtype


def test_state_dict_with_metadata():
    state = torch.nn.Linear(2, 3).state_dict()
    with pytest.raises(PickleRefusal, match='sets the state of something'):
        parse_torch(saved(state))
    np.testing.assert_array_equal(parse_torch(saved(dict(state)))['weight'], state['weight'].numpy())


@pytest.mark.parametrize(('data', 'message'), [
    (lambda: saved(BIG)[:200], 'an archive that cannot be read'), (lambda: saved(BIG, old=True)[:-8], 'of which the'),
    (lambda: saved(BIG, old=True)[:40], 'announced at offset|without an end'), (lambda: b'<html>', 'instruction'),
    (lambda: pickle.dumps(3) * 3, 'something that torch.save does not write'),
    (lambda: repacked(saved(BIG), lambda parts: {name: data for name, data in parts.items() if 'pkl' not in name}),
     'without data.pkl'),
    (lambda: repacked(saved(BIG), lambda parts: {name: b'big' if 'byteorder' in name else data
                                                 for name, data in parts.items()}), 'byte order of another kind'),
    (lambda: repacked(saved(BIG), lambda parts: {name: data[:8] if '/data/' in name else data
                                                 for name, data in parts.items()}),
     'a storage of 35 numbers of which the file holds 8 bytes'),
    (lambda: repacked(saved(BIG), lambda parts: {
        name: data.replace(b'FloatStorage', b'ThingStorage') for name, data in parts.items()}), 'torch.ThingStorage'),
    (lambda: saved(BIG.to_sparse()), '_rebuild_sparse_tensor'),
    (lambda: saved(torch.empty(3, device='meta')), '_meta_'),
    (lambda: saved(torch.zeros(1).expand(9, 9)), 'a tensor of 81 numbers in a storage of 1'),
    (lambda: saved(torch.zeros(2, dtype=torch.complex64)), 'ComplexFloatStorage'),
    (lambda: saved([Gadget()]), r'object builtins\.print')])
def test_other_content_is_refused(data, message):
    with pytest.raises(PickleRefusal, match=message):
        parse_torch(data())


@pytest.mark.parametrize(('args', 'message'), [
    ((0, (5, 7), (7, -1)), 'a negative or gigantic size'), ((-1, (5, 7), (7, 1)), 'a negative or gigantic size'),
    ((0, (5, 7), (7,)), 'storage, shape or strides are none'), ((0, 5, 7), 'storage, shape or strides are none'),
    ((1, (5, 7), (7, 1)), 'a tensor of 35 numbers in a storage of 35'),
    ((0, (2**41,), (0,)), 'a negative or gigantic size'), ((0, (10**9,), (0,)), 'a tensor of 1,000,000,000 numbers')])
def test_crafted_shapes_are_refused(args, message):
    with pytest.raises(PickleRefusal, match=message):
        parse_torch(crafted(args))


def crafted(args):
    """A file whose one tensor is cut from its storage in another way."""
    data = saved(BIG)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        kept = archive.read('archive/data.pkl')
    old = b'K\x00K\x05K\x07\x86'
    assert old in kept
    begin = kept.index(old)
    end = kept.index(b'\x89', begin)
    new = b''.join(pickle.dumps(arg, 2)[2:-1].replace(b'q\x00', b'').replace(b'q\x01', b'') for arg in args)
    return repacked(data, lambda parts: {name: kept[:begin] + new + kept[end:] if 'pkl' in name else part
                                         for name, part in parts.items()})
