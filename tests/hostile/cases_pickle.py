"""Pickles that call something: by every instruction that can, under every reader of checkpoints."""

import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from hostile.case import CANARY_VARIABLE, Case, canary_of
from hostile.files import Make, bytes_file, text, torch_zip
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

from egoexo import compat
from egoexo.apis.init_model import load_weights
from egoexo.checkpoints.families import FAMILIES
from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.loading import load_checkpoint_file
from egoexo.engine.resume import find_resumable_checkpoint, read_progress
from egoexo.errors import CheckpointError
from tools.convert_checkpoint import convert

compat.apply()
PROTO = b'\x80\x02'


class Gadget:
    """Pickles as a call."""

    def __init__(self, function: object, *args: object) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args

    def __call__(self) -> None:
        """Only what can be called may be pickled as the function of another gadget."""


def _touch(folder: Path) -> str:
    return f'touch {canary_of(folder)}'


def _call(name: str, *args: str) -> bytes:
    """Pickle instructions of ``module.name(*args)``; the two are separated by a space."""
    return b'c' + name.replace(' ', '\n').encode() + b'\n(' + b''.join(map(text, args)) + b'tR'


def _in_dict(body: bytes) -> bytes:
    """A state dict with one harmless entry and the gadget."""
    return PROTO + b'}' + text('weight') + body + b's.'


def _named(name: str, *args: Callable[[Path], str]) -> Callable[[Path], bytes]:
    return lambda folder: _in_dict(_call(name, *(arg(folder) for arg in args)))


def _legacy(payload: Callable[[Path], bytes]) -> Make:
    """The gadget as the content of the format before torch 1.6."""
    head = b''.join(pickle.dumps(value, 2) for value in (0x1950a86a20f9469cfc6c, 1001, dict(little_endian=True)))
    return bytes_file('legacy.pth', lambda folder: head + payload(folder) + pickle.dumps([], 2))


def _script(folder: Path) -> str:
    return f'open({str(canary_of(folder))!r}, "w").close()'


def _script_file(folder: Path) -> str:
    path = folder / 'script.py'
    path.write_text(_script(folder))
    return str(path)


def _nested(folder: Path) -> bytes:
    return pickle.dumps(Gadget(os.system, _touch(folder)), 2)


