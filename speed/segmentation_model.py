"""Time training steps and prediction of temporal action segmentation beside the released arithmetic.

Usage: OMP_NUM_THREADS=1 python speed/segmentation_model.py [--rounds 5] [--profile]

"released" is the released network written with PyTorch's plain layers: a source and a target batch are forwarded, the
frame discriminator included, and predictions are repeated in a loop over steps. Real list lengths, random features of
1024 numbers, 28 classes, batch 1, one thread; CPU seconds, median over rounds in which all cases alternate.
"""

import argparse
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.optim import OptimWrapper
from torch import nn
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from egoexo.datasets.feature_store import FeatureStore
from egoexo.formats.egoexolearn import write_frame_prediction
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

DIM, NUM_CLASSES, CHANNELS = 1024, 28, 64
#: Steps of ten source videos and of the ten target videos beside them; same sums as the runs of the released code.
LENGTHS = {
    'ego-only': ([4020, 5130, 3611, 8793, 2960, 4377, 5566, 3980, 3514, 3551],
                 [3870, 4410, 6120, 3333, 4981, 4044, 2875, 5310, 4503, 4485]),
    'exo-only': ([960, 1320, 450, 2210, 870, 1105, 640, 1490, 980, 880],
                 [1010, 740, 1330, 590, 1905, 1120, 860, 1270, 1050, 888]),
}
NUM_ROWS = 20_823  # of the video that is predicted
#: CPU seconds of the released code (2-core Xeon virtual machine, one thread), quicker of two runs.
OFFICIAL_SECONDS = {'ego-only, 10 steps': 8.4, 'exo-only, 10 steps': 2.3, 'predict a video': 0.83}


class ReleasedLayer(nn.Module):
    """Dilated residual layer of plain modules."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(CHANNELS, CHANNELS, 3, padding=dilation, dilation=dilation), nn.ReLU(),
                                  nn.Conv1d(CHANNELS, CHANNELS, 1), nn.Dropout())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine (1, F, S) features."""
        return x + self.body(x)


class ReleasedNet(nn.Module):
    """Four stages and the frame discriminator of plain modules."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [DIM] + [NUM_CLASSES] * 3
        self.features = nn.ModuleList(
            nn.Sequential(nn.Conv1d(size, CHANNELS, 1), *(ReleasedLayer(2**i) for i in range(10))) for size in sizes)
        self.classifiers = nn.ModuleList(nn.Conv1d(CHANNELS, NUM_CLASSES, 1) for _ in sizes)
        self.discriminator = nn.Sequential(nn.Linear(CHANNELS, CHANNELS), nn.ReLU(), nn.Dropout(),
                                           nn.Linear(CHANNELS, 2))

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Logits (1, C, S) of every stage; the discriminator is computed and not used, as released."""
        logits: list[torch.Tensor] = []
        for body, classifier in zip(self.features, self.classifiers, strict=True):
            features = body(F.softmax(logits[-1], 1) if logits else x)
            logits.append(classifier(features))
            self.discriminator(features.transpose(1, 2).reshape(-1, CHANNELS))
        return logits


