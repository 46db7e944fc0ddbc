"""HistoryTransformer: batches, order of the past, training, its augmentation."""

import pytest
import torch

from egoexo.errors import ConfigError
from egoexo.models.planning import HistoryTransformer
from egoexo.registry import MODELS

EMPTY = torch.tensor([], dtype=torch.int64)


def small(**options):
    torch.manual_seed(0)
    model = HistoryTransformer(num_classes=5, horizon=3, width=16, num_layers=1, max_past=6, **options)
    torch.nn.init.normal_(model.classifier.weight)
    return model


def test_size_and_shape():
    model = HistoryTransformer()
    assert sum(parameter.numel() for parameter in model.parameters()) == 176664
    logs = model.eval().log_probabilities([torch.tensor([3, 14]), EMPTY])
    assert logs.shape == (2, 8, 27)
    torch.testing.assert_close(logs.exp().sum(-1), torch.ones(2, 8))


def test_untrained_model_prefers_no_class():
    logs = HistoryTransformer(num_classes=4, horizon=2).eval().log_probabilities([torch.tensor([1])])
    assert logs.exp().std() < 0.05


@torch.no_grad()
def test_batches_do_not_matter():
    model = small().eval()
    past = [torch.tensor([1, 2, 3]), EMPTY, torch.tensor([4] * 9), torch.tensor([0])]
    together = model.log_probabilities(past)
    for steps, row in zip(past, together, strict=True):
        torch.testing.assert_close(model.log_probabilities([steps])[0], row, atol=1e-5, rtol=0)


@torch.no_grad()
def test_order_counts_and_only_the_newest_steps_are_seen():
    model = small().eval()
    forth, back, long = model.log_probabilities([torch.tensor(steps) for steps in (
        [0, 1, 2, 3, 4, 0], [0, 4, 3, 2, 1, 0], [3, 3, 3, 0, 1, 2, 3, 4, 0])])
    assert (forth - back).abs().max() > 1e-3
    torch.testing.assert_close(forth, long)


def test_every_parameter_learns(rows):
    model = small(cut_past=0.0, hide_step=0.5).train()
    model(data_samples=rows([0, 1, 2, 3, 4, 0, 1, 2, 3]), mode='loss')['loss_ce'].backward()
    assert [name for name, parameter in model.named_parameters()
            if parameter.grad is None or not parameter.grad.any()] == []


def test_loss_is_the_mean_over_labelled_steps(rows):
    model = small(label_smoothing=0.0).eval()
    samples = rows([0, 1, 2, 3, 4, 0, 1])
    samples[1].gt_future_steps = torch.full((3,), -1)
    kept = [samples[0], *samples[2:]]
    logs = model(data_samples=kept)
    expected = -torch.stack([row[range(3), sample.gt_future_steps] for row, sample in zip(logs, kept, strict=True)])
    torch.testing.assert_close(model(data_samples=samples, mode='loss')['loss_ce'], expected.mean())
    assert model(data_samples=samples[1:2], mode='loss')['loss_ce'] == 0


def test_augmentation_cuts_the_oldest_and_hides_some():
    model = small(cut_past=1.0, hide_step=0.0)
    torch.manual_seed(1)
    tokens, hidden = model._tokens_of([torch.tensor([0, 1, 2, 3, 4])] * 2000)
    varied, gone = model._vary(tokens, hidden)
    assert torch.equal(varied, tokens)
    lengths = (~gone).sum(1) - 1  # without the answer token
    assert not gone[:, 0].any() and not (gone[:, :-1] & ~gone[:, 1:]).any()  # the kept part is the newest one
    assert torch.bincount(lengths).tolist() == pytest.approx([2000 / 6] * 6, rel=0.2)
    model.cut_past, model.hide_step = 0.0, 0.25
    varied, same = model._vary(tokens, hidden)
    assert torch.equal(same, hidden) and (varied[:, 0] == 6).all()
    assert (varied[:, 1:6] == 5).float().mean().item() == pytest.approx(0.25, abs=0.02)


def test_it_learns_a_cycle(rows):
    torch.manual_seed(0)
    model = HistoryTransformer(num_classes=5, horizon=3, width=16, num_layers=1, max_past=6, dropout=0.0,
                               label_smoothing=0.0, hide_step=0.0)
    samples = [sample for start in range(5) for sample in rows([(start + step) % 5 for step in range(9)])]
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        model(data_samples=samples, mode='loss')['loss_ce'].backward()
        optimizer.step()
    model.eval()
    found = model.log_probabilities([torch.tensor([2, 3]), torch.tensor([4, 0, 1])]).argmax(-1)
    assert found.tolist() == [[4, 0, 1], [2, 3, 4]]


@pytest.mark.parametrize(('options', 'text'), [
    (dict(width=10), 'HistoryTransformer, width: expected a multiple of num_heads, 4, found 10'),
    (dict(max_past=0), 'HistoryTransformer, max_past: expected at least 1, found 0'),
    (dict(cut_past=2), 'HistoryTransformer, cut_past: expected from 0 to 1, found 2'),
    (dict(hide_step=1.0), 'HistoryTransformer, hide_step: expected at least 0 and below 1, found 1.0'),
])
def test_wrong_numbers_are_named(options, text):
    with pytest.raises(ConfigError, match=text):
        MODELS.build(dict(type='HistoryTransformer', **options))
