import math

import torch

from egoexo.models.losses import MultiLabelCrossEntropy


def test_by_hand():
    """Three equal classes: ln 3 for each true one; the clip without any counts in the mean."""
    targets = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(MultiLabelCrossEntropy()(torch.zeros(2, 3), targets), torch.tensor(math.log(3)))
    weighted = MultiLabelCrossEntropy(loss_weight=2.0, class_weight=[0.5, 0.0, 1.0])
    torch.testing.assert_close(weighted(torch.zeros(2, 3), targets), torch.tensor(math.log(3) / 2))
    assert not weighted.state_dict()


def test_half_precision_logits():
    loss = MultiLabelCrossEntropy()(torch.zeros(2, 3, dtype=torch.float16), torch.ones(2, 3))
    assert loss.dtype == torch.float32
