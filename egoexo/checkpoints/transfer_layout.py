"""Which tensors a classifier of LaGTran has, from its options, and the options read back from the tensors."""

import re
from dataclasses import dataclass

from egoexo.checkpoints.official_state import Shapes, check_shapes
from egoexo.errors import CheckpointError, explain, printable

__all__ = ['TransferLayout', 'check_official', 'guess_layout', 'official_shapes']


@dataclass(frozen=True)
class TransferLayout:
    """Sizes and options that decide which tensors an official classifier has.

    The length of normalised weights (``norm``) and the rate of dropout do not show in the tensors.

    Args:
        in_channels (int): D, width of the input.
        hidden (tuple[int, ...]): Width of each hidden layer; none for ``linearcls``.
        num_classes (int): C.
        spacing (int): Modules per hidden layer, e.g. 3 for Linear, BatchNorm and ReLU; read off two or more layers.
        batch_norm (bool): Whether hidden layers are normalised.
        normalised (bool): Whether the last layer works on normalised weights and so has no bias.
    """

    in_channels: int = 1536
    hidden: tuple[int, ...] = (256,)
    num_classes: int = 24
    spacing: int = 3
    batch_norm: bool = True
    normalised: bool = False

    def model_config(self, norm: float = 16.0, dropout: float = 0.5) -> dict:
        """The head of a ``SegmentClassifier`` for such a checkpoint.

        Args:
            norm (float): Length of normalised weights, used where the last layer has no bias.
            dropout (float): Rate, used where the number of modules tells that there is dropout.

        Returns:
            dict: Arguments of ``MLPHead`` or ``LinearHead``.
        """
        shared = dict(num_classes=self.num_classes, norm=norm if self.normalised else 0)
        if not self.hidden:
            return dict(type='LinearHead', feat_size=self.in_channels, **shared)
        activations = self.spacing - 1 - self.batch_norm
        return dict(type='MLPHead', feat_size=[self.in_channels, *self.hidden], bn=self.batch_norm,
                    nonlinear='relu' if activations else 'none', dropout=dropout if activations > 1 else None, **shared)


def official_shapes(layout: TransferLayout) -> Shapes:
    """Every tensor of an official classifier, in the order of its state dict.

    Args:
        layout (TransferLayout): Sizes and options.

    Returns:
        dict[str, tuple[int, ...]]: Official key to shape.
    """
    shapes: Shapes = {}
    widths = (layout.in_channels, *layout.hidden)
    for number, width in enumerate(layout.hidden):
        index = number * layout.spacing
        shapes[f'mlp.{index}.weight'] = (width, widths[number])
        shapes[f'mlp.{index}.bias'] = (width,)
        if layout.batch_norm:
            for part in ('weight', 'bias', 'running_mean', 'running_var'):
                shapes[f'mlp.{index + 1}.{part}'] = (width,)
            shapes[f'mlp.{index + 1}.num_batches_tracked'] = ()
    last = 'out' if layout.hidden else 'linear'
    shapes[f'{last}.weight'] = (layout.num_classes, widths[-1])
    if not layout.normalised:
        shapes[f'{last}.bias'] = (layout.num_classes,)
    return shapes


def guess_layout(shapes: Shapes) -> TransferLayout:
    """Read sizes and options off the shapes of an official state dict.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key (without ``module.``) to shape.

    Returns:
        TransferLayout: The best guess; :func:`check_official` tells whether everything fits it.

    Raises:
        CheckpointError: If the tensors that every such classifier has are not there.
    """
    linear, out = (shapes.get(f'{name}.weight', ()) for name in ('linear', 'out'))
    if len(linear) == 2:
        return TransferLayout(linear[1], (), linear[0], normalised='linear.bias' not in shapes)
    layers = sorted((int(match[1]), shape) for match, shape in
                    ((re.fullmatch(r'mlp\.(\d{1,4})\.weight', key), shape) for key, shape in shapes.items())
                    if match and len(shape) == 2)
    if len(out) != 2 or not layers or layers[0][0] != 0:
        keys = ', '.join(printable(key, 80) for key in list(shapes)[:5]) or 'none'
        raise CheckpointError(explain(
            'not a classifier of LaGTran', '2-D tensors mlp.0.weight and out.weight, or linear.weight',
            f'keys like {keys}', 'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'))
    return TransferLayout(
        in_channels=layers[0][1][1], hidden=tuple(shape[0] for _, shape in layers), num_classes=out[0],
        spacing=layers[1][0] if len(layers) > 1 else 3, batch_norm='mlp.1.running_mean' in shapes,
        normalised='out.bias' not in shapes)


def check_official(shapes: Shapes, layout: TransferLayout) -> None:
    """Compare the shapes of a file with those of a classifier.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape, from the file.
        layout (TransferLayout): The classifier that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    check_shapes(shapes, official_shapes(layout), f'a classifier of LaGTran with {layout}')
