"""Official checkpoints of SUM-L, both ways.

The file is that of :mod:`egoexo.checkpoints.slowfast`. Of the 2,556 tensors of the released model 1,276 are the ego
stream, all that a test needs; the others are the third-person stream, its classifiers, and the projections of both
streams to text.
"""

import logging
import re
from collections import OrderedDict
from collections.abc import Mapping

import torch
from mmengine.logging import print_log

from egoexo.checkpoints import slowfast
from egoexo.checkpoints.official_state import LayoutRules, bare_state, name_officially, order_officially
from egoexo.checkpoints.suml_layout import (
    THIRD_PERSON,
    check_official,
    guess_layout,
    is_third_person,
    official_shapes,
)
from egoexo.errors import CheckpointError, explain

__all__ = ['SWITCHES', 'count_third_person', 'from_official', 'official_container', 'official_key', 'our_key',
           'to_official', 'tpv_state']

_LAYOUT = LayoutRules(guess_layout, check_official, official_shapes)
_TPV = re.compile(r'(s[1-5](?:_fuse)?)_t(\..+)', re.ASCII)
_OWN = slowfast.head_keys({'head_lemma.projections': ('verb', 'noun')}, 'tpv_head') | {
    f'global_con_head.{official}.{part}': f'contrast_head.{ours}.{part}' for official, ours in (
        ('fpv_global_proj', 'ego_proj'), ('tpv_global_proj', 'tpv_proj')) for part in ('weight', 'bias')}
_OWN_BACK = {ours: official for official, ours in _OWN.items()}
_FLAG = 'keep_third_person'
#: Options of :func:`from_official` that are on or off.
SWITCHES = {_FLAG: 'convert the third-person stream too, for SUMLRecognizer'}


def our_key(key: str) -> str | None:
    """Name in ``SUMLRecognizer`` of an official tensor.

    Args:
        key (str): Official key without ``module.``.

    Returns:
        str | None: Our key; None when the official model has no such tensor.

    Examples:
        >>> our_key('s1_fuse_t.bn.bias'), our_key('global_con_head.fpv_global_proj.bias')
        ('tpv_backbone.slow_path.conv1_lateral.bn.bias', 'contrast_head.ego_proj.bias')
    """
    if match := _TPV.fullmatch(key):
        inside = slowfast.backbone_key(match[1] + match[2])
        return inside and f'tpv_backbone.{inside}'
    return _OWN.get(key) or slowfast.our_key(key)


def official_key(key: str) -> str | None:
    """Official name of a tensor of ``SUMLRecognizer``.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: Official key; None when the official model has no such tensor.
    """
    if key.startswith('tpv_backbone.'):
        name = slowfast.name_backbone(key.removeprefix('tpv_backbone.'))
        return name and name.replace('.', '_t.', 1)
    return _OWN_BACK.get(key) or slowfast.official_key(key)


def count_third_person(keys: Mapping[str, object]) -> dict[str, int]:
    """Number of tensors that only training uses.

    Args:
        keys (Mapping): Official state dict or its shapes.

    Returns:
        dict[str, int]: By what their names begin with; nothing that is absent.
    """
    counts = {name: sum(re.match(pattern, key) is not None for key in keys)
              for name, pattern in THIRD_PERSON.items()}
    return {name: count for name, count in counts.items() if count}


def tpv_state(state: Mapping[str, torch.Tensor]) -> 'OrderedDict[str, torch.Tensor]':
    """The third-person stream of an official state dict as a SlowFast of its own.

    Args:
        state (Mapping[str, torch.Tensor]): Official keys without ``module.``.

    Returns:
        OrderedDict[str, torch.Tensor]: With the names of the third-person teacher, ``s1.*`` to ``readout.*``.
    """
    stream: OrderedDict[str, torch.Tensor] = OrderedDict()
    for key, value in state.items():
        if match := _TPV.fullmatch(key):
            stream[match[1] + match[2]] = value
        elif key.startswith('head_lemma.'):
            stream[key.replace('head_lemma', 'readout', 1)] = value
    return stream


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  keep_third_person: bool = False) -> 'OrderedDict[str, torch.Tensor]':
    """Rename an official state dict to ours.

    Args:
        container (Mapping): ``model_state`` of an official file, of training or of a test.
        sizes (Mapping[str, int], optional): Fields of ``SumlLayout`` that it must have; the others are read off the
            shapes.
        keep_third_person (bool): Convert all of it, for ``SUMLRecognizer``. Otherwise the result is for
            ``ClipRecognizer``, and what is left out is logged.

    Returns:
        OrderedDict[str, torch.Tensor]: State dict of ours; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped, the third-person stream included; or
            if that is wanted and absent.
    """
    ordered = order_officially(bare_state(container), _LAYOUT, sizes)
    counts = count_third_person(ordered)
    if keep_third_person and not counts:
        raise CheckpointError(explain(
            'state dict', f'the third-person stream, tensors {", ".join(THIRD_PERSON)}',
            f'none among {len(ordered)} tensors: the ego stream alone', f'Convert it without {_FLAG}.'))
    if counts and not keep_third_person:
        listed = ', '.join(f'{count} {name}*' for name, count in counts.items())
        print_log(f'{sum(counts.values())} of {len(ordered)} tensors serve training only and are left out: {listed}. '
                  f'For SUMLRecognizer convert with {_FLAG}.', 'current', logging.WARNING)
    return OrderedDict((our_key(key), value) for key, value in ordered.items()
                       if keep_third_person or not is_third_person(key))


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of ``SUMLRecognizer``, or of its ego stream, to the official names, in the official order.

    Args:
        state_dict (Mapping[str, torch.Tensor]): With or without ``module.``.
        sizes (Mapping[str, int], optional): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: Official keys; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    named = slowfast.settle_heads(name_officially(state_dict, official_key))
    return order_officially(named, _LAYOUT, sizes)


#: Official keys -> content of an official file.
official_container = slowfast.official_container
