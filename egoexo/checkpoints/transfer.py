"""Official checkpoints of LaGTran, both ways.

The official file (``checkpoint.pkl``, ``best_model.pkl``) is a dict with iteration, model_fe_state, model_cls_state,
opt_main_state, scheduler_state, best_acc_tgt and best_acc_src; trained on several GPUs, its keys carry ``module.``.
Only model_cls_state, the classifier, is converted. The encoder in model_fe_state takes no part in training on features.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch

from egoexo.checkpoints.official_state import LayoutRules, bare_state, name_officially, order_officially
from egoexo.checkpoints.transfer_layout import check_official, guess_layout, official_shapes

__all__ = ['LEFT_OUT', 'from_official', 'official_container', 'official_key', 'our_key', 'to_official']

#: Entries of the official file that hold weights and are not converted, and why.
LEFT_OUT = {'model_fe_state': 'the encoder, which training on features leaves as it was',
            'model_d_state': 'the domain discriminator'}

_LAYOUT = LayoutRules(guess_layout, check_official, official_shapes)
_PREFIX = 'head.'
_KEY = re.compile(r'mlp\.\d+\.(?:weight|bias|running_mean|running_var|num_batches_tracked)'
                  r'|(?:out|linear)\.(?:weight|bias)')


def our_key(key: str) -> str | None:
    """Name in ``SegmentClassifier`` of an official tensor.

    Args:
        key (str): Official key without ``module.``.

    Returns:
        str | None: Our key; None when the official classifier has no such tensor.

    Examples:
        >>> our_key('mlp.0.weight')
        'head.mlp.0.weight'
    """
    return _PREFIX + key if _KEY.fullmatch(key) else None


def official_key(key: str) -> str | None:
    """Official name of a tensor of ``SegmentClassifier``.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: Official key; None when the official classifier has no such tensor.
    """
    bare = key.removeprefix(_PREFIX)
    return bare if bare != key and _KEY.fullmatch(bare) else None


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename an official state dict to ours.

    Args:
        container (Mapping): ``model_cls_state`` of an official file, with or without ``module.``.
        sizes (Mapping[str, int], optional): Fields of ``TransferLayout`` that it must have, e.g.
            ``{'num_classes': 24}``; the others are read off the shapes.

    Returns:
        OrderedDict[str, torch.Tensor]: State dict of ``SegmentClassifier``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    ordered = order_officially(bare_state(container), _LAYOUT, sizes)
    return OrderedDict((our_key(key), value) for key, value in ordered.items())


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of ``SegmentClassifier`` to the official names, in the official order.

    Args:
        state_dict (Mapping[str, torch.Tensor]): With or without ``module.``; a model with an encoder or discriminators
            is refused, because the official classifier has none.
        sizes (Mapping[str, int], optional): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: Official keys, without ``module.``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    return order_officially(name_officially(state_dict, official_key), _LAYOUT, sizes)


def official_container(state: Mapping[str, torch.Tensor]) -> dict[str, object]:
    """Content of an official file around a classifier.

    The official scripts also load ``model_fe_state``, into an encoder that features never pass; it is empty here and
    has to be taken from a file of theirs.

    Args:
        state (Mapping[str, torch.Tensor]): Official keys, without ``module.``.

    Returns:
        dict[str, object]: With the entries of ``best_model.pkl``; iteration and scores 0, no optimiser state.
    """
    return dict(iteration=0, model_fe_state=OrderedDict(), model_cls_state=OrderedDict(state),
                opt_main_state=dict(state={}, param_groups=[]), scheduler_state={}, best_acc_tgt=0.0, best_acc_src=0.0)
