#!/usr/bin/env python
"""Train a model from a config. Several processes: tools/dist_train.sh, tools/slurm_train.sh."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner

from egoexo.apis import cli
from egoexo.apis.config import load_config
from egoexo.apis.phases import run_phases
from egoexo.engine import explained_failures, find_resumable_checkpoint, read_progress

NEWEST = 'newest'


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints; default work_dirs/<config name>')
    parser.add_argument('--resume', nargs='?', const=NEWEST, metavar='CHECKPOINT',
                        help='go on from CHECKPOINT, or from the newest one in the work directory that loads')
    parser.add_argument('--amp', action='store_true', help='mixed precision: bfloat16, or float16 on older GPUs')
    parser.add_argument('--compile', action='store_true',
                        help='torch.compile; its arguments: --cfg-options +compile.mode=max-autotune')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch size')
    return cli.parse_run_args(parser, argv)


def apply_options(cfg: Config, args: argparse.Namespace, resume: str | None) -> None:
    """Write what the command line asks for into a prepared config."""
    if args.amp:
        cli.enable_amp(cfg)
    if args.compile:
        cli.enable_compile(cfg)
    if args.auto_scale_lr:
        cli.enable_lr_scaling(cfg)
    if resume == NEWEST:
        cfg.load_from = find_resumable_checkpoint(cfg.work_dir) or cfg.get('load_from')
        cfg.resume = bool(cfg.load_from)
    elif resume:
        read_progress(resume)
        cfg.load_from, cfg.resume = resume, True


def train(cfg: Config, config: str | Path, argv: Sequence[str]) -> Runner:
    """Train what a config says, without its phases."""
    with explained_failures(cfg.work_dir):
        runner = Runner.from_cfg(cfg)
        cli.write_command(cfg.work_dir, 'train', argv, config=str(config), seed=runner.seed,
                          resumed_from=cfg.load_from if cfg.resume else None)
        runner.train()
    return runner


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> Runner:
    """Train.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        Runner: The finished runner.
    """
    args = parse_args(argv)
    typed = sys.argv[1:] if argv is None else argv
    cfg = load_config(args.config, args.cfg_options)
    cli.prepare(cfg, args.config, args.work_dir, args.launcher)

    def train_phase(phase: Config, config: Path, resume: bool) -> None:
        cli.prepare(phase, config, phase.work_dir, args.launcher)
        apply_options(phase, args, NEWEST if resume else None)
        train(phase, config, typed)

    run_phases(cfg, bool(args.resume), train_phase)
    apply_options(cfg, args, args.resume)
    runner = train(cfg, args.config, typed)
    best = Path(cfg.work_dir) / 'best.pth'
    if best.is_file():
        runner.logger.info(f'Best checkpoint: {best.resolve().name}. Test it with: '
                           f'python tools/test.py {args.config} {best}')
    if args.launcher != 'none':
        torch.distributed.destroy_process_group()
    return runner


if __name__ == '__main__':
    main()
