import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.clip import Recurrent


@pytest.mark.parametrize(('num_frames', 'grouped'), [
    (5, [[0], [1], [2], [3], [4]]), (12, [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]),
    (8, [[0, 1], [2, 3], [4, 5], [6, 7], [7, 7]])])
def test_groups_of_frames(num_frames, grouped):
    module = Recurrent(3)
    frames = torch.randn(2, num_frames, 3)
    groups = torch.stack([frames[:, group].amax(1) for group in grouped], 1)
    torch.testing.assert_close(module.pool(module(frames)), module.rnn(groups)[0][:, -1])


@pytest.mark.parametrize('cell', ['LSTM', 'GRU'])
def test_two_directions_share_the_width(cell):
    module = Recurrent(6, cell, num_layers=2, bidirectional=True)
    assert module.rnn.hidden_size == 3
    assert module(torch.randn(2, 5, 6)).shape == (2, 6)


def test_errors():
    with pytest.raises(ConfigError, match=r"expected cell 'LSTM' or 'GRU', found 'RNN'\. Correct"):
        Recurrent(cell='RNN')
    with pytest.raises(ConfigError, match='expected at least 3 frames for num_groups=5, found 2. Lower'):
        Recurrent(3)(torch.zeros(1, 2, 3))
