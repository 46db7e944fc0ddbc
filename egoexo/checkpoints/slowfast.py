"""Official checkpoints of SlowFast on EPIC-KITCHENS and of its pre-training (PySlowFast, Ego-Exo), both ways.

The official file (``checkpoint_epoch_<epoch>.pyth``) is a dict of four: ``epoch``, counted from 0, ``model_state``,
``optimizer_state`` and ``cfg``, a text. Only the weights are converted. Ours have mmaction2's names for the backbone,
whose slow channels come first in the classifiers of both; nothing is permuted.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch

from egoexo.checkpoints.official_state import LayoutRules, bare_state, name_officially, order_officially, shapes_of
from egoexo.checkpoints.slowfast_layout import (
    SlowFastLayout,
    check_official,
    current_name,
    guess_layout,
    official_shapes,
)
from egoexo.errors import CheckpointError, explain

__all__ = ['backbone_key', 'from_official', 'head_keys', 'name_backbone', 'official_container', 'official_key',
           'our_key', 'settle_heads', 'to_official', 'with_current_names']

_LAYOUT = LayoutRules(guess_layout, check_official, official_shapes)
_PATHS = ('slow_path', 'fast_path')
#: Convolution of a residual block, official and ours.
_CONVS = {'branch1': 'downsample', 'branch2.a': 'conv1', 'branch2.b': 'conv2', 'branch2.c': 'conv3'}
_CONVS_BACK = {ours: official for official, ours in _CONVS.items()}
_NORM = r'(weight|bias|running_mean|running_var|num_batches_tracked)'
_BLOCK = re.compile(rf's([2-5])\.pathway([01])_res(\d{{1,3}})\.({"|".join(map(re.escape, _CONVS))})'
                    rf'(?:\.(weight)|_bn\.{_NORM})', re.ASCII)
_STEM = re.compile(rf's1\.pathway([01])_stem\.(conv\.weight|bn\.{_NORM})', re.ASCII)
_FUSION = re.compile(rf's([1-4])_fuse\.(?:conv_f2s\.(weight)|bn\.{_NORM})', re.ASCII)
_OUR_BLOCK = re.compile(rf'(slow|fast)_path\.layer([1-4])\.(\d{{1,3}})\.({"|".join(_CONVS_BACK)})'
                        rf'\.(?:conv\.(weight)|bn\.{_NORM})', re.ASCII)
_OUR_STEM = re.compile(rf'(slow|fast)_path\.conv1\.(conv\.weight|bn\.{_NORM})', re.ASCII)
_OUR_FUSION = re.compile(rf'slow_path\.(conv1|layer[1-3])_lateral\.(?:conv\.(weight)|bn\.{_NORM})', re.ASCII)
_MAPS = {f'handobjhead.{official}.{part}': f'auxiliary_head.{ours}.{part}' for official, ours in (
    ('pathway0_conv_fcn0', 'conv'), ('score_projection', 'score')) for part in ('weight', 'bias')}
_MAPS_BACK = {ours: official for official, ours in _MAPS.items()}
#: Classes of EPIC-KITCHENS-55, by which its classifiers are told from those of EPIC-KITCHENS-100.
_EPIC55 = (125, 352)


def backbone_key(key: str) -> str | None:
    """Name in a ``SlowFast`` of an official tensor.

    Args:
        key (str): Official key.

    Returns:
        str | None: Key inside our backbone, without ``backbone.``; None when the official one has no such tensor.

    Examples:
        >>> backbone_key('s3_fuse.conv_f2s.weight'), backbone_key('s2.pathway1_res0.branch2.a_bn.bias')
        ('slow_path.layer2_lateral.conv.weight', 'fast_path.layer1.0.conv1.bn.bias')
    """
    if match := _BLOCK.fullmatch(key):
        stage, pathway, block, conv, weight, norm = match.groups()
        part = f'conv.{weight}' if weight else f'bn.{norm}'
        return f'{_PATHS[int(pathway)]}.layer{int(stage) - 1}.{block}.{_CONVS[conv]}.{part}'
    if match := _STEM.fullmatch(key):
        return f'{_PATHS[int(match[1])]}.conv1.{match[2]}'
    if match := _FUSION.fullmatch(key):
        place = 'conv1' if match[1] == '1' else f'layer{int(match[1]) - 1}'
        return f'slow_path.{place}_lateral.' + (f'conv.{match[2]}' if match[2] else f'bn.{match[3]}')
    return None


def name_backbone(key: str) -> str | None:
    """Official name of a tensor of our ``SlowFast``.

    Args:
        key (str): Key inside our backbone.

    Returns:
        str | None: Official key; None when the official backbone has no such tensor.
    """
    if match := _OUR_BLOCK.fullmatch(key):
        path, stage, block, conv, weight, norm = match.groups()
        part = f'.{weight}' if weight else f'_bn.{norm}'
        return f's{int(stage) + 1}.pathway{_PATHS.index(f"{path}_path")}_res{block}.{_CONVS_BACK[conv]}{part}'
    if match := _OUR_STEM.fullmatch(key):
        return f's1.pathway{_PATHS.index(f"{match[1]}_path")}_stem.{match[2]}'
    if match := _OUR_FUSION.fullmatch(key):
        stage = 1 if match[1] == 'conv1' else int(match[1][-1]) + 1
        return f's{stage}_fuse.' + (f'conv_f2s.{match[2]}' if match[2] else f'bn.{match[3]}')
    return None


def head_keys(heads: Mapping[str, tuple[str, ...]], ours: str = 'cls_head') -> dict[str, str]:
    """Names of the tensors of classifiers.

    Args:
        heads (Mapping[str, tuple[str, ...]]): Official name -> our tasks, see ``SlowFastLayout.heads``.
        ours (str): Our name of the head.

    Returns:
        dict[str, str]: Official key to ours.
    """
    return {f'{head}.{number}.{part}' if head.endswith('s') else f'{head}.{part}': f'{ours}.fc_{task}.{part}'
            for head, tasks in heads.items() for number, task in enumerate(tasks) for part in ('weight', 'bias')}


_HEADS = head_keys(SlowFastLayout.heads)
#: Of two official names the first: a single classifier, and those of EPIC-KITCHENS-55, are settled by the shapes.
_HEADS_BACK = {ours: official for official, ours in reversed(_HEADS.items())}


def our_key(key: str) -> str | None:
    """Name in ``ClipRecognizer`` of an official tensor.

    Args:
        key (str): Official key without ``module.``.

    Returns:
        str | None: Our key; None when the official model has no such tensor.

    Examples:
        >>> our_key('headepic100.projections.1.bias'), our_key('s1.pathway0_stem.conv.weight')
        ('cls_head.fc_noun.bias', 'backbone.slow_path.conv1.conv.weight')
    """
    key = current_name(key)
    inside = backbone_key(key)
    return f'backbone.{inside}' if inside else _HEADS.get(key) or _MAPS.get(key)


def official_key(key: str) -> str | None:
    """Official name of a tensor of ``ClipRecognizer``.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: Official key, for verb and noun that of EPIC-KITCHENS-100; None when the official model has no such
        tensor.
    """
    if key.startswith('backbone.'):
        return name_backbone(key.removeprefix('backbone.'))
    return _HEADS_BACK.get(key) or _MAPS_BACK.get(key)


def with_current_names(container: Mapping[str, object]) -> dict[str, object]:
    """Official state dict without ``module.`` and with the names of today.

    Args:
        container (Mapping): ``model_state`` of an official file.

    Returns:
        dict[str, object]: The same values.

    Raises:
        CheckpointError: If a tensor is there under two names.
    """
    state = bare_state(container)
    named = {current_name(key): value for key, value in state.items()}
    if len(named) != len(state):
        raise CheckpointError(explain('state dict', 'one interaction-map head', 'both handobjhead and headobjhead',
                                      'Remove one of the two.'))
    return named


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename an official state dict to ours.

    Args:
        container (Mapping): ``model_state`` of an official file.
        sizes (Mapping[str, int], optional): Fields of ``SlowFastLayout`` that it must have, e.g. ``{'depth': 50}``; the
            others are read off the shapes.

    Returns:
        OrderedDict[str, torch.Tensor]: State dict of ``ClipRecognizer``; the tensors are shared, not copied. A slow
        pathway alone (Ego-Exo's SLOW_8x8) comes as ``backbone.slow_path``.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    ordered = order_officially(with_current_names(container), _LAYOUT, sizes)
    return OrderedDict((our_key(key), value) for key, value in ordered.items())


def settle_heads(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Official names of the classifiers where they depend on more than our name.

    Args:
        state (dict[str, torch.Tensor]): With the names of :func:`official_key`.

    Returns:
        dict[str, torch.Tensor]: ``headepic`` for the class counts of EPIC-KITCHENS-55; ``head.projection`` without a
        number where there is no second classifier of the pre-training.
    """
    rows = [len(state[key]) for key in (f'headepic100.projections.{number}.weight' for number in (0, 1))
            if key in state and state[key].ndim]
    if tuple(rows) == _EPIC55:
        return {re.sub('^headepic100', 'headepic', key): value for key, value in state.items()}
    if 'head.projections.1.weight' not in state:
        return {re.sub(r'^head\.projections\.0', 'head.projection', key): value for key, value in state.items()}
    return state


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of ``ClipRecognizer`` to the official names, in the official order.

    Args:
        state_dict (Mapping[str, torch.Tensor]): With or without ``module.``.
        sizes (Mapping[str, int], optional): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: Official keys; the classifiers of verb and noun are called ``headepic`` when
        they have the 125 and 352 classes of EPIC-KITCHENS-55, else ``headepic100``. The tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    return order_officially(settle_heads(name_officially(state_dict, official_key)), _LAYOUT, sizes)


def official_container(state: Mapping[str, torch.Tensor]) -> dict[str, object]:
    """Content of an official file.

    Args:
        state (Mapping[str, torch.Tensor]): Official keys.

    Returns:
        dict[str, object]: ``epoch`` 0, ``model_state``, an ``optimizer_state`` without content, and in ``cfg`` the
        options that the shapes tell.
    """
    layout = guess_layout({key: shape for key, shape in shapes_of(state).items() if backbone_key(key)})
    lines = [f'RESNET: {{DEPTH: {layout.depth}, WIDTH_PER_GROUP: {layout.channels}}}']
    if layout.fast_channels:
        lines.append(f'SLOWFAST: {{FUSION_KERNEL_SZ: {layout.fusion_kernel}}}')
    return dict(epoch=0, model_state=OrderedDict(state), optimizer_state=dict(state={}, param_groups=[]),
                cfg='\n'.join([*lines, '']))
