#!/usr/bin/env python
"""Test a checkpoint: metrics on screen and as JSON, predictions as arrays and as official result files."""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.runner import Runner

from egoexo.apis import cli
from egoexo.apis.config import load_config
from egoexo.checkpoints.loading import count_non_finite
from egoexo.engine import explained_failures, write_atomically
from egoexo.errors import CheckpointError, ConfigError, explain
from egoexo.registry import METRICS


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='folder for the log; default work_dirs/<config name>')
    parser.add_argument('--dump', metavar='FILE', help='predictions; .npz: one array per video under <subset>/<uid>, '
                        'or ids and logits per list (anticipation, planning, transfer), or ids and scores of verbs and '
                        'nouns (recognition); .json: masks (correspondence)')
    parser.add_argument('--submission', metavar='DIR', help='official result files, DIR/<subset>/<uid>, or '
                        'DIR/<subset>.zip (recognition); DIR/predictions.npz where the release has no format')
    parser.add_argument('--compile', action='store_true',
                        help='torch.compile; its arguments: --cfg-options +compile.mode=max-autotune')
    parser.add_argument('--out', metavar='FILE.json', help='metrics with the hashes of their protocols')
    return cli.parse_run_args(parser, argv)


def load_weights(runner: Runner, checkpoint: str) -> None:
    """Fill the model, refusing a checkpoint that does not cover it.

    Raises:
        CheckpointError: If the file is missing, damaged or of another model.
    """
    try:
        runner.load_checkpoint(checkpoint, map_location='cpu', strict=True)
    except CheckpointError:
        raise
    except Exception as error:  # missing and unexpected keys, other shapes
        reason = '\n  '.join(str(error).splitlines()[:8])
        raise CheckpointError(
            f'{checkpoint} does not fit the model of this config: expected the same names and shapes, found '
            f'({type(error).__name__}) {reason}\nTake the config it was trained with; an official checkpoint is '
            'converted by tools/convert_checkpoint.py.') from error
    damaged = count_non_finite(runner.model.state_dict())
    if damaged:
        raise CheckpointError(explain(
            checkpoint, 'finite weights', f'{sum(damaged.values()):,} NaN or infinite numbers in {len(damaged)} '
            f'tensors, {", ".join(list(damaged)[:5])} among them',
            'The run that wrote it has diverged. Take an earlier one.'))
    runner._has_loaded = True


def protocol_hashes(runner: Runner) -> dict[str, str]:
    """Name and hash of every rule set that the metrics of this test follow."""
    found = {}
    for metric in runner.test_evaluator.metrics:
        protocols = getattr(metric, 'protocols', {})
        protocols = protocols.values() if isinstance(protocols, dict) else protocols
        found.update({protocol.name: protocol.hash for protocol in protocols if hasattr(protocol, 'hash')})
    return found


def write_scalars(path: str, args: argparse.Namespace, metrics: dict, runner: Runner) -> None:
    """Metrics, protocol hashes and what was tested, as JSON."""
    content = {
        'metrics': {name: float(value) for name, value in metrics.items() if isinstance(value, int | float)},
        'protocols': protocol_hashes(runner), 'config': args.config, 'checkpoint': Path(args.checkpoint).resolve().name,
        'checkpoint_sha256': hashlib.sha256(Path(args.checkpoint).read_bytes()).hexdigest()}
    write_atomically(json.dumps(content, indent=1).encode(), path)


def metrics_of(evaluator: dict | list) -> list[dict]:
    """Configs of the metrics of an evaluator: a metric, several, or an evaluator with ``metrics``."""
    evaluator = evaluator.get('metrics', evaluator) if isinstance(evaluator, dict) else evaluator
    return [evaluator] if isinstance(evaluator, dict) else evaluator


def name_files(evaluator: dict | list, work_dir: str) -> None:
    """Let metrics write what the report reads, unless the config names other files.

    Args:
        evaluator (dict | list): ``test_evaluator`` of the config, changed in place.
        work_dir (str): Work directory of the test.
    """
    for metric in metrics_of(evaluator):
        for argument, name in getattr(METRICS.get(metric['type']), 'work_dir_files', {}).items():
            metric.setdefault(argument, str(Path(work_dir) / name))


def prediction_hook(evaluator: dict | list) -> str:
    """Type of the hook that keeps the predictions, as the metrics of this test name it.

    Args:
        evaluator (dict | list): ``test_evaluator`` of the config.

    Raises:
        ConfigError: If the metrics want different hooks.
    """
    metrics = metrics_of(evaluator)
    named = {getattr(METRICS.get(metric['type']), 'prediction_hook', None): metric['type'] for metric in metrics}
    named.pop(None, None)
    if len(named) > 1:
        raise ConfigError(explain('test_evaluator', 'metrics of one benchmark with --dump or --submission',
                                  ' and '.join(map(str, named.values())), 'Test the benchmarks one by one.'))
    return next(iter(named), 'FramePredictionHook')


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Test.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        dict[str, float]: Metrics by name.
    """
    args = parse_args(argv)
    cfg = load_config(args.config, args.cfg_options)
    cli.prepare(cfg, args.config, args.work_dir, args.launcher)
    cfg.load_from, cfg.resume = None, False
    if args.compile:
        cli.enable_compile(cfg)
    name_files(cfg.test_evaluator, cfg.work_dir)
    if args.dump or args.submission:
        hook = dict(type=prediction_hook(cfg.test_evaluator), dump=args.dump, submission=args.submission)
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]
    with explained_failures(cfg.work_dir, resumable=False):
        runner = Runner.from_cfg(cfg)
        cli.write_command(cfg.work_dir, 'test', sys.argv[1:] if argv is None else argv, config=args.config,
                          checkpoint=args.checkpoint)
        load_weights(runner, args.checkpoint)
        runner._maybe_compile('test_step')  # MMEngine does this for training only
        metrics = runner.test()
        if args.out and runner.rank == 0:
            write_scalars(args.out, args, metrics, runner)
    if args.launcher != 'none':
        torch.distributed.destroy_process_group()
    return metrics


if __name__ == '__main__':
    main()
