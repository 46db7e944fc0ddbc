"""Time training steps and prediction with ASFormer beside the released arithmetic.

Usage: OMP_NUM_THREADS=1 python speed/asformer_model.py [--rounds 5] [--profile]

"released" is the released network written with PyTorch's plain layers: the windows of a sequence are cut one by one in
a loop and attend with a softmax over their stored scores. Lengths of ego videos, random features of 1024 numbers, 28
classes, batch 1, one thread; CPU seconds, median over rounds in which all cases alternate. Memory is the growth of the
peak of a process of its own that does the case once.
"""

import argparse
import math
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from egoexo.models.backbones import ASFormer

DIM, NUM_CLASSES, CHANNELS, NUM_LAYERS = 1024, 28, 64, 10
#: Steps of the videos that are trained on in one round, of the one that is predicted, and of a long one.
TRAIN_STEPS, TEST_STEPS, LONG_STEPS = (4020, 5130, 3611), 4165, 8000


class ReleasedLayer(nn.Module):
    """Layer of plain modules for one video."""

    def __init__(self, window: int, alpha: float) -> None:
        super().__init__()
        self.dilated = nn.Conv1d(CHANNELS, CHANNELS, 3, padding=window, dilation=window)
        self.norm = nn.InstanceNorm1d(CHANNELS)
        self.project = nn.ModuleList(nn.Conv1d(CHANNELS, CHANNELS // 2, 1) for _ in range(3))
        self.out, self.pointwise = nn.Conv1d(CHANNELS // 2, CHANNELS, 1), nn.Conv1d(CHANNELS, CHANNELS, 1)
        self.window, self.alpha = window, alpha

    def attend(self, x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        """Attention in blocks that are cut in a loop; (1, F, S) in and out."""
        width, halo, steps = self.window, self.window // 2, x.shape[2]
        count = -(-steps // width)
        tail = count * width - steps
        real = F.pad(x.new_ones(1, 1, steps), (halo, tail + halo))
        query, key, value = (module(item) for module, item in zip(self.project, (x, x, values), strict=True))
        query = F.pad(query, (0, tail)).view(-1, count, width).transpose(0, 1)
        key, value, real = (
            torch.cat([item[..., i * width:(i + 1) * width + 2 * halo] for i in range(count)])
            for item in (F.pad(key, (halo, tail + halo)), F.pad(value, (halo, tail + halo)), real))
        scores = query.transpose(1, 2) @ key / math.sqrt(CHANNELS // 2) + torch.log(real + 1e-6)
        weights = torch.softmax(scores, -1) * real
        gathered = self.out(torch.relu(value @ weights.transpose(1, 2)))
        return gathered.transpose(0, 1).reshape(1, CHANNELS, -1)[..., :steps]

    def forward(self, x: torch.Tensor, values: torch.Tensor | None) -> torch.Tensor:
        """Refine (1, F, S) features."""
        h = torch.relu(self.dilated(x))
        normed = self.norm(h)
        h = h + self.alpha * self.attend(normed, normed if values is None else values)
        return x + F.dropout(self.pointwise(h), training=self.training)


class ReleasedNet(nn.Module):
    """Encoder and three decoders of plain modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.ModuleList(nn.Conv1d(size, CHANNELS, 1) for size in (DIM, *[NUM_CLASSES] * 3))
        self.layers = nn.ModuleList(nn.ModuleList(ReleasedLayer(2**i, alpha) for i in range(NUM_LAYERS))
                                    for alpha in (1.0, *(math.exp(-3 * i) for i in range(3))))
        self.last = nn.ModuleList(nn.Conv1d(CHANNELS, NUM_CLASSES, 1) for _ in range(4))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Logits (1, C, S) of every stage."""
        logits, features = [], None
        x = F.dropout1d(x, 0.3, self.training)
        for first, layers, last in zip(self.first, self.layers, self.last, strict=True):
            h = first(F.softmax(logits[-1], 1) if logits else x)
            for layer in layers:
                h = layer(h, features)
            features = h
            logits.append(last(h))
        return logits


def make_cases() -> dict[str, Callable[[], None]]:
    """Training steps and predictions, released and ours."""
    torch.manual_seed(0)
    # The released loader hands over contiguous (1, D, S) batches; ours lie in memory as in their files.
    videos = [torch.randn(1, steps, DIM) for steps in (*TRAIN_STEPS, TEST_STEPS, LONG_STEPS)]
    nets = {'released': ReleasedNet(), 'egoexo': ASFormer(in_channels=DIM, num_classes=NUM_CLASSES)}
    inputs = {'released': [video.transpose(1, 2).contiguous() for video in videos],
              'egoexo': [video.transpose(1, 2) for video in videos]}

    def run(name: str, x: torch.Tensor) -> list[torch.Tensor]:
        if name == 'released':
            return nets[name](x)
        mask = torch.ones(1, x.shape[2], dtype=torch.bool)
        return [output.logits[0] for output in nets[name](x, mask, mask_padding=nets[name].training)]

    def train(name: str) -> None:
        nets[name].train()
        for x in inputs[name][:len(TRAIN_STEPS)]:
            sum(logits.square().mean() for logits in run(name, x)).backward()

    @torch.no_grad()
    def predict(name: str, which: int) -> None:
        nets[name].eval()
        run(name, inputs[name][which])

    cases = {f'train on {len(TRAIN_STEPS)} videos: {name}': lambda name=name: train(name) for name in nets}
    cases |= {f'predict {TEST_STEPS} steps: {name}': lambda name=name: predict(name, -2) for name in nets}
    return cases | {f'predict {LONG_STEPS} steps: {name}': lambda name=name: predict(name, -1) for name in nets}


def peak() -> float:
    """Peak memory of this process in MB."""
    status = Path('/proc/self/status')
    if status.exists():  # Linux hands the ru_maxrss of a parent on to its child
        return float(status.read_text().split('VmHWM:')[1].split()[0]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == 'darwin' else 1e3)


def measure_memory(case: str) -> float:
    """Growth of the peak in MB, in a process of its own."""
    shown = subprocess.run([sys.executable, __file__, '--memory-of', case], capture_output=True, text=True, check=True)
    return float(shown.stdout.split()[-1])


def measure(cases: dict[str, Callable[[], None]], rounds: int) -> None:
    """Time all cases in turn and print medians, ratios and memory."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds + 1):
        for name, run in cases.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}  # the first round warms up
    print(f'\n{"case":34}{"CPU s":>8}{"faster than released":>22}{"memory, MB":>12}')
    for name, median in medians.items():
        here = medians[f'{name.split(":")[0]}: released'] / median
        print(f'{name:34}{median:8.3f}{here:21.2f}x{measure_memory(name):12.0f}')


def show_profile(cases: dict[str, Callable[[], None]]) -> None:
    """Print the operators that take most of the time, per case of ours."""
    for name in [name for name in cases if name.endswith('egoexo')][:2]:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            cases[name]()
        print(f'\nprofile: {name}')
        rows = sorted(profile.key_averages(), key=lambda row: row.self_cpu_time_total, reverse=True)
        total = sum(row.self_cpu_time_total for row in rows)
        for row in rows[:10]:
            print(f'{row.key:55}{row.self_cpu_time_total / total:7.1%}{row.count:8d} calls')


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    parser.add_argument('--memory-of', metavar='CASE', help='run one case once and print the growth of the peak in MB')
    args = parser.parse_args()
    torch.set_num_threads(1)
    cases = make_cases()
    if args.memory_of:
        before = peak()
        cases[args.memory_of]()
        print(peak() - before)
        return
    print(f'Python {platform.python_version()}, torch {torch.__version__}, {platform.machine()}')
    measure(cases, args.rounds)
    if args.profile:
        show_profile(cases)


if __name__ == '__main__':
    main()
