import torch

from egoexo.models.transfer import LogitsHead


def test_logits_pass_unchanged():
    head, rows = LogitsHead(num_classes=3), torch.arange(6.0).view(2, 3)
    assert head(rows).logits is rows
    assert head(rows).feature is rows
    assert (head.in_channels, head.num_classes, head.feature_channels) == (3, 3, 3)
    assert not head.state_dict()
