"""A small XSegTx and its batches."""

import torch

from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

__all__ = ['CONFIG', 'SIZE', 'TOKENS', 'build_model', 'make_batch', 'total_loss']

#: Side of the pictures in pixels and of their maps in tokens.
SIZE, TOKENS = 32, 8
CONFIG = dict(
    type='XSegTx',
    # One stage of stride 4 and 64 channels.
    backbone=dict(type='mmaction.ResNet', depth=18, num_stages=1, strides=(1,), dilations=(1,), out_indices=(0,)),
    encoder=dict(type='CrossViewEncoder', in_channels=64, embed_dims=16, feedforward_channels=12),
    decoder=dict(type='MaskDecoder', in_channels=16, scale=1),
    visibility_head=dict(type='VisibilityHead', in_channels=16, feat_size=TOKENS))


def build_model(encoder=(), seed=0, **options):
    torch.manual_seed(seed)
    return MODELS.build(CONFIG | dict(encoder=CONFIG['encoder'] | dict(encoder)) | options)


def make_batch(count=2, seed=0, size=SIZE, visible=None, target_size=(SIZE, SIZE)):
    """Pairs as the dataset and its collate function make them, without shared pictures."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (2 * count, 3, size, size), generator=generator, dtype=torch.uint8)
    masks = torch.rand(2, count, 1, size, size, generator=generator) > 0.7
    inputs = dict(images=images, query=torch.arange(count), target=torch.arange(count, 2 * count),
                  query_mask=masks[0].to(torch.uint8),
                  hidden_tokens=torch.zeros(count, size // 4, size // 4, dtype=torch.bool))
    visible = [True] * count if visible is None else visible
    samples = [EgoExoDataSample(metainfo=dict(sample_id=str(row), target_size=target_size),
                                gt_target_mask=masks[1, row, 0] & shown, gt_visible=torch.tensor(shown))
               for row, shown in enumerate(visible)]
    return dict(inputs=inputs, data_samples=samples)


def total_loss(losses):
    return sum(value for key, value in losses.items() if 'loss' in key)
