"""Which tensors a SlowFast checkpoint of PySlowFast has, from its options, and the options read back from the tensors.

Slow pathway with channels C, fast pathway with channels F; the fusion convolution after each stage but the last hands
2 F times the width of that stage to the slow pathway.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from egoexo.checkpoints.official_state import Shapes, check_shapes, count_indices
from egoexo.errors import CheckpointError, explain, printable

__all__ = ['OLD_MAP_HEAD', 'LemmaLayout', 'SlowFastLayout', 'backbone_shapes', 'check_official', 'current_name',
           'guess_layout', 'head_shapes', 'list_shapes', 'official_shapes']

#: Blocks of each stage, by depth.
_BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_EXPANSION, _FUSION_RATIO = 4, 2
_STATISTICS = ('weight', 'bias', 'running_mean', 'running_var')
_MAP_HEAD = 'handobjhead.'
#: What the interaction-map head was called at first.
OLD_MAP_HEAD = 'headobjhead.'
_ADVICE = 'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'


@dataclass(frozen=True)
class SlowFastLayout:
    """Sizes and options that decide which tensors an official checkpoint has.

    Args:
        depth (int): 50, 101 or 152.
        channels (int): C, of the first layer of the slow pathway.
        fast_channels (int): F, the same of the fast pathway; 0 for a slow pathway alone.
        fusion_kernel (int): Temporal size of the fusion convolutions: 7 in R50 files, 5 in R101 files.
        num_classes (tuple[int, ...]): Of each classifier.
        head (str): Official name of the classifiers, one of ``heads``.
        map_channels (int): Between the convolutions of the interaction-map head; 0 without that head.
    """

    #: Official name of the classifiers -> our names of their tasks.
    heads: ClassVar[Mapping[str, tuple[str, ...]]] = {
        'headepic100.projections': ('verb', 'noun'), 'headepic.projections': ('verb', 'noun'),
        'head.projections': ('action', 'ego', 'object'), 'head.projection': ('action',)}

    depth: int = 101
    channels: int = 64
    fast_channels: int = 8
    fusion_kernel: int = 5
    num_classes: tuple[int, ...] = (97, 300)
    head: str = 'headepic100.projections'
    map_channels: int = 0

    def model_config(self) -> dict:
        """The parts of a ``ClipRecognizer`` for such a checkpoint.

        Returns:
            dict: ``backbone``, ``cls_head`` and, if there is one, ``auxiliary_head``.
        """
        widths = tuple(8 * _EXPANSION * width for width in (self.channels, self.fast_channels) if width)
        parts = dict(
            backbone=dict(type='SlowFast', depth=self.depth, base_channels=self.channels,
                          beta_inv=self.channels // max(self.fast_channels, 1), fusion_kernel=self.fusion_kernel),
            cls_head=dict(type='MultiTaskHead', in_channels=widths, pool='window', window=7,
                          num_classes=dict(zip(self.heads[self.head], self.num_classes, strict=True))))
        if self.map_channels:
            parts['auxiliary_head'] = dict(type='InteractionMapHead', in_channels=widths[0],
                                           channels=self.map_channels)
        return parts


@dataclass(frozen=True)
class LemmaLayout(SlowFastLayout):
    """The same for the third-person teacher of SUM-L, whose classifiers have a name of their own."""

    heads: ClassVar[Mapping[str, tuple[str, ...]]] = {'readout.projections': ('verb', 'noun')}

    num_classes: tuple[int, ...] = (25, 64)
    head: str = 'readout.projections'


def _norm(name: str, channels: int) -> Shapes:
    """Tensors of a batch normalisation."""
    return {f'{name}.{part}': (channels,) for part in _STATISTICS} | {f'{name}.num_batches_tracked': ()}


def _stage(stage: int, pathway: int, num_blocks: int, channels: int, before: int) -> Shapes:
    """Residual blocks of one stage and pathway; ``channels`` are those of the first layer, ``before`` of the input."""
    width = channels * 2**(stage - 2)
    out, kernel = _EXPANSION * width, 3 if pathway or stage > 3 else 1
    shapes: Shapes = {}
    for block in range(num_blocks):
        name = f's{stage}.pathway{pathway}_res{block}'
        convs = {'branch2.a': (width, before, kernel, 1, 1), 'branch2.b': (width, width, 1, 3, 3),
                 'branch2.c': (out, width, 1, 1, 1)}
        if block == 0:
            convs = {'branch1': (out, before, 1, 1, 1), **convs}
        for conv, shape in convs.items():
            shapes[f'{name}.{conv}.weight'] = shape
            shapes |= _norm(f'{name}.{conv}_bn', shape[0])
        before = out
    return shapes


def backbone_shapes(layout: SlowFastLayout) -> dict[str, Shapes]:
    """Tensors of the backbone, part by part.

    Args:
        layout (SlowFastLayout): Sizes and options.

    Returns:
        dict[str, dict[str, tuple[int, ...]]]: ``s1``, ``s1_fuse``, ..., ``s5`` to official keys and shapes, in the
        official order; no fusion in a slow pathway alone.
    """
    pathways = [layout.channels, *([layout.fast_channels] if layout.fast_channels else [])]
    parts: dict[str, Shapes] = {'s1': {}}
    for pathway, width in enumerate(pathways):
        name = f's1.pathway{pathway}_stem'
        parts['s1'] |= {f'{name}.conv.weight': (width, 3, 5 if pathway else 1, 7, 7), **_norm(f'{name}.bn', width)}
    before = list(pathways)
    for stage, num_blocks in enumerate(_BLOCKS.get(layout.depth, _BLOCKS[50]), start=2):
        if layout.fast_channels:
            handed = _FUSION_RATIO * before[1]
            name = f's{stage - 1}_fuse'
            parts[name] = {f'{name}.conv_f2s.weight': (handed, before[1], layout.fusion_kernel, 1, 1),
                           **_norm(f'{name}.bn', handed)}
            before[0] += handed
        parts[f's{stage}'] = {}
        for pathway, width in enumerate(pathways):
            parts[f's{stage}'] |= _stage(stage, pathway, num_blocks, width, before[pathway])
            before[pathway] = _EXPANSION * width * 2**(stage - 2)
    return parts


def head_shapes(name: str, num_classes: Iterable[int], width: int) -> Shapes:
    """Tensors of classifiers.

    Args:
        name (str): Official name; one that ends in ``projections`` is followed by the number of the classifier.
        num_classes (Iterable[int]): Of each.
        width (int): Of the pooled features.

    Returns:
        dict[str, tuple[int, ...]]: Official key to shape.
    """
    shapes: Shapes = {}
    for number, count in enumerate(num_classes):
        place = f'{name}.{number}' if name.endswith('s') else name
        shapes |= {f'{place}.weight': (count, width), f'{place}.bias': (count,)}
    return shapes


def official_shapes(layout: SlowFastLayout) -> Shapes:
    """Every tensor of an official checkpoint, in the order of its state dict.

    Args:
        layout (SlowFastLayout): Sizes and options.

    Returns:
        dict[str, tuple[int, ...]]: Official key to shape.
    """
    shapes = {key: shape for part in backbone_shapes(layout).values() for key, shape in part.items()}
    slow, fast = (8 * _EXPANSION * width for width in (layout.channels, layout.fast_channels))
    shapes |= head_shapes(layout.head, layout.num_classes, slow + fast)
    if layout.map_channels:
        mid = layout.map_channels
        for conv, shape in (('pathway0_conv_fcn0', (mid, slow, 1, 3, 3)), ('score_projection', (2, mid, 1, 1, 1))):
            shapes |= {f'{_MAP_HEAD}{conv}.weight': shape, f'{_MAP_HEAD}{conv}.bias': shape[:1]}
    return shapes


def current_name(key: str) -> str:
    """Name of today for a tensor of an early file.

    Args:
        key (str): Official key.

    Returns:
        str: The same for all keys but those of ``headobjhead``.
    """
    return _MAP_HEAD + key.removeprefix(OLD_MAP_HEAD) if key.startswith(OLD_MAP_HEAD) else key


def list_shapes(shapes: Shapes, count: int = 5) -> str:
    """The first keys with their shapes, for a message.

    Args:
        shapes (dict[str, tuple[int, ...]]): Key to shape.
        count (int): How many to show.

    Returns:
        str: Safe to print.
    """
    shown = ', '.join(f'{printable(key, 80)} {shape}' for key, shape in list(shapes.items())[:count])
    return shown or 'no tensors'


def _refuse_foreign(shapes: Shapes) -> None:
    """Say what the file is, if it is of a kind that people have."""
    if any(re.match(r's[1-5](_fuse)?_t\.', key) for key in shapes):
        raise CheckpointError(explain(
            'state dict', 'one SlowFast', 'two, the second with names such as s1_t.*: a training model of SUM-L',
            'Convert it with the family suml.'))
    paths = [key for key in shapes if re.match(r'(backbone\.)?(slow|fast)_path\.', key)]
    if paths and not any('_lateral.bn.' in key for key in paths):
        raise CheckpointError(explain(
            'state dict', 'a SlowFast of PySlowFast, which normalises what the fast pathway hands to the slow one',
            f'{list_shapes(shapes, 2)}, a SlowFast of mmaction2 with lateral_norm=False, which does not. It is another '
            'network, takes other frames in its slow pathway, and its classifier has the fast channels first',
            'Set lateral_norm=False and frame_selection=\'interval\' in SlowFast and give it the backbone; the first '
            '256 columns of its classifier belong at the end of ours.'))
    if paths:
        raise CheckpointError(explain(
            'state dict', 'names of PySlowFast', f'{list_shapes(shapes, 2)}, which are those of this toolbox',
            'Use it as it is, or pass --reverse to get the official form.'))


def guess_layout(shapes: Shapes, kind: type[SlowFastLayout] = SlowFastLayout) -> SlowFastLayout:
    """Read sizes and options off the shapes of an official checkpoint.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape.
        kind (type): Which layout, and so which names of classifiers.

    Returns:
        SlowFastLayout: The best guess, of type ``kind``; :func:`check_official` tells whether everything fits it.

    Raises:
        CheckpointError: If the first layer of the slow pathway is not there; tells what the file is when it is a
            training model of SUM-L or a network of mmaction2.
    """
    _refuse_foreign(shapes)
    shapes = {current_name(key): shape for key, shape in shapes.items()}
    slow, fast = (shapes.get(f's1.pathway{pathway}_stem.conv.weight', ()) for pathway in (0, 1))
    if len(slow) != 5:
        raise CheckpointError(explain(
            'not a SlowFast of PySlowFast', 'a 5-D tensor s1.pathway0_stem.conv.weight',
            f'{len(shapes)} tensors like {list_shapes(shapes)}', _ADVICE))
    fusion = shapes.get('s1_fuse.conv_f2s.weight', ())
    num_blocks = count_indices(shapes, r's4\.pathway0_res(\d{1,3})\.')
    head = next((name for name in kind.heads if any(key.startswith(f'{name}.') for key in shapes)), kind.head)
    places = [f'{head}.{number}' for number in range(len(kind.heads[head]))] if head.endswith('s') else [head]
    rows = [shapes.get(f'{place}.weight', ()) for place in places]
    num_classes = tuple(shape[0] for shape in rows if len(shape) == 2)
    middle = shapes.get(f'{_MAP_HEAD}pathway0_conv_fcn0.weight', ())
    return kind(
        depth=next((depth for depth, blocks in _BLOCKS.items() if blocks[2] == num_blocks), 50), channels=slow[0],
        fast_channels=fast[0] if len(fast) == 5 else 0, fusion_kernel=fusion[2] if len(fusion) == 5 else 5,
        num_classes=num_classes or kind.num_classes, head=head, map_channels=middle[0] if middle else 0)


def check_official(shapes: Shapes, layout: SlowFastLayout) -> None:
    """Compare the shapes of a file with those of a checkpoint of PySlowFast.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape, from the file.
        layout (SlowFastLayout): The model that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    if 's1_fuse.conv_f2s.weight' in shapes and 's1_fuse.bn.weight' not in shapes:
        raise CheckpointError(explain(
            'state dict', 'normalised fusion convolutions, s1_fuse.bn.* (slow_path.conv1_lateral.bn.*)',
            # Behind a line break, so that the passport of a file shows it.
            'none:\n  a network with lateral_norm=False, as those of mmaction2 for Kinetics, is another one, and its '
            'classifier has the fast channels first', _ADVICE))
    named = {current_name(key): shape for key, shape in shapes.items()}
    check_shapes(named, official_shapes(layout), f'a SlowFast of PySlowFast with {printable(layout, 300)}')
