import pickle
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from egoexo.checkpoints.safe_globals import register_safe_globals, restricted_getattr, safe_globals_list


class Call:
    """Pickles as the call ``function(*args)``, followed by an optional state."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def _read(path):
    register_safe_globals()
    return torch.load(path, weights_only=True)


def _saved(value, path):
    torch.save(value, path)
    return path


def test_history_buffer_and_scalars_are_restored(tmp_path):
    history = HistoryBuffer([1.5, 2.5, 4.0], [1, 1, 2])
    content = dict(log=history, score=np.float64(2.25), steps=np.int64(7), flag=np.bool_(True),
                   array=np.arange(6, dtype=np.int32).reshape(2, 3))
    loaded = _read(_saved(content, tmp_path / 'a.pth'))
    assert type(loaded['log']) is HistoryBuffer
    np.testing.assert_array_equal(loaded['log'].data[0], [1.5, 2.5, 4.0])
    np.testing.assert_array_equal(loaded['log'].data[1], [1, 1, 2])
    assert loaded['log'].mean() == pytest.approx((1.5 + 2.5 + 4.0) / 4)
    assert (loaded['score'], loaded['steps'], loaded['flag']) == (2.25, 7, True)
    np.testing.assert_array_equal(loaded['array'], [[0, 1, 2], [3, 4, 5]])
    # saved again and read again: the restored object is the ordinary class
    again = _read(_saved(loaded, tmp_path / 'b.pth'))
    np.testing.assert_array_equal(again['log'].data[0], [1.5, 2.5, 4.0])


def test_numpy_1_names_are_read(tmp_path):
    path = _saved(dict(array=np.arange(3.0)), tmp_path / 'new.pth')
    old = tmp_path / 'old.pth'
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(old, 'w') as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'numpy._core.', b'numpy.core.'))
    np.testing.assert_array_equal(_read(old)['array'], [0.0, 1.0, 2.0])


def test_registering_twice_adds_nothing():
    register_safe_globals()
    before = len(torch.serialization.get_safe_globals())
    register_safe_globals()
    assert len(torch.serialization.get_safe_globals()) == before
    names = [name for _, name in safe_globals_list()]
    assert getattr not in [item for item, _ in safe_globals_list()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(('owner', 'name'), [
    (HistoryBuffer, '__init__'),
    (HistoryBuffer, 'register_statistics'),
    (dict, 'min'),
    (HistoryBuffer([1], [1]), 'min'),
])
def test_getattr_hands_out_nothing_else(owner, name):
    with pytest.raises(ValueError, match='only the methods min, max, mean, current'):
        restricted_getattr(owner, name)


@pytest.mark.parametrize('content', [
    Call(getattr, HistoryBuffer, '__init__'),
    Call(np.dtype, 'O'),
    Call(np.dtype, 'V8'),
    Call(np.dtype, '>f8'),
    Call(np.ndarray, (1,), 'O', b'\1\2\3\4\5\6\7\10'),
    np.array([object], dtype=object),
    np.zeros(2, dtype=[('a', 'f8')]),
    Call(print, 'executed'),
], ids=['getattr', 'object dtype', 'void dtype', 'byte order', 'ndarray from bytes', 'object array', 'record array',
        'foreign function'])
def test_crafted_files_are_refused(tmp_path, content, capsys):
    path = _saved(dict(x=content), tmp_path / 'bad.pth')
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        _read(path)
    assert 'executed' not in capsys.readouterr().out


def test_a_file_cannot_replace_methods_of_the_log_history(tmp_path):
    history = HistoryBuffer([1.0], [1])
    history.__dict__['_statistics_methods'] = dict(HistoryBuffer._statistics_methods, current='garbage')
    before = dict(HistoryBuffer._statistics_methods)
    loaded = _read(_saved(dict(log=history), tmp_path / 'bad.pth'))
    assert HistoryBuffer._statistics_methods == before
    assert loaded['log'].statistics('current') == 1.0
