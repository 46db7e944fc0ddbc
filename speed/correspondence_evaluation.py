"""Time the scoring of correspondence beside a plain evaluation of whole pictures.

Usage: OMP_NUM_THREADS=1 python speed/correspondence_evaluation.py [--items 150] [--rounds 5] [--processes] [--profile]

Synthetic masks with rough contours, of the sizes in Ego-Exo4D, in the stored form of run lengths. CPU milliseconds per
visible frame of one thread, decoding included, median over rounds in which all cases alternate. ``whole`` follows the
published formulas literally: each mask is drawn, padded and dilated as a whole. ``--processes`` scores files with one
and two processes. The official figures were measured on another load of the same kind of machine: a guide.
"""

import argparse
import cProfile
import json
import math
import platform
import pstats
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from egoexo.evaluation.functional.correspondence_items import ItemScores, score_item
from egoexo.evaluation.functional.run_mask import RunMask
from egoexo.evaluation.offline.correspondence import Predictions, Truth, score_items
from egoexo.evaluation.protocols.correspondence import get_protocols
from egoexo.formats.rle import encode_mask, rle_runs

#: Name -> size of the truth, size of the prediction, official CPU milliseconds per visible frame (None: not measured).
SIZES = {
    'ego 1408x1408, pred 480x480': ((1408, 1408), (480, 480), 13.6),
    'exo 2160x3840, pred 270x480': ((2160, 3840), (270, 480), None),
    'photo 3024x3024, pred 480x480': ((3024, 3024), (480, 480), 57.0),
}
_WHO = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
#: Radius of an object as a share of the height; a mask of 0.06 covers 1 % of a square.
RADII = (0.02, 0.15)


def rough_mask(rng: np.random.Generator, size: tuple[int, int], center: tuple[float, float], radius: float,
               shape: np.ndarray) -> np.ndarray:
    """A blob whose radius changes with the angle, as hand-drawn masks have it.

    Args:
        rng (np.random.Generator): Source of the small waves.
        size (tuple[int, int]): Height and width.
        center (tuple[float, float]): Row and column as shares of the sides.
        radius (float): Share of the height.
        shape (np.ndarray): Large waves, (8,).
    """
    height, width = size
    rows, columns = np.ogrid[:height, :width]
    rows, columns = (rows - center[0] * height) / height, (columns - center[1] * width) / height
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    waves = 1 + sum(0.12 / (k + 1) * np.sin((k + 1) * angles + phase) for k, phase in enumerate(shape))
    waves += 0.01 * rng.standard_normal(720)
    limit = radius * waves[((np.arctan2(rows, columns) + np.pi) / (2 * np.pi) * 719.99).astype(np.int64)]
    return rows**2 + columns**2 < limit**2


def make_items(rng: np.random.Generator, truth_size: tuple[int, int], pred_size: tuple[int, int],
               number: int) -> list[tuple[dict, dict]]:
    """Pairs of a true and a predicted mask in stored form."""
    items = []
    for _ in range(number):
        center, shape = rng.uniform(0.2, 0.8, 2), rng.uniform(0, 2 * np.pi, 8)
        radius = math.exp(rng.uniform(*np.log(RADII)))
        truth = rough_mask(rng, truth_size, center, radius, shape)
        moved = center + rng.normal(0, 0.2 * radius, 2)
        items.append((encode_mask(truth), encode_mask(rough_mask(rng, pred_size, moved, 1.1 * radius, shape))))
    return items


def whole_picture_scores(truth: dict, prediction: dict) -> tuple[float, float, float]:
    """IoU, contour accuracy and location error by drawing everything; the yardstick of this script.

    Args:
        truth (dict): Stored true mask.
        prediction (dict): Stored predicted mask, of the size that the truth has with a longer side of 480.
    """
    target, predicted = (coco.decode({'size': rle['size'], 'counts': rle['counts'].encode()})
                         for rle in (truth, prediction))
    height, width = target.shape
    ratio = 1.0 / height * 480 if height > width else 1.0 / width * 480
    shape = int(height * ratio), int(width * ratio)
    target = cv2.resize(target, shape[::-1], interpolation=cv2.INTER_NEAREST).astype(bool)
    return whole_mask_scores(predicted.astype(bool), target)


def whole_mask_scores(predicted: np.ndarray, target: np.ndarray) -> tuple[float, float, float]:
    """The three formulas on two bool masks (H, W)."""
    union = (predicted | target).sum()
    overlap = (predicted & target).sum() / (union + 1e-7) if union else 1.0
    middles = [np.array(_middle(np.pad(mask, len(mask)))) for mask in (predicted, target)]
    return overlap, _contour(predicted, target), np.linalg.norm(middles[0] - middles[1]) / math.sqrt(2 * 480**2)


