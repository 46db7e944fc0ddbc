"""Time recognition on a GPU: clips per second, share of the peak arithmetic, memory; precision, layout, compiling.

Usage: python speed/recognition_cuda.py [--depth 50] [--clips 16] [--side 224] [--steps 20]

A training step with all that belongs to it: 8-bit frames in pinned memory, made into clips on the device, forward and
backward pass, SGD. Wall milliseconds per step, mean over ``--steps`` behind a warm-up. "of peak" is the floating-point
operations of the network in a step (counted by torch) by its time and by what the maker states for the processor and
the precision, without sparsity; it stays empty for a processor that is not in the table.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clips import start
from recognition import NETS, make_batch, make_model, sgd_of

from egoexo import compat

#: Dense teraflops per second by part of the name of the device: of bfloat16 and of TF32 products.
PEAKS = {'H200': (989, 494), 'H100': (989, 494), 'A100': (312, 156), 'L40S': (362, 183), 'L4': (121, 60),
         'RTX 4090': (165, 83), 'RTX 3090': (71, 36), 'A10': (125, 62)}
WARM_UP = 5


class Setting(NamedTuple):
    """What differs between rows.

    Args:
        name (str): Of the row.
        half (bool): bfloat16 by autocast.
        last (bool): ``channels_last_3d``.
        compiled (bool): ``torch.compile`` of the backbone.
    """

    name: str
    half: bool = False
    last: bool = False
    compiled: bool = False


SETTINGS = (Setting('TF32'), Setting('TF32, channels last', last=True), Setting('bfloat16', half=True),
            Setting('bfloat16, channels last', half=True, last=True),
            Setting('bfloat16, compiled', half=True, compiled=True),
            Setting('bfloat16, channels last, compiled', half=True, last=True, compiled=True))


class Figures(NamedTuple):
    """What one row shows.

    Args:
        milliseconds (float): Of a step.
        clips (float): Per second.
        share (float | None): Of the peak; None if that is not known.
        gibibytes (float): Largest memory of tensors.
    """

    milliseconds: float
    clips: float
    share: float | None
    gibibytes: float


def peak_of(device_name: str, half: bool) -> float | None:
    """Operations per second; None for a device that is not in the table.

    Args:
        device_name (str): As torch gives it.
        half (bool): Of bfloat16 instead of TF32.
    """
    found = next((peaks for part, peaks in PEAKS.items() if part in device_name.split() or part in device_name), None)
    return None if found is None else 1e12 * found[0 if half else 1]


def seconds_of(run: Callable[[], object], steps: int, device: torch.device) -> float:
    """Wall seconds of one call, mean."""
    def wait() -> float:
        if device.type == 'cuda':
            torch.cuda.synchronize(device)
        return time.perf_counter()

    for _ in range(WARM_UP):
        run()
    begin = wait()
    for _ in range(steps):
        run()
    return (wait() - begin) / steps


def pin(batch: dict) -> dict:
    """Frames where a loader with ``pin_memory`` puts them."""
    return batch | dict(inputs=[item | dict(frames=item['frames'].pin_memory()) for item in batch['inputs']])


def measure_step(name: str, setting: Setting, steps: int, device: torch.device) -> Figures:
    """A training step.

    Args:
        name (str): Key of ``NETS``.
        setting (Setting): See there.
        steps (int): How many to time.
        device (torch.device): Where.
    """
    cuda = device.type == 'cuda'
    batch = make_batch(name)[2]
    model: nn.Module = make_model(name, memory_format='channels_last_3d' if setting.last else None).to(device).train()
    sgd = sgd_of(model)
    wrapper = AmpOptimWrapper(dtype='bfloat16', optimizer=sgd) if setting.half and cuda else OptimWrapper(sgd)
    if cuda:
        batch = pin(batch)
    with FlopCounterMode(display=False) as counter:
        model.train_step(batch, wrapper)
    if setting.compiled:
        model.backbone.compile()
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    seconds = seconds_of(lambda: model.train_step(batch, wrapper), steps, device)
    peak = peak_of(torch.cuda.get_device_name(device), setting.half) if cuda else None
    return Figures(1000 * seconds, len(batch['inputs']) / seconds,
                   None if peak is None else counter.get_total_flops() / seconds / peak,
                   torch.cuda.max_memory_allocated(device) / 2**30 if cuda else float('nan'))


def show_profile(name: str, setting: Setting, device: torch.device) -> None:
    """What the kernels of a step are."""
    batch, model = pin(make_batch(name)[2]), make_model(
        name, memory_format='channels_last_3d' if setting.last else None).to(device).train()
    wrapper = AmpOptimWrapper(dtype='bfloat16', optimizer=sgd_of(model)) if setting.half else OptimWrapper(
        sgd_of(model))
    for _ in range(WARM_UP):
        model.train_step(batch, wrapper)
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        model.train_step(batch, wrapper)
        torch.cuda.synchronize(device)
    print(f'\nprofile: {setting.name}')
    print(profile.key_averages().table(sort_by='self_device_time_total', row_limit=12, max_name_column_width=60))


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--depth', type=int, default=50, choices=(50, 101))
    parser.add_argument('--clips', type=int, default=16, help='of a step')
    parser.add_argument('--side', type=int, default=224, help='of the clips')
    parser.add_argument('--steps', type=int, default=20)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit('No GPU found; speed/recognition.py times what a CPU does.')
    compat.apply()
    start()
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    device = torch.device('cuda')
    name = f'R{args.depth}, {args.clips} clips of {args.side}'
    NETS[name] = (args.depth, 64, 7 if args.depth == 50 else 5, args.clips, 32, args.side)
    print(f'{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}, {name}, 32 frames\n')
    print(f'{"step":40}{"ms":>10}{"clips/s":>10}{"of peak":>10}{"GiB":>8}')
    for setting in SETTINGS:
        row = measure_step(name, setting, args.steps, device)
        share = '' if row.share is None else f'{row.share:.1%}'
        print(f'{setting.name:40}{row.milliseconds:10.1f}{row.clips:10.1f}{share:>10}{row.gibibytes:8.1f}', flush=True)
        torch.cuda.empty_cache()
    if args.profile:
        show_profile(name, SETTINGS[3], device)


if __name__ == '__main__':
    main()
