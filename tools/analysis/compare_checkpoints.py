#!/usr/bin/env python
"""Compare the weights of two checkpoints tensor by tensor: equal to the last bit, or how far apart.

Exit code 0 when all are equal (or within --tolerance), 1 when they differ, 2 when a file cannot be used.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence

import torch

from egoexo.apis import cli
from egoexo.checkpoints.loading import find_state_dict, load_checkpoint_file
from egoexo.utils.tables import format_table


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('first', help='checkpoint file')
    parser.add_argument('second', help='checkpoint file')
    parser.add_argument('--tolerance', type=float, default=0.0, metavar='X',
                        help='largest absolute difference that still counts as equal; default 0')
    parser.add_argument('--rows', type=int, default=10, metavar='N', help='tensors shown; default 10, 0 for all')
    return parser.parse_args(argv)


def difference(first: torch.Tensor | None, second: torch.Tensor | None) -> float | str:
    """Largest absolute difference of two tensors, or in words why there is none.

    Args:
        first (torch.Tensor, optional): Any shape and type; None when the file lacks it.
        second (torch.Tensor, optional): Likewise.

    Returns:
        float | str: 0.0 only when all bits that compare as numbers are equal; NaN equals NaN.
    """
    if first is None or second is None:
        return f'only in the {"first" if second is None else "second"}'
    if first.shape != second.shape or first.dtype != second.dtype:
        return ' and '.join(f'{str(item.dtype).removeprefix("torch.")} {tuple(item.shape)}' for item in (first, second))
    if torch.equal(first, second):
        return 0.0
    gap = (first.double() - second.double()).abs()
    same = (first == second) | ((first != first) & (second != second))
    return float(gap.masked_fill(same, 0.0).nan_to_num(nan=float('inf')).max())


def compare(first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor]) -> dict[str, float | str]:
    """Difference of every tensor that is not equal.

    Args:
        first (Mapping[str, torch.Tensor]): State dict.
        second (Mapping[str, torch.Tensor]): State dict.

    Returns:
        dict[str, float | str]: See :func:`difference`; those without a number first, then the largest.
    """
    found = {name: difference(first.get(name), second.get(name)) for name in dict.fromkeys([*first, *second])}
    unequal = {name: gap for name, gap in found.items() if gap != 0.0}
    return dict(sorted(unequal.items(), key=lambda item: (not isinstance(item[1], str),
                                                          -item[1] if isinstance(item[1], float) else 0.0)))


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Compare.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        int: Exit code.
    """
    args = parse_args(argv)
    first, second = (find_state_dict(load_checkpoint_file(path))[1] for path in (args.first, args.second))
    unequal = compare(first, second)
    total = len(first.keys() | second.keys())
    if not unequal:
        print(f'all {total} tensors are equal')
        return 0
    shown = list(unequal.items())[:args.rows or None]
    print(format_table([['tensor', 'largest difference'],
                        *([name, gap if isinstance(gap, str) else f'{gap:.3g}'] for name, gap in shown)]))
    if len(shown) < len(unequal):
        print(f'({len(unequal) - len(shown)} more: --rows 0)')
    gaps = [gap for gap in unequal.values() if isinstance(gap, float)]
    words = len(unequal) - len(gaps)
    print(f'{len(unequal)} of {total} tensors differ' + (f', at most by {max(gaps):.3g}' if gaps else '')
          + (f'; {words} cannot be compared' if words else ''))
    return int(bool(words) or max(gaps) > args.tolerance)


if __name__ == '__main__':
    sys.exit(main())
