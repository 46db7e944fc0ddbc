"""Weights for the backbone of a correspondence model, whoever named them."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.logging import print_log

from egoexo.checkpoints.correspondence_layout import SEQUENCE
from egoexo.checkpoints.differences import list_differences, state_dict_differences
from egoexo.checkpoints.loading import count_non_finite, find_state_dict, load_checkpoint_file
from egoexo.checkpoints.official_state import bare_state
from egoexo.checkpoints.resnet import mmaction_name
from egoexo.errors import CheckpointError, explain

__all__ = ['backbone_state', 'load_backbone_weights']

# Where files keep the network: MoCo, then XSegTx and our models; else it is the whole file.
_PREFIXES = ('encoder_q.', 'backbone.')
_FIRST = {index: name for name, index in SEQUENCE.items()}
_BEHIND = ('layer4.', 'fc.')


def backbone_state(state: Mapping[str, torch.Tensor],
                   where: object = 'state dict') -> 'OrderedDict[str, torch.Tensor]':
    """The backbone in a state dict, named as by ``mmaction.ResNet``.

    Args:
        state (Mapping[str, torch.Tensor]): Of MoCo (``module.encoder_q.*``), of torchvision, of an official checkpoint
            of XSegTx (``backbone.4.0.*``), of a model of ours (``backbone.*``) or of its backbone alone.
        where (object): The file, for the message.

    Returns:
        OrderedDict[str, torch.Tensor]: The tensors are shared, not copied; names that no ResNet has are kept.

    Raises:
        CheckpointError: If one tensor is there under two names.

    Examples:
        >>> list(backbone_state({'module.encoder_q.bn1.bias': torch.zeros(1), 'module.queue': torch.zeros(1)}))
        ['conv1.bn.bias']
        >>> list(backbone_state({'backbone.4.0.bn1.bias': torch.zeros(1)}))
        ['layer1.0.conv1.bn.bias']
    """
    state = bare_state(state, where)
    prefix = next((prefix for prefix in _PREFIXES if any(key.startswith(prefix) for key in state)), '')
    inside = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    renamed: OrderedDict[str, torch.Tensor] = OrderedDict()
    for key, value in inside.items():
        first, _, rest = key.partition('.')
        name = f'{_FIRST[first]}.{rest}' if first in _FIRST else key
        renamed[mmaction_name(name) or key] = value
    if len(renamed) != len(inside):
        raise CheckpointError(explain(where, 'one name for each tensor', f'{len(inside)} tensors with '
                                      f'{len(renamed)} names', 'Take a file of one origin.'))
    return renamed


def load_backbone_weights(backbone: torch.nn.Module, checkpoint: str | Path | None) -> None:
    """Fill a backbone; every name and shape has to fit. Stages and a classifier behind it are left out, said aloud.

    Args:
        backbone (torch.nn.Module): Filled in place.
        checkpoint (str | Path, optional): File of any origin that :func:`backbone_state` knows, read as data. None
            leaves the weights as they are, said aloud.

    Raises:
        CheckpointError: If the file is missing, damaged, hostile, of another network or not finite.
    """
    kind = type(backbone).__name__
    if checkpoint is None:
        print_log(f'The backbone {kind} has random weights, because backbone_checkpoint is None. Unless a checkpoint '
                  'of the whole model is loaded, results are good for trying things out only.', 'current',
                  logging.WARNING)
        return
    _, found = find_state_dict(load_checkpoint_file(checkpoint), checkpoint)
    wanted, state = backbone.state_dict(), backbone_state(found, checkpoint)
    behind = [key for key in state if key not in wanted and key.startswith(_BEHIND)]
    state = {key: value for key, value in state.items() if key not in behind}
    # Batch normalisation of older files has no counter, and none is needed here.
    counted = {key: value for key, value in wanted.items() if key in state or not key.endswith('num_batches_tracked')}
    differences = state_dict_differences(counted, state)
    if differences:
        raise CheckpointError(explain(
            checkpoint, f'{len(wanted)} tensors of the backbone {kind}, as MoCo, torchvision, XSegTx or we name them',
            f'{len(wanted.keys() & state.keys())} of these names and the differences\n{list_differences(differences)}',
            'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'))
    damaged = count_non_finite(state)
    if damaged:
        raise CheckpointError(explain(checkpoint, 'finite weights', f'NaN or infinite numbers in {len(damaged)} of '
                                      f'{len(state)} tensors, {next(iter(damaged))} the first', 'Fetch it again.'))
    backbone.load_state_dict(state, strict=False)
    print_log(f'{checkpoint}: {len(state)} tensors of the backbone {kind} taken, {len(found) - len(state)} of other '
              'parts left out', 'current')
