"""Broken and hostile feature files: .npz and .pt."""

import encodings.cp437  # noqa: F401 zipfile imports it for some names, which the guard takes for foreign code
import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from hostile.case import CANARY_VARIABLE, Case, canary_of
from hostile.cases_features import case, cut, flips, loads, read
from hostile.feature_bytes import ROWS, Call, bomb, npy, npz, pt, rebuilt, with_value

from egoexo.errors import FeatureError

OBJECTS = np.array([[{'a': 1}]], dtype=object)


def gadget(name: str, make: Callable[[Path], bytes], folder: Path) -> Path:
    """Make a file that tries to run code when it is read."""
    path = folder / name
    path.write_bytes(make(canary_of(folder)))
    return path


def pickled(file: str, name: str, make: Callable[[Path], object], *text: str, old: bool = False) -> Case:
    """A .pt file with a gadget."""
    return Case(name, 'feature', partial(gadget, file, lambda canary: pt(make(canary), old)), read, FeatureError, text)


NPZ = [
    *cut('npz', lambda: npz(ROWS), (0, 20, 0.3, 0.9, 0.995)),
    *flips('npz', lambda: npz(ROWS), 16),
    case('npz-two-arrays', 'a.npz', lambda: npz(ROWS, ROWS), 'found 2 arrays'),
    case('npz-no-array', 'a.npz', npz, 'found 0 arrays'),
    case('npz-objects', 'a.npz', lambda: npz(OBJECTS), 'found pickled objects'),
    case('npz-bomb', 'a.npz', lambda: bomb(3 * 2**30), 'at most 3.* in an archive of 3.*found 3,221,225,472'),
    case('npz-declares-more-than-it-holds', 'a.npz', lambda: bomb(2**20)[:300] + bomb(2**20)[-130:]),
    case('npz-encrypted', 'a.npz', lambda: npz(ROWS).replace(b'\x14\0\0\0\x08\0', b'\x14\0\1\0\x08\0'), 'encrypted'),
    case('npz-unknown-packing', 'a.npz', lambda: npz(ROWS).replace(b'\x14\0\0\0\x08\0', b'\x14\0\0\0\x63\0'),
         'compression'),
    case('npz-text-inside', 'a.npz', lambda: npz(ROWS).replace(b'\x93NUMPY', b'text  ')[:-22], 'cannot be read'),
    case('npz-is-npy', 'a.npz', npy, 'cannot be read'),
    case('npz-is-pt', 'a.npz', pt, 'found .* arrays'),
    case('npz-nan', 'a.npz', lambda: npz(with_value(np.nan, 39)), 'first in row 39'),
    loads('npz-member-leaves-folder', 'a.npz', lambda: npz(ROWS, names=('../../../etc/rows.npy',))),
    loads('npz-garbage-in-front', 'a.npz', lambda: b'garbage' * 9 + npz(ROWS)),
]

