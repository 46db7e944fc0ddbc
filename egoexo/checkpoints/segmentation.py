"""Official checkpoints of the segmentation benchmark of EgoExoLearn, both ways.

The official file (``epoch-<n>.model``) is a bare state dict whose keys carry ``module.`` when it was written under
DataParallel. Every variant of the released code is understood: its options are read off the shapes, and a file whose
keys or shapes do not make up one complete model is refused with the list of what is wrong.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

import torch

from egoexo.checkpoints.official_state import LayoutRules, bare_state, name_officially, order_officially
from egoexo.checkpoints.segmentation_layout import check_official, guess_layout, official_shapes

__all__ = ['from_official', 'our_key', 'official_key', 'to_official']

_LAYOUT = LayoutRules(guess_layout, check_official, official_shapes)
# (official, ours) in front of ``.weight`` and ``.bias``; {} is an index that both sides share.
_MODULES = (
    ('ad_net_base.{}.fc1', 'adaptation.frame_discriminator.bases.{}'),
    ('ad_net_cls.{}', 'adaptation.frame_discriminator.classifiers.{}'),
    ('ad_net_video_base.0.fc1', 'adaptation.video_discriminator.fc'),
    ('ad_net_video_base.0.fc_pair', 'adaptation.video_discriminator.fc_pair'),
    ('ad_net_video_cls.0', 'adaptation.video_discriminator.classifier'),
    ('video_order_base.0', 'adaptation.order_head.fc'),
    ('video_order_cls', 'adaptation.order_head.classifier'),
)
_BUFFERS = (
    ('centroids.{}.centroid_s', 'adaptation.centroids.{}.source'),
    ('centroids.{}.centroid_t', 'adaptation.centroids.{}.target'),
)
# Inside a stage; the layers have the same names on both sides.
_STAGE_MODULES = (
    ('conv_1x1', 'embed'),
    ('conv_out', 'classifiers.0'),
    ('conv_out_2', 'classifiers.1'),
    ('layers.{}.conv_dilated', 'layers.{}.conv_dilated'),
    ('layers.{}.conv_1x1', 'layers.{}.conv_1x1'),
)
_Rule = tuple[re.Pattern, str]


def _rules(pairs: tuple[tuple[str, str], ...], tail: str, reverse: bool) -> list[_Rule]:
    """Whole-key patterns of one side with the templates of the other."""
    ordered = [pair[::-1] for pair in pairs] if reverse else pairs
    return [(re.compile(re.escape(source).replace(r'\{\}', r'(\d+)') + tail), target) for source, target in ordered]


_TAIL = r'\.(weight|bias)'
_RULES = {reverse: (_rules(_MODULES, _TAIL, reverse), _rules(_BUFFERS, '', reverse),
                    _rules(_STAGE_MODULES, _TAIL, reverse)) for reverse in (False, True)}


def _apply(rules: list[_Rule], key: str, tail: str = '.{}') -> str | None:
    """The key under the first rule that matches it whole."""
    for pattern, template in rules:
        match = pattern.fullmatch(key)
        if match:
            return (template + tail).format(*match.groups())
    return None


def our_key(key: str) -> str | None:
    """Name in ``Segmentor`` of an official tensor.

    Args:
        key (str): Official key without ``module.``.

    Returns:
        str | None: Our key; None when the official model has no such tensor.
    """
    modules, buffers, stages = _RULES[False]
    match = re.fullmatch(r'(?:stage1|stages\.(\d+))\.(.+)', key)
    if match:
        inner = _apply(stages, match[2])
        return inner and f'backbone.stages.{0 if match[1] is None else int(match[1]) + 1}.{inner}'
    return _apply(modules, key) or _apply(buffers, key, '')


def official_key(key: str) -> str | None:
    """Official name of a tensor of ``Segmentor``.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: Official key; None when the official model has no such tensor.
    """
    modules, buffers, stages = _RULES[True]
    match = re.fullmatch(r'backbone\.stages\.(\d+)\.(.+)', key)
    if match:
        inner = _apply(stages, match[2])
        return inner and (f'stages.{int(match[1]) - 1}.{inner}' if match[1] != '0' else f'stage1.{inner}')
    return _apply(modules, key) or _apply(buffers, key, '')


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename an official state dict to ours.

    Args:
        container (Mapping): Content of an official ``.model`` file: the state dict, with or without ``module.``.
        sizes (Mapping[str, int], optional): Fields of ``SegmentationLayout`` that it must have, e.g.
            ``{'num_classes': 28}``; the others are read off the shapes.

    Returns:
        OrderedDict[str, torch.Tensor]: State dict of ``Segmentor``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    ordered = order_officially(bare_state(container), _LAYOUT, sizes)
    return OrderedDict((our_key(key), value) for key, value in ordered.items())


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of ``Segmentor`` to the official names, in the official order.

    Args:
        state_dict (Mapping[str, torch.Tensor]): With or without ``module.``; a model without domain heads is refused,
            because the official code could not load it.
        sizes (Mapping[str, int], optional): Fields of ``SegmentationLayout`` that it must have, e.g.
            ``{'num_classes': 28}``; the others are read off the shapes.

    Returns:
        OrderedDict[str, torch.Tensor]: Official keys, without ``module.``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    return order_officially(name_officially(state_dict, official_key), _LAYOUT, sizes)
