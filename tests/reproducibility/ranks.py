"""Real ranks of a gloo group, forked from the test process so that nothing is imported twice."""

import json
import multiprocessing
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

__all__ = ['run_ranks']


def _rank(function: Callable[..., object], rank: int, world_size: int, folder: Path, arguments: tuple) -> None:
    try:
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world_size))
        os.chdir(folder)  # metrics exchange rows below the current folder
        # Through a file instead of a port, which somebody else might take.
        torch.distributed.init_process_group(
            'gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=world_size)
        (folder / f'rank{rank}.json').write_text(json.dumps(function(*arguments)))
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
    except BaseException:
        (folder / f'rank{rank}.txt').write_text(traceback.format_exc())
        os._exit(1)
    os._exit(0)  # no cleanup of what belongs to the test process


def run_ranks(function: Callable[..., object], world_size: int, folder: Path, *arguments: object,
              timeout: float = 120) -> list:
    """Call a function on every rank of a process group.

    Args:
        function (Callable): Its result has to be JSON.
        world_size (int): Number of processes.
        folder (Path): Where results are exchanged; made.
        *arguments (object): Of the function.
        timeout (float): Seconds until ranks that hang are ended.

    Returns:
        list: Results by rank.
    """
    if torch.cuda.is_initialized():
        pytest.skip('ranks are forked, which an initialised CUDA does not survive; hide the GPUs to run this')
    folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context('fork')
    processes = [context.Process(target=_rank, args=(function, rank, world_size, folder, arguments))
                 for rank in range(world_size)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout)
    for process in processes:
        if process.is_alive():
            process.kill()
            process.join()
    errors = [path.read_text() for path in sorted(folder.glob('rank*.txt'))]
    assert not errors, '\n'.join(errors)
    assert [process.exitcode for process in processes] == [0] * world_size
    return [json.loads((folder / f'rank{rank}.json').read_text()) for rank in range(world_size)]
