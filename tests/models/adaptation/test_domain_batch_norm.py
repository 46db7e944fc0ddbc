"""Statistics per domain."""

import pytest
import torch

from egoexo.models.adaptation import DomainBatchNorm


def test_each_domain_has_its_own_statistics():
    layer = DomainBatchNorm(3, affine=False, momentum=None).train()
    rows = dict(source=torch.randn(50, 3) * 2 + 7, target=torch.randn(50, 3) - 4)
    for domain, values in rows.items():
        layer.domain = domain
        layer(values)
    layer.eval()
    for domain, values in rows.items():
        layer.domain = domain
        expected = (values - values.mean(0)) / (values.var(0) + 1e-5).sqrt()
        torch.testing.assert_close(layer(values), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('training', [True, False])
def test_padding_neither_counts_nor_changes(training):
    torch.manual_seed(0)
    sequences = torch.randn(2, 3, 6)
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    padded = sequences * mask[:, None]
    real, junk = DomainBatchNorm(3).train(training), DomainBatchNorm(3).train(training)
    found = real(padded, mask)
    again = junk(padded + 100 * ~mask[:, None], mask)
    torch.testing.assert_close(found.transpose(1, 2)[mask], again.transpose(1, 2)[mask])
    torch.testing.assert_close(real.target.running_mean, junk.target.running_mean)
    assert (found.transpose(1, 2)[~mask] == 0).all()


def test_running_statistics_keep_what_is_constant_in_a_batch():
    layer = DomainBatchNorm(2, affine=False, momentum=None, running=True).train()
    videos = [torch.randn(40, 2) + offset for offset in (-3.0, 3.0)]
    for video in videos:
        layer(video)
    means = torch.stack([layer(video).mean() for video in videos])
    assert means[1] - means[0] > 2
    layer.eval()
    torch.testing.assert_close(layer(videos[0]), DomainBatchNorm.forward(layer, videos[0]))
    torch.testing.assert_close(layer.target.running_mean, torch.stack(videos * 2).mean((0, 1)))
