import pytest
import torch
from torch import nn

from egoexo.errors import ConfigError
from egoexo.models.backbones.slowfast import slow_frames
from egoexo.registry import MODELS


def build(**changes):
    torch.manual_seed(0)
    backbone = MODELS.build(dict(type='SlowFast', depth=18, base_channels=16) | changes)
    backbone.init_weights()
    return backbone


def clips(count=1, frames=8, size=64):
    return torch.randn(count, 3, frames, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(('num_frames', 'alpha', 'selection', 'expected'), [
    (32, 4, 'linspace', [0, 4, 8, 13, 17, 22, 26, 31]), (8, 4, 'linspace', [0, 7]), (4, 4, 'linspace', [0]),
    (8, 1, 'linspace', list(range(8))), (16, 4, 'interval', [0, 4, 8, 12])])
def test_slow_frames(num_frames, alpha, selection, expected):
    assert slow_frames(num_frames, alpha, selection) == expected


def test_slow_frames_round_as_float32_does():
    # Frame 47 of 95 lies at exactly 47 of 94 in whole numbers, below it in float32.
    found = slow_frames(95, 4)
    assert found == torch.linspace(0, 94, 23).long().tolist() and found != [row * 94 // 22 for row in range(23)]


@pytest.mark.parametrize(('depth', 'channels', 'fusion_kernel'), [(18, (128, 16), 7), (34, (128, 16), 5),
                                                                  (50, (512, 64), 7)])
def test_shapes(depth, channels, fusion_kernel):
    backbone = build(depth=depth, fusion_kernel=fusion_kernel).eval()
    with torch.no_grad():
        slow, fast = backbone(clips(2, size=96))
    assert slow.shape == (2, channels[0], 2, 3, 3) and fast.shape == (2, channels[1], 8, 3, 3)
    assert backbone.out_channels == channels
    assert backbone.slow_path.conv1_lateral.conv.kernel_size == (fusion_kernel, 1, 1)


def test_every_parameter_is_used_and_every_module_is_needed():
    backbone = build()
    slow, fast = backbone(clips(2))
    (slow.sum() + fast.sum()).backward()
    assert [name for name, value in backbone.named_parameters() if value.grad is None] == []
    assert not hasattr(backbone.slow_path, 'pool2')


def test_same_as_mmaction2_but_for_the_frames():
    """With its lateral connections and its frames it is mmaction2's network under the same names."""
    settings = dict(type='resnet3d', depth=18, pretrained=None, conv1_stride_t=1, pool1_stride_t=1)
    official = MODELS.build(dict(
        type='mmaction.ResNet3dSlowFast', resample_rate=4, speed_ratio=4, channel_ratio=8,
        slow_pathway=dict(settings, lateral=True, base_channels=16, conv1_kernel=(1, 7, 7), inflate=(0, 0, 1, 1),
                          fusion_kernel=5),
        fast_pathway=dict(settings, lateral=False, base_channels=2, conv1_kernel=(5, 7, 7)))).eval()
    ours = build(lateral_norm=False, frame_selection='interval', fusion_kernel=5).eval()
    ours.load_state_dict(official.state_dict(), strict=True)
    with torch.no_grad():
        for found, expected in zip(ours(clips()), official(clips()), strict=True):
            assert torch.equal(found, expected)
        ours.frame_selection = 'linspace'
        assert not torch.allclose(ours(clips())[0], official(clips())[0])


def test_initial_weights():
    backbone = build(depth=50)
    block = backbone.slow_path.layer2[1]
    assert block.conv3.bn.weight.abs().max() == 0 and block.conv2.bn.weight.min() == 1
    lateral = backbone.slow_path.layer3_lateral
    fan_out = lateral.conv.out_channels * 7
    assert lateral.conv.weight.std().item() == pytest.approx((2 / fan_out)**0.5, rel=0.1)
    assert lateral.bn.weight.min() == 1 and lateral.bn.bias.abs().max() == 0
    slow, _ = backbone(clips(2))
    assert slow.isfinite().all()


def test_channels_last_changes_nothing_but_the_layout():
    plain = build().eval()
    other = build().eval().to(memory_format=torch.channels_last_3d)
    batch = clips().contiguous(memory_format=torch.channels_last_3d)
    with torch.no_grad():
        found, expected = other(batch), plain(clips())
    assert other.slow_path.layer1[0].conv2.conv.weight.is_contiguous(memory_format=torch.channels_last_3d)
    for first, second in zip(found, expected, strict=True):
        torch.testing.assert_close(first, second, rtol=1e-4, atol=1e-5)


def test_less_memory_and_same_gradients_with_checkpointing():
    gradients = []
    for with_cp in (False, True):
        backbone = build(depth=18, with_cp=with_cp, norm_eval=True)
        slow, fast = backbone(clips().requires_grad_())
        (slow.square().mean() + fast.square().mean()).backward()
        gradients.append([value.grad for value in backbone.parameters()])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)


def test_stored_statistics_with_norm_eval():
    backbone = build(norm_eval=True).train()
    backbone(clips(2) + 3)
    norms = [module for module in backbone.slow_path.layer1.modules() if isinstance(module, nn.BatchNorm3d)]
    assert norms and all(norm.running_mean.abs().max() == 0 for norm in norms)


@pytest.mark.parametrize(('changes', 'text'), [
    (dict(frame_selection='nearest'), "frame_selection: expected one of .*found 'nearest'"),
    (dict(base_channels=12), 'base_channels that beta_inv=8 divides.*found base_channels=12'),
    (dict(fusion_kernel=4), 'an odd fusion_kernel, found base_channels=16, fusion_kernel=4')])
def test_wrong_settings_are_named(changes, text):
    with pytest.raises(ConfigError, match=f'model.backbone.*{text}'):
        build(**changes)


def test_wrong_number_of_frames_is_named():
    with pytest.raises(ConfigError, match='SlowFast, clips: expected a multiple of alpha=4 frames, found 10. Set clip'):
        build()(clips(frames=10))
