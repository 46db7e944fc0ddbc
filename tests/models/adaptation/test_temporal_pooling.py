import pytest
import torch

from egoexo.models.adaptation import pool_segments


def test_equal_segments_of_the_real_steps():
    features = torch.arange(14.0).view(2, 1, 7)
    mask = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])
    pooled = pool_segments(features, mask, 2)
    assert pooled.tolist() == [[[1.0, 4.0]], [[7.5, 9.5]]]  # step 6 is the remainder of the first video


def test_too_few_steps():
    mask = torch.tensor([[True, True, False]])
    with pytest.raises(ValueError, match='at least 3 steps, one per segment of the video discriminator, found 2'):
        pool_segments(torch.zeros(1, 4, 3), mask, 3)
