"""Which tensors a checkpoint of XSegTx has, from its options, and the options read back from the tensors."""

from collections.abc import Iterator
from dataclasses import dataclass

from egoexo.checkpoints.official_state import Shapes, check_shapes, count_indices
from egoexo.checkpoints.resnet_layout import ResNetLayout
from egoexo.checkpoints.resnet_layout import official_shapes as resnet_shapes
from egoexo.errors import CheckpointError, explain, printable

__all__ = ['SEQUENCE', 'CorrespondenceLayout', 'check_official', 'guess_layout', 'official_shapes', 'sequential_name']

_NET = 'encoder.net.'
#: First part of torchvision's names and the index in the released backbone, which is a plain sequence.
SEQUENCE = {'conv1': '0', 'bn1': '1', 'layer1': '4', 'layer2': '5', 'layer3': '6'}
# Attention layers inside a released layer, by the letter of its kind.
_KINDS = {'I': ('inner_encoder_layer', 'cross_encoder_layer.cross_encoder_layer'), 'C': ('cross_encoder_layer',),
          'N': ()}


@dataclass(frozen=True)
class CorrespondenceLayout:
    """Sizes and options that decide which tensors an official checkpoint has; the number of heads does not show.

    The backbone is always the ResNet-50 up to ``layer3``.

    Args:
        embed_dims (int): C, channels of the tokens.
        feedforward_channels (int): Between the linear layers.
        mid_channels (int): Between the transposed convolutions of the decoder.
        hidden_channels (int): Between the linear layers of the visibility branch.
        feat_size (int): Side of the map in tokens.
        layers (str): One letter per layer, two per released block; see ``CrossViewEncoder``.
    """

    embed_dims: int = 256
    feedforward_channels: int = 256
    mid_channels: int = 128
    hidden_channels: int = 32
    feat_size: int = 30
    layers: str = 'ICICIN'

    def model_config(self) -> dict:
        """The parts of an ``XSegTx`` for such a checkpoint.

        Returns:
            dict: ``backbone``, ``encoder``, ``decoder`` and ``visibility_head``.
        """
        return dict(
            backbone=dict(type='mmaction.ResNet', depth=50, num_stages=3, strides=(1, 2, 2), dilations=(1, 1, 1),
                          out_indices=(2,), norm_eval=True),
            encoder=dict(type='CrossViewEncoder', embed_dims=self.embed_dims,
                         feedforward_channels=self.feedforward_channels, layers=self.layers),
            decoder=dict(type='MaskDecoder', in_channels=self.embed_dims, mid_channels=self.mid_channels),
            visibility_head=dict(type='VisibilityHead', in_channels=self.embed_dims, feat_size=self.feat_size,
                                 hidden_channels=self.hidden_channels))


def sequential_name(key: str) -> str:
    """Name in the released backbone of a tensor named as by torchvision.

    Args:
        key (str): torchvision's key, up to ``layer3``.

    Returns:
        str: The same with an index in front.

    Examples:
        >>> sequential_name('layer1.0.bn1.bias')
        '4.0.bn1.bias'
    """
    first, _, rest = key.partition('.')
    return f'{SEQUENCE[first]}.{rest}'


