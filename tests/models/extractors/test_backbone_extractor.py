import copy
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from egoexo.errors import CheckpointError, ConfigError
from egoexo.models.extractors import BackboneExtractor
from egoexo.registry import MODELS, TRANSFORMS

IMAGE = dict(type='mmaction.ResNet', depth=18)
PATHWAY = dict(type='resnet3d', depth=18, pretrained=None, conv1_stride_t=1, pool1_stride_t=1, norm_eval=True)
SLOWFAST = dict(
    type='mmaction.ResNet3dSlowFast', resample_rate=4, speed_ratio=4, channel_ratio=4,
    slow_pathway=dict(PATHWAY, lateral=True, base_channels=8, conv1_kernel=(1, 3, 3), inflate=(0, 0, 1, 1)),
    fast_pathway=dict(PATHWAY, lateral=False, base_channels=2, conv1_kernel=(3, 3, 3)))
SMALL = dict(short_side=36, crop_size=32)


def build(backbone: dict, **options: object) -> BackboneExtractor:
    torch.manual_seed(0)
    return MODELS.build(dict(type='BackboneExtractor', backbone=copy.deepcopy(backbone), **SMALL, **options))


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 8, 45, 60, 3), dtype=np.uint8)


@pytest.fixture(scope='module')
def slowfast() -> BackboneExtractor:
    return build(SLOWFAST, clip_len=8, frame_interval=2)


def reference_pictures(frames: np.ndarray) -> torch.Tensor:
    """Frames (n, H, W, 3) through the transforms of mmaction2, normalised by hand; (n, 3, 32, 32)."""
    results = dict(imgs=list(frames), img_shape=frames.shape[1:3], modality='RGB')
    for step in (dict(type='mmaction.Resize', scale=(-1, 36)), dict(type='mmaction.CenterCrop', crop_size=32)):
        results = TRANSFORMS.build(step)(results)
    values = (np.stack(results['imgs']) - np.array([123.675, 116.28, 103.53])) / np.array([58.395, 57.12, 57.375])
    return torch.from_numpy(values.transpose(0, 3, 1, 2)).float()


def test_image_backbone_equals_a_hand_made_reference(frames: np.ndarray) -> None:
    extractor = build(IMAGE, input_format='NCHW', clip_len=8, frame_interval=1)
    assert extractor.dim == 512
    with torch.no_grad():
        rows = extractor(frames)
        expected = [extractor.backbone(reference_pictures(clip)).mean(dim=(2, 3)).mean(dim=0) for clip in frames]
    torch.testing.assert_close(rows, torch.stack(expected), rtol=1e-4, atol=1e-5)


def test_slowfast_joins_its_pooled_pathways(slowfast: BackboneExtractor, frames: np.ndarray) -> None:
    assert (slowfast.dim, slowfast.span) == (64 + 16, 15)
    clips = torch.stack([reference_pictures(clip) for clip in frames]).transpose(1, 2)
    with torch.no_grad():
        slow, fast = slowfast.backbone(clips)
        rows = slowfast(frames)
    assert (slow.shape[:3], fast.shape[:3]) == ((2, 64, 2), (2, 16, 8))
    torch.testing.assert_close(rows, torch.cat([slow.mean((2, 3, 4)), fast.mean((2, 3, 4))], 1), rtol=1e-4, atol=1e-5)


def test_channels_as_opencv_reads_them(frames: np.ndarray) -> None:
    shared = dict(input_format='NCHW', clip_len=1, mean=(10, 20, 30), std=(50, 60, 70))
    extractor = build(IMAGE, channel_order='bgr', **shared)
    usual = build(IMAGE, **shared | dict(mean=(30, 20, 10), std=(70, 60, 50)))
    assert extractor.source['channel_order'] == 'bgr' and 'channel_order' not in usual.source
    with torch.no_grad():
        torch.testing.assert_close(extractor(frames[:, :1]), usual(frames[:, :1, ..., ::-1]))


def test_maximum_is_the_other_pool(frames: np.ndarray) -> None:
    extractor = build(IMAGE, input_format='NCHW', clip_len=1, pool='max')
    with torch.no_grad():
        expected = extractor.backbone(reference_pictures(frames[0, :1])).amax(dim=(2, 3))
        torch.testing.assert_close(extractor(frames[:1, :1]), expected, rtol=1e-4, atol=1e-5)


def test_recogniser_checkpoint_is_stripped_and_hashed(tmp_path: Path, slowfast: BackboneExtractor) -> None:
    weights = {f'backbone.{key}': value + 1 for key, value in slowfast.backbone.state_dict().items()}
    path = tmp_path / 'slowfast.pth'
    torch.save(dict(state_dict=weights | {'cls_head.fc_cls.weight': torch.zeros(4, 80)}), path)
    loaded = build(SLOWFAST, clip_len=8, frame_interval=2, checkpoint=str(path))
    key = 'slow_path.conv1.conv.weight'
    torch.testing.assert_close(loaded.backbone.state_dict()[key], weights[f'backbone.{key}'])
    assert loaded.source['weights'] == 'slowfast.pth'
    assert loaded.source['sha256'] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert slowfast.source['weights'] == 'random'
    assert slowfast.recipe(25.0, 8)['crop'] == 'center_32_of_36'


@pytest.mark.parametrize(('change', 'message'), [
    (lambda weights: weights.pop('conv1.conv.weight'), 'missing conv1.conv.weight'),
    (lambda weights: weights.update(extra=torch.zeros(1)), 'unexpected extra'),
    (lambda weights: weights.update({'conv1.conv.weight': torch.zeros(2, 3)}),
     r'conv1.conv.weight is \(2, 3\), expected \(64, 3, 7, 7\)'),
    (lambda weights: [weights.update({f'module.{key}': weights.pop(key)}) for key in list(weights)],
     r'0 of \d+ names agree'),
])
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, change, message: str) -> None:
    weights = dict(MODELS.build(IMAGE).state_dict())
    change(weights)
    torch.save(weights, tmp_path / 'odd.pth')
    with pytest.raises(CheckpointError, match=message):
        build(IMAGE, input_format='NCHW', clip_len=1, checkpoint=str(tmp_path / 'odd.pth'))


@pytest.mark.parametrize(('options', 'message'), [
    (dict(pool='median'), "input_format='NCTHW', pool='median', channel_order='rgb'; expected"),
    (dict(channel_order='grb'), "channel_order='grb'; expected 'NCTHW' or 'NCHW', 'avg' or 'max', and 'rgb' or 'bgr'"),
    (dict(crop_size=40), 'crop_size=40 does not fit into short_side=36'),
    (dict(backbone=dict(IMAGE, pretrained='torchvision://resnet18')), 'names weights of its own'),
    (dict(checkpoint='nothing.pth'), 'expected a checkpoint file, found nothing'),
])
def test_impossible_options(options: dict, message: str) -> None:
    with pytest.raises((ConfigError, CheckpointError), match=message):
        MODELS.build(dict(type='BackboneExtractor', backbone=IMAGE) | SMALL | options)


def test_random_weights_are_said_aloud(said: list[str]) -> None:
    build(IMAGE, input_format='NCHW', clip_len=1)
    assert any('mmaction.ResNet has random weights' in text for text in said)
