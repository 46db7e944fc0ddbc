"""Official checkpoints of XSegTx (Ego-Exo4D relations), both ways.

The official file (``net_warmup.pth``, ``netLast.pth``, ``net_ep<n>.pth``) is a dict of three: ``backbone``, a ResNet-50
as a plain sequence of layers, ``encoder``, everything that is trained, and ``optimiser``. Its keys are written here
behind the name of their entry: ``backbone.0.weight``, ``encoder.net.feat_proj.weight``. The optimiser is not converted.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch

from egoexo.checkpoints.correspondence_layout import (
    SEQUENCE,
    check_official,
    guess_layout,
    official_shapes,
    sequential_name,
)
from egoexo.checkpoints.official_state import LayoutRules, bare_state, name_officially, order_officially
from egoexo.checkpoints.resnet import official_key as torchvision_key
from egoexo.checkpoints.resnet import our_key as backbone_key

__all__ = ['LEFT_OUT', 'from_official', 'official_container', 'official_key', 'our_key', 'to_official']

#: Entries of the official file that are not converted, and what each is.
LEFT_OUT = {'optimiser': 'the state of Adam'}

_LAYOUT = LayoutRules(guess_layout, check_official, official_shapes)
_FIRST = {index: name for name, index in SEQUENCE.items()}
_HEADS = {f'encoder.net.{official}.{part}': f'{ours}.{part}' for official, ours in (
    ('feat_proj', 'encoder.feat_proj'), ('decoder.deconv1', 'decoder.deconv1'), ('decoder.deconv2', 'decoder.deconv2'),
    ('cls_branch.conv', 'visibility_head.conv'), ('cls_branch.mlp.0', 'visibility_head.mlp.0'),
    ('cls_branch.mlp.2', 'visibility_head.mlp.2')) for part in ('weight', 'bias')}
_HEADS_BACK = {ours: official for official, ours in _HEADS.items()}
#: Attention layers inside a layer of the encoder, official and ours.
_PARTS = {'inner_encoder_layer': 'self_attention', 'cross_encoder_layer.cross_encoder_layer': 'mask_attention',
          'cross_encoder_layer': 'cross_attention'}
_PARTS_BACK = {ours: official for official, ours in _PARTS.items()}
_INSIDE = r'(self_attn\.in_proj_weight|self_attn\.in_proj_bias|(?:self_attn\.out_proj|linear1|linear2|norm1|norm2)' \
          r'\.(?:weight|bias))'
_OFFICIAL_LAYER = re.compile(rf'encoder\.net\.encoder_blocks\.(\d{{1,4}})\.layer([12])\.'
                             rf'({"|".join(map(re.escape, _PARTS))})\.{_INSIDE}', re.ASCII)
_OUR_LAYER = re.compile(rf'encoder\.layers\.(\d{{1,4}})\.({"|".join(_PARTS_BACK)})\.{_INSIDE}', re.ASCII)


def our_key(key: str) -> str | None:
    """Name in ``XSegTx`` of an official tensor.

    Args:
        key (str): Official key behind the name of its entry.

    Returns:
        str | None: Our key; None when the official model has no such tensor.

    Examples:
        >>> our_key('backbone.4.0.downsample.0.weight'), our_key('encoder.net.cls_branch.conv.bias')
        ('backbone.layer1.0.downsample.conv.weight', 'visibility_head.conv.bias')
    """
    if key.startswith('backbone.'):
        first, _, rest = key.removeprefix('backbone.').partition('.')
        return backbone_key(f'{_FIRST[first]}.{rest}') if first in _FIRST else None
    match = _OFFICIAL_LAYER.fullmatch(key)
    if match:
        block, layer, part, inside = match.groups()
        return f'encoder.layers.{2 * int(block) + int(layer) - 1}.{_PARTS[part]}.{inside}'
    return _HEADS.get(key)


def official_key(key: str) -> str | None:
    """Official name of a tensor of ``XSegTx``.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: Official key behind the name of its entry; None when the official model has no such tensor.
    """
    if key.startswith('backbone.'):
        name = torchvision_key(key)
        return name and f'backbone.{sequential_name(name)}'
    match = _OUR_LAYER.fullmatch(key)
    if match:
        block, layer = divmod(int(match[1]), 2)
        return f'encoder.net.encoder_blocks.{block}.layer{layer + 1}.{_PARTS_BACK[match[2]]}.{match[3]}'
    return _HEADS_BACK.get(key)


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename an official state dict to ours.

    Args:
        container (Mapping): Entries ``backbone`` and ``encoder`` as one dict, see the head of this file;
            :func:`egoexo.checkpoints.loading.find_state_dict` joins them.
        sizes (Mapping[str, int], optional): Fields of ``CorrespondenceLayout`` that it must have, e.g.
            ``{'embed_dims': 256}``; the others are read off the shapes.

    Returns:
        OrderedDict[str, torch.Tensor]: State dict of ``XSegTx``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    ordered = order_officially(bare_state(container), _LAYOUT, sizes)
    return OrderedDict((our_key(key), value) for key, value in ordered.items())


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of ``XSegTx`` to the official names, in the official order.

    Args:
        state_dict (Mapping[str, torch.Tensor]): With or without ``module.``.
        sizes (Mapping[str, int], optional): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: Official keys behind the names of their entries; the tensors are shared, not
        copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    return order_officially(name_officially(state_dict, official_key), _LAYOUT, sizes)


def official_container(state: Mapping[str, torch.Tensor]) -> dict[str, object]:
    """Content of an official file.

    Args:
        state (Mapping[str, torch.Tensor]): Official keys behind the names of their entries.

    Returns:
        dict[str, object]: ``backbone``, ``encoder``, and an ``optimiser`` without state.
    """
    entries = {name: OrderedDict((key.removeprefix(f'{name}.'), value) for key, value in state.items()
                                 if key.startswith(f'{name}.')) for name in ('backbone', 'encoder')}
    return dict(**entries, optimiser=dict(state={}, param_groups=[]))
