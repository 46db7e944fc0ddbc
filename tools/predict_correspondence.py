#!/usr/bin/env python
"""Predict a split of correspondence take by take, and write the official result files.

Each take becomes OUT/<setting>/<take uid>/pred_annotations.json as soon as it is through; repeat a command that was
interrupted, finished takes are kept. Under a launcher every process takes every n-th take; none waits for the others.
The last one to finish writes OUT/<setting>_<split>_results.json, and OUT/submission.json once both directions are
there.

Examples::

    python tools/predict_correspondence.py CONFIG CHECKPOINT --out predictions
    python tools/predict_correspondence.py CONFIG CHECKPOINT --split test --out predictions --amp
    torchrun --nproc_per_node 4 tools/predict_correspondence.py CONFIG CHECKPOINT --out predictions --launcher pytorch
"""

import argparse
import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone works without being installed

import torch

from egoexo.apis import cli
from egoexo.apis.config import load_config
from egoexo.apis.correspondence_predictions import PredictionOptions, predict_correspondence
from egoexo.errors import ConfigError, explain
from egoexo.formats.correspondence_pairs import DIRECTIONS

#: Launcher -> variables with the number of this process, the number of processes, and its number on this machine.
VARIABLES = {'pytorch': ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
             'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
             'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK')}


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file; its test_dataloader says how data is read')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', required=True, type=Path, help='folder of the predictions')
    parser.add_argument('--split', default='val', help='train, val or test (default: %(default)s)')
    parser.add_argument('--directions', nargs='+', choices=DIRECTIONS, default=(),
                        help='default: those that the config trains')
    parser.add_argument('--device', help="'cpu' or 'cuda' (default: one GPU per process if there are any)")
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    return cli.parse_run_args(parser, argv)


def position(launcher: str) -> tuple[int, int, int]:
    """Number of this process from 1, number of processes, and number of this one on its machine from 0.

    Raises:
        ConfigError: If the launcher did not start this process.
    """
    if launcher == 'none':
        return 1, 1, 0
    names = VARIABLES[launcher]
    absent = [name for name in names if not os.environ.get(name, '').isdigit()]
    if absent:
        raise ConfigError(explain(f'--launcher {launcher}', f'the environment variables {", ".join(names)}',
                                  f'no {", ".join(absent)}', 'Start the tool with that launcher or leave it out.'))
    number, count, local = (int(os.environ[name]) for name in names)
    return number + 1, count, local


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> int:
    """Predict.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        int: 0 if every take of this process has its predictions now, else 1.
    """
    args = parse_args(argv)
    number, count, local = position(args.launcher)
    device = args.device
    if device is None and args.launcher != 'none' and torch.cuda.is_available():
        device = f'cuda:{local % torch.cuda.device_count()}'
    say = functools.partial(print, *([f'[{number}/{count}]'] if count > 1 else []), flush=True)
    options = PredictionOptions(args.split, tuple(args.directions), (number, count), device, args.amp)
    summary = predict_correspondence(load_config(args.config, args.cfg_options), args.checkpoint, args.out, options,
                                     say)
    for path in summary.files:
        say(f'written: {path}')
    if summary.waiting and not summary.failed:
        say(f'{len(summary.waiting)} takes of other processes are still to come; the last one writes the results.')
    if not summary.failed:
        return 0
    print(f'{len(summary.failed)} take(s) have no predictions: {", ".join(summary.failed)}. Mend their data and repeat '
          'the command: what is finished is kept.', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