#: Name of the case -> (pickle, name that the message shows).
CALLS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    'os-system': (_named('os system', _touch), r'os\.system'),
    'posix-system': (_named('posix system', _touch), r'posix\.system'),
    'nt-system': (_named('nt system', _touch), r'nt\.system'),
    'eval': (_named('builtins eval', _script), r'builtins\.eval'),
    'exec-by-old-name': (_named('__builtin__ exec', _script), r'builtins\.exec'),
    'import': (_named('builtins __import__', lambda folder: 'antigravity'), r'builtins\.__import__'),
    'compile': (_named('builtins compile', _script, lambda folder: 'x', lambda folder: 'exec'), r'builtins\.compile'),
    'open': (_named('io open', lambda folder: str(canary_of(folder)), lambda folder: 'w'), r'io\.open'),
    'putenv': (_named('os putenv', lambda folder: CANARY_VARIABLE, lambda folder: '1'), r'os\.putenv'),
    'popen': (_named('subprocess getoutput', _touch), r'subprocess\.getoutput'),
    'run-path': (_named('runpy run_path', _script_file), r'runpy\.run_path'),
    'ctypes': (_named('ctypes CDLL', lambda folder: 'libc.so.6'), r'ctypes\.CDLL'),
    'socket': (_named('socket create_server', lambda folder: '0'), r'socket\.create_server'),
    'rmtree': (_named('shutil rmtree', str), r'shutil\.rmtree'),
    'dotted-name': (_named('torch os.system', _touch), r'torch\.os\.system'),
    'dotted-module': (_named('torch.serialization pickle.loads', _touch), r'torch\.serialization\.pickle\.loads'),
    'torch-load': (_named('torch.serialization load', str), r'torch\.serialization\.load'),
    'torch-jit-load': (_named('torch.jit load', str), r'torch\.jit'),
    'torch-hub': (_named('torch.hub load', str), r'torch\.hub\.load'),
    'load-from-bytes': (lambda folder: _in_dict(b'ctorch.storage\n_load_from_bytes\nc_codecs\nencode\n'
                                                + text(_nested(folder).decode('latin1')) + text('latin1')
                                                + b'\x86R\x85R'), r'torch\.storage\._load_from_bytes'),
    'numpy-load': (_named('numpy load', str), r'numpy\.load'),
    'numpy-runstring': (_named('numpy.testing._private.utils runstring', _script), r'runstring'),
    'newobj-popen': (lambda folder: _in_dict(b'csubprocess\nPopen\n(' + text(_touch(folder)) + b't\x81'),
                     r'subprocess\.Popen'),
    'name-with-a-space': (lambda folder: _in_dict(b'cos\nsystem x\n' + b'(' + text('true') + b'tR'), 'system x'),
    'bytearray': (lambda folder: _in_dict(b'c__builtin__\nbytearray\n\x8a\x05\x00\x00\x00\x80\x00\x85R'),
                  r'builtins\.bytearray'),
    'tensor-of-a-size': (lambda folder: _in_dict(b'ctorch\nTensor\nJ\x00\x00\x00\x7f\x85R'), r'torch\.Tensor'),
    'untyped-storage': (lambda folder: _in_dict(b'ctorch.storage\nUntypedStorage\nJ\x00\x00\x00\x7f\x85R'),
                        r'a call of torch\.storage\.UntypedStorage'),
    'meta-tensor': (lambda folder: _in_dict(b'ctorch._utils\n_rebuild_meta_tensor_no_storage\n'),
                    r'_rebuild_meta_tensor_no_storage'),
    'wrapper-subclass': (lambda folder: _in_dict(b'ctorch._utils\n_rebuild_wrapper_subclass\n'), 'wrapper_subclass'),
    'type-with-state': (lambda folder: _in_dict(b'ctorch._tensor\n_rebuild_from_type_v2\n'), '_rebuild_from_type_v2'),
    'encoding': (lambda folder: _in_dict(_call('_codecs encode', 'a', 'unicode_escape')), 'text in the encoding'),
    'call-of-a-text': (lambda folder: _in_dict(text('os.system') + text('true') + b'\x85R'), 'a call of something'),
    'call-of-a-result': (lambda folder: _in_dict(b'ccollections\nOrderedDict\n)R)R'), 'a call of something'),
    'state-of-a-dictionary': (lambda folder: _in_dict(b'}}' + text('__class__') + text('x') + b'sb'),
                              'sets the state of something'),
    'state-of-a-class': (lambda folder: _in_dict(b'ccollections\nOrderedDict\n}b'), 'sets the state of something'),
    'append-to-a-dictionary': (lambda folder: _in_dict(b'}K\x01a'), 'appends to something other than a list'),
}
#: Instructions that torch.save never writes.
INSTRUCTIONS = {
    'inst': b'(Vtrue\nios\nsystem\n.', 'obj': b'(cos\nsystem\nVtrue\no.',
    'stack-global': b'\x8c\x02os\x8c\x06system\x93.',
    'stack-global-dotted': b'\x8c\x05torch\x8c\x09os.system\x93.', 'ext1': b'\x82\x01.', 'ext2': b'\x83\x01\x00.',
    'ext4': b'\x84\x01\x00\x00\x00.', 'text-persid': b'Pstorage\n.', 'frame': b'\x95' + b'\xff' * 7 + b'\x7f.',
    'newobj-ex': b'}}}\x92.', 'dup-and-pop': b'}20.', 'bytes8': b'\x8e' + b'\xff' * 7 + b'\x7f.',
    'long4': b'\x8b\xff\xff\xff\x7f.', 'text-4-gigabytes': b'X\xff\xff\xff\xffabc.', 'get-before-put': b'h\x07.',
    'no-stop': b'}', 'no-mark': b't.', 'out-of-band': b'\x97.', 'empty-stack': b'R.',
}
READERS: dict[str, Callable[[Path], object]] = {
    'inspect': inspect_file, 'progress': read_progress,
    'runner': lambda path: CheckpointLoader.load_checkpoint(str(path)),
    'weights': lambda path: load_weights(torch.nn.Linear(4, 2), path),
    'converter': lambda path: convert(FAMILIES['segmentation'], path, path.with_name('out.pth')),
}


def _resume(folder: Path) -> Path:
    """A work folder whose newest checkpoint is a gadget."""
    (folder / 'run').mkdir()
    torch_zip(CALLS['os-system'][0], name='iter_10.pth')(folder / 'run')
    (folder / 'run' / 'last_checkpoint').write_text(str(folder / 'run' / 'iter_10.pth'))
    return folder / 'run'


def _numpy(value: object) -> Callable[[Path], bytes]:
    return lambda folder: pickle.dumps(dict(x=value), 2)


def _state(shape: str) -> bytes:
    """An array of numpy whose state declares ``shape`` and brings 8 bytes."""
    dtype = b'cnumpy\ndtype\n' + text('f8') + b'\x85R'
    content = b'c_codecs\nencode\n' + text('8 bytes!') + text('latin1') + b'\x86R'
    return (PROTO + b'}' + text('x') + b'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85'
            + text('b') + b'\x87R(K\x01' + shape.encode('latin1') + dtype + b'\x89' + content + b'tbs.')


