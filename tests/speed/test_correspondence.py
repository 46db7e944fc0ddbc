"""The timing script of correspondence times the same work on both sides."""

import sys
from pathlib import Path

import pytest
import torch
from tests_support import REPO

sys.path.insert(0, str(REPO / 'speed'))

import correspondence as speed
from correspondence_released import ReleasedBackbone, ReleasedEncoder, released_loss

sys.path.remove(str(REPO / 'speed'))

from egoexo.checkpoints.correspondence import from_official


def test_pairs_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, 'SIZES', {speed.EGO: ((88, 88), (176, 176)), 'cam01': ((72, 128), (288, 512))})
    monkeypatch.setattr(speed, 'EXO', ('cam01',))
    root = speed.write_world(tmp_path / 'root')
    released, ours = speed.ReleasedPairs(root), speed.make_dataset(root)
    assert len(released.items) == len(ours) == len(speed.make_dataset(root, 'val')) == 15
    speed.check_pairs(released, ours)


def test_layers_are_the_same() -> None:
    speed.attention_cases(Path())


@pytest.mark.slow
@torch.no_grad()
def test_networks_and_losses_are_the_same() -> None:
    """One pair with hidden tokens, weights of ours taken from the released one."""
    torch.manual_seed(0)
    backbone, encoder, model = ReleasedBackbone(), ReleasedEncoder().eval(), speed.make_model().eval()
    model.load_state_dict(from_official({f'{part}.{name}': value for part, network in (
        ('backbone', backbone), ('encoder', encoder)) for name, value in network.state_dict().items()}))
    released, ours = speed.make_batch(1, shared=True)
    hidden = torch.rand(1, speed.SMALL, speed.SMALL) < 0.5
    ours['inputs']['hidden_tokens'] = hidden
    released['hidden'][:, speed.SMALL**2:] = hidden.flatten(1)
    features = [backbone.features(released[name].expand(-1, 3, -1, -1)) for name in ('query', 'target', 'query_mask')]
    theirs = encoder(*features, released['hidden'])
    inputs = model.data_preprocessor(ours)['inputs']
    found = model(inputs, mode='tensor')
    for map_of_ours, map_of_theirs in zip(found[:2], theirs[:2], strict=True):
        torch.testing.assert_close(map_of_ours, map_of_theirs[:, 2:], rtol=0, atol=2e-6)
    torch.testing.assert_close(found[2].flatten(), theirs[2].flatten(), rtol=0, atol=2e-6)
    losses = model.loss_function(*found, inputs['query_mask'], released['target_mask'], released['positive'])
    total = sum(value for name, value in losses.items() if name.startswith('loss'))
    expected = released_loss(*theirs, released['query_mask'], released['target_mask'], released['positive'])
    torch.testing.assert_close(total, expected, rtol=1e-5, atol=0)
