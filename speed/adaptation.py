"""Time training steps of temporal action segmentation with domain adaptation beside the released figures.

Usage: OMP_NUM_THREADS=1 python speed/adaptation.py [--rounds 3] [--profile] [--methods sstda dann ...]

Ten steps from ego (45,502 steps of features) to exo (10,905) through the configs mstcn_i3d_egoexolearn-ego2exo*.py:
random features of 1024 numbers, 28 classes, batch 1, one thread; CPU seconds, median over rounds in which all cases
alternate. "released" is the plain network of speed/segmentation_model.py, which forwards the target without a loss.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clips import Case, measure, start
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from segmentation_model import LENGTHS, NUM_CLASSES, ReleasedNet, make_videos, released_loss

from egoexo.models.adaptation.progress import TrainProgress
from egoexo.registry import MODELS
from egoexo.structures import EgoExoDataSample

REPO = Path(__file__).resolve().parents[1]
METHODS = ('sstda', 'dann', 'mada', 'mcd', 'swd', 'mstn', 'jan', 'dan', 'vcop', 'entropy', 'adabn')
#: CPU milliseconds of the released code for ten steps (2-core Xeon virtual machine), quicker of two runs.
FIGURES = {'ego2exo': 6200, 'ego2exo-sstda': 7000}


def step_case(name: str, source: Sequence, target: Sequence) -> Case:
    """Ten steps of one of our configs, adversarial weights as in the middle of a training."""
    cfg = Config.fromfile(REPO / 'configs' / 'segmentation' / f'mstcn_i3d_egoexolearn-{name}.py')
    cfg.model.backbone.num_classes = cfg.model.head.num_classes = NUM_CLASSES
    model = MODELS.build(cfg.model).train()
    model.progress = TrainProgress(1000, 10_000, 6, 60)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)

    def batch(video: tuple[torch.Tensor, torch.Tensor]) -> dict:
        return dict(inputs=[video[0]], data_samples=[EgoExoDataSample(gt_step_labels=video[1])])

    if cfg.train_dataloader.dataset.type == 'DomainPairDataset':
        batches = [dict(source=batch(ours), target=batch(theirs))
                   for ours, theirs in zip(source, target, strict=True)]
    else:
        batches = [batch(video) for video in source]
    return Case(name, 'egoexo', lambda: [model.train_step(item, wrapper) for item in batches])


def released_case(source: Sequence, target: Sequence) -> Case:
    """Ten steps of the plain network, which also forwards the target."""
    net = ReleasedNet()
    adam = torch.optim.Adam(net.parameters(), lr=5e-4)
    batches = [(x[None].contiguous(), y[None], other[None].contiguous())
               for (x, y), (other, _) in zip(source, target, strict=True)]

    def run() -> None:
        for x, y, other in batches:
            adam.zero_grad()
            logits = net(x)
            net(other)
            released_loss(logits, y).backward()
            adam.step()

    return Case('ego2exo', 'released', run)


def make_cases(methods: Sequence[str]) -> list[Case]:
    """Without adaptation, released and ours, and every method."""
    source, target = make_videos(LENGTHS['ego-only'][0]), make_videos(LENGTHS['exo-only'][0])
    return [released_case(source, target), step_case('ego2exo', source, target),
            *(step_case(f'ego2exo-{method}', source, target) for method in methods)]


def show_profile(run: Callable[[], object]) -> None:
    """Print the operators that take most of the time."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        run()
    rows = sorted(profile.key_averages(), key=lambda row: row.self_cpu_time_total, reverse=True)
    total = sum(row.self_cpu_time_total for row in rows)
    for row in rows[:12]:
        print(f'{row.key:45}{row.self_cpu_time_total / total:7.1%}{row.count:8d} calls')


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--methods', nargs='*', default=METHODS, choices=METHODS)
    parser.add_argument('--profile', action='store_true', help='also show where the time of sstda goes')
    args = parser.parse_args()
    start()
    cases = make_cases(args.methods)
    measure(cases, FIGURES, args.rounds)
    if args.profile:
        print('\nprofile: ego2exo-sstda')
        show_profile(next(case for case in cases if case.what == 'ego2exo-sstda').run)


if __name__ == '__main__':
    main()
