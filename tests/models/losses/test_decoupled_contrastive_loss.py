"""Contrastive loss without the pair in its denominator."""

import math

import pytest
import torch
from torch import distributed
from torch.nn import functional as F

from egoexo.errors import ConfigError
from egoexo.models.losses import DecoupledContrastiveLoss


def rows(count, dim=5, seed=0):
    return F.normalize(torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)), dim=1)


def by_hand(one, other, temperature):
    total = 0
    for i in range(len(one)):
        others = [j for j in range(len(one)) if j != i]
        negatives = sum(math.exp(one[i] @ one[j] / temperature) + math.exp(one[i] @ other[j] / temperature)
                        for j in others)
        total += -(one[i] @ other[i]).item() / temperature + math.log(negatives)
    return total / len(one)


@pytest.mark.parametrize('count', [2, 5])
def test_formula(count):
    one, other = rows(count), rows(count, seed=1)
    assert DecoupledContrastiveLoss(0.5, symmetric=False)(one, other).item() == pytest.approx(
        by_hand(one, other, 0.5), rel=1e-5)
    assert DecoupledContrastiveLoss(0.5)(one, other).item() == pytest.approx(
        by_hand(one, other, 0.5) + by_hand(other, one, 0.5), rel=1e-5)


def test_one_pair_is_finite():
    one, other = rows(1).requires_grad_(), rows(1, seed=1)
    loss = DecoupledContrastiveLoss(0.06)(one, other)
    # Both of its terms are 1e-50 exp(s / t): what is left are the logarithms.
    similar, own = (one @ other.T).item() / 0.06, 1 / 0.06
    log_sum = math.log(1e-50) + math.log(math.exp(own - similar) + 1) + similar
    assert loss.item() == pytest.approx(2 * (log_sum - similar), rel=1e-5)
    loss.backward()
    assert torch.isfinite(one.grad).all()


def test_gradient_brings_pairs_together():
    one = rows(4).requires_grad_()
    other = rows(4, seed=1)
    DecoupledContrastiveLoss()(one, other).backward()
    moved = F.normalize((one - 0.005 * one.grad).detach(), dim=1)
    assert ((moved * other).sum(1) > (one * other).sum(1)).sum() >= 3
    assert DecoupledContrastiveLoss()(moved, other) < DecoupledContrastiveLoss()(one, other)


def test_float32_under_autocast():
    one, other = rows(4), rows(4, seed=1)
    with torch.autocast('cpu', torch.bfloat16):
        found = DecoupledContrastiveLoss()(one, other)
    assert found.dtype == torch.float32 and found == DecoupledContrastiveLoss()(one, other)


def _worker(rank, file, one, other, results):
    distributed.init_process_group('gloo', init_method=f'file://{file}', rank=rank, world_size=2)
    mine = one[rank * 3:rank * 3 + 3].clone().requires_grad_()
    loss = DecoupledContrastiveLoss(gather=True)(mine, other[rank * 3:rank * 3 + 3])
    (loss / 2).backward()  # what DDP's mean over the processes does
    results[rank] = loss.detach(), mine.grad
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.skipif(not distributed.is_available(), reason='torch without distributed')
def test_two_processes_that_gather_are_like_one(tmp_path):
    one, other = rows(6), rows(6, seed=1)
    with torch.multiprocessing.Manager() as manager:
        results = manager.dict()
        torch.multiprocessing.spawn(_worker, (tmp_path / 'rendezvous', one, other, results), nprocs=2)
        found = dict(results)
    whole = one.clone().requires_grad_()
    loss = DecoupledContrastiveLoss()(whole, other)
    loss.backward()
    assert ((found[0][0] + found[1][0]) / 2).item() == pytest.approx(loss.item(), rel=1e-6)
    torch.testing.assert_close(torch.cat([found[0][1], found[1][1]]), whole.grad, rtol=1e-4, atol=1e-6)


def test_without_processes_there_is_nothing_to_gather():
    one, other = rows(3), rows(3, seed=1)
    assert DecoupledContrastiveLoss(gather=True)(one, other) == DecoupledContrastiveLoss()(one, other)


@pytest.mark.parametrize('temperature', [0, -1.0])
def test_wrong_temperature(temperature):
    with pytest.raises(ConfigError, match='temperature: expected a number above 0'):
        DecoupledContrastiveLoss(temperature)
