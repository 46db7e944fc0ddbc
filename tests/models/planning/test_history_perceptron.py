"""HistoryPerceptron: its input, its loss, what it can learn."""

import pytest
import torch
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.models.planning import HistoryPerceptron, steps_cross_entropy
from egoexo.registry import MODELS

EMPTY = torch.tensor([], dtype=torch.int64)


def test_input_is_what_was_done_and_what_was_last():
    model = HistoryPerceptron(num_classes=3, num_last=2)
    found = model.encode([torch.tensor([1, 1, 0]), torch.tensor([2]), EMPTY])
    assert found.tolist() == [
        [1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0],
        [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]]


def test_size_and_batches():
    model = HistoryPerceptron().eval()
    assert sum(parameter.numel() for parameter in model.parameters()) == (27 + 3 * 28 + 1) * 256 + 257 * 216
    past = [torch.tensor([3, 14, 3]), EMPTY, torch.tensor([5] * 50)]
    together = model.log_probabilities(past)
    torch.testing.assert_close(together.exp().sum(-1), torch.ones(3, 8))
    for steps, row in zip(past, together, strict=True):
        torch.testing.assert_close(model.log_probabilities([steps])[0], row)


def test_loss_is_the_mean_over_labelled_steps():
    logits = torch.randn(4, 3, 5)
    future = torch.tensor([[0, 1, 2], [-1, -1, -1], [4, 4, 0], [1, -1, 3]])
    kept = future >= 0
    expected = F.nll_loss(logits.log_softmax(-1)[kept], future[kept])
    torch.testing.assert_close(steps_cross_entropy(logits, future), expected)
    assert steps_cross_entropy(logits[1:2], future[1:2]) == 0
    smooth = 0.8 * expected - 0.2 * logits.log_softmax(-1)[kept].mean()
    torch.testing.assert_close(steps_cross_entropy(logits, future, 0.2), smooth)


def test_every_parameter_learns(rows):
    torch.manual_seed(0)
    model = HistoryPerceptron(num_classes=5, horizon=3, width=8).train()
    model(data_samples=rows([0, 1, 2, 3, 4, 0, 1, 2, 3]), mode='loss')['loss_ce'].backward()
    assert all(parameter.grad.any() for parameter in model.parameters())


def test_it_learns_what_is_left_to_do(rows):
    """Each procedure does all five steps once; the last one is whichever is missing, the order says nothing."""
    torch.manual_seed(0)
    model = HistoryPerceptron(num_classes=5, horizon=1, num_last=1, width=32, dropout=0.0, dropout_input=0.0)
    orders = [torch.randperm(5).tolist() for _ in range(60)]
    samples = [rows(order, horizon=1)[-1] for order in orders]
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(100):
        optimizer.zero_grad()
        model(data_samples=samples, mode='loss')['loss_ce'].backward()
        optimizer.step()
    found = model.eval().log_probabilities([torch.tensor([3, 0, 4, 1]), torch.tensor([2, 4, 1, 3])]).argmax(-1)
    assert found.tolist() == [[2], [0]]


@pytest.mark.parametrize('name', ['num_last', 'width'])
def test_wrong_numbers_are_named(name):
    with pytest.raises(ConfigError, match=f'HistoryPerceptron, {name}: expected at least 1, found 0'):
        MODELS.build({'type': 'HistoryPerceptron', name: 0})
