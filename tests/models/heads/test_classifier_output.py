import torch

from egoexo.models.heads import ClassifierOutput


def test_split_cuts_both_parts():
    output = ClassifierOutput(torch.arange(6.0).view(3, 2), torch.arange(3.0).view(3, 1))
    first, second = output.split(1)
    assert first.logits.tolist() == [[0, 1]] and first.feature.tolist() == [[0]]
    assert second.logits.tolist() == [[2, 3], [4, 5]] and second.feature.tolist() == [[1], [2]]
