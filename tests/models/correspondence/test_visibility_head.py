import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import DataError
from egoexo.models.correspondence import VisibilityHead


def test_released_sizes():
    shapes = {key: tuple(value.shape) for key, value in VisibilityHead().state_dict().items()}
    assert shapes == {'conv.weight': (1, 256, 3, 3), 'conv.bias': (1,), 'mlp.0.weight': (32, 784), 'mlp.0.bias': (32,),
                      'mlp.2.weight': (1, 32), 'mlp.2.bias': (1,)}


def test_one_logit_for_each_map():
    head, feature = VisibilityHead(8, feat_size=5, hidden_channels=3), torch.randn(4, 8, 5, 5)
    found = head(feature)
    state = head.state_dict()
    rows = F.relu(F.conv2d(feature, state['conv.weight'], state['conv.bias'])).flatten(1)
    rows = F.relu(rows @ state['mlp.0.weight'].T + state['mlp.0.bias'])
    torch.testing.assert_close(found, (rows @ state['mlp.2.weight'].T + state['mlp.2.bias'])[:, 0])
    assert head(feature[:1]).shape == (1,)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        assert head(feature).dtype == torch.float32


@pytest.mark.parametrize('size', [(6, 5), (5, 6), (14, 14)])
def test_maps_of_another_size(size):
    text = (rf'VisibilityHead: expected a map of 5 x 5 tokens, found {size[0]} x {size[1]}\. Its linear layers fix the '
            r'size: resize pictures accordingly \(PadSquareResizeNearest\), or set visibility_head\.feat_size')
    with pytest.raises(DataError, match=text):
        VisibilityHead(8, feat_size=5)(torch.randn(2, 8, *size))
