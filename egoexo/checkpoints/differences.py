"""Where the weights of a file do not fit a network."""

from collections.abc import Mapping

import torch

from egoexo.errors import printable

__all__ = ['list_differences', 'state_dict_differences']

_NUM_SHOWN = 5
_MAX_CHARS = 160


def state_dict_differences(expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]) -> list[str]:
    """Compare names and shapes.

    Args:
        expected (Mapping[str, torch.Tensor]): State dict of the network.
        found (Mapping[str, torch.Tensor]): State dict of the file.

    Returns:
        list[str]: One entry per parameter that is missing, unexpected or of another shape; shapes first, since a wrong
        shape tells more than a wrong name.

    Examples:
        >>> state_dict_differences({'a': torch.zeros(2), 'b': torch.zeros(3)}, {'a': torch.zeros(4)})
        ['a is (4,), expected (2,)', 'missing b']
    """
    differences = [f'{key} is {tuple(found[key].shape)}, expected {tuple(value.shape)}'
                   for key, value in expected.items() if key in found and found[key].shape != value.shape]
    differences += [f'missing {key}' for key in expected if key not in found]
    return differences + [f'unexpected {key}' for key in found if key not in expected]


def list_differences(differences: list[str]) -> str:
    """First few entries as the lines of a message, with the number of the others.

    Args:
        differences (list[str]): Of :func:`state_dict_differences`.

    Returns:
        str: Indented lines, safe to print.
    """
    lines = [printable(entry, _MAX_CHARS) for entry in differences[:_NUM_SHOWN]]
    if len(differences) > _NUM_SHOWN:
        lines.append(f'({len(differences) - _NUM_SHOWN} more)')
    return '  ' + '\n  '.join(lines)
