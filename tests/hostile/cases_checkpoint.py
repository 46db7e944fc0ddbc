"""Checkpoints that are broken, forged in their sizes, of another kind, or of another model."""

import io
import math
import pickle
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from hostile.case import Case
from hostile.files import (
    Make,
    bytes_file,
    checkpoint_bytes,
    fifo,
    flipped,
    folder_named,
    link_loop,
    link_to,
    text,
    torch_zip,
    truncated,
)
from mmengine.logging import HistoryBuffer
from safetensors.torch import save as safetensors_bytes

from egoexo.apis.init_model import load_weights
from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.loading import load_checkpoint_file
from egoexo.engine.resume import find_resumable_checkpoint, read_progress
from egoexo.errors import CheckpointError

PROTO = b'\x80\x02'
PLAIN = (torch.Tensor, torch.dtype, torch.Size, torch.device, np.generic, np.ndarray, HistoryBuffer, str, bytes, int,
         float, complex, bool, type(None))


def is_plain(value: object) -> None:
    """Raise AssertionError for anything that is not data."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list | tuple | set):
            waiting += item
        else:
            assert isinstance(item, PLAIN), type(item)


def _storage(numel: int, key: str = '0', kind: str = 'FloatStorage') -> bytes:
    number = b'\x8a\x08' + struct.pack('<q', numel)
    return b'(' + text('storage') + f'ctorch\n{kind}\n'.encode() + text(key) + text('cpu') + number + b'tQ'


def _long(*numbers: int) -> bytes:
    return b'(' + b''.join(b'\x8a\x08' + struct.pack('<q', number) for number in numbers) + b't'


def _tensor(numel: int, size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0, **storage: str) -> bytes:
    """Pickle of a state dict with one tensor in a storage of ``numel`` numbers."""
    return (PROTO + b'}' + text('weight') + b'ctorch._utils\n_rebuild_tensor_v2\n(' + _storage(numel, **storage)
            + b'\x8a\x08' + struct.pack('<q', offset) + _long(*size) + _long(*stride)
            + b'\x89ccollections\nOrderedDict\n)RtRs.')


def _one(*args: object, num_bytes: int = 16, **options: object) -> Make:
    return torch_zip(_tensor(*args, **options), {'0': bytes(num_bytes)})


def _doubling(depth: int) -> bytes:
    """A tuple of which each half is the same smaller tuple: its hash takes 2 ** depth steps."""
    return PROTO + b'})q\x00' + b'h\x00\x86q\x00' * depth + b'K\x01s.'


def _saved(content: Callable[[], object], name: str = 'model.pth', **options: object) -> Make:
    def make(folder: Path) -> Path:
        torch.save(content(), folder / name, **options)
        return folder / name
    return make


def _safetensors(header: bytes | dict, data: bytes = bytes(16), length: int | None = None) -> Make:
    if isinstance(header, dict):
        import json
        header = json.dumps(header).encode()
    return bytes_file('a.safetensors', struct.pack('<Q', len(header) if length is None else length) + header + data)


def _entry(dtype: object = 'F32', shape: object = (4,), offsets: object = (0, 16)) -> dict:
    return dict(dtype=dtype, shape=shape, data_offsets=offsets)


def _safe_whole() -> bytes:
    return safetensors_bytes(dict(weight=torch.arange(8.0), bias=torch.zeros(2)))


def _old() -> bytes:
    return checkpoint_bytes(legacy=True)


def _sparse_file(folder: Path) -> Path:
    """Four gigabytes that take no room on the disk."""
    with open(folder / 'a.pth', 'wb') as file:
        file.truncate(4 * 2**30)
    return folder / 'a.pth'


def _tar(folder: Path) -> bytes:
    import tarfile
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w') as archive:
        for name in ('storages', 'tensors', 'pickle'):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO(b''))
    return buffer.getvalue()


def _script_module(folder: Path) -> Path:
    class Square(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * x

    torch.jit.trace(Square(), torch.ones(1)).save(str(folder / 'script.pt'))
    return folder / 'script.pt'


def _compressed_weights(folder: Path) -> Path:
    return torch_zip(_tensor(2**26, (2**26,), (1,)), {'0': bytes(2**28)}, compress=True)(folder)


READABLE = r'(?s)expected .* found '
#: Name -> (file, what the message shows); all of them read with :func:`load_checkpoint_file`.
FORGED: dict[str, tuple[Make, str]] = {
    'storage-of-a-terabyte': (_one(2**38, (4,), (1,)), 'of 1,099,511,627,776 bytes of which the file holds 16'),
    'storage-negative': (_one(-4, (4,), (1,)), 'whose type, name, place or size is none'),
    'storage-missing': (_one(4, (4,), (1,), key='1'), 'of which the file holds 0'),
    'storage-named-upwards': (_one(4, (4,), (1,), key='../data.pkl'), 'of which the file holds 0'),
    'storage-of-another-type': (_one(4, (4,), (1,), kind='QUInt4x2Storage'), 'QUInt4x2Storage'),
    'tensor-larger-than-storage': (_one(4, (5,), (1,)), 'a tensor of 5 numbers in a storage of 4'),
    'tensor-behind-storage': (_one(4, (4,), (1,), offset=1), 'a tensor of 4 numbers in a storage of 4'),
    'tensor-before-storage': (_one(4, (4,), (1,), offset=-1), 'whose storage, offset, shape or strides are none'),
    'tensor-repeated': (_one(4, (2**40,), (0,)), r'a tensor of 1099511627776 numbers in a storage of 4'),
    'tensor-of-overflowing-size': (_one(4, (2**31, 2**31, 4), (0, 0, 0)), 'in a storage of 4'),
    'tensor-of-negative-size': (_one(4, (-1,), (1,)), 'are none'),
    'tensor-of-negative-stride': (_one(4, (2, 2), (-1, 1)), 'are none'),
    'tensor-of-1000-dimensions': (_one(4, (1,) * 1000, (1,) * 1000), 'are none'),
    'key-nested-200000-deep': (torch_zip(PROTO + b'})' + b'\x85' * 200_000 + b'K\x01s.'), 'nested collection'),
    'key-that-doubles': (torch_zip(_doubling(60)), 'nested collection'),
    'set-that-doubles': (torch_zip(PROTO + b'c__builtin__\nset\n](' + b'))\x86\x85' + b'e\x85R.'), 'nested collection'),
    'pickle-bomb': (torch_zip(PROTO + b'}' + text('weight') + text('a' * 10**8) + b's.', compress=True), 'compressed'),
    'weights-bomb': (_compressed_weights, 'members are larger than the file'),
    'member-escapes': (torch_zip(PROTO + b'}.', members={'../../escape': b'x'}), 'members outside its own folder'),
    'member-absolute': (torch_zip(PROTO + b'}.', members={'/tmp/escape': b'x'}), 'members outside its own folder'),
    'member-with-backslash': (torch_zip(PROTO + b'}.', members={'evil\\..\\x': b'x'}), 'members outside its own'),
    'code-in-archive': (torch_zip(PROTO + b'}.', members={'evil/code/__torch__.py': b'x'}), 'TorchScript archive'),
    'torchscript': (_script_module, 'a TorchScript archive, which holds code'),
    'second-archive-in-front': (bytes_file('a.pth', lambda folder: checkpoint_bytes() + checkpoint_bytes()),
                                'something in front of it or behind it'),
    'text-behind-archive': (bytes_file('a.pth', lambda folder: checkpoint_bytes() + b'behind'), 'in front of it or'),
    'unknown-byte-order': (torch_zip(_tensor(4, (4,), (1,)), {'0': bytes(16)}, {'evil/byteorder': b'\xff' * 9}),
                           'cannot be read'),
    'tar': (bytes_file('a.pth', _tar), 'a tar archive, the format of torch before 0.4'),
    'not-a-dictionary': (_saved(lambda: [1, 2]), 'expected a dictionary, found list'),
    'a-feature-file': (_saved(lambda: torch.zeros(3, 2)), 'expected a dictionary, found Tensor'),
    'empty': (bytes_file('a.pth', b''), 'EOFError: it is empty'),
    'zeros': (bytes_file('a.pth', bytes(4096)), 'cannot be read'),
    'four-sparse-gigabytes': (_sparse_file, 'cannot be read'),
    'text': (bytes_file('a.pth', b'<!DOCTYPE html><title>404</title>' * 20), 'Fetch it again'),
    'json': (bytes_file('a.pth', b'{"state_dict": {}}'), 'Fetch it again|leave the file alone'),
    'key-with-an-escape': (torch_zip(PROTO + b'c\x1b[2Jos\nsystem\n.'), r'\\x1b\[2Jos\.system'),
}
SAFETENSORS: dict[str, Make] = {
    'empty': bytes_file('a.safetensors', b''),
    'header-of-an-exabyte': _safetensors(b'{}', length=2**60),
    'header-beyond-the-file': _safetensors(b'{}', length=1000),
    'header-not-json': _safetensors(b'\xff\xfe{}'),
    'header-nested': _safetensors(b'{"a":' + b'[' * 50_000 + b']' * 50_000 + b'}'),
    'header-a-list': _safetensors(b'[1, 2]'),
    'metadata-a-list': _safetensors(dict(__metadata__=[1], weight=_entry())),
    'metadata-numbers': _safetensors(dict(__metadata__=dict(a=1), weight=_entry())),
    'offsets-overlap': _safetensors(dict(a=_entry(), b=_entry())),
    'offsets-with-a-hole': _safetensors(dict(a=_entry(shape=(2,), offsets=(8, 16)))),
    'offsets-backwards': _safetensors(dict(a=_entry(offsets=(16, 0)))),
    'offsets-beyond': _safetensors(dict(a=_entry(shape=(2**40,), offsets=(0, 2**42)))),
    'unknown-dtype': _safetensors(dict(a=_entry(dtype='OBJECT'))),
    'dtype-of-another-size': _safetensors(dict(a=_entry(dtype='F64'))),
    'shape-negative': _safetensors(dict(a=_entry(shape=(-4,)))),
    'shape-overflowing': _safetensors(dict(a=_entry(shape=(2**62, 4, 4)))),
    'shape-a-text': _safetensors(dict(a=_entry(shape='4'))),
    'truncated': truncated('a.safetensors', _safe_whole, 0.9),
    'a-pickle': bytes_file('a.safetensors', pickle.dumps(dict(a=1), 2)),
}


def _weights(change: Callable[[dict], object], name: str = 'model.pth') -> Make:
    def content() -> dict:
        state = dict(torch.nn.Linear(4, 2).state_dict())
        return change(state) or state
    return _saved(content, name)


def _fit(path: Path) -> dict:
    return load_weights(torch.nn.Linear(4, 2), path)


NAN = torch.tensor([[float('nan')] * 4, [1.0, float('inf'), 1.0, 1.0]])
#: Name -> (file, what the message shows); read into a linear layer with 4 inputs and 2 outputs.
WEIGHTS: dict[str, tuple[Make, str]] = {
    'shape': (_weights(lambda state: state.update(weight=torch.zeros(2, 5))), r'weight is \(2, 5\), expected \(2, 4\)'),
    'shape-scalar': (_weights(lambda state: state.update(bias=torch.tensor(1.0))), r'bias is \(\), expected \(2,\)'),
    'missing': (_weights(lambda state: dict(weight=state['weight'])), 'missing bias'),
    'unexpected': (_weights(lambda state: state.update(extra=torch.zeros(1))), 'unexpected extra'),
    'nan': (_weights(lambda state: state.update(weight=NAN)), 'found 5 NaN or infinite numbers in 1 of 2 parameters'),
    'keys-are-numbers': (_weights(lambda state: {1: state['weight'], 2: state['bias']}), 'found the keys 1, 2 without'),
    'values-are-text': (_weights(lambda state: dict(weight='a', bias='b')), 'found the keys weight, bias without'),
    'empty': (_weights(lambda state: dict(state_dict={})), 'without tensors below them'),
    'twenty-thousand-keys': (_weights(lambda state: {f'k{number}': state['bias'] for number in range(20_000)}),
                             r'\(19997 more\)'),
    'key-of-a-megabyte': (_weights(lambda state: {'k' * 10**6: state['bias']}), r'characters \.\.\.\]'),
    'key-with-escapes': (_weights(lambda state: state.update({'\x1b[31m\r': state['bias']})), r'unexpected \\x1b\[31m'),
}
PLACES: dict[str, tuple[Make, str]] = {
    'missing': (lambda folder: folder / 'a.pth', 'found nothing: it does not exist'),
    'folder': (folder_named('a.pth'), 'found a folder'),
    'named-pipe': (fifo('a.pth'), 'found a named pipe'),
    'loop': (link_loop('a.pth'), 'a path that cannot be followed'),
    'dangling': (link_to('a.pth', 'nowhere'), 'a link to a file that does not exist'),
    'device': (link_to('a.pth', '/dev/zero'), 'found a device'),
    'below-a-file': (lambda folder: bytes_file('a', b'')(folder) / 'a.pth', 'cannot be followed'),
    'name-too-long': (lambda folder: folder / ('a' * 300), 'cannot be followed'),
}


def _damaged_run(last: str | bytes, *checkpoints: bytes) -> Make:
    """A work folder with ``last_checkpoint`` and numbered checkpoints."""
    def make(folder: Path) -> Path:
        run = folder / 'run'
        run.mkdir()
        (run / 'last_checkpoint').write_bytes(last if isinstance(last, bytes) else last.encode())
        (folder / 'outside.pth').write_bytes(checkpoint_bytes())
        for number, content in enumerate(checkpoints, start=1):
            (run / f'iter_{number}.pth').write_bytes(content)
        return run
    return make


def _is_the_sound_one(found: object) -> None:
    assert found is not None and Path(str(found)).name == 'iter_1.pth', found
    assert Path(str(found)).parent.name == 'run'


def _run_with_a_pipe(folder: Path) -> Path:
    run = _damaged_run('iter_2.pth', checkpoint_bytes())(folder)
    fifo('iter_2.pth')(run)
    link_loop('iter_3.pth')(run)
    return run


SOUND, BROKEN = checkpoint_bytes, lambda: checkpoint_bytes()[:300]
_RESUMED = dict(family='resume', read=find_resumable_checkpoint, check=_is_the_sound_one)
CASES = [
    *(Case(name, 'checkpoint', make, load_checkpoint_file, CheckpointError, (found,))
      for name, (make, found) in FORGED.items()),
    *(Case(f'safetensors-{name}', 'checkpoint', make, load_checkpoint_file, CheckpointError, (READABLE,))
      for name, make in SAFETENSORS.items()),
    *(Case(f'weights-{name}', 'checkpoint', make, _fit, CheckpointError, (found,))
      for name, (make, found) in WEIGHTS.items()),
    *(Case(f'{kind}-{share}-kept', 'checkpoint', truncated('a.pth', whole, share), load_checkpoint_file,
           CheckpointError, ('(?s)truncated or of another kind|cannot be read',))
      for kind, whole in (('zip', checkpoint_bytes), ('legacy', _old)) for share in (0.02, 0.2, 0.5, 0.8, 0.99)),
    *(Case(f'{kind}-flipped-{seed}', 'checkpoint', flipped(name, whole, seed, 1 + seed % 3), reader, CheckpointError,
           (READABLE,), check=lambda value: is_plain(value) if isinstance(value, dict) else None, may_load=True)
      for kind, name, whole in (('zip', 'a.pth', checkpoint_bytes), ('legacy', 'a.pth', _old),
                                ('safetensors', 'a.safetensors', _safe_whole))
      for seed in range(8) for reader in ((load_checkpoint_file, inspect_file)[seed % 2],)),
    *(Case(f'checkpoint-{name}', 'link', make, load_checkpoint_file, CheckpointError, (found,))
      for name, (make, found) in PLACES.items()),
    Case('progress-without-meta', 'resume', _saved(lambda: dict(state_dict={})), read_progress, CheckpointError,
         ('holds no training state',)),
    Case('progress-of-text', 'resume', _saved(lambda: dict(meta=dict(epoch='3', iter=math.inf))), read_progress,
         CheckpointError, ('holds no training state',)),
    Case('progress-negative', 'resume', _saved(lambda: dict(meta=dict(epoch=-1, iter=2))), read_progress,
         CheckpointError, ('holds no training state',)),
    Case('only-rubble', 'resume', _damaged_run('iter_1.pth', BROKEN(), b'', bytes(100)), find_resumable_checkpoint,
         CheckpointError, ('none of the 3 can be resumed',)),
    Case('newest-is-broken', make=_damaged_run('iter_2.pth', SOUND(), BROKEN()), **_RESUMED),
    Case('pointer-leaves-the-folder', make=_damaged_run('../outside.pth', SOUND()), **_RESUMED),
    Case('pointer-is-absolute', make=_damaged_run('/etc/passwd', SOUND()), **_RESUMED),
    Case('pointer-is-rubble', make=_damaged_run(random.Random(0).randbytes(500), SOUND()), **_RESUMED),
    Case('pointer-is-empty', make=_damaged_run(b'', SOUND()), **_RESUMED),
    Case('pointer-with-nul', make=_damaged_run(b'iter\0_2.pth', SOUND()), **_RESUMED),
    Case('pointer-of-a-megabyte', make=_damaged_run('a' * 10**6, SOUND()), **_RESUMED),
    Case('pipe-and-loop-beside', make=_run_with_a_pipe, **_RESUMED),
]
