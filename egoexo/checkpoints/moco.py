"""MoCo's checkpoints (``moco_v2_800ep_pretrain.pth.tar``) for a frozen backbone, both ways.

``state_dict`` of such a file holds the network as ``module.encoder_q.*`` with torchvision's names, and beside it the
projection ``fc``, the momentum encoder ``encoder_k`` and the queue, which are left out.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch

from egoexo.checkpoints import resnet
from egoexo.checkpoints.official_state import Shapes, bare_state
from egoexo.checkpoints.resnet_layout import ResNetLayout
from egoexo.checkpoints.resnet_layout import check_official as check_resnet
from egoexo.checkpoints.resnet_layout import guess_layout as guess_resnet
from egoexo.checkpoints.resnet_layout import official_shapes as resnet_shapes
from egoexo.errors import CheckpointError, explain

__all__ = ['check_official', 'from_official', 'guess_layout', 'is_aside', 'official_container', 'official_key',
           'official_shapes', 'our_key', 'to_official']

_PREFIX = 'encoder_q.'
_ASIDE = re.compile(r'encoder_q\.(layer4|fc)\..*|encoder_k\..*|queue|queue_ptr', re.DOTALL)


def our_key(key: str) -> str | None:
    """Name in a model of ours of a tensor of MoCo.

    Args:
        key (str): Key without ``module.``.

    Returns:
        str | None: Our key; None for tensors that are left out and those of other networks.

    Examples:
        >>> our_key('encoder_q.bn1.weight')
        'backbone.conv1.bn.weight'
    """
    bare = key.removeprefix(_PREFIX)
    return resnet.our_key(bare) if bare != key else None


def official_key(key: str) -> str | None:
    """MoCo's name of a tensor of ours.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: MoCo's key without ``module.``; None when our backbone has no such tensor.
    """
    name = resnet.official_key(key)
    return name and _PREFIX + name


def is_aside(key: str) -> bool:
    """Whether a tensor lies beside the backbone and is left out.

    Args:
        key (str): Key of a file, without ``module.``.

    Returns:
        bool: True for the last stage, the projection, the momentum encoder and the queue.
    """
    return _ASIDE.fullmatch(key) is not None


def official_shapes(layout: ResNetLayout) -> Shapes:
    """Every tensor of the backbone in a file of MoCo.

    Args:
        layout (ResNetLayout): Option.

    Returns:
        dict[str, tuple[int, ...]]: Key to shape.
    """
    return {_PREFIX + key: shape for key, shape in resnet_shapes(layout).items()}


def _inside(shapes: Shapes) -> Shapes:
    """As torchvision names them; what is not of the query encoder keeps its name."""
    return {key.removeprefix(_PREFIX): shape for key, shape in shapes.items()}


def guess_layout(shapes: Shapes) -> ResNetLayout:
    """Read the option off the keys.

    Args:
        shapes (dict[str, tuple[int, ...]]): MoCo's key without ``module.`` to shape.

    Returns:
        ResNetLayout: The best guess.

    Raises:
        CheckpointError: If the first layer is not there.
    """
    return guess_resnet(_inside(shapes))


def check_official(shapes: Shapes, layout: ResNetLayout) -> None:
    """Compare the shapes of a file with those of the network.

    Args:
        shapes (dict[str, tuple[int, ...]]): MoCo's key without ``module.`` to shape, of the backbone alone.
        layout (ResNetLayout): The network that is expected.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    check_resnet(_inside(shapes), layout)


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of MoCo to ours.

    Args:
        container (Mapping): ``state_dict`` of the file; also that of the file that official training makes of it, which
            has torchvision's names.
        sizes (Mapping[str, int], optional): Fields of ``ResNetLayout``; none is a number.

    Returns:
        OrderedDict[str, torch.Tensor]: ``backbone.*`` of ``XSegTx``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    kept = {key: value for key, value in bare_state(container).items() if not is_aside(key)}
    inside = {key.removeprefix(_PREFIX): value for key, value in kept.items()}
    if len(inside) != len(kept):
        raise CheckpointError(explain('state dict', 'keys of one form', 'some keys both with and without the prefix '
                                      f'{_PREFIX}', 'Remove one of the two.'))
    return resnet.from_official(inside, sizes)


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename the backbone of a state dict of ours as MoCo does.

    Args:
        state_dict (Mapping[str, torch.Tensor]): See :func:`egoexo.checkpoints.resnet.to_official`.
        sizes (Mapping[str, int], optional): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: Keys without ``module.``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    return OrderedDict((_PREFIX + key, value) for key, value in resnet.to_official(state_dict, sizes).items())


def official_container(state: Mapping[str, torch.Tensor]) -> dict[str, object]:
    """Content of a file of MoCo around a backbone; without optimiser, momentum encoder and queue.

    Args:
        state (Mapping[str, torch.Tensor]): MoCo's keys without ``module.``.

    Returns:
        dict[str, object]: ``epoch``, ``arch`` and ``state_dict``, whose keys carry ``module.``.
    """
    return dict(epoch=0, arch='resnet50', state_dict=OrderedDict((f'module.{key}', value)
                                                                 for key, value in state.items()))
