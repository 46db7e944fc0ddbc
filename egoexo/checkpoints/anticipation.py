"""Official checkpoints of the anticipation and planning benchmarks of EgoExoLearn (TA3N), both ways.

The official file (``checkpoint.pth.tar``, ``model_best.pth.tar``) is a dict with epoch, arch, state_dict, optimizer and
two scores; its keys carry ``module.``. Options are read off the shapes, and a file whose keys or shapes do not make up
one complete model is refused with the list of what is wrong. Layers that the released code defines and never uses go
to ``released.<official name>``, so that a file survives the round trip whole.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch

from egoexo.checkpoints.anticipation_layout import (
    AnticipationLayout,
    check_official,
    guess_layout,
    guess_planning_layout,
    official_shapes,
)
from egoexo.checkpoints.official_state import LayoutRules, Shapes, bare_state, name_officially, order_officially

__all__ = ['UNUSED', 'from_official', 'official_container', 'official_key', 'our_key', 'planning_from_official',
           'planning_to_official', 'to_official']

# (official, ours) in front of the name of the tensor; {} is an index that both sides share.
_MODULES = (
    ('fc_feature_shared_source', 'embedding.layers.0'),
    ('fc_feature_shared_2_source', 'embedding.layers.1'),
    ('fc_feature_shared_3_source', 'embedding.layers.2'),
    ('fc_feature_shared_target', 'embedding.target_layers.0'),
    ('fc_feature_shared_2_target', 'embedding.target_layers.1'),
    ('fc_feature_shared_3_target', 'embedding.target_layers.2'),
    ('bn_shared_S', 'embedding.norm.source'),
    ('bn_shared_T', 'embedding.norm.target'),
    ('TRN.fc_fusion_scales.{}.1', 'encoder.fusions.{}'),
    ('rnn', 'encoder.rnn'),
    ('attn_layer.0', 'general_attention.fc'),
    ('attn_layer.2', 'general_attention.score'),
    ('relation_domain_classifier_all.{}.0', 'adaptation.relation_discriminators.{}.fc'),
    ('relation_domain_classifier_all.{}.2', 'adaptation.relation_discriminators.{}.classifier'),
    ('fc_feature_domain_video', 'adaptation.video_discriminator.fc'),
    ('fc_classifier_domain_video', 'adaptation.video_discriminator.classifier'),
    ('fc_feature_domain', 'adaptation.frame_discriminator.fc'),
    ('fc_classifier_domain', 'adaptation.frame_discriminator.classifier'),
    ('fc_classifier_video_source', 'head.classifiers.0'),
    ('fc_classifier_video_source_2', 'head.classifiers.1'),
    ('fc_classifier_video_target', 'head.target_classifier'),
    ('fc_classifier_source', 'head.frame_classifier'),
    ('fc_classifier_target', 'head.target_frame_classifier'),
)
#: Layers that the released forward pass never reads.
UNUSED = ('fc_feature_source', 'fc_feature_target', 'fc_feature_video_source', 'fc_feature_video_source_2',
          'fc_feature_video_target', 'fc_feature_video_target_2', 'bn_trn_S', 'bn_trn_T', 'bn_source_S', 'bn_source_T',
          'bn_source_video_S', 'bn_source_video_T', 'bn_source_video_2_S', 'bn_source_video_2_T', 'bn_before_rnn',
          'bn_after_rnn')
_TAIL = r'\.(weight|bias|running_mean|running_var|num_batches_tracked|(?:weight|bias)_(?:ih|hh)_l\d+(?:_reverse)?)'
_ALL = (*_MODULES, *((name, f'released.{name}') for name in UNUSED))


def _rules(pairs: tuple[tuple[str, str], ...]) -> list[tuple[re.Pattern, str]]:
    """Whole-key patterns of one side with the templates of the other."""
    return [(re.compile(re.escape(source).replace(r'\{\}', r'(\d+)') + _TAIL), target + '.{}')
            for source, target in pairs]


_TO_OURS, _TO_OFFICIAL = _rules(_ALL), _rules(tuple(pair[::-1] for pair in _ALL))


def _apply(rules: list[tuple[re.Pattern, str]], key: str) -> str | None:
    """The key under the first rule that matches it whole."""
    for pattern, template in rules:
        match = pattern.fullmatch(key)
        if match:
            return template.format(*match.groups())
    return None


def our_key(key: str) -> str | None:
    """Name in ``ClipModel`` of an official tensor.

    Args:
        key (str): Official key without ``module.``.

    Returns:
        str | None: Our key; None when the official model has no such tensor.
    """
    return 'released.alpha' if key == 'alpha' else _apply(_TO_OURS, key)


def official_key(key: str) -> str | None:
    """Official name of a tensor of ``ClipModel``.

    Args:
        key (str): Our key without ``module.``.

    Returns:
        str | None: Official key; None when the official model has no such tensor.
    """
    return 'alpha' if key == 'released.alpha' else _apply(_TO_OFFICIAL, key)


_Guess = Callable[[Shapes], AnticipationLayout]


def from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None, guess: _Guess = guess_layout,
                  ) -> 'OrderedDict[str, torch.Tensor]':
    """Rename an official state dict to ours.

    Args:
        container (Mapping): The state dict of an official file, with or without ``module.``.
        sizes (Mapping[str, int], optional): Fields of the layout that it must have, e.g. ``{'num_classes': 31}``; the
            others are read off the shapes.
        guess (Callable): How; of anticipation unless told otherwise.

    Returns:
        OrderedDict[str, torch.Tensor]: State dict of ``ClipModel``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    rules = LayoutRules(guess, check_official, official_shapes)
    ordered = order_officially(bare_state(container), rules, sizes)
    return OrderedDict((our_key(key), value) for key, value in ordered.items())


def to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                guess: _Guess = guess_layout) -> 'OrderedDict[str, torch.Tensor]':
    """Rename a state dict of ``ClipModel`` to the official names, in the official order.

    Args:
        state_dict (Mapping[str, torch.Tensor]): With or without ``module.``; a model without ``adaptation`` and
            ``released`` is refused, because the official code could not load it.
        sizes (Mapping[str, int], optional): See :func:`from_official`.
        guess (Callable): See :func:`from_official`.

    Returns:
        OrderedDict[str, torch.Tensor]: Official keys, without ``module.``; the tensors are shared, not copied.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    rules = LayoutRules(guess, check_official, official_shapes)
    return order_officially(name_officially(state_dict, official_key), rules, sizes)


def planning_from_official(container: Mapping[str, object], sizes: Mapping[str, int] | None = None,
                           ) -> 'OrderedDict[str, torch.Tensor]':
    """As :func:`from_official`, for planning networks."""
    return from_official(container, sizes, guess_planning_layout)


def planning_to_official(state_dict: Mapping[str, torch.Tensor], sizes: Mapping[str, int] | None = None,
                         ) -> 'OrderedDict[str, torch.Tensor]':
    """As :func:`to_official`, for planning networks."""
    return to_official(state_dict, sizes, guess_planning_layout)


def official_container(state: Mapping[str, torch.Tensor]) -> dict[str, object]:
    """What the official test and training scripts read.

    Args:
        state (Mapping[str, torch.Tensor]): Official keys, without ``module.``.

    Returns:
        dict[str, object]: With the entries of ``model_best.pth.tar``; epoch and scores 0, no optimiser state.
    """
    prefixed = OrderedDict((f'module.{key}', value) for key, value in state.items())
    return dict(epoch=0, arch='resnet101', state_dict=prefixed, optimizer=dict(state={}, param_groups=[]),
                best_prec1=0.0, prec1=0.0)
