"""Small clip networks and samples for them."""

import pytest
import torch

from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

ADVERSARIAL = dict(type='FrameAdversarialLoss', places=['relation', 'video', 'frame'])


def build_clip_model(**changes: object) -> torch.nn.Module:
    """3 frames of 6 numbers, 4 classes; no dropout unless asked for."""
    parts = dict(
        embedding=dict(type='FrameEmbedding', in_channels=6, channels=5, dropout=0.0),
        encoder=dict(type='TemporalRelation', channels=8, num_segments=3),
        head=dict(type='ClipHead', num_classes=4, loss=[dict(type='MultiLabelCrossEntropy')]),
        adaptation=dict(type='ClipDomainHeads'), dropout=0.0)
    torch.manual_seed(0)
    return MODELS.build(dict(type='ClipModel', **(parts | changes)))


def make_clips(count: int, horizon: int = 1, num_frames: int = 3) -> dict:
    """Clips with labels, as the preprocessor gives them."""
    samples = []
    for number in range(count):
        sample = EgoExoDataSample(metainfo=dict(sample_id=f'clip{number}', view='ego'))
        if horizon == 1:
            sample.gt_class_targets = torch.eye(4)[number % 4]
        else:
            sample.gt_future_steps = torch.arange(number, number + horizon) % 4
        samples.append(sample)
    generator = torch.Generator().manual_seed(count)
    return dict(inputs=torch.randn(count, 6, num_frames, generator=generator), data_samples=samples)


@pytest.fixture()
def build() -> object:
    return build_clip_model


@pytest.fixture()
def clips() -> object:
    return make_clips


@pytest.fixture()
def adversarial() -> dict:
    return dict(type='ClipDomainHeads', objectives=[ADVERSARIAL], beta=[0.5, 0.25, 1.0])
