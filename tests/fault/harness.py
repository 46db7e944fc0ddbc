"""Runs a training in forked processes, lets it be killed, and compares what is left with the uninterrupted run.

The child is forked from this warm process (torch and MMEngine are imported once), in a session of its own. It shares
nothing with later children; the kill is a SIGKILL of the real process.
"""

import contextlib
import copy
import dataclasses
import gc
import hashlib
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path

import torch
import torch._dynamo  # imported by the first optimizer step otherwise, in every child
from fault.kill_points import FileOperations
from mmengine.logging import MMLogger
from mmengine.runner import Runner

import egoexo.visualization  # noqa: F401  the same: every import here is one less in each child
from egoexo import compat
from egoexo.apis import cli
from egoexo.engine import explained_failures, find_resumable_checkpoint

KILLED = -signal.SIGKILL
OPERATIONS = 'operations.json'


@dataclasses.dataclass
class Outcome:
    """How the processes of a run ended: exit codes (negative: signal) and what they printed, by rank."""

    codes: list[int]
    texts: list[str]


def launch(cfg, point=None, resume=False, procs=1, rank=0, clock=None, prepare=None, watch=None, run=None,
           timeout=120):
    """Run a training in ``procs`` forked processes and wait for all of them.

    Args:
        cfg (Config): Config of the run.
        point (tuple, optional): Where rank ``rank`` kills itself, see :mod:`fault.kill_points`.
        resume (bool): Go on from the newest checkpoint, like ``--resume``.
        procs (int): Number of ranks.
        rank (int): Which one dies.
        clock (float, optional): Seconds after which this process kills all ranks from outside.
        prepare (Callable, optional): Called in each child first, e.g. to set limits.
        watch (Callable, optional): Called here with the process ids once they run.
        run (Callable, optional): What the child does instead of training ``cfg``, e.g. a tool's ``main``.
        timeout (float): Seconds after which the test fails.

    Returns:
        Outcome: Of all ranks.
    """
    folder = Path(cfg.work_dir).parent
    folder.mkdir(parents=True, exist_ok=True)
    logs = [folder / f'{Path(cfg.work_dir).name}.rank{number}.txt' for number in range(procs)]
    port = _free_port() if procs > 1 else None
    pids = []
    for number in range(procs):
        mine = point if number == rank else None
        train = run or (lambda mine=mine: _train(copy.deepcopy(cfg), resume, procs, mine))
        pids.append(_fork(train, logs[number], number, procs, port, prepare))
    try:
        if watch is not None:
            watch(pids)
        if clock is not None:
            time.sleep(clock)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        codes = [_wait(pid, time.monotonic() + timeout) for pid in pids]
    finally:
        for pid in pids:  # loader workers end by themselves, after up to 5 s; nobody waits for that here
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
    return Outcome(codes, [log.read_text(errors='replace') for log in logs])


def _free_port():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def _wait(pid, deadline):
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError(f'process {pid} did not end in time')
        time.sleep(0.005)


def _fork(train, log, rank, procs, port, prepare):
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        gc.freeze()  # else the collector walks through everything this process has imported, half the time of a run
        os.setsid()
        MMLogger._instance_dict.clear()  # the log files of earlier runs of this process are not the child's
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout, sys.stderr = os.fdopen(1, 'w', closefd=False), os.fdopen(2, 'w', closefd=False)
        if procs > 1:
            os.environ.update(RANK=str(rank), WORLD_SIZE=str(procs), LOCAL_RANK=str(rank), MASTER_ADDR='127.0.0.1',
                              MASTER_PORT=str(port))
        if prepare is not None:
            prepare()
        cli.readable_errors(lambda argv: train())()
        code = 0
    except SystemExit as stopped:
        code = stopped.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _train(cfg, resume, procs, point):
    compat.apply()
    operations = None
    if point is not None and point[0] == 'file':
        operations = FileOperations(cfg.work_dir, point[1])
    elif point is not None:
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), dict(type='SigkillHook', kind=point[0], number=point[1])]
    cli.prepare(cfg, 'toy.py', cfg.work_dir, 'pytorch' if procs > 1 else 'none')
    if resume:
        cfg.load_from = find_resumable_checkpoint(cfg.work_dir)
        cfg.resume = cfg.load_from is not None
    Runner._log_env = lambda self, env_cfg: None  # asks gcc and git: a quarter of a second per run
    with explained_failures(cfg.work_dir):
        runner = Runner.from_cfg(cfg)
        if operations is not None:
            operations.install()
        runner.train()
    if operations is not None:
        operations.save(Path(cfg.work_dir).parent / OPERATIONS)
    del runner
    gc.collect()
    if procs > 1:
        torch.distributed.destroy_process_group()


