import torch

from egoexo.models.clip import AveragePool


def test_mean_of_the_frames():
    module = AveragePool(2)
    frames = torch.tensor([[[1.0, 2.0], [3.0, 6.0]]])
    assert module.pool(module(frames)).tolist() == [[2.0, 4.0]]
    assert module.out_channels == 2
