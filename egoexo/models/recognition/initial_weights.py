"""Weights to begin training with, from files of any origin that recognition knows."""

import logging
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import torch
from mmengine.logging import print_log
from torch import nn

from egoexo.checkpoints import lemma, slowfast, suml
from egoexo.checkpoints.differences import list_differences, state_dict_differences
from egoexo.checkpoints.loading import count_non_finite, find_state_dict, load_checkpoint_file
from egoexo.checkpoints.official_state import bare_state
from egoexo.checkpoints.slowfast_layout import list_shapes
from egoexo.checkpoints.suml_layout import is_third_person
from egoexo.errors import CheckpointError, explain

__all__ = ['load_initial_weights', 'stream_state']

_FIRST = 's1.pathway0_stem.conv.weight'
_INSPECT = 'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'
#: Our parts of a network that are no backbone; a text projection is trained anew with its pair of streams.
_HEADS = ('cls_head', 'auxiliary_head')


def stream_state(state: Mapping[str, torch.Tensor], stream: str = 'ego',
                 where: object = 'state dict') -> dict[str, torch.Tensor]:
    """One stream of a file, named as ``ClipRecognizer`` names it.

    Args:
        state (Mapping[str, torch.Tensor]): Of PySlowFast or Ego-Exo (Kinetics or EPIC-KITCHENS), of SUM-L or its
            teacher, of mmaction2, of a model of ours, or of the backbone of one alone.
        stream (str): ``'ego'`` or ``'tpv'``; matters for files with both streams, of which it chooses one.
        where (object): The file, for the message.

    Returns:
        dict[str, torch.Tensor]: ``backbone.*`` and heads; the tensors are shared, not copied.

    Raises:
        CheckpointError: If no name of a SlowFast is there.

    Examples:
        >>> list(stream_state({'s1_t.pathway0_stem.bn.bias': torch.zeros(1), _FIRST: torch.zeros(1)}, 'tpv'))
        ['backbone.slow_path.conv1.bn.bias']
    """
    state = bare_state(state, where)
    if _FIRST in state:
        own = {key: value for key, value in state.items() if not is_third_person(key)}
        chosen = (suml.tpv_state(state) if stream == 'tpv' else {}) or own
        return {slowfast.our_key(key) or lemma.our_key(key) or key: value for key, value in chosen.items()}
    if any(key.startswith('slow_path.') for key in state):
        return {f'backbone.{key}': value for key, value in state.items()}
    if not any(key.startswith('backbone.slow_path.') for key in state):
        raise CheckpointError(explain(
            where, 'a SlowFast as PySlowFast, Ego-Exo, SUM-L, mmaction2 or we name it',
            list_shapes({key: tuple(value.shape) for key, value in state.items()}), _INSPECT))
    both = any(key.startswith('tpv_backbone.') for key in state)
    if stream == 'tpv' and both:
        return {key.removeprefix('tpv_').replace('head.', 'cls_head.', 1) if key.startswith('tpv_head.') else
                key.removeprefix('tpv_'): value for key, value in state.items() if key.startswith('tpv_')}
    return {key: value for key, value in state.items() if not key.startswith(('tpv_', 'contrast_head.'))}


def load_initial_weights(model: nn.Module, ego: str | Path | None = None, tpv: str | Path | None = None) -> None:
    """Fill the backbones of a recogniser, and its heads where the file has one of the same name and size.

    Every name and shape of a backbone has to fit. A head that does not, as the 400 classes of Kinetics, keeps its
    initial values, which is said aloud.

    Args:
        model (nn.Module): ``ClipRecognizer`` or ``SUMLRecognizer``, filled in place.
        ego (str | Path, optional): File for ``backbone``, ``cls_head`` and ``auxiliary_head``.
        tpv (str | Path, optional): File for ``tpv_backbone`` and ``tpv_head``.

    Raises:
        CheckpointError: If a file is missing, damaged, hostile, of another network or not finite, or the model has no
            third-person stream to fill.
    """
    if tpv is not None and not hasattr(model, 'tpv_backbone'):
        raise CheckpointError(explain(tpv, 'a model with a third-person stream, SUMLRecognizer, to take it',
                                      type(model).__name__, 'Give the file as initial_weights.ego.'))
    for stream, path, prefix, heads in (('ego', ego, '', {name: name for name in _HEADS}),
                                        ('tpv', tpv, 'tpv_', {'cls_head': 'tpv_head'})):
        if path is not None:
            _, found = find_state_dict(load_checkpoint_file(path), path)
            state = stream_state(found, stream, path)
            places = {'backbone': f'{prefix}backbone', **heads}
            _fill(model, {part: getattr(model, name) for part, name in places.items()
                          if getattr(model, name, None) is not None}, state, path)


