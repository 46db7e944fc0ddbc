"""Time what the training machinery costs per iteration, early and late in a long run.

Usage: OMP_NUM_THREADS=1 python speed/engine.py [--iterations 1000] [--rounds 5] [--profile]

A network of two small layers is trained with batches of four, so that nearly all the time is machinery. "bare loop" is
loader, forward, backward and step in plain PyTorch; the other rows run the same through MMEngine, with its default
hooks and with those of configs/_base_/default_runtime.py. "at 100,000" starts with a log history of that length, as a
run has it after so many iterations. CPU seconds of one thread, median over rounds in which all cases alternate.
"""

import argparse
import copy
import cProfile
import platform
import pstats
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from egoexo import compat
from egoexo.registry import DATASETS, MODELS

ROOT = Path(__file__).resolve().parents[1]
BATCH = 4
LENGTHS = (100, 100_000)


@DATASETS.register_module()
class SpeedDataset(BaseDataset):
    """Sixteen numbers per sample, without any reading."""

    def load_data_list(self) -> list[dict]:
        """Describe 64 samples."""
        return [{'sample_id': str(number)} for number in range(64)]

    def __getitem__(self, index: int) -> dict:
        return {'inputs': VALUES}


@MODELS.register_module()
class SpeedModel(BaseModel):
    """Two linear layers and a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(16, 16), torch.nn.Linear(16, 1))

    def forward(self, inputs: list[torch.Tensor], mode: str = 'loss') -> dict[str, torch.Tensor]:
        """Loss of one batch."""
        return {'loss_toy': self.layers(torch.stack(inputs)).square().mean()}


VALUES = torch.ones(16)


def bare_loop(iterations: int) -> float:
    """CPU seconds per iteration without MMEngine's runner."""
    model = MODELS.build({'type': 'SpeedModel'})
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    loader = torch.utils.data.DataLoader(SpeedDataset(), batch_size=BATCH, collate_fn=pseudo_collate, shuffle=True)
    done, start = 0, time.process_time()
    while done < iterations:
        for batch in loader:
            optimizer.zero_grad()
            model(batch['inputs'])['loss_toy'].backward()
            optimizer.step()
            done += 1
    return (time.process_time() - start) / done


def make_runner(ours: bool, iterations: int, work_dir: str) -> Runner:
    """Runner of the toy network with MMEngine's or our hooks, loop and sampler."""
    runtime = Config.fromfile(ROOT / 'configs' / '_base_' / 'default_runtime.py').to_dict()
    runtime['default_hooks']['checkpoint']['interval'] = -1
    runtime['default_hooks']['checkpoint']['save_last'] = False
    if not ours:
        runtime['default_hooks'] = {'checkpoint': {'type': 'CheckpointHook', 'interval': -1, 'save_last': False},
                                    'logger': {'type': 'LoggerHook', 'interval': 50}}
    runtime['log_level'] = 'ERROR'
    runtime['log_processor']['by_epoch'] = False
    cfg = Config(dict(
        copy.deepcopy(runtime), work_dir=work_dir, model={'type': 'SpeedModel'},
        experiment_name=f'speed-{time.time_ns()}',
        train_dataloader={'batch_size': BATCH, 'num_workers': 0, 'dataset': {'type': 'SpeedDataset'},
                          'sampler': {'type': 'InfiniteSeededSampler' if ours else 'InfiniteSampler'}},
        train_cfg={'type': 'SeededIterLoop' if ours else 'IterBasedTrainLoop', 'max_iters': iterations},
        optim_wrapper={'type': 'OptimWrapper', 'optimizer': {'type': 'SGD', 'lr': 1e-3}}))
    return Runner.from_cfg(cfg)


def mmengine_loop(ours: bool, history: int, iterations: int) -> float:
    """CPU seconds per iteration through the runner, with a log history of the given length."""
    with tempfile.TemporaryDirectory() as folder:
        runner = make_runner(ours, iterations, folder)
        for key in ('lr', 'loss', 'loss_toy', 'time', 'data_time'):
            runner.message_hub._log_scalars[f'train/{key}'] = HistoryBuffer(np.zeros(history), np.ones(history, int))
        loop = runner.build_train_loop(runner._train_loop)
        runner._train_loop = loop
        run, spent = loop.run, []

        def timed_run() -> object:
            start = time.process_time()
            result = run()
            spent.append(time.process_time() - start)
            return result

        loop.run = timed_run
        runner.train()
    return spent[0] / iterations


def main() -> None:
    """Time all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--iterations', type=int, default=1000)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--profile', action='store_true', help='show where the time of ours goes')
    args = parser.parse_args()
    torch.set_num_threads(1)
    compat.apply()
    cases = {'bare loop': lambda: bare_loop(args.iterations)}
    for length in LENGTHS:
        for name, ours in (('MMEngine defaults', False), ('ours', True)):
            cases[f'{name} at {length:,}'] = lambda ours=ours, length=length: mmengine_loop(
                ours, length, args.iterations)
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for case in cases.values():  # first steps import parts of torch
        case()
    for _ in range(args.rounds):
        for name, case in cases.items():
            seconds[name].append(case())
    print(f'{time.strftime("%Y-%m-%d")}  Python {platform.python_version()}, torch {torch.__version__}, '
          f'{platform.machine()}, 1 thread, {args.iterations} iterations')
    bare = statistics.median(seconds['bare loop'])
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f'{name:32s} {1e3 * median:7.3f} ms per iteration   machinery {1e3 * (median - bare):7.3f} ms')
    if args.profile:
        with cProfile.Profile() as profile:
            mmengine_loop(True, LENGTHS[1], args.iterations)
        pstats.Stats(profile).sort_stats('tottime').print_stats(25)


if __name__ == '__main__':
    main()
