import torch

from egoexo.models.adaptation import Centroids


def test_absent_class_decays_and_buffers_lose_the_gradient():
    centroids = Centroids(num_classes=2, channels=1)
    centroids.source.fill_(10.0)
    features = torch.tensor([[1.0], [3.0]], requires_grad=True)
    labels = torch.tensor([0, 0])
    source, target = centroids.update(features, labels, features, torch.tensor([0, 1]), ratio=0.5)
    assert source.tolist() == [[0.5 * 10 + 0.5 * 2], [5.0]]
    assert target.tolist() == [[0.5], [1.5]]
    assert source.requires_grad
    assert not centroids.source.requires_grad
    assert centroids.source.tolist() == source.tolist()
    source.sum().backward()
    assert features.grad.tolist() == [[0.25], [0.25]]


def test_buffers_are_saved():
    assert set(Centroids(2, 3).state_dict()) == {'source', 'target'}
