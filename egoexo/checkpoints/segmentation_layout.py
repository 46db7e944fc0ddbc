"""Which tensors an official segmentation model has, from its options, and the options read back from the tensors."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from egoexo.checkpoints.official_state import Shapes, check_shapes, count_indices
from egoexo.errors import CheckpointError, explain, printable

__all__ = ['SegmentationLayout', 'check_official', 'guess_layout', 'official_shapes']

@dataclass(frozen=True)
class SegmentationLayout:
    """Sizes and options that decide which tensors an official model has.

    Args:
        in_channels (int): D, dimension of the features.
        num_classes (int): C.
        num_stages (int): All stages, the first included.
        num_layers (int): Dilated layers per stage.
        channels (int): F.
        num_classifiers (int): 2 for the ensemble methods.
        num_heads (int): Frame discriminator heads, 1 or C.
        num_bases (int): Hidden layers of the frame discriminator, 1 or C.
        video (str, optional): ``'rev_grad'``, ``'rev_grad_ssl'`` or ``'rev_grad_ssl_2'``.
        pairs (str): ``'all'`` or ``'adjacent'``, read by ``'rev_grad_ssl_2'``.
        num_segments (int): Segments per video of the video heads.
        order (bool): Whether there is a clip order head (VCOP).
        centroids (bool): Whether there are class centres.
    """

    in_channels: int = 1024
    num_classes: int = 28
    num_stages: int = 4
    num_layers: int = 10
    channels: int = 64
    num_classifiers: int = 1
    num_heads: int = 1
    num_bases: int = 1
    video: str | None = None
    pairs: str = 'all'
    num_segments: int = 1
    order: bool = False
    centroids: bool = False

    def model_config(self) -> dict[str, dict]:
        """Arguments of ``MultiStageTCN`` and ``DomainHeads`` for a model that takes such a checkpoint.

        Returns:
            dict[str, dict]: Keys ``backbone`` and ``adaptation``.
        """
        sizes = asdict(self)
        backbone = {key: sizes[key] for key in ('in_channels', 'num_classes', 'num_stages', 'num_layers', 'channels',
                                                'num_classifiers')}
        adaptation = {key: sizes[key] for key in ('channels', 'num_classes', 'num_stages', 'num_segments', 'video',
                                                  'pairs', 'order', 'centroids')}
        adaptation.update(class_heads=self.num_heads > 1, class_bases=self.num_bases > 1)
        return dict(backbone=dict(type='MultiStageTCN', **backbone),
                    adaptation=dict(type='DomainHeads', **adaptation))


def _affine(shapes: Shapes, name: str, out: int, *rest: int) -> None:
    shapes[f'{name}.weight'] = (out, *rest)
    shapes[f'{name}.bias'] = (out,)


def _video_shapes(shapes: Shapes, layout: SegmentationLayout) -> None:
    width, total = layout.channels, 2 * layout.num_segments
    vectors, outputs = (1, 2) if layout.video == 'rev_grad' else (total, math.comb(total, layout.num_segments))
    if layout.video == 'rev_grad_ssl_2':
        _affine(shapes, 'ad_net_video_base.0.fc_pair', width, 2 * width)
        vectors = math.comb(total, 2) if layout.pairs == 'all' else total - 1
    _affine(shapes, 'ad_net_video_base.0.fc1', width, vectors * width)
    _affine(shapes, 'ad_net_video_cls.0', outputs, width)


def official_shapes(layout: SegmentationLayout) -> Shapes:
    """Every tensor of an official model, in the order of its state dict.

    Args:
        layout (SegmentationLayout): Sizes and options.

    Returns:
        dict[str, tuple[int, ...]]: Official key to shape.
    """
    shapes: Shapes = {}
    width, num_classes = layout.channels, layout.num_classes
    for stage in range(layout.num_stages):
        prefix = 'stage1' if stage == 0 else f'stages.{stage - 1}'
        _affine(shapes, f'{prefix}.conv_1x1', width, num_classes if stage else layout.in_channels, 1)
        for layer in range(layout.num_layers):
            _affine(shapes, f'{prefix}.layers.{layer}.conv_dilated', width, width, 3)
            _affine(shapes, f'{prefix}.layers.{layer}.conv_1x1', width, width, 1)
        for suffix in ('', '_2')[:layout.num_classifiers]:
            _affine(shapes, f'{prefix}.conv_out{suffix}', num_classes, width, 1)
    for index in range(layout.num_bases):
        _affine(shapes, f'ad_net_base.{index}.fc1', width, width)
    for index in range(layout.num_heads):
        _affine(shapes, f'ad_net_cls.{index}', 2, width)
    if layout.video is not None:
        _video_shapes(shapes, layout)
    if layout.order:
        _affine(shapes, 'video_order_base.0', width, 2 * width)
        _affine(shapes, 'video_order_cls', math.factorial(layout.num_segments),
                width * math.comb(layout.num_segments, 2))
    for stage in range(layout.num_stages if layout.centroids else 0):
        for domain in 'st':
            shapes[f'centroids.{stage}.centroid_{domain}'] = (num_classes, width)
    return shapes


def _segments_of(outputs: int, formula: Callable[[int], int]) -> int:
    """The number of segments for which a head has ``outputs`` units; 1 when there is none."""
    return next((segments for segments in range(1, 8) if formula(segments) == outputs), 1)


def _guess_video(shapes: Shapes, layout: SegmentationLayout) -> SegmentationLayout:
    """Add the options of the video heads."""
    order = shapes.get('video_order_cls.weight')
    if order is not None:
        layout = replace(layout, order=True, num_segments=_segments_of(order[0], math.factorial))
    outputs = shapes.get('ad_net_video_cls.0.weight')
    if outputs is None:
        return layout
    vectors = shapes.get('ad_net_video_base.0.fc1.weight', (0, 0))[-1] // layout.channels
    has_pairs = 'ad_net_video_base.0.fc_pair.weight' in shapes
    if not has_pairs and vectors == 1:
        return replace(layout, video='rev_grad')
    segments = _segments_of(outputs[0], lambda count: math.comb(2 * count, count))
    pairs = 'adjacent' if vectors == 2 * segments - 1 and segments > 1 else 'all'
    return replace(layout, video='rev_grad_ssl_2' if has_pairs else 'rev_grad_ssl', num_segments=segments,
                   pairs=pairs if has_pairs else 'all')


def guess_layout(shapes: Shapes) -> SegmentationLayout:
    """Read sizes and options off the shapes of an official state dict.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key (without ``module.``) to shape.

    Returns:
        SegmentationLayout: The best guess; :func:`check_official` tells whether everything fits it.

    Raises:
        CheckpointError: If the two tensors that every such model has are not there.
    """
    first, last = shapes.get('stage1.conv_1x1.weight', ()), shapes.get('stage1.conv_out.weight', ())
    if len(first) != 3 or len(last) != 3:
        keys = ', '.join(printable(key, 80) for key in list(shapes)[:5]) or 'none'
        raise CheckpointError(explain(
            'not an EgoExoLearn segmentation checkpoint', '3-D tensors stage1.conv_1x1.weight and '
            'stage1.conv_out.weight', f'keys like {keys}',
            'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'))
    layout = SegmentationLayout(
        in_channels=first[1], channels=first[0], num_classes=last[0],
        num_stages=1 + count_indices(shapes, r'stages\.(\d+)\.'),
        num_layers=count_indices(shapes, r'stage1\.layers\.(\d+)\.'),
        num_classifiers=1 + ('stage1.conv_out_2.weight' in shapes),
        num_heads=max(1, count_indices(shapes, r'ad_net_cls\.(\d+)\.')),
        num_bases=max(1, count_indices(shapes, r'ad_net_base\.(\d+)\.')),
        centroids=count_indices(shapes, r'centroids\.(\d+)\.') > 0)
    return _guess_video(shapes, layout)


def check_official(shapes: Shapes, layout: SegmentationLayout) -> None:
    """Compare the shapes of a file with those of a model.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape, from the file.
        layout (SegmentationLayout): The model that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    check_shapes(shapes, official_shapes(layout), f'an EgoExoLearn segmentation model with {layout}')
