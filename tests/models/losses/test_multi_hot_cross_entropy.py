import math

import pytest
import torch

from egoexo.models.losses import MultiHotCrossEntropy


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_mean_over_clips_and_classes(dtype):
    logits = torch.tensor([[math.log(3), 0.0, -math.log(3)]], dtype=dtype)
    found = MultiHotCrossEntropy(loss_weight=2.0)(logits, torch.tensor([[1.0, 1.0, 1.0]]))
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(2 * -(math.log(0.75) + math.log(0.5) + math.log(0.25)) / 3, rel=0.01)
