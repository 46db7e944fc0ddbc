"""Convert official checkpoints to ours and back, or say what a checkpoint file holds.

Usage:
    python tools/convert_checkpoint.py segmentation epoch-150.model mstcn.pth
    python tools/convert_checkpoint.py segmentation work_dirs/run/epoch_150.pth epoch-150.model --reverse
    python tools/convert_checkpoint.py moco moco_v2_800ep_pretrain.pth.tar backbone.pth
    python tools/convert_checkpoint.py suml EE_EP100_SF101_checkpoint_epoch_00030.pyth suml.pth
    python tools/convert_checkpoint.py --inspect epoch-150.model
"""

import argparse
import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if (Path(__file__).resolve().parents[1] / 'egoexo' / '__init__.py').is_file():
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone works without being installed

import torch

from egoexo.checkpoints.families import FAMILIES, Family
from egoexo.checkpoints.inspect import inspect_file
from egoexo.checkpoints.loading import count_non_finite, find_state_dict, load_checkpoint_file, sha256_of
from egoexo.errors import CheckpointError, EgoExoError


def build_parser() -> argparse.ArgumentParser:
    """Parser with one subcommand per family and the option ``--inspect``."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--inspect', metavar='FILE', type=Path, help='print the passport of FILE and convert nothing')
    parser.add_argument('--no-shapes', action='store_true', help='with --inspect, leave out the list of tensors')
    commands = parser.add_subparsers(dest='family', metavar='FAMILY', help=', '.join(FAMILIES))
    for family in FAMILIES.values():
        command = commands.add_parser(family.name, description=f'Checkpoints of {family.source}.')
        command.add_argument('source', metavar='IN', type=Path, help='file to read')
        command.add_argument('target', metavar='OUT', type=Path, help='file to write')
        command.add_argument('--reverse', action='store_true', help='IN is ours, OUT the official form')
        command.add_argument('--force', action='store_true', help='overwrite OUT')
        for size in dataclasses.fields(family.layout):
            if size.type is int:
                command.add_argument(f'--{size.name.replace("_", "-")}', dest=f'size_{size.name}', type=int,
                                     help='refuse a file with another value; read off the file when left out')
        for name, meaning in family.switches.items():
            command.add_argument(f'--{name.replace("_", "-")}', dest=f'switch_{name}', action='store_true',
                                 help=f'{meaning}; without effect on --reverse')
    return parser


def _save(content: Mapping[str, object], target: Path, **options: bool) -> None:
    """Write beside the target and rename, so that a half-written file never has its name."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f'{target.name}.{os.getpid()}.part')
    try:
        torch.save(content, draft, **options)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def convert(family: Family, source: Path, target: Path, reverse: bool = False,
            sizes: Mapping[str, int] | None = None, switches: Mapping[str, bool] | None = None) -> int:
    """Convert one file.

    Args:
        family (Family): Whose checkpoints these are.
        source (Path): File to read: official, or ours (MMEngine's or a converted one) with ``reverse``.
        target (Path): File to write. Ours is ``dict(state_dict=..., meta=dict(source, family, sha256))``, which
            ``Runner.load_checkpoint`` takes; the official one is what the official code writes.
        reverse (bool): Direction.
        sizes (Mapping[str, int], optional): Sizes that the model must have.
        switches (Mapping[str, bool], optional): Options of the family, see ``Family.switches``.

    Returns:
        int: Number of tensors written.

    Raises:
        CheckpointError: If the file is no such checkpoint; lists missing, unexpected and mis-shaped keys.
    """
    container = load_checkpoint_file(source)
    _, state = find_state_dict(container, source)
    try:
        converted = (family.to_official(state, sizes) if reverse
                     else family.from_official(state, sizes, **switches or {}))
    except CheckpointError as error:
        raise CheckpointError(f'{source}: {error}') from error
    damaged = count_non_finite(converted)
    if damaged:
        print(f'{source}: expected finite weights, found {sum(damaged.values()):,} NaN or infinite numbers in '
              f'{len(damaged)} of {len(converted)} tensors; they are converted as they are.', file=sys.stderr)
    for entry in () if reverse else (name for name in family.left_out if container.get(name)):
        print(f'{source}: {entry}, {family.left_out[entry]}, is not converted.', file=sys.stderr)
    aside = [] if reverse else [key for key in state if family.is_aside(key.removeprefix('module.'))]
    if aside:
        print(f'{source}: {len(aside)} tensors such as {aside[0]} are of no use to our model and not converted.',
              file=sys.stderr)
    if reverse:
        # The older container format, which the torch of the official environment reads as well.
        _save(family.container(converted), target, _use_new_zipfile_serialization=False)
    else:
        meta = dict(source=source.name, family=family.name, sha256=sha256_of(source))
        _save(dict(state_dict=converted, meta=meta), target)
    return len(converted)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv (Sequence[str] | None): Command line without the program; None takes that of the process.

    Returns:
        int: 0 on success, 1 for a file that is refused or cannot be written, 2 for a wrong command line.
    """
    parser = build_parser()
    args = parser.parse_args(argv)
    if (args.inspect is None) == (args.family is None):
        parser.error('expected either --inspect FILE or FAMILY IN OUT')
    try:
        if args.inspect is not None:
            print(inspect_file(args.inspect).table(with_shapes=not args.no_shapes))
            return 0
        if args.target.exists() and not args.force:
            print(f'{args.target} exists; choose another name or pass --force.', file=sys.stderr)
            return 1
        sizes = {name.removeprefix('size_'): value for name, value in vars(args).items()
                 if name.startswith('size_') and value is not None}
        switches = {name.removeprefix('switch_'): value for name, value in vars(args).items()
                    if name.startswith('switch_')}
        count = convert(FAMILIES[args.family], args.source, args.target, args.reverse, sizes, switches)
    except (EgoExoError, OSError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 1
    print(f'{args.target}: {count} tensors, {"official" if args.reverse else "egoexo"} names')
    return 0


if __name__ == '__main__':
    sys.exit(main())