def released_loss(logits: list[torch.Tensor], labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy and truncated smoothing of every stage."""
    total = torch.zeros(())
    for item in logits:
        log_probs = F.log_softmax(item, 1)
        change = F.mse_loss(log_probs[..., 1:], log_probs.detach()[..., :-1], reduction='none')
        total = total + F.cross_entropy(item, labels) + 0.15 * change.clamp(0, 16).mean()
    return total


def build_model() -> nn.Module:
    """Our model with the released sizes."""
    return MODELS.build(dict(
        type='Segmentor', backbone=dict(type='MultiStageTCN'), adaptation=dict(type='DomainHeads'),
        head=dict(type='FrameHead', num_classes=NUM_CLASSES,
                  loss=[dict(type='StageCrossEntropy'), dict(type='TruncatedSmoothingLoss')])))


def make_videos(lengths: list[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Features (D, S), lying in memory as in their files, and labels (S,)."""
    generator = torch.Generator().manual_seed(0)
    return [(torch.randn(length, DIM, generator=generator).t(),
             torch.randint(0, NUM_CLASSES, (length,), generator=generator)) for length in lengths]


def training_cases(setting: str) -> dict[str, Callable[[], None]]:
    """Ten steps over the videos of a setting, released and ours."""
    source, target = (make_videos(lengths) for lengths in LENGTHS[setting])
    plain, ours = ReleasedNet(), build_model()
    plain_adam = torch.optim.Adam(plain.parameters(), lr=5e-4)
    wrapper = OptimWrapper(torch.optim.Adam(ours.parameters(), lr=5e-4))
    # The released loader hands over contiguous (1, D, S) batches.
    batches = [(x[None].contiguous(), y[None], other[None].contiguous())
               for (x, y), (other, _) in zip(source, target, strict=True)]

    def released(with_target: bool) -> None:
        for x, y, other in batches:
            plain_adam.zero_grad()
            logits = plain(x)
            if with_target:
                plain(other)
            released_loss(logits, y).backward()
            plain_adam.step()

    def egoexo() -> None:
        for x, y in source:
            ours.train_step(dict(inputs=[x], data_samples=[EgoExoDataSample(gt_step_labels=y)]), wrapper)

    return {f'{setting}, 10 steps: released': lambda: released(True),
            f'{setting}, 10 steps: released, no target pass': lambda: released(False),
            f'{setting}, 10 steps: egoexo': egoexo}


def prediction_cases(folder: Path) -> dict[str, Callable[[], None]]:
    """From the feature file to the result file, released and ours."""
    torch.save(torch.randn(NUM_ROWS, DIM, generator=torch.Generator().manual_seed(1)), folder / 'video.pt')
    (folder / 'recipe.json').write_text(f'{{"dim": {DIM}}}')
    plain, ours, store = ReleasedNet().eval(), build_model().eval(), FeatureStore(folder, dim=DIM)

    @torch.no_grad()
    def released() -> None:
        x = torch.load(folder / 'video.pt', weights_only=True).t()[None, :, ::5]
        best = plain(x)[-1].argmax(1)[0]
        plain(x)
        names = np.array([], dtype='<U2')
        for step in best:
            names = np.concatenate([names, [str(step.item())] * 5])
        (folder / 'released').write_text('### Frame level recognition: ###\n' + ' '.join(names))

    def egoexo() -> None:
        steps = torch.from_numpy(store.read('video', step=5)).t()
        sample = ours.test_step(dict(inputs=[steps], data_samples=[EgoExoDataSample()]))[0]
        write_frame_prediction(folder / 'ours', sample.pred_frame_labels.numpy())

    return {'predict a video: released': released, 'predict a video: egoexo': egoexo}


def measure(cases: dict[str, Callable[[], None]], rounds: int) -> None:
    """Time all cases in turn and print medians and ratios."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds + 1):
        for name, run in cases.items():
            start = time.process_time()
            run()
            seconds[name].append(time.process_time() - start)
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}  # the first round warms up
    print(f'\n{"case":50}{"CPU s":>8}{"faster than released here":>27}{"than its figure":>17}')
    for name, median in medians.items():
        what = name.split(':')[0]
        here, figure = medians[f'{what}: released'] / median, OFFICIAL_SECONDS[what] / median
        print(f'{name:50}{median:8.3f}{here:26.2f}x{figure:16.2f}x')


def show_profile(cases: dict[str, Callable[[], None]]) -> None:
    """Print the operators that take most of the time, per case of ours."""
    for name in [name for name in cases if name.endswith('egoexo')]:
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            cases[name]()
        print(f'\nprofile: {name}')
        rows = sorted(profile.key_averages(), key=lambda row: row.self_cpu_time_total, reverse=True)
        total = sum(row.self_cpu_time_total for row in rows)
        for row in rows[:12]:
            print(f'{row.key:45}{row.self_cpu_time_total / total:7.1%}{row.count:8d} calls')


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f'Python {platform.python_version()}, torch {torch.__version__}, {platform.machine()}')
    with tempfile.TemporaryDirectory() as folder:
        cases = training_cases('ego-only') | training_cases('exo-only') | prediction_cases(Path(folder))
        measure(cases, args.rounds)
        if args.profile:
            show_profile(cases)


if __name__ == '__main__':
    main()