def _middle(mask: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(mask)
    if not rows.size:
        return mask.shape[0] // 2, mask.shape[1] // 2
    return (columns.min() + columns.max()) // 2, (rows.min() + rows.max()) // 2


def _contour(predicted: np.ndarray, target: np.ndarray) -> float:
    radius = math.ceil(0.008 * np.linalg.norm(target.shape))
    rows, columns = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    disk = (rows**2 + columns**2 <= radius**2).astype(np.uint8)
    maps = [_boundary(mask).astype(np.uint8) for mask in (predicted, target)]
    near = [cv2.dilate(boundary, disk) for boundary in maps]
    sizes = [boundary.sum() for boundary in maps]
    if not sizes[0] or not sizes[1]:
        return float(sizes[0] == sizes[1])
    precision, recall = (maps[0] * near[1]).sum() / sizes[0], (maps[1] * near[0]).sum() / sizes[1]
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _boundary(mask: np.ndarray) -> np.ndarray:
    right, below, both = np.zeros_like(mask), np.zeros_like(mask), np.zeros_like(mask)
    right[:, :-1], below[:-1], both[:-1, :-1] = mask[:, 1:], mask[1:], mask[1:, 1:]
    boundary = (mask ^ right) | (mask ^ below) | (mask ^ both)
    boundary[-1] = mask[-1] ^ right[-1]
    boundary[:, -1] = mask[:, -1] ^ below[:, -1]
    boundary[-1, -1] = False
    return boundary


def our_scores(truth: dict, prediction: dict) -> ItemScores:
    """The same by the evaluator's own way from the stored masks."""
    protocol, = get_protocols('official')
    return score_item(*(RunMask.from_runs(tuple(rle['size']), rle_runs(rle)) for rle in (truth, prediction)), 0.9,
                      protocol)


def make_cases(number: int, seed: int = 0) -> dict[str, dict[str, Callable[[], list]]]:
    """Both ways of scoring, by size of the masks."""
    rng = np.random.default_rng(seed)
    cases = {}
    for name, (truth_size, pred_size, _) in SIZES.items():
        items = make_items(rng, truth_size, pred_size, number)
        cases[name] = {'ours': lambda items=items: [our_scores(*item) for item in items],
                       'whole': lambda items=items: [whole_picture_scores(*item) for item in items]}
    return cases


def measure(cases: dict[str, dict[str, Callable[[], list]]], rounds: int) -> None:
    """Time all cases in turn and print the medians beside the official figures."""
    taken: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds + 1):
        for name, ways in cases.items():
            for way, run in ways.items():
                start = time.process_time()
                number = len(run())
                taken.setdefault((name, way), []).append(1000 * (time.process_time() - start) / number)
    print(f'{"CPU ms per visible frame":32}{"ours":>8}{"whole":>8}{"ratio":>8}{"official":>10}{"ratio":>8}')
    for name in cases:
        ours, whole = (statistics.median(taken[name, way][1:]) for way in ('ours', 'whole'))  # the first warms up
        official = SIZES[name][2]
        beside = f'{official:10.1f}{official / ours:7.0f}x' if official else ''
        print(f'{name:32}{ours:8.3f}{whole:8.2f}{whole / ours:7.0f}x{beside}')


def write_files(folder: Path, items: list[tuple[dict, dict]], num_takes: int, repeats: int) -> tuple[Path, Path]:
    """Official files with the items as frames, again and again; the query view repeats the true mask."""
    truth, predictions = {}, {}
    for take in range(num_takes):
        frames = {str(30 * index): items[index % len(items)] for index in range(repeats)}
        masks = {frame: target for frame, (target, _) in frames.items()}
        numbers = {'cam01': [*map(int, frames)], 'aria01': [*map(int, frames)]}
        truth[f'take-{take}'] = {'masks': {'cup_0': {'aria01': masks, 'cam01': masks}}, 'subsample_idx': [],
                                 'annotated_frames': {'cup_0': numbers}}
        predicted = {frame: {'pred_mask': mask, 'confidence': 0.9} for frame, (_, mask) in frames.items()}
        predictions[f'take-{take}'] = {'masks': {'cup_0': {'cam01_aria01': predicted}}, 'subsample_idx': []}
    paths = folder / 'correspondence-gt.json', folder / 'exo-ego_val_results.json'
    paths[0].write_text(json.dumps({'version': 'xx', 'challenge': 'xx', 'annotations': truth}))
    paths[1].write_text(json.dumps({'exo-ego': {'results': predictions}}))
    return paths


def measure_processes(number: int, num_takes: int = 40, repeats: int = 500) -> None:
    """Time files from reading to rows with one and two processes, on the clock."""
    items = make_items(np.random.default_rng(0), *SIZES['ego 1408x1408, pred 480x480'][:2], number)
    with tempfile.TemporaryDirectory() as folder:
        truth, predictions = write_files(Path(folder), items, num_takes, repeats)
        print(f'\n{num_takes} takes of {repeats} frames, {truth.stat().st_size / 1e6:.0f} MB of truth, '
              f'{predictions.stat().st_size / 1e6:.0f} MB of predictions')
        rows = {}
        for jobs in (1, 2):
            start, own, others = time.perf_counter(), *map(_cpu_seconds, _WHO)
            rows[jobs], _ = score_items(Predictions([predictions]), Truth(truth), get_protocols('official'), jobs=jobs)
            taken, own, others = time.perf_counter() - start, *(
                _cpu_seconds(who) - before for who, before in zip(_WHO, (own, others), strict=True))
            print(f'{jobs} process{"es" * (jobs > 1):3}{taken:8.2f} s on the clock; CPU: {own:.2f} s in this process, '
                  f'{others:.2f} s in others; {1000 * (own + others) / len(rows[jobs]):.3f} ms per frame')
        print(f'same rows: {rows[1] == rows[2]}')


def _cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--items', type=int, default=150, help='masks of each size')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--processes', action='store_true', help='also score files with one and two processes')
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print(f'Python {platform.python_version()}, numpy {np.__version__}, OpenCV {cv2.__version__}, {platform.machine()}')
    cases = make_cases(args.items)
    measure(cases, args.rounds)
    if args.processes:
        measure_processes(args.items)
    for name in [*cases][:1] if args.profile else ():
        profile = cProfile.Profile()
        profile.runcall(cases[name]['ours'])
        print(f'\nprofile: {name}, ours')
        pstats.Stats(profile).strip_dirs().sort_stats('tottime').print_stats(12)


if __name__ == '__main__':
    main()
