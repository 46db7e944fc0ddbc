import math

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from egoexo.models.backbones import ASFormer
from egoexo.models.backbones.asformer import ASFormerStage, standardize_steps
from egoexo.registry import MODELS


def small(**kwargs):
    torch.manual_seed(0)
    options = dict(in_channels=6, num_classes=4, num_decoders=2, num_layers=4, channels=8)
    return ASFormer(**(options | kwargs))


class PlainLayer(nn.Module):
    """The published layer from PyTorch's own modules, created in the published order; one video at a time."""

    def __init__(self, channels, window, alpha):
        super().__init__()
        self.dilated = nn.Conv1d(channels, channels, 3, padding=window, dilation=window)
        self.norm = nn.InstanceNorm1d(channels)
        self.query, self.key, self.value = (nn.Conv1d(channels, channels // 2, 1) for _ in range(3))
        self.out = nn.Conv1d(channels // 2, channels, 1)
        self.pointwise = nn.Conv1d(channels, channels, 1)
        self.window, self.alpha = window, alpha

    def forward(self, x, before):
        h = torch.relu(self.dilated(x))
        normed = self.norm(h)
        scores = self.query(normed)[0].T @ self.key(normed)[0] / math.sqrt(len(h[0]) // 2)
        steps = torch.arange(x.shape[2])
        start = steps[:, None] // self.window * self.window - self.window // 2
        scores[(steps < start) | (steps > start + 2 * self.window - 2)] = -math.inf
        values = self.value(normed if before is None else before)[0]
        attended = self.out(torch.relu(values @ torch.softmax(scores, 1).T)[None])
        return x + self.pointwise(h + self.alpha * attended)


class PlainStage(nn.Module):
    """The published encoder or decoder."""

    def __init__(self, in_channels, num_classes, num_layers, channels, alpha):
        super().__init__()
        self.first = nn.Conv1d(in_channels, channels, 1)
        self.layers = nn.ModuleList(PlainLayer(channels, 2**i, alpha) for i in range(num_layers))
        self.last = nn.Conv1d(channels, num_classes, 1)

    def forward(self, x, before=None):
        x = self.first(x)
        for layer in self.layers:
            x = layer(x, before)
        return x, self.last(x)


@pytest.mark.parametrize('steps', [5, 31, 70])
def test_same_seed_gives_the_weights_and_numbers_of_the_plain_layers(steps):
    model = small(num_layers=6).eval()
    torch.manual_seed(0)
    stages = [PlainStage(6, 4, 6, 8, 1.0), PlainStage(4, 4, 6, 8, 1.0), PlainStage(4, 4, 6, 8, math.exp(-3))]
    plain = [value for stage in stages for value in stage.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), plain, strict=True))
    x, features = torch.randn(1, 6, steps), None
    for output, stage in zip(model(x), stages, strict=True):
        features, logits = stage(x, features)
        torch.testing.assert_close(output.features, features, atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(output.logits[0], logits, atol=2e-5, rtol=1e-4)
        x = torch.softmax(logits, 1)


@pytest.mark.parametrize(('dim', 'classes', 'expected'), [(2048, 19, 1_134_476), (1024, 28, 1_073_008)])
def test_parameters_are_those_of_the_published_model(dim, classes, expected):
    """1.13 million for 50Salads (2048 features, 19 classes)."""
    with torch.device('meta'):
        model = ASFormer(in_channels=dim, num_classes=classes)
    f = 64
    layer = (3 * f * f + f) + 3 * (f * f // 2 + f // 2) + (f // 2 * f + f) + (f * f + f)
    stages = 4 * (10 * layer + f * classes + classes) + (dim * f + f) + 3 * (classes * f + f)
    assert sum(value.numel() for value in model.parameters()) == stages == expected


def test_gradients_reach_every_parameter_but_queries_and_keys_of_window_one():
    model = small(num_classifiers=2)
    outputs = model(torch.randn(1, 6, 60))
    sum(logits.square().mean() for output in outputs for logits in output.logits).backward()
    for name, value in model.named_parameters():
        assert value.grad is not None, name
        # A step that sees itself alone has nothing to choose from; the bias of all keys cancels in the softmax.
        choice = '.layers.0.attention.query' in name or '.layers.0.attention.key' in name
        assert choice or name.endswith('key.bias') or value.grad.abs().sum() > 0, name


@pytest.mark.parametrize('exact', [False, True])
def test_a_video_scores_alike_alone_and_in_a_padded_batch(exact):
    x = torch.randn(2, 6, 85)
    mask = torch.ones(2, 85, dtype=torch.bool)
    mask[1, 37:] = False
    for mask_padding in (True, False):
        model = small(num_layers=7, exact_windows=exact, mask_padding=mask_padding).eval()
        alone = model(x[1:, :, :37], mask[1:, :37])
        batched = model(x, mask)
        close = [torch.allclose(a.logits[0], b.logits[0][1:, :, :37], atol=1e-4)
                 for a, b in zip(alone, batched, strict=True)]
        assert close == [mask_padding] * 3
        wanted = model(x, mask, mask_padding=True)[-1].logits[0][1:, :, :37]
        assert torch.allclose(alone[-1].logits[0], wanted, atol=1e-4)


def test_standardize_steps_is_instance_norm_over_real_steps():
    x = torch.randn(2, 3, 20) * 4 + 5
    norm = nn.InstanceNorm1d(3)
    torch.testing.assert_close(standardize_steps(x), norm(x))
    weights = torch.ones(2, 1, 20)
    weights[1, :, 11:] = 0
    found = standardize_steps(x, weights)
    torch.testing.assert_close(found[:1], norm(x[:1]))
    torch.testing.assert_close(found[1:, :, :11], norm(x[1:, :, :11]))
    assert (found[1, :, 11:] == 0).all()


def test_a_video_of_one_step_works():
    assert all(output.logits[0].isfinite().all() for output in small()(torch.randn(1, 6, 1)))


def test_reverse_flips_the_gradient_of_what_feeds_the_classifiers():
    x = torch.randn(1, 6, 15)
    gradients = []
    for reverse in (None, 0.5):
        model = small(num_decoders=0).eval()
        output = model(x, reverse=reverse)[-1]
        output.logits[0].sum().backward()
        gradients.append((model.encoder.embed.weight.grad, model.encoder.classifiers[0].weight.grad))
    torch.testing.assert_close(gradients[1][0], -0.5 * gradients[0][0])
    torch.testing.assert_close(gradients[1][1], gradients[0][1])


def test_channel_dropout_hides_whole_channels_of_a_video():
    torch.manual_seed(0)
    stage = ASFormerStage(400, 2, 1, 8, 2, dropout=0.0, channel_dropout=0.3, alpha=1.0, num_classifiers=1)
    x = torch.randn(2, 400, 6)
    torch.manual_seed(3)
    found = stage._embed(x)
    torch.manual_seed(3)
    keep = nn.functional.dropout(torch.ones(2, 400, 1), 0.3)
    torch.testing.assert_close(found, stage.embed(x * keep))
    assert keep.unique().tolist() == [0.0, pytest.approx(1 / 0.7)] and not torch.equal(keep[0], keep[1])
    assert torch.equal(stage.eval()._embed(x), stage.embed(x))


def test_dropout_is_active_in_training_only():
    model, x = small(), torch.randn(1, 6, 20)
    assert not torch.equal(model(x)[-1].logits[0], model(x)[-1].logits[0])
    model.eval()
    assert torch.equal(model(x)[-1].logits[0], model(x)[-1].logits[0])


def test_bfloat16_autocast_stays_close():
    model, x = small().eval(), torch.randn(2, 6, 40)
    mask = torch.arange(40) < torch.tensor([[40], [25]])
    expected = model(x, mask)[-1].logits[0]
    with torch.autocast('cpu', dtype=torch.bfloat16):
        found = model(x, mask)[-1].logits[0]
        model.train()(x, mask)[-1].logits[0].float().sum().backward()
    assert found.dtype == torch.bfloat16
    assert ((found.float() - expected).abs() * mask.unsqueeze(1)).max() < 0.1
    assert all(value.grad.isfinite().all() for value in model.parameters())


def test_compiles_without_a_graph_break():
    model, x = small().eval(), torch.randn(1, 6, 40)
    compiled = torch.compile(model, backend='eager', fullgraph=True)
    torch.testing.assert_close(compiled(x)[-1].logits[0], model(x)[-1].logits[0])


def test_takes_part_in_adversarial_and_ensemble_adaptation():
    torch.manual_seed(0)
    model = MODELS.build(dict(
        type='Segmentor', backbone=dict(type='ASFormer', in_channels=6, num_classes=4, num_layers=3, channels=8,
                                        num_classifiers=2),
        head=dict(type='FrameHead', num_classes=4, loss=[dict(type='StageCrossEntropy')]),
        adaptation=dict(type='DomainHeads', channels=8, num_classes=4)))
    outputs = model.forward_domains(torch.randn(1, 6, 30), torch.randn(1, 6, 41), beta=(0.5, 0.5), reverse=True)
    assert outputs.pred_source_2.shape == (1, 4, 4, 30) and outputs.feat_target.shape == (1, 4, 8, 41)
    (outputs.pred_d.square().mean() + (outputs.prob_target - outputs.prob_target_2).abs().mean()).backward()
    assert model.backbone.encoder.embed.weight.grad.abs().sum() > 0


class LargestTensor(TorchDispatchMode):
    """Remembers the number of elements of the largest tensor that any operator returns."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for item in result if isinstance(result, tuple | list) else [result]:
            if isinstance(item, torch.Tensor):
                self.elements = max(self.elements, item.untyped_storage().nbytes() // item.element_size())
        return result


@pytest.mark.parametrize(('exact', 'width'), [(False, 2 * 64), (True, 1024)])
def test_a_long_video_needs_no_matrix_of_steps_by_steps(exact, width):
    """Forward and backward; without exact windows not even scores of all windows are stored."""
    model, x = ASFormer(in_channels=16, num_decoders=1, exact_windows=exact), torch.randn(1, 16, 4000)
    with LargestTensor() as largest:
        sum(output.logits[0].sum() for output in model(x)).backward()
    assert largest.elements <= (4000 + 512) * width < 4000 * 4000 / 3
    assert largest.elements >= 4000 * 64


@pytest.mark.parametrize('shape', [(1, 5, 10), (6, 10)])
def test_wrong_feature_dimension_says_which_setting_to_change(shape):
    with pytest.raises(ValueError, match=r'expected features of shape \(N, 6, S\).*model\.backbone\.in_channels'):
        small()(torch.zeros(shape))


@pytest.mark.parametrize('wrong', [dict(dropout=1.0), dict(channel_dropout=-0.1), dict(num_decoders=-1),
                                   dict(num_layers=0), dict(reduction=9), dict(num_classifiers=0)])
def test_impossible_sizes_are_refused(wrong):
    name, value = next(iter(wrong.items()))
    with pytest.raises(ValueError, match=rf'expected dropouts in \[0, 1\).*{name}={value}'):
        small(**wrong)
