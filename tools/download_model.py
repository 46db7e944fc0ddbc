#!/usr/bin/env python
"""Get the weights of a model of the zoo: fetch, convert or find them, always checked.

Usage:
    python tools/download_model.py --list 'mini_*'
    python tools/download_model.py mini_mstcn_i3d_egoexolearn-ego --out weights/
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from egoexo.apis import cli, list_models
from egoexo.apis.model_card import ModelCard, find_card
from egoexo.checkpoints.loading import sha256_of
from egoexo.utils.download import download
from egoexo.utils.tables import format_table
from egoexo.utils.transfer_progress import format_bytes


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('name', metavar='NAME', nargs='?', help='model of the zoo')
    parser.add_argument('--list', metavar='PATTERN', nargs='?', const='*', help='list the models and what they have')
    parser.add_argument('--out', metavar='FOLDER', type=Path, help='copy the file there; default: say where it is')
    parser.add_argument('--official', metavar='FILE', type=Path,
                        help='the official file that the model is converted from, when it is here already')
    args = parser.parse_args(argv)
    if (args.name is None) == (args.list is None):
        parser.error('expected either NAME or --list [PATTERN]')
    return args


def describe(card: ModelCard, here: bool) -> str:
    """Where the weights of a card come from, in a few words."""
    source = card.weights
    if source is None:
        return 'none'
    if source.kind == 'made':
        return f'{source.made_by} ({"here" if here else "not made yet"})'
    return 'published' if source.kind == 'published' else f'converted ({source.family})'


def table(pattern: str) -> str:
    """Models, where their weights come from and their first result."""
    available = set(list_models(pattern, with_weights=True))
    lines = [['model', 'weights', 'first result']]
    for name in list_models(pattern):
        card = find_card(name)
        first = card.results[0] if card.results else None
        result = f'{first["Dataset"]}: ' + ', '.join(f'{key} {value}' for key, value in first['Metrics'].items()) \
            if first else ''
        lines.append([name, describe(card, name in available), result])
    return format_table(lines)


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> Path | None:
    """List models or get one.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        Path | None: The file; None for a list.
    """
    args = parse_args(argv)
    if args.list is not None:
        print(table(args.list))
        return None
    path = find_card(args.name).fetch_weights(args.official)
    sha256 = sha256_of(path)
    if args.out is not None:
        path = download(path.resolve().as_uri(), args.out / path.name, sha256, allow_file=True)
    print(f'{path}: {format_bytes(path.stat().st_size)}, sha256 {sha256}')
    return path


if __name__ == '__main__':
    main(sys.argv[1:])