def _attention_shapes(name: str, layout: CorrespondenceLayout) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Tensors of one attention layer."""
    channels, hidden = layout.embed_dims, layout.feedforward_channels
    yield f'{name}.self_attn.in_proj_weight', (3 * channels, channels)
    yield f'{name}.self_attn.in_proj_bias', (3 * channels,)
    yield f'{name}.self_attn.out_proj.weight', (channels, channels)
    yield f'{name}.self_attn.out_proj.bias', (channels,)
    for linear, shape in (('linear1', (hidden, channels)), ('linear2', (channels, hidden))):
        yield f'{name}.{linear}.weight', shape
        yield f'{name}.{linear}.bias', shape[:1]
    for norm in ('norm1', 'norm2'):
        yield f'{name}.{norm}.weight', (channels,)
        yield f'{name}.{norm}.bias', (channels,)


def official_shapes(layout: CorrespondenceLayout) -> Shapes:
    """Every tensor of an official checkpoint: ``backbone`` and then ``encoder``, each in the order of its state dict.

    Args:
        layout (CorrespondenceLayout): Sizes and options.

    Returns:
        dict[str, tuple[int, ...]]: Official key behind the name of its entry, such as ``backbone.0.weight``, to shape.
    """
    channels, mid, hidden = layout.embed_dims, layout.mid_channels, layout.hidden_channels
    shapes = {f'backbone.{sequential_name(key)}': shape for key, shape in resnet_shapes(ResNetLayout()).items()}
    shapes[f'{_NET}feat_proj.weight'] = (channels, 1024, 1, 1)
    shapes[f'{_NET}feat_proj.bias'] = (channels,)
    for number, kind in enumerate(layout.layers):
        for part in _KINDS[kind]:
            name = f'{_NET}encoder_blocks.{number // 2}.layer{number % 2 + 1}.{part}'
            shapes.update(_attention_shapes(name, layout))
    for part, shape in (('decoder.deconv1', (channels, mid, 2, 2)), ('decoder.deconv2', (mid, 3, 2, 2)),
                        ('cls_branch.conv', (1, channels, 3, 3)),
                        ('cls_branch.mlp.0', (hidden, (layout.feat_size - 2) ** 2)),
                        ('cls_branch.mlp.2', (1, hidden))):
        shapes[f'{_NET}{part}.weight'] = shape
        shapes[f'{_NET}{part}.bias'] = (shape[1] if 'deconv' in part else shape[0],)
    return shapes


def _letter(shapes: Shapes, name: str) -> str:
    """Kind of a released layer."""
    return next((kind for kind, parts in _KINDS.items() if parts and f'{name}.{parts[0]}.norm1.weight' in shapes), 'N')


def guess_layout(shapes: Shapes) -> CorrespondenceLayout:
    """Read sizes and options off the shapes of an official checkpoint.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key behind the name of its entry to shape.

    Returns:
        CorrespondenceLayout: The best guess; :func:`check_official` tells whether everything fits it.

    Raises:
        CheckpointError: If the tensors that every such checkpoint has are not there.
    """
    names = ('feat_proj', 'encoder_blocks.0.layer1.inner_encoder_layer.linear1', 'decoder.deconv1', 'cls_branch.mlp.0')
    project, linear, deconv, judge = (shapes.get(f'{_NET}{name}.weight', ()) for name in names)
    if (len(project), len(deconv), len(judge)) != (4, 4, 2):
        keys = ', '.join(printable(key, 80) for key in list(shapes)[:5]) or 'none'
        raise CheckpointError(explain(
            'not a checkpoint of XSegTx', 'tensors net.feat_proj.weight, net.decoder.deconv1.weight and '
            'net.cls_branch.mlp.0.weight below encoder', f'keys like {keys}',
            'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'))
    num_blocks = count_indices(shapes, r'encoder\.net\.encoder_blocks\.(\d{1,4})\.')
    return CorrespondenceLayout(
        embed_dims=project[0], feedforward_channels=linear[0] if linear else project[0], mid_channels=deconv[1],
        hidden_channels=judge[0], feat_size=round(judge[1] ** 0.5) + 2,
        layers=''.join(_letter(shapes, f'{_NET}encoder_blocks.{block}.layer{layer}')
                       for block in range(num_blocks) for layer in (1, 2)))


def check_official(shapes: Shapes, layout: CorrespondenceLayout) -> None:
    """Compare the shapes of a file with those of a checkpoint of XSegTx.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key behind the name of its entry to shape.
        layout (CorrespondenceLayout): The model that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    check_shapes(shapes, official_shapes(layout), f'XSegTx with {printable(layout, 300)}')
