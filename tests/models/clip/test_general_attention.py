import torch

from egoexo.models.clip import GeneralAttention


def test_weights_by_hand():
    module = GeneralAttention(1)
    for layer in (module.fc, module.score):
        torch.nn.init.ones_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    relations = torch.tensor([[[0.0], [1.0]]])
    torch.testing.assert_close(module(relations), torch.tensor([[0.0, torch.tanh(torch.tensor(1.0))]]).softmax(-1))
