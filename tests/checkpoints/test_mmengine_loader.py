import os
import pickle
from pathlib import Path

import pytest
import torch
from mmengine.runner.checkpoint import CheckpointLoader

from egoexo import compat
from egoexo.checkpoints.mmengine_loader import register_loader
from egoexo.errors import CheckpointError


class Gadget:
    def __reduce__(self) -> tuple:
        return os.mkdir, ('ran',)


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compat.apply()
    monkeypatch.chdir(tmp_path)


def test_runner_reads_checkpoints_of_ours() -> None:
    torch.save(dict(state_dict=dict(weight=torch.arange(3.0)), meta=dict(epoch=2)), 'a.pth')
    assert CheckpointLoader.load_checkpoint('a.pth')['meta'] == dict(epoch=2)


@pytest.mark.parametrize('make', [
    lambda: torch.save(dict(a=Gadget()), 'a.pth'), lambda: Path('a.pth').write_bytes(pickle.dumps(Gadget())),
    lambda: Path('a.pth').write_bytes(b''), lambda: None], ids=['gadget', 'bare pickle', 'empty', 'missing'])
def test_runner_gets_our_refusal(make: object) -> None:
    make()
    with pytest.raises(CheckpointError, match=r'^a\.pth: expected'):
        CheckpointLoader.load_checkpoint('a.pth')
    assert not Path('ran').exists()


def test_downloads_are_read_as_data_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register_loader()  # twice: must not wrap again
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'hub'))
    cached = tmp_path / 'hub' / 'hub' / 'checkpoints'
    cached.mkdir(parents=True)
    torch.save(dict(a=Gadget()), cached / 'weights.pth')  # as if it had been downloaded
    with pytest.raises(pickle.UnpicklingError, match='mkdir'):
        CheckpointLoader.load_checkpoint('https://example.invalid/weights.pth')
    assert not Path('ran').exists()
