"""Which tensors a ResNet-50 up to its third stage has, and the one option read off the files."""

from dataclasses import dataclass

from egoexo.checkpoints.official_state import Shapes, check_shapes
from egoexo.errors import CheckpointError, explain, printable

__all__ = ['ResNetLayout', 'check_official', 'guess_layout', 'official_shapes']

_STAGES = ((3, 64), (4, 128), (6, 256))  # blocks and their inner width
_EXPANSION = 4
_STATISTICS = ('weight', 'bias', 'running_mean', 'running_var')


@dataclass(frozen=True)
class ResNetLayout:
    """The option that decides which tensors the network has.

    Args:
        counters (bool): Whether batch normalisation counts its batches; files of before 2018 do not.
    """

    counters: bool = True


def official_shapes(layout: ResNetLayout) -> Shapes:
    """Every tensor of the network, named as by torchvision, in the order of its state dict.

    Args:
        layout (ResNetLayout): Option.

    Returns:
        dict[str, tuple[int, ...]]: Key to shape.
    """
    shapes: Shapes = {'conv1.weight': (64, 3, 7, 7), **_norm('bn1', 64, layout)}
    channels = 64
    for number, (num_blocks, width) in enumerate(_STAGES, start=1):
        for block in range(num_blocks):
            name = f'layer{number}.{block}'
            sizes = ((width, channels, 1, 1), (width, width, 3, 3), (_EXPANSION * width, width, 1, 1))
            for conv, size in enumerate(sizes, start=1):
                shapes[f'{name}.conv{conv}.weight'] = size
                shapes.update(_norm(f'{name}.bn{conv}', size[0], layout))
            if block == 0:
                shapes[f'{name}.downsample.0.weight'] = (_EXPANSION * width, channels, 1, 1)
                shapes.update(_norm(f'{name}.downsample.1', _EXPANSION * width, layout))
            channels = _EXPANSION * width
    return shapes


def _norm(name: str, channels: int, layout: ResNetLayout) -> Shapes:
    """Tensors of a batch normalisation."""
    shapes: Shapes = {f'{name}.{part}': (channels,) for part in _STATISTICS}
    return shapes | ({f'{name}.num_batches_tracked': ()} if layout.counters else {})


def guess_layout(shapes: Shapes) -> ResNetLayout:
    """Read the option off the keys.

    Args:
        shapes (dict[str, tuple[int, ...]]): Key, named as by torchvision, to shape.

    Returns:
        ResNetLayout: The best guess; :func:`check_official` tells whether everything fits it.

    Raises:
        CheckpointError: If the first layer is not there.
    """
    if len(shapes.get('conv1.weight', ())) != 4:
        keys = ', '.join(printable(key, 80) for key in list(shapes)[:5]) or 'none'
        raise CheckpointError(explain(
            'not a ResNet', 'a 4-D tensor conv1.weight', f'keys like {keys}',
            'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'))
    return ResNetLayout(counters=any(key.endswith('.num_batches_tracked') for key in shapes))


def check_official(shapes: Shapes, layout: ResNetLayout) -> None:
    """Compare the shapes of a file with those of the network.

    Args:
        shapes (dict[str, tuple[int, ...]]): Key, named as by torchvision, to shape; nothing behind the third stage.
        layout (ResNetLayout): The network that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    check_shapes(shapes, official_shapes(layout), f'a ResNet-50 up to layer3 with {layout}')
