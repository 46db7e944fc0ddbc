"""Official checkpoints of the third-person teacher of SUM-L, a SlowFast trained on LEMMA, both ways.

The file is that of :mod:`egoexo.checkpoints.slowfast`; only the classifiers have another name, ``readout``.
"""

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial

import torch

from egoexo.checkpoints import slowfast
from egoexo.checkpoints.official_state import LayoutRules, bare_state, name_officially, order_officially
from egoexo.checkpoints.slowfast_layout import LemmaLayout, check_official, official_shapes
from egoexo.checkpoints.slowfast_layout import guess_layout as guess_slowfast

__all__ = ['from_official', 'guess_layout', 'official_key', 'our_key', 'to_official']

#: Shapes by official key -> ``LemmaLayout``.
guess_layout = partial(guess_slowfast, kind=LemmaLayout)
_LAYOUT = LayoutRules(guess_layout, check_official, official_shapes)
_HEADS = slowfast.head_keys(LemmaLayout.heads)
_HEADS_BACK = {ours: official for official, ours in _HEADS.items()}


def our_key(key: str) -> str | None:
    """Name in ``ClipRecognizer`` of an official tensor.

    Args:
        key (str): Official key without ``module.``.

    Returns:
        str | None: Our key; None when the teacher has no such tensor.

    Examples:
        >>> our_key('readout.projections.0.weight')
        'cls_head.fc_verb.weight'
    """
    inside = slowfast.backbone_key(key)
    return f'backbone.{inside}' if inside else _HEADS.get(key)


def official_key(key: str) -> str | None:
    """Official name of a tensor of ``ClipRecognizer``.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: Official key; None when the teacher has no such tensor.
    """
    return slowfast.official_key(key) if key.startswith('backbone.') else _HEADS_BACK.get(key)


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename an official state dict to ours.

    Args:
        container (Mapping): ``model_state`` of an official file.
        sizes (Mapping[str, int], optional): Fields of ``LemmaLayout`` that it must have; the others are read off the
            shapes.

    Returns:
        OrderedDict[str, torch.Tensor]: State dict of ``ClipRecognizer``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    ordered = order_officially(bare_state(container), _LAYOUT, sizes)
    return OrderedDict((our_key(key), value) for key, value in ordered.items())


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of ``ClipRecognizer`` to the official names, in the official order.

    Args:
        state_dict (Mapping[str, torch.Tensor]): With or without ``module.``.
        sizes (Mapping[str, int], optional): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: Official keys; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    return order_officially(name_officially(state_dict, official_key), _LAYOUT, sizes)