_HISTORY = b'cmmengine.logging.history_buffer\nHistoryBuffer\n)\x81'
#: Name of the case -> (pickle, what the message shows).
GETATTR = {
    'init': (_numpy(Gadget(getattr, HistoryBuffer, '__init__')), 'only the methods min, max, mean, current'),
    'globals': (lambda folder: pickle.dumps(Gadget(getattr, Gadget(getattr, HistoryBuffer, 'mean'), '__globals__'), 2),
                'only the methods'),
    'register-statistics': (_numpy(Gadget(getattr, HistoryBuffer, 'register_statistics')), 'only the methods'),
    'of-a-number': (_numpy(Gadget(getattr, 1, 'mean')), 'only the methods'),
    'of-a-dtype': (_numpy(Gadget(getattr, Gadget(np.dtype, 'f8'), 'newbyteorder')), 'only the methods'),
    'call-of-a-method': (_numpy(Gadget(Gadget(getattr, HistoryBuffer, 'mean'), 1)), 'a call of something'),
    'history-with-methods': (lambda folder: PROTO + b'}' + text('x') + _HISTORY + b'}(' + text('_statistics_methods')
                             + b'}' + text('_log_history') + text('x') + b'ubs.', 'without its two 1-D arrays'),
    'history-with-text': (lambda folder: PROTO + b'}' + text('x') + _HISTORY + text('state') + b'bs.',
                          'without its two 1-D arrays'),
    'object-dtype': (_numpy(Gadget(np.dtype, 'O')), "type 'O'"),
    'object-array': (_numpy(np.array([object], dtype=object)), 'numpy array of type|builtins.object'),
    'void-dtype': (_numpy(Gadget(np.dtype, 'V999999999')), "type 'V999999999'"),
    'text-dtype': (_numpy(Gadget(np.dtype, 'S2147483647')), "type 'S2147483647'"),
    'array-from-bytes': (_numpy(Gadget(np.ndarray, (1,), 'O', b'\1\2\3\4\5\6\7\10')), 'calls numpy.ndarray itself'),
    'scalar-too-short': (_numpy(Gadget(np.float64(1).__reduce__()[0], np.dtype('f8'), b'abc')), 'numpy scalar'),
    'scalar-of-text': (_numpy(Gadget(np.float64(1).__reduce__()[0], 'f8', b'12345678')), 'numpy scalar'),
    'gigantic-shape': (lambda folder: _state('\x8a\x06\x00\x00\x00\x00\x00\x01\x85'), 'cannot be read|crafted'),
    'negative-shape': (lambda folder: _state('J\xff\xff\xff\xff\x85'), 'cannot be read|crafted'),
    'memmap': (_named('numpy memmap', str), r'numpy\.memmap'),
}


def _case(family: str, name: str, make: Make, found: str, read: Callable = load_checkpoint_file) -> Case:
    return Case(name, family, make, read, CheckpointError, (found,))


CASES = [
    *(_case('pickle', name, torch_zip(payload), found) for name, (payload, found) in CALLS.items()),
    *(_case('pickle', f'instruction-{name}', torch_zip(PROTO + body), 'found') for name, body in INSTRUCTIONS.items()),
    *(_case('pickle', f'protocol-{number}', torch_zip(lambda folder, number=number: pickle.dumps(
        dict(weight=Gadget(os.system, _touch(folder))), number)), 'found') for number in range(6)),
    *(_case('pickle', f'bare-protocol-{number}', bytes_file('bare.pth', lambda folder, number=number: pickle.dumps(
        Gadget(os.system, _touch(folder)), number)), 'found') for number in range(6)),
    *(_case('pickle', f'legacy-{name}', _legacy(CALLS[name][0]), CALLS[name][1])
      for name in ('os-system', 'bytearray')),
    *(_case('pickle', f'{reader}-{name}', torch_zip(CALLS[name][0]), CALLS[name][1], read)
      for reader, read in READERS.items() for name in ('os-system', 'eval')),
    _case('pickle', 'popen-object', torch_zip(lambda folder: pickle.dumps(
        dict(x=Gadget(subprocess.Popen, ['touch', str(canary_of(folder))])), 2)), r'subprocess\.Popen'),
    _case('resume', 'gadget', _resume, r'posix\.system|os\.system', find_resumable_checkpoint),
    *(_case('getattr', name, torch_zip(payload), found) for name, (payload, found) in GETATTR.items()),
]
