"""Time the scoring of temporal action segmentation beside the released evaluator.

Usage: OMP_NUM_THREADS=1 python speed/segmentation_evaluation.py [--data data/egoexolearn] [--rounds 7] [--profile]

100 ego videos of about 20,700 frames; the released labels where they are found, else made-up ones of the same sizes.
CPU seconds of one thread, median over rounds in which all cases alternate.
"""

import argparse
import cProfile
import platform
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from egoexo.evaluation.functional.segmentation import count_video, run_starts, summarise
from egoexo.evaluation.protocols.segmentation import PROTOCOLS
from egoexo.formats.egoexolearn import (
    read_frame_labels,
    read_frame_prediction,
    read_split,
    write_frame_labels,
    write_frame_prediction,
)

NUM_VIDEOS = 100
#: CPU seconds of the released evaluator for 100 such videos, files included (2-core Xeon virtual machine, one thread).
OFFICIAL_SECONDS = {'normal': 1.13, 'over-segmented': 5.4}
TAS = Path('temporal_action_segmentation_benchmark') / 'tas_annotation'


def load_truth(data: Path) -> tuple[list[np.ndarray], str]:
    """Labels of 100 training videos and where they come from."""
    split = data / TAS / 'splits' / 'ego_train_annotations.bundle'
    if split.is_file():
        uids = read_split(split)[:NUM_VIDEOS]
        return [read_frame_labels(data / TAS / 'gts_fps25' / f'{uid}.txt') for uid in uids], 'released labels'
    rng = np.random.default_rng(0)
    return [np.repeat(rng.integers(0, 28, 36), rng.integers(1, 1150, 36)) for _ in range(NUM_VIDEOS)], 'made-up labels'


def perturb(gt: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Truth with 44 short wrong stretches: about 115 segments."""
    pred = gt.copy()
    for start in rng.integers(0, gt.size - 100, 44):
        pred[start:start + rng.integers(10, 100)] = rng.integers(0, 28)
    return pred


def over_segment(gt: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Truth at 5 fps of which a tenth of the steps is random: about 800 segments."""
    steps = gt[::5].copy()
    wrong = rng.random(steps.size) < 0.1
    steps[wrong] = rng.integers(0, 28, np.count_nonzero(wrong))
    return np.repeat(steps, 5)


def score_arrays(preds: list[np.ndarray], gts: list[np.ndarray]) -> dict[str, float]:
    """Score arrays in memory."""
    official = PROTOCOLS['official']
    return summarise([count_video(pred, gt, official) for pred, gt in zip(preds, gts, strict=True)])


def score_files(folder: Path, kind: str) -> dict[str, float]:
    """Read both sides from official files and score them."""
    gts = [read_frame_labels(folder / 'gt' / f'{index}.txt') for index in range(NUM_VIDEOS)]
    return score_arrays([read_frame_prediction(folder / kind / str(index)) for index in range(NUM_VIDEOS)], gts)


def make_cases(data: Path, folder: Path) -> dict[tuple[str, str], Callable[[], dict[str, float]]]:
    """Cases by (kind of prediction, what is timed); prints the sizes."""
    gts, source = load_truth(data)
    rng = np.random.default_rng(1)
    cases = {}
    for index, gt in enumerate(gts):
        write_frame_labels(folder / 'gt' / f'{index}.txt', np.append(gt, 0))  # the reader drops the last line
    for kind, make in (('normal', perturb), ('over-segmented', over_segment)):
        preds = [make(gt, rng) for gt in gts]
        for index, pred in enumerate(preds):
            write_frame_prediction(folder / kind / str(index), pred)
        runs = statistics.mean(run_starts(pred).size for pred in preds)
        print(f'{kind}: {len(gts)} videos, {sum(gt.size for gt in gts):,} frames ({source}), {runs:.0f} predicted '
              'segments per video')
        cases[kind, 'scoring'] = lambda preds=preds: score_arrays(preds, gts)
        cases[kind, 'with file reading'] = lambda kind=kind: score_files(folder, kind)
    return cases


def measure(cases: dict[tuple[str, str], Callable[[], dict[str, float]]], rounds: int) -> None:
    """Time all cases in turn and print the medians beside the official figures."""
    seconds: dict[tuple[str, str], list[float]] = {key: [] for key in cases}
    for _ in range(rounds + 1):
        for key, run in cases.items():
            start = time.process_time()
            run()
            seconds[key].append(time.process_time() - start)
    print(f'\n{"case":36}{"CPU s":>8}{"official":>10}{"ratio":>8}')
    for (kind, what), values in seconds.items():
        median = statistics.median(values[1:])  # the first round warms up
        official = OFFICIAL_SECONDS[kind]
        print(f'{kind + ", " + what:36}{median:8.3f}{official:10.2f}{official / median:7.1f}x')


def show_profile(cases: dict[tuple[str, str], Callable[[], dict[str, float]]]) -> None:
    """Print where the time goes, per case."""
    for key in (('normal', 'with file reading'), ('over-segmented', 'scoring')):
        profile = cProfile.Profile()
        profile.runcall(cases[key])
        print(f'\nprofile: {", ".join(key)}')
        pstats.Stats(profile).strip_dirs().sort_stats('tottime').print_stats(10)


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, default=Path('data/egoexolearn'), help='root of the release')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    print(f'Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}')
    with tempfile.TemporaryDirectory() as folder:
        cases = make_cases(args.data, Path(folder))
        measure(cases, args.rounds)
        if args.profile:
            show_profile(cases)


if __name__ == '__main__':
    main()