def read(path):
    """Load a checkpoint; raises when it is not whole."""
    compat.apply()
    return torch.load(path, map_location='cpu', weights_only=True)


def numbered(folder):
    """Numbered checkpoints of a folder by finished iterations, newest last."""
    found = [path for path in Path(folder).glob('*.pth') if path.name.startswith(('epoch_', 'iter_'))]
    return sorted(found, key=lambda path: int(path.stem.split('_')[1]))


def fingerprint(folder):
    """Hash of everything a finished run has learnt: sha256 by part of the newest and of the best checkpoint."""
    last, best = read(numbered(folder)[-1]), read(Path(folder) / 'best.pth')
    info = last['message_hub']['runtime_info']
    return {
        **{part: _sha256(last.get(part)) for part in ('state_dict', 'ema_state_dict', 'optimizer',
                                                      'param_schedulers')},
        'best weights': _sha256([best['state_dict'], best.get('ema_state_dict')]),
        'best score': {key: value for key, value in info.items() if key.startswith('best_score')},
        'best file': {key: Path(value).name for key, value in info.items() if key.startswith('best_ckpt')},
        'position': (last['meta']['epoch'], last['meta']['iter'], best['meta']['epoch'], best['meta']['iter']),
        'files': sorted(path.name for path in Path(folder).iterdir() if path.suffix == '.pth' or path.name[0] == '.')}


def _sha256(value):
    digest = hashlib.sha256()

    def add(item):
        if isinstance(item, torch.Tensor):
            digest.update(f'{item.dtype} {tuple(item.shape)} '.encode())
            digest.update(item.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        elif isinstance(item, dict):
            for key in sorted(item, key=str):
                digest.update(repr(key).encode())
                add(item[key])
        elif isinstance(item, list | tuple):
            for part in item:
                add(part)
        else:
            digest.update(repr(item).encode())

    add(value)
    return digest.hexdigest()


def check_folder(folder):
    """Whatever lies under a final name after a kill is whole."""
    folder = Path(folder)
    for path in folder.glob('*.pth'):
        assert path.exists(), f'{path.name} points to {os.readlink(path)}, which is gone'
        assert 'state_dict' in read(path)
    pointer = folder / 'last_checkpoint'
    if pointer.is_file():
        assert Path(pointer.read_text()).is_file(), f'last_checkpoint names {pointer.read_text()}, which is gone'


def kill_and_resume(cfg, points, ledger, family, whole, procs=1, rank=0):
    """Kill a run at each point in turn, resuming in between, let it end, and compare it with the whole run.

    Args:
        cfg (Config): Config of the run; its work directory is empty.
        points (list[tuple]): Kill points; ``('clock', seconds)`` kills from outside.
        ledger (Callable): Takes the counts of this case, see ``tests/fault/conftest.py``.
        family (str): Under which name they are counted.
        whole (dict): Fingerprint of the uninterrupted run.
        procs (int): Number of ranks.
        rank (int): Which one dies.
    """
    kills = 0
    for number, point in enumerate(points):
        outside = point[0] == 'clock'
        outcome = launch(cfg, None if outside else point, resume=number > 0, procs=procs, rank=rank,
                         clock=point[1] if outside else None)
        died = outcome.codes[rank] == KILLED
        assert died or outside, f'{point}: ended with {outcome.codes}\n' + '\n'.join(outcome.texts)[-3000:]
        kills += died
        for other in range(procs):
            if other != rank and died and not outside:
                assert outcome.codes[other] == 2, outcome.texts[other][-3000:]
                assert f'TrainingError (rank {other}): Rank {other} lost the other processes' in outcome.texts[other]
        check_folder(cfg.work_dir)
    outcome = launch(cfg, resume=True, procs=procs)
    assert outcome.codes == [0] * procs, '\n'.join(outcome.texts)[-3000:]
    check_folder(cfg.work_dir)
    found = fingerprint(cfg.work_dir)
    ledger(family, kills=kills, resumes=len(points), equal=len(points) if found == whole else 0)
    different = [name for name in whole if whole[name] != found[name]]
    assert not different, f'after {points}: {[(name, whole[name], found[name]) for name in different]}'
