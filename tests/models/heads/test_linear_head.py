import re

import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.heads import LinearHead


def test_without_normalisation_it_is_a_linear_layer():
    head, inputs = LinearHead(num_classes=3, feat_size=4), torch.randn(5, 4)
    output = head(inputs)
    assert torch.equal(output.logits, head.linear(inputs)) and output.feature is inputs
    assert list(head.state_dict()) == ['linear.weight', 'linear.bias']
    assert (head.in_channels, head.feature_channels, head.num_classes) == (4, 4, 3)


def test_only_the_weights_are_normalised():
    head, inputs = LinearHead(num_classes=3, feat_size=4, norm=10), torch.randn(5, 4)
    weights = 10 * head.linear.weight / head.linear.weight.norm(dim=1, keepdim=True)
    torch.testing.assert_close(head(inputs).logits, inputs @ weights.t())
    torch.testing.assert_close(head(2 * inputs).logits, 2 * head(inputs).logits)
    assert list(head.state_dict()) == ['linear.weight']


@pytest.mark.parametrize(('options', 'text'), [
    (dict(num_classes='dataset'), "load a config that says 'dataset' with load_config"),
    (dict(feat_size=[4, 2]), 'take MLPHead for hidden layers'),
    (dict(norm=-2), 'norm=-2'),
])
def test_wrong_settings_are_named(options, text):
    with pytest.raises(ConfigError, match=re.escape(text)):
        LinearHead(**(dict(num_classes=3, feat_size=4) | options))
