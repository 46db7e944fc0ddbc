import hashlib
import os
import subprocess
import sys
from pathlib import Path

import torch
from tests_support import REPO

from egoexo.checkpoints.loading import load_checkpoint_file
from egoexo.checkpoints.saving import checkpoint_bytes


def make_content():
    generator = torch.Generator().manual_seed(0)
    return {'state_dict': {'a': torch.randn(3, 4, generator=generator), 'b': torch.arange(5)},
            'meta': {'name': 'x', 'classes': ('a', 'b'), 'scores': {'Acc': 1.5}}}


def test_same_content_same_bytes_in_any_process():
    code = ('import hashlib, test_saving\n'
            'print(hashlib.sha256(test_saving.checkpoint_bytes(test_saving.make_content())).hexdigest())')
    paths = os.pathsep.join(map(str, (REPO, REPO / 'tests', Path(__file__).parent)))
    done = subprocess.run([sys.executable, '-c', code], env=os.environ | {'PYTHONPATH': paths, 'PYTHONHASHSEED': '7'},
                          capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(checkpoint_bytes(make_content())).hexdigest()


def test_a_view_does_not_take_its_storage_along(tmp_path):
    big = torch.arange(100_000.0).reshape(1000, 100)
    data = checkpoint_bytes({'a': big[:2], 'b': big.T[:, :3], 'c': [big[0, :1].requires_grad_()]})
    assert len(data) < 5000
    (tmp_path / 'a.pth').write_bytes(data)
    found = load_checkpoint_file(tmp_path / 'a.pth')
    assert torch.equal(found['a'], big[:2]) and torch.equal(found['b'], big.T[:, :3])
    assert not found['c'][0].requires_grad