PT = [
    *cut('pt', pt, (0, 3, 30, 0.3, 0.6, 0.99)), *cut('pt-old', partial(pt, old=True), (20, 0.4, 0.9, 0.999)),
    *flips('pt', pt, 16), *flips('pt-pickle', pt, 16, end=400), *flips('pt-old', partial(pt, old=True), 12),
    pickled('a.pt', 'pt-runs-system', lambda canary: Call(os.system, f'touch {canary}'),
            'found the Python object posix'),
    pickled('a.pt', 'pt-old-runs-system', lambda canary: Call(os.system, f'touch {canary}'), 'system', old=True),
    pickled('a.pt', 'pt-runs-eval', lambda canary: Call(eval, f'open({str(canary)!r}, "w")'), 'builtins.eval'),
    pickled('a.pt', 'pt-runs-exec', lambda canary: [torch.zeros(4, 4), Call(
        exec, f'import os; os.environ[{CANARY_VARIABLE!r}] = "1"')], 'builtins.exec'),
    pickled('a.pt', 'pt-starts-process', lambda canary: Call(subprocess.Popen, ['touch', str(canary)]), 'Popen'),
    pickled('a.pt', 'pt-nested-load', lambda canary: Call(torch.load, str(canary)), 'torch.serialization.load'),
    pickled('a.pt', 'pt-gadget-as-size', lambda canary: rebuilt((Call(os.system, f'touch {canary}'), 4), (4, 1)),
            'system'),
    pickled('a.pt', 'pt-of-paths', lambda canary: canary, 'pathlib.PosixPath'),
    *[case(f'pt{"-old" * old}-{name}', 'a.pt', lambda old=old, size=size, stride=stride: pt(rebuilt(size, stride), old))
      for old in (False, True) for name, size, stride in (
          ('shape-beyond-storage', (10**6, 1024), (1024, 1)), ('one-row-expanded', (10**9, 16), (0, 1)),
          ('one-number-expanded', (10**9, 1024), (0, 0)), ('shape-overflows', (2**40, 2**40), (0, 0)),
          ('stride-negative', (4, 4), (-1, 1)), ('stride-gigantic', (4, 4), (10**10, 1)),
          ('windows-that-overlap', (2000, 8), (0, 1)))],
    case('pt-offset-beyond-storage', 'a.pt', lambda: pt(rebuilt((4, 4), (4, 1), offset=10**9))),
    case('pt-offset-negative', 'a.pt', lambda: pt(rebuilt((4, 4), (4, 1), offset=-64))),
    *[case(f'pt-{name}', 'a.pt', lambda make=make: pt(make()), *text) for name, make, text in (
        ('sparse', lambda: torch.eye(8).to_sparse(), ('_rebuild_sparse_tensor',)),
        ('sparse-gigantic', lambda: torch.sparse_coo_tensor([[0], [0]], [1.0], (10**9, 10**9)),
         ('_rebuild_sparse_tensor',)),
        ('sparse-rows', lambda: torch.eye(8).to_sparse_csr(), ('_rebuild_sparse_tensor',)),
        ('meta', lambda: torch.empty(10**6, 10**6, device='meta'), ('_rebuild_meta_tensor_no_storage',)),
        ('float8', lambda: torch.ones(40, 8).to(torch.float8_e4m3fn), ('_rebuild_tensor_v3',)),
        ('complex', lambda: torch.ones(40, 8, dtype=torch.complex64).conj(), ('found complex64 numbers',)),
        ('int64', lambda: torch.ones(40, 8, dtype=torch.int64), ('found int64 numbers',)),
        ('bool', lambda: torch.ones(40, 8, dtype=torch.bool), ('found bool numbers',)),
        ('dict', lambda: dict(features=torch.ones(40, 8)), ('found a dict',)),
        ('list', lambda: [torch.ones(40, 8)], ('found a list',)),
        ('text', lambda: 'features', ('found a str',)),
        ('no-rows', lambda: torch.ones(0, 8), (r'found shape \(0, 8\)',)),
        ('no-axis', lambda: torch.tensor(1.0), (r'found shape \(\)',)),
        ('one-axis', lambda: torch.ones(40), (r'found shape \(40,\)',)),
        ('four-axes', lambda: torch.ones(1, 1, 40, 8), (r'found shape \(1, 1, 40, 8\)',)),
        ('nan', lambda: torch.from_numpy(with_value(np.nan, 0)), ('first in row 0',)))],
    case('pt-is-web-page', 'a.pt', lambda: b'<!DOCTYPE html><h1>404</h1>', 'cannot be read'),
    case('pt-is-empty-archive', 'a.pt', npz, 'cannot be read'),
    case('pt-is-script', 'a.pt', lambda: npz(ROWS, ROWS, names=('a/constants.pkl', 'a/code/__torch__.py')),
         'found a TorchScript archive'),
    loads('pt-with-gradient', 'a.pt', lambda: pt(torch.nn.Parameter(torch.from_numpy(ROWS)))),
    loads('pt-negative-view', 'a.pt', lambda: pt(torch._neg_view(torch.from_numpy(-ROWS)))),
    loads('pt-every-second-row', 'a.pt', lambda: pt(torch.from_numpy(ROWS)[::2]),
          check=lambda rows: np.testing.assert_array_equal(rows, ROWS[::2])),
    loads('pt-transposed-view', 'a.pt', lambda: pt(torch.from_numpy(ROWS.T.copy()).T)),
]

CASES = NPZ + PT