def _fill(model: nn.Module, parts: Mapping[str, nn.Module], state: Mapping[str, torch.Tensor], path: str | Path,
          ) -> None:
    """Load what a file has for each part; the backbone is checked before anything is changed."""
    inside: dict[str, dict[str, torch.Tensor]] = {}
    for part, module in parts.items():
        inside[part] = {key.removeprefix(f'{part}.'): value for key, value in state.items()
                        if key.startswith(f'{part}.')}
        if part == 'backbone':
            inside[part] = _backbone_state(module, inside[part])
            _check_backbone(module, inside[part], path)
    damaged = count_non_finite(state)
    if damaged:
        raise CheckpointError(explain(path, 'finite weights', f'NaN or infinite numbers in {len(damaged)} of '
                                      f'{len(state)} tensors, {next(iter(damaged))} the first', 'Fetch it again.'))
    left = Counter(key.partition('.')[0] for key in state)
    taken, kept = 0, []
    for part, module in parts.items():
        fitting = _same(module, inside[part])
        module.load_state_dict(fitting, strict=False)
        taken += len(fitting)
        left[part] -= len(fitting)
        # Batch normalisation of older files has no counter, and none is needed here.
        kept += [f'{part}.{key}' for key in module.state_dict() if key not in fitting
                 and not key.endswith('num_batches_tracked')]
    said = f'{path}: {taken} tensors taken as initial weights of {type(model).__name__}'
    skipped = ', '.join(f'{count} of {part}' for part, count in left.items() if count > 0)
    said += f'; left out, because the model has nothing of this name and size: {skipped}' if skipped else ''
    said += f'; random as before: {", ".join(kept[:4])}{", ..." if len(kept) > 4 else ""}' if kept else ''
    print_log(said, 'current', logging.WARNING if skipped or kept else logging.INFO)


def _same(module: nn.Module, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Tensors whose name and shape the module has."""
    wanted = module.state_dict()
    return {key: value for key, value in state.items() if key in wanted and wanted[key].shape == value.shape}


def _backbone_state(backbone: nn.Module, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A slow pathway alone has no pathways to name."""
    if any(key.startswith('fast_path.') for key in state) or hasattr(backbone, 'slow_path'):
        return state
    return {key.removeprefix('slow_path.'): value for key, value in state.items()}


def _check_backbone(backbone: nn.Module, state: Mapping[str, torch.Tensor], path: str | Path) -> None:
    """Raise with the likely reason unless every name and shape fits."""
    wanted = {key: value for key, value in backbone.state_dict().items()
              if key in state or not key.endswith('num_batches_tracked')}
    differences = state_dict_differences(wanted, state)
    if not differences:
        return
    kind = type(backbone).__name__
    raise CheckpointError(explain(
        path, f'{len(wanted)} tensors of the backbone {kind}',
        f'{_reason(wanted, state)}{len(wanted.keys() & state.keys())} of these names and the differences\n'
        f'{list_differences(differences)}', _INSPECT))


def _reason(wanted: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor]) -> str:
    """What is behind most differences, for the beginning of a message."""
    lateral = 'slow_path.conv1_lateral'
    sizes = [values[f'{lateral}.conv.weight'].shape[2] for values in (state, wanted)
             if values.get(f'{lateral}.conv.weight', torch.empty(0)).ndim == 5]
    if len(sizes) == 2 and sizes[0] != sizes[1]:
        return (f'fusion_kernel={sizes[0]} where the model has {sizes[1]} (as released: 7 in R50, 5 in R101; set '
                'model.backbone.fusion_kernel), ')
    if f'{lateral}.bn.weight' in wanted and f'{lateral}.conv.weight' in state and f'{lateral}.bn.weight' not in state:
        return ('lateral connections without normalisation, as in a Kinetics file of mmaction2, which is another '
                'network (lateral_norm=False, frame_selection=\'interval\'), ')
    if f'{lateral}.conv.weight' in wanted and not any(key.startswith('fast_path.') for key in state):
        return 'a slow pathway alone, '
    blocks = [len({match[1] for match in map(re.compile(r'slow_path\.layer3\.(\d+)\.').match, values) if match})
              for values in (state, wanted)]
    return f'{blocks[0]} blocks in layer3 where the model has {blocks[1]}, another depth, ' if (
        blocks[0] != blocks[1]) else ''
