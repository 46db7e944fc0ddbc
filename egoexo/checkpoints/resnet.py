"""Weights of a ResNet-50 for a frozen backbone, both ways: torchvision's names and those of ``mmaction.ResNet``.

Only the network up to its third stage is converted, which is the backbone of the correspondence model; what lies
behind it is left out. Our keys carry the prefix ``backbone.``, so that the file fits the whole model in part.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch

from egoexo.checkpoints.official_state import LayoutRules, bare_state, name_officially, order_officially
from egoexo.checkpoints.resnet_layout import check_official, guess_layout, official_shapes

__all__ = ['from_official', 'is_aside', 'mmaction_name', 'official_container', 'official_key', 'our_key',
           'to_official', 'torchvision_name']

_LAYOUT = LayoutRules(guess_layout, check_official, official_shapes)
_PREFIX = 'backbone.'
_TAIL = r'(weight|bias|running_mean|running_var|num_batches_tracked)'
_BLOCK = r'(layer\d{1,2}\.\d{1,4})'
# (torchvision, mmaction): a pattern of one side with the template of the other, both ways.
_RULES = (
    (r'conv1\.weight', 'conv1.conv.weight', r'conv1\.conv\.weight', 'conv1.weight'),
    (rf'bn1\.{_TAIL}', r'conv1.bn.\1', rf'conv1\.bn\.{_TAIL}', r'bn1.\1'),
    (rf'{_BLOCK}\.conv(\d)\.weight', r'\1.conv\2.conv.weight',
     rf'{_BLOCK}\.conv(\d)\.conv\.weight', r'\1.conv\2.weight'),
    (rf'{_BLOCK}\.bn(\d)\.{_TAIL}', r'\1.conv\2.bn.\3', rf'{_BLOCK}\.conv(\d)\.bn\.{_TAIL}', r'\1.bn\2.\3'),
    (rf'{_BLOCK}\.downsample\.0\.weight', r'\1.downsample.conv.weight',
     rf'{_BLOCK}\.downsample\.conv\.weight', r'\1.downsample.0.weight'),
    (rf'{_BLOCK}\.downsample\.1\.{_TAIL}', r'\1.downsample.bn.\2',
     rf'{_BLOCK}\.downsample\.bn\.{_TAIL}', r'\1.downsample.1.\2'),
)
_TO_MMACTION = [(re.compile(source, re.ASCII), target) for source, target, _, _ in _RULES]
_TO_TORCHVISION = [(re.compile(source, re.ASCII), target) for _, _, source, target in _RULES]
_ASIDE = re.compile(r'(layer4|fc)\..*', re.DOTALL)
_OUR_ASIDE = re.compile(r'(backbone\.layer4|encoder|decoder|visibility_head)\..*', re.DOTALL)
_USED = re.compile(r'(conv1|bn1|layer[123])\..*', re.DOTALL)


def _rename(key: str, rules: list[tuple[re.Pattern, str]]) -> str | None:
    for pattern, target in rules:
        match = pattern.fullmatch(key)
        if match:
            return match.expand(target)
    return None


def mmaction_name(key: str) -> str | None:
    """Name in ``mmaction.ResNet`` of a tensor named as by torchvision; any depth and stage.

    Args:
        key (str): Without any prefix.

    Returns:
        str | None: None when no ResNet has such a tensor.

    Examples:
        >>> mmaction_name('layer2.0.downsample.1.bias')
        'layer2.0.downsample.bn.bias'
    """
    return _rename(key, _TO_MMACTION)


def torchvision_name(key: str) -> str | None:
    """The way back of :func:`mmaction_name`.

    Args:
        key (str): Without any prefix.

    Returns:
        str | None: None when no ResNet has such a tensor.
    """
    return _rename(key, _TO_TORCHVISION)


def our_key(key: str) -> str | None:
    """Name in a model of ours of a tensor of torchvision.

    Args:
        key (str): torchvision's key.

    Returns:
        str | None: Our key; None behind the third stage and for tensors of other networks.

    Examples:
        >>> our_key('layer1.0.bn2.weight')
        'backbone.layer1.0.conv2.bn.weight'
    """
    name = mmaction_name(key) if _USED.fullmatch(key) else None
    return name and _PREFIX + name


def official_key(key: str) -> str | None:
    """torchvision's name of a tensor of ours.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: torchvision's key; None when our backbone has no such tensor.
    """
    bare = key.removeprefix(_PREFIX)
    return torchvision_name(bare) if bare != key and _USED.fullmatch(bare) else None


def is_aside(key: str) -> bool:
    """Whether a tensor lies beside the backbone and is left out.

    Args:
        key (str): Key of a file, without ``module.``.

    Returns:
        bool: True for the last stage and the classifier.
    """
    return _ASIDE.fullmatch(key) is not None


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of torchvision to ours.

    Args:
        container (Mapping): State dict, with or without ``module.``, ``layer4`` and ``fc``.
        sizes (Mapping[str, int], optional): Fields of ``ResNetLayout``; none is a number.

    Returns:
        OrderedDict[str, torch.Tensor]: ``backbone.*`` of ``XSegTx``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    kept = {key: value for key, value in bare_state(container).items() if not is_aside(key)}
    return OrderedDict((our_key(key), value) for key, value in order_officially(kept, _LAYOUT, sizes).items())


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename the backbone of a state dict of ours as torchvision does.

    Args:
        state_dict (Mapping[str, torch.Tensor]): Of ``XSegTx`` or of its backbone with the prefix ``backbone.``.
        sizes (Mapping[str, int], optional): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: torchvision's keys up to ``layer3``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    kept = {key: value for key, value in bare_state(state_dict).items() if not _OUR_ASIDE.fullmatch(key)}
    return order_officially(name_officially(kept, official_key), _LAYOUT, sizes)


def official_container(state: Mapping[str, torch.Tensor]) -> dict[str, object]:
    """Content of the file from which the official training starts.

    Args:
        state (Mapping[str, torch.Tensor]): torchvision's keys.

    Returns:
        dict[str, object]: ``model`` and ``__author__``.
    """
    return dict(model=OrderedDict(state), __author__='egoexo')
