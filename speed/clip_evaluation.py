"""Time the scoring of action anticipation and planning beside the released evaluation code.

Usage: OMP_NUM_THREADS=1 python speed/clip_evaluation.py [--rounds 15] [--profile]

Lists of the size of the released ego test lists: 15,231 rows of 31 nouns, 1,153 rows of 8 steps of 27 classes, random
scores. CPU milliseconds of one thread, median over rounds in which all cases alternate. The official figures were
measured on another load of the same kind of machine: a guide, not a proof.
"""

import argparse
import cProfile
import platform
import pstats
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from egoexo.evaluation.functional.anticipation import (
    anticipation_scores,
    average_precisions,
    per_class_recall,
    rank_classes,
    top_k_mask,
)
from egoexo.evaluation.functional.anticipation_groups import anticipation_groups
from egoexo.evaluation.functional.clip_groups import ClipRow
from egoexo.evaluation.functional.planning import best_distances, planning_scores
from egoexo.evaluation.functional.planning_decoding import DECODINGS, decode
from egoexo.evaluation.functional.planning_groups import planning_groups
from egoexo.evaluation.protocols import anticipation, planning

NUM_ACTIONS, NUM_NOUNS = 15231, 31
NUM_PLANS, HORIZON, NUM_STEPS, NUM_SAMPLES = 1153, 8, 27, 5
#: CPU milliseconds of the released code (Intel Xeon, one thread, torch 2.13, scikit-learn, editdistance).
OFFICIAL_MS = {'macro recall': 33, 'mAP': 60, 'draw 5 sequences and score them': 81}


def anticipation_cases(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    """Formulas on arrays, and the metric's way from rows to scores."""
    logits = rng.standard_normal((NUM_ACTIONS, NUM_NOUNS), dtype=np.float32)
    targets = (rng.random((NUM_ACTIONS, NUM_NOUNS)) < 0.05).astype(np.float32)
    rows = [ClipRow(str(index), f'v{index % 421}', 'ego_test', target, line)
            for index, (line, target) in enumerate(zip(logits, targets, strict=True))]
    hits, ranking = top_k_mask(logits), rank_classes(logits, targets)
    weights = rng.integers(0, 4, NUM_ACTIONS)
    return {
        'macro recall': lambda: 100 * per_class_recall(top_k_mask(logits), targets).mean(),
        'mAP': lambda: np.nanmean(average_precisions(rank_classes(logits, targets))),
        'all five numbers': lambda: anticipation_scores(logits, targets),
        'one bootstrap draw of them': lambda: anticipation_scores(logits, targets, 5, weights, hits, ranking),
        'from rows, protocol clean': lambda: anticipation_groups(rows, anticipation.get_protocols('clean')),
    }


def planning_cases(rng: np.random.Generator) -> dict[str, Callable[[], object]]:
    """Drawing and scoring, each decoding, and the metric's way from rows to scores."""
    logits = rng.standard_normal((NUM_PLANS, HORIZON, NUM_STEPS), dtype=np.float32)
    targets = rng.integers(0, NUM_STEPS, (NUM_PLANS, HORIZON))
    names = [f'ego_test/{index}' for index in range(NUM_PLANS)]
    rows = [ClipRow(str(index), f'v{index % 83}', 'ego_test', target, line)
            for index, (line, target) in enumerate(zip(logits, targets, strict=True))]
    sequences = decode(logits, 'categorical', names, NUM_SAMPLES)
    cases = {
        'draw 5 sequences and score them': lambda: planning_scores(
            best_distances(decode(logits, 'categorical', names, NUM_SAMPLES), targets)),
        'score them': lambda: planning_scores(best_distances(sequences, targets)),
        'from rows, protocol official': lambda: planning_groups(rows, planning.get_protocols('official')),
    }
    return cases | {f'decode: {name}': lambda name=name: decode(logits, name, names) for name in DECODINGS}


def measure(cases: dict[str, Callable[[], object]], rounds: int) -> None:
    """Time all cases in turn and print the medians beside the official figures."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds + 1):
        for name, run in cases.items():
            start = time.process_time()
            run()
            taken[name].append(1000 * (time.process_time() - start))
    print(f'{"case":36}{"CPU ms":>9}{"official":>10}{"ratio":>8}')
    for name, values in taken.items():
        median = statistics.median(values[1:])  # the first round warms up
        official = OFFICIAL_MS.get(name)
        beside = f'{official:10d}{official / median:7.1f}x' if official else ''
        print(f'{name:36}{median:9.2f}{beside}')


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    print(f'Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}')
    rng = np.random.default_rng(0)
    cases = anticipation_cases(rng) | planning_cases(rng)
    measure(cases, args.rounds)
    for name in ('all five numbers', 'draw 5 sequences and score them') if args.profile else ():
        profile = cProfile.Profile()
        profile.runcall(cases[name])
        print(f'\nprofile: {name}')
        pstats.Stats(profile).strip_dirs().sort_stats('tottime').print_stats(8)


if __name__ == '__main__':
    main()
