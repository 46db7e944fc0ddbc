"""Released weights of TimeSformer, and of vision transformers, brought into our network."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.logging import print_log

from egoexo.checkpoints.differences import list_differences, state_dict_differences
from egoexo.checkpoints.loading import find_state_dict, load_checkpoint_file
from egoexo.errors import CheckpointError, explain

__all__ = ['load_timesformer', 'timesformer_from_official']

_TEMPORAL = ('temporal_norm1.', 'temporal_attn.', 'temporal_fc.')


def timesformer_from_official(state: Mapping[str, torch.Tensor]) -> 'OrderedDict[str, torch.Tensor]':
    """Names of our network for the entries of a released state dict.

    Takes away what wrappers put in front (``module.``, ``model.``, ``backbone.``, ``encoder.``) and leaves the
    classifier out (``head.*``). The released files name everything else as our network does.

    Args:
        state (Mapping[str, torch.Tensor]): For example ``model_state`` of ``TimeSformer_divST_8x32_224_K600.pyth``.

    Returns:
        OrderedDict[str, torch.Tensor]: The tensors are shared, not copied.

    Examples:
        >>> list(timesformer_from_official({'model.cls_token': torch.zeros(1), 'model.head.bias': torch.zeros(1)}))
        ['cls_token']
    """
    renamed: OrderedDict[str, torch.Tensor] = OrderedDict()
    for key, value in state.items():
        name = str(key)
        for prefix in ('module.', 'model.', 'backbone.', 'encoder.'):
            name = name.removeprefix(prefix)
        if not name.startswith('head.'):
            renamed[name] = value
    return renamed


def load_timesformer(network: torch.nn.Module, path: str | Path) -> None:
    """Fill a ``TimeSformer`` from a file.

    Every name and shape has to fit. A vision transformer, which knows no time, may lack what belongs to time: that
    keeps its initial values, said aloud.

    Args:
        network (torch.nn.Module): Filled in place.
        path (str | Path): Read as data.

    Raises:
        CheckpointError: If the file is missing, damaged, hostile or of another network; lists what does not fit.
    """
    _, state = find_state_dict(load_checkpoint_file(path), path)
    state = timesformer_from_official(state)
    wanted = network.state_dict()
    timeless = [key for key in wanted if key not in state and (key == 'time_embed' or any(
        part in key for part in _TEMPORAL))]
    if not any(part in key for key in state for part in (*_TEMPORAL, 'time_embed')) and timeless:
        print_log(f'{path} is a network of single pictures: {len(timeless)} tensors of time keep their initial values.',
                  'current', logging.WARNING)
        wanted = {key: value for key, value in wanted.items() if key not in timeless}
    differences = state_dict_differences(wanted, state)
    if differences:
        raise CheckpointError(explain(
            path, f'the {len(wanted)} tensors of {type(network).__name__}',
            f'{len(wanted.keys() & state.keys())} of these names and the differences\n{list_differences(differences)}',
            'Take a file of the same depth, width, number of frames and attention_type.'))
    network.load_state_dict(state, strict=False)
