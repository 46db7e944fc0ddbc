"""What the converters of all families of official checkpoints need."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import torch

from egoexo.errors import CheckpointError, explain, printable

__all__ = ['LayoutRules', 'Shapes', 'bare_state', 'check_shapes', 'count_indices', 'name_officially',
           'order_officially', 'shapes_of']

Shapes = dict[str, tuple[int, ...]]


class LayoutRules(NamedTuple):
    """How the options of a family's models are read off its files.

    Args:
        guess (Callable): Shapes by official key -> layout, a dataclass of sizes and options.
        check (Callable): (shapes, layout); raises CheckpointError when they do not make up one complete model.
        shapes (Callable): Layout -> shapes by official key, in the official order.
    """

    guess: Callable[[Shapes], object]
    check: Callable[[Shapes, object], None]
    shapes: Callable[[object], Shapes]


def bare_state(container: Mapping[str, object], where: object = 'state dict') -> dict[str, object]:
    """Keys without the prefix ``module.`` that DataParallel writes.

    Args:
        container (Mapping): A state dict.
        where (object): The file, for the message.

    Returns:
        dict[str, object]: The same values.

    Raises:
        CheckpointError: If a key is there in both forms.
    """
    state = {str(key).removeprefix('module.'): value for key, value in container.items()}
    if len(state) != len(container):
        raise CheckpointError(explain(where, 'keys of one form', 'some keys both with and without the prefix '
                                      'module.', 'Remove one of the two.'))
    return state


def shapes_of(state: Mapping[str, object]) -> Shapes:
    """Shape of each tensor.

    Args:
        state (Mapping[str, object]): A state dict.

    Returns:
        dict[str, tuple[int, ...]]: By key.

    Raises:
        CheckpointError: If something is no tensor, or nothing is there.
    """
    foreign = [key for key, value in state.items() if not isinstance(value, torch.Tensor)]
    if foreign or not state:
        keys = ', '.join(printable(key, 80) for key in foreign[:5])
        raise CheckpointError(explain('state dict', 'a state dict of tensors only', keys or 'an empty one',
                                      'Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.'))
    return {key: tuple(value.shape) for key, value in state.items()}


def order_officially(state: Mapping[str, torch.Tensor], rules: LayoutRules, sizes: Mapping[str, int] | None = None,
                     ) -> 'OrderedDict[str, torch.Tensor]':
    """Check a state dict whole and put it into the official order.

    Args:
        state (Mapping[str, torch.Tensor]): Official keys, without ``module.``.
        rules (LayoutRules): Of the family.
        sizes (Mapping[str, int], optional): Fields that the layout must have; the others are read off the shapes.

    Returns:
        OrderedDict[str, torch.Tensor]: The same tensors, shared.

    Raises:
        CheckpointError: Lists every key that is missing, unexpected or mis-shaped.
    """
    shapes = shapes_of(state)
    layout = replace(rules.guess(shapes), **(sizes or {}))
    rules.check(shapes, layout)
    return OrderedDict((key, state[key]) for key in rules.shapes(layout))


def name_officially(state_dict: Mapping[str, torch.Tensor],
                    official_key: Callable[[str], str | None]) -> dict[str, torch.Tensor]:
    """Official names for a state dict of ours.

    Args:
        state_dict (Mapping[str, torch.Tensor]): Our keys, with or without ``module.``.
        official_key (Callable): Our key -> official key, None for a key that is none of ours.

    Returns:
        dict[str, torch.Tensor]: A key without an official name is marked, so that it cannot pass for an official one
        and is listed as unexpected.

    Raises:
        CheckpointError: If a key is there in both forms.
    """
    return {official_key(key) or f'{key} (no name of ours)': value for key, value in bare_state(state_dict).items()}


def count_indices(keys: Mapping[str, object], pattern: str) -> int:
    """One more than the largest index in the keys.

    Args:
        keys (Mapping): A state dict or its shapes.
        pattern (str): Regular expression for the beginning of a key; its first group is the index.

    Returns:
        int: 0 when nothing matches; at most the number of keys, whatever a forged file says.

    Examples:
        >>> count_indices({'stages.0.weight': 0, 'stages.1.weight': 0}, r'stages\\.(\\d+)')
        2
    """
    found = [int(match[1]) for match in map(re.compile(pattern).match, keys) if match]
    return min(max(found, default=-1) + 1, len(keys))


def check_shapes(shapes: Shapes, expected: Shapes, model: str) -> None:
    """Compare the tensors of a file with those of a model.

    Args:
        shapes (dict[str, tuple[int, ...]]): Official key to shape, of the file.
        expected (dict[str, tuple[int, ...]]): The same, of the model.
        model (str): Which model that is.

    Raises:
        CheckpointError: Lists missing, unexpected and mis-shaped keys.
    """
    missing = [key for key in expected if key not in shapes]
    unexpected = [key for key in shapes if key not in expected]
    wrong = [f'{key} {shapes[key]} instead of {shape}' for key, shape in expected.items()
             if key in shapes and shapes[key] != shape]
    if not missing and not unexpected and not wrong:
        return
    lines = [f'state dict: expected the tensors of {model}, found differences:']
    for title, keys in (('missing', missing), ('unexpected', unexpected), ('wrong shape', wrong)):
        if keys:
            more = f' and {len(keys) - 20} more' if len(keys) > 20 else ''
            lines.append(f'  {title} ({len(keys)}): {", ".join(printable(key, 80) for key in keys[:20])}{more}')
    lines.append('Run tools/convert_checkpoint.py --inspect FILE to see what the file holds.')
    raise CheckpointError('\n'.join(lines))
