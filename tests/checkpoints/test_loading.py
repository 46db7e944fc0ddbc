import argparse
import hashlib
import io

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from safetensors.torch import save_file

from egoexo.checkpoints.loading import find_state_dict, load_checkpoint_file, sha256_of
from egoexo.checkpoints.safe_globals import register_safe_globals
from egoexo.errors import CheckpointError


class Evil:
    """Pickles as a call that would leave a mark."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), 'w')


@pytest.mark.parametrize('legacy', [False, True])
def test_torch_files(tmp_path, legacy):
    content = dict(state_dict=dict(weight=torch.arange(3.0)), epoch=4, best=np.float64(0.5))
    torch.save(content, tmp_path / 'a.pth', _use_new_zipfile_serialization=not legacy)
    loaded = load_checkpoint_file(tmp_path / 'a.pth')
    assert torch.equal(loaded['state_dict']['weight'], torch.arange(3.0))
    assert (loaded['epoch'], loaded['best']) == (4, 0.5)


def test_reading_leaves_the_registration_of_the_process_alone(tmp_path):
    register_safe_globals()
    before = set(torch.serialization.get_safe_globals())
    torch.save(dict(a=torch.zeros(1)), tmp_path / 'a.pth')
    load_checkpoint_file(tmp_path / 'a.pth')
    assert set(torch.serialization.get_safe_globals()) == before


def test_mmengine_log_history(tmp_path):
    torch.save(dict(message_hub=dict(log_scalars=dict(loss=HistoryBuffer([1.0, 3.0], [1, 1])))), tmp_path / 'a.pth')
    assert load_checkpoint_file(tmp_path / 'a.pth')['message_hub']['log_scalars']['loss'].mean() == 2.0


def test_safetensors(tmp_path):
    save_file(dict(weight=torch.arange(3.0)), tmp_path / 'a.safetensors')
    assert torch.equal(load_checkpoint_file(tmp_path / 'a.safetensors')['weight'], torch.arange(3.0))


@pytest.mark.parametrize('legacy', [False, True])
def test_nothing_is_executed(tmp_path, legacy):
    mark = tmp_path / 'mark'
    torch.save(dict(weight=torch.zeros(1), x=Evil(mark)), tmp_path / 'evil.pth',
               _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match=r'evil\.pth: expected tensors.*found the Python object \S*open'):
        load_checkpoint_file(tmp_path / 'evil.pth')
    assert not mark.exists()


def test_settings_objects_are_refused_too(tmp_path):
    torch.save(dict(args=argparse.Namespace(lr=1)), tmp_path / 'a.pth')
    with pytest.raises(ValueError, match=r'found the Python object argparse\.Namespace'):
        load_checkpoint_file(tmp_path / 'a.pth')


def _bytes(legacy):
    buffer = io.BytesIO()
    torch.save(dict(weight=torch.randn(1000)), buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


@pytest.mark.parametrize('legacy', [False, True])
@pytest.mark.parametrize('share', [0.0, 0.01, 0.3, 0.6, 0.97])
def test_truncated_files(tmp_path, legacy, share):
    whole = _bytes(legacy)
    (tmp_path / 'a.pth').write_bytes(whole[:int(share * len(whole))])
    with pytest.raises(ValueError, match=r'a\.pth: expected a file written by torch\.save.*truncated or of another'):
        load_checkpoint_file(tmp_path / 'a.pth')


@pytest.mark.parametrize(('name', 'content'), [
    ('text.pth', b'hello world\n' * 20), ('random.pth', bytes(range(256)) * 8), ('zip.pth', b'PK\x03\x04' + b'\0' * 50),
    ('bad.safetensors', b'\xff' * 64), ('pickle.pth', b'cos\nsystem\n(S"true"\ntR.')])
def test_other_files(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        load_checkpoint_file(tmp_path / name)


def test_missing_file_folder_and_feature_file(tmp_path):
    with pytest.raises(ValueError, match='expected a checkpoint file, found nothing'):
        load_checkpoint_file(tmp_path / 'none.pth')
    with pytest.raises(ValueError, match='expected a checkpoint file, found a folder'):
        load_checkpoint_file(tmp_path)
    torch.save(torch.zeros(5, 2), tmp_path / 'uid.pt')
    with pytest.raises(ValueError, match='expected a dictionary, found Tensor'):
        load_checkpoint_file(tmp_path / 'uid.pt')


STATE = dict(weight=torch.zeros(2))


@pytest.mark.parametrize(('container', 'key'), [
    (STATE, ''),
    (dict(state_dict=STATE, optimizer=dict(state={})), 'state_dict'),
    (dict(epoch=1, model_state=STATE), 'model_state'),
    (dict(state_dict_pos=(STATE,), epoch=1), 'state_dict_pos'),
    (dict(small=STATE, large=dict(a=torch.zeros(1), b=torch.zeros(1))), 'large'),
])
def test_state_dict_is_found(container, key):
    found, state = find_state_dict(container)
    assert found == key
    assert all(isinstance(value, torch.Tensor) for value in state.values())


def test_a_model_in_two_entries():
    backbone, encoder = {'0.weight': torch.ones(1)}, {'module.net.bias': torch.ones(2)}
    container = dict(backbone=backbone, encoder=encoder, optimiser=dict(state={}))
    found, state = find_state_dict(container)
    assert found == 'backbone and encoder' and list(state) == ['backbone.0.weight', 'encoder.net.bias']
    assert state['encoder.net.bias'] is encoder['module.net.bias']
    assert find_state_dict(container | dict(state_dict=encoder)) == ('state_dict', encoder)
    assert find_state_dict(dict(backbone=backbone, encoder='net')) == ('backbone', backbone)
    with pytest.raises(CheckpointError, match=r'net\.pth: .*both with and without the prefix module'):
        find_state_dict(container | dict(encoder=encoder | {'net.bias': torch.ones(2)}), 'net.pth')


def test_no_state_dict():
    with pytest.raises(ValueError, match='found the keys epoch, optimizer without tensors'):
        find_state_dict(dict(epoch=1, optimizer={}))


def test_sha256(tmp_path):
    (tmp_path / 'a').write_bytes(b'abc')
    assert sha256_of(tmp_path / 'a') == hashlib.sha256(b'abc').hexdigest()
