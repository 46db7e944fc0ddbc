import math

import pytest
import torch

from egoexo.models.losses import LabelCrossEntropy


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_value_by_hand(dtype):
    logits = torch.tensor([[math.log(3), 0.0], [0.0, 0.0]], dtype=dtype)
    found = LabelCrossEntropy(loss_weight=0.5)(logits, torch.tensor([0, 1]))
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(0.5 * (-math.log(0.75) + math.log(2)) / 2, rel=0.01)
