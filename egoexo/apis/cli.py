"""What the command line tools share: readable errors, the record of a run, device-dependent settings."""

import argparse
import functools
import itertools
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from mmengine.config import Config, DictAction

from egoexo.apis.class_counts import settle_class_counts
from egoexo.apis.phases import settle_phases
from egoexo.apis.run_record import record_end, write_command
from egoexo.engine import check_writable
from egoexo.errors import ConfigError, EgoExoError

__all__ = ['adapt_to_device', 'enable_amp', 'enable_compile', 'enable_lr_scaling', 'parse_run_args',
           'plain_message', 'prepare', 'readable_errors', 'write_command']

USAGE_ERROR = 2
RUN_NUMBER = itertools.count(1)


def plain_message(error: EgoExoError) -> str:
    """Message of one of our errors, also when a loader worker has wrapped it into a traceback.

    Args:
        error (EgoExoError): As caught; torch re-raises a worker's error with its whole traceback as the message.

    Returns:
        str: The message its author wrote.
    """
    text = str(error)
    marker = f'egoexo.errors.{type(error).__name__}: '
    return text.rsplit(marker, 1)[-1].strip() if marker in text else text


def _describe(error: BaseException) -> str:
    return plain_message(error) if isinstance(error, EgoExoError) else str(error)


def readable_errors(main: Callable) -> Callable:
    """Let errors that we raise on purpose end a tool with one message and exit code 2, without a traceback.

    Args:
        main (Callable): ``main(argv=None)`` of a tool.

    Returns:
        Callable: The same function with that behaviour; other errors keep their traceback. With
        ``EGOEXO_TRACEBACK=1`` in the environment nothing is caught.
    """
    @functools.wraps(main)
    def run(argv: Sequence[str] | None = None) -> object:
        try:
            with record_end(_describe):
                return main(argv)
        except EgoExoError as error:
            if os.environ.get('EGOEXO_TRACEBACK') == '1':
                raise
            rank = os.environ.get('RANK')
            where = f' (rank {rank})' if rank is not None else ''
            print(f'{type(error).__name__}{where}: {plain_message(error)}', file=sys.stderr, flush=True)
            raise SystemExit(USAGE_ERROR) from None

    return run


def parse_run_args(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Add the options that training and testing share, and parse.

    Args:
        parser (argparse.ArgumentParser): With the tool's own options.
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        argparse.Namespace: Parsed options; ``LOCAL_RANK`` is set for launchers that pass it as an argument.
    """
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='change values by dotted path; +KEY=VALUE adds a new one')
    parser.add_argument('--launcher', choices=('none', 'pytorch', 'slurm', 'mpi'), default='none')
    parser.add_argument('--local-rank', '--local_rank', type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def prepare(cfg: Config, config: str | Path, work_dir: str | None, launcher: str) -> None:
    """Settle where a run writes, what it is called and how it starts on this machine.

    Args:
        cfg (Config): Changed in place.
        config (str | Path): Config file; its name is the default for folder and experiment.
        work_dir (str, optional): From the command line; else the config's, else ``work_dirs/<name of the config>``.
        launcher (str): ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.

    Raises:
        TrainingError: If the work directory cannot be written.
        ConfigError: If the model leaves its class count to a data set that names none, or a phase is wrong.
        AnnotationError: If the class file of that data set is missing or malformed.
    """
    settle_class_counts(cfg)
    name = Path(config).stem
    cfg.work_dir = work_dir or cfg.get('work_dir') or str(Path('work_dirs') / name)
    settle_phases(cfg)
    check_writable(cfg.work_dir)
    # MMEngine keeps logs and best scores by this name: two runs of one process must not share it.
    cfg.setdefault('experiment_name', f'{name}_{time.strftime("%Y%m%d_%H%M%S")}_{next(RUN_NUMBER)}')
    adapt_to_device(cfg, launcher)


def adapt_to_device(cfg: Config, launcher: str) -> None:
    """Make a config runnable on this machine; changes are printed.

    Args:
        cfg (Config): Changed in place.
        launcher (str): ``'none'``, ``'pytorch'``, ``'slurm'`` or ``'mpi'``.
    """
    cfg.launcher = launcher
    if torch.cuda.is_available():
        return
    if launcher != 'none':
        cfg.merge_from_dict({'env_cfg.dist_cfg.backend': 'gloo'})
    if cfg.get('sync_bn') is not None:
        print(f'sync_bn={cfg.sync_bn!r} works on GPUs only and is dropped; SyncNormBuffersHook averages statistics.')
        cfg.sync_bn = None


def enable_amp(cfg: Config) -> None:
    """Switch the optimizer wrapper to mixed precision: bfloat16 where the device has it, else float16 with a scaler.

    Args:
        cfg (Config): Changed in place.

    Raises:
        ConfigError: If the wrapper is of a kind of its own.
    """
    wrapper = cfg.optim_wrapper
    kind = wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper', 'AutocastOptimWrapper'):
        raise ConfigError(f"--amp: optim_wrapper.type='{kind}', expected 'OptimWrapper'. Set the mixed precision of "
                          'such a wrapper in the config.')
    if not torch.cuda.is_available():
        # The scaler of AmpOptimWrapper is for GPUs; its settings mean nothing here.
        wrapper.pop('loss_scale', None)
        wrapper.update(type='AutocastOptimWrapper', dtype='bfloat16')
    elif kind == 'OptimWrapper':
        bfloat16 = torch.cuda.is_bf16_supported()
        wrapper['type'] = 'AutocastOptimWrapper' if bfloat16 else 'AmpOptimWrapper'


def enable_compile(cfg: Config) -> None:
    """Let torch translate the steps of the model into code of their own; the first ones take minutes.

    Args:
        cfg (Config): Changed in place; arguments of ``torch.compile`` that it has under ``compile`` stay.
    """
    cfg.compile = cfg.get('compile') or True


def enable_lr_scaling(cfg: Config) -> None:
    """Scale the learning rate with the total batch size.

    Args:
        cfg (Config): Changed in place.

    Raises:
        ConfigError: If the config does not say for which batch size its learning rate was chosen.
    """
    if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
        raise ConfigError('--auto-scale-lr: the config has no auto_scale_lr.base_batch_size, the batch size its '
                          'learning rate was chosen for. Add auto_scale_lr = dict(base_batch_size=...).')
    cfg.auto_scale_lr['enable'] = True
