"""Time action planning beside the released arithmetic: step, prediction, loading, scores.

Usage: OMP_NUM_THREADS=1 python speed/planning.py [--rounds 7] [--profile]

Batches of the released scripts, 5 frames of 768 random numbers; the loss looks at the first of eight steps, as
released. CPU milliseconds of one thread, median over rounds in which all cases alternate. How "released" is written:
speed/clips.py.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clips import (
    DIM,
    FPS,
    NUM_ROWS,
    Case,
    measure,
    prediction_cases,
    show_profile,
    start,
    training_cases,
    write_features,
)

from egoexo.datasets.planning import PlanningDataset
from egoexo.evaluation.functional.planning import best_distances, planning_scores
from egoexo.evaluation.functional.planning_decoding import draw_sequences, keyed_uniforms
from egoexo.formats.egoexolearn_planning import (
    HORIZON,
    LIST_FOLDER,
    NUM_CLASSES,
    PlannedSteps,
    list_name,
    read_planning_list,
    write_planning_list,
)

#: Rows and videos of the released ego training list; rows of the ego test list; sequences per sample.
NUM_TRAIN_ROWS, NUM_VIDEOS, NUM_TEST_ROWS, NUM_SEQUENCES = 2171, 161, 1153, 5
#: CPU milliseconds of the released code (2-core Xeon virtual machine, one thread).
FIGURES = {
    'step, 16 (released: + 16)': 32, 'step adapted, 128 + 139': 153, 'prediction, batch 128': 40,
    'prediction, batch 512': 147, 'scores, 1,153 rows, 5 sequences': 81,
}
PROFILED = ('step, 16 (released: + 16)', 'step adapted, 128 + 139', 'scores, 1,153 rows, 5 sequences')


def make_steps(size: int) -> torch.Tensor:
    """Class ids of the coming steps, (N, Z)."""
    return torch.randint(NUM_CLASSES, (size, HORIZON), generator=torch.Generator().manual_seed(size))


def network_cases() -> list[Case]:
    """Steps and prediction."""
    config = 'planning/trn_clip_egoexolearn-{}.py'
    return [
        *training_cases('step, 16 (released: + 16)', config.format('ego'), (16, 16), make_steps, NUM_CLASSES,
                        adapt=False, horizon=HORIZON),
        *training_cases('step adapted, 128 + 139', config.format('ego2exo-ta3n'), (128, 139), make_steps, NUM_CLASSES,
                        adapt=True, horizon=HORIZON),
        *prediction_cases('prediction', config.format('ego'), (128, 512), NUM_CLASSES, HORIZON),
    ]


def write_list(root: Path) -> Path:
    """The ego training list of the released size, and its features."""
    rng = np.random.default_rng(0)
    uids = [f'video{number:03d}' for number in range(NUM_VIDEOS)]
    ends = rng.uniform(2, NUM_ROWS / FPS, NUM_TRAIN_ROWS).round(1).tolist()
    path = root / LIST_FOLDER / list_name('ego', 'train')
    write_planning_list(path, (
        PlannedSteps(uids[number % NUM_VIDEOS], str(end), end, tuple(rng.integers(0, NUM_CLASSES, HORIZON).tolist()))
        for number, end in enumerate(ends)))
    write_features(root / 'features', uids)
    return path


def make_dataset(root: Path) -> PlanningDataset:
    """The data set of the configs."""
    return PlanningDataset('ego', data_root=str(root), ann_folder='', data_prefix=dict(features='features'),
                           feature=dict(dim=DIM))


def loading_cases(root: Path, num_batches: int = 20) -> list[Case]:
    """The list, the data set with its checks, and clips whose files are known."""
    path = write_list(root)
    dataset = make_dataset(root)
    dataset.__getitems__(list(range(len(dataset))))
    rng = np.random.default_rng(1)
    batches = [rng.integers(0, len(dataset), 16).tolist() for _ in range(num_batches)]
    return [
        Case('list of 2,171 rows', 'egoexo', lambda: read_planning_list(path)),
        Case('data set with 161 files looked at', 'egoexo', lambda: make_dataset(root)),
        Case('a clip, file known', 'egoexo', lambda: [dataset.__getitems__(batch) for batch in batches],
             16 * num_batches),
    ]


def score_cases() -> list[Case]:
    """Draws and scores of the ego test list."""
    rng = np.random.default_rng(2)
    logits = rng.standard_normal((NUM_TEST_ROWS, HORIZON, NUM_CLASSES)).astype(np.float32)
    targets = rng.integers(0, NUM_CLASSES, (NUM_TEST_ROWS, HORIZON))
    names = [f'ego_test/{number}' for number in range(NUM_TEST_ROWS)]
    sequences = draw_sequences(logits, keyed_uniforms(0, names, (NUM_SEQUENCES, HORIZON)))

    def score() -> dict[str, float]:
        drawn = draw_sequences(logits, keyed_uniforms(0, names, (NUM_SEQUENCES, HORIZON)))
        return planning_scores(best_distances(drawn, targets))

    return [Case('scores, 1,153 rows, 5 sequences', 'egoexo', score),
            Case('scores, 1,153 rows, 5 sequences', 'egoexo, without the draws',
                 lambda: planning_scores(best_distances(sequences, targets)))]


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    start()
    with tempfile.TemporaryDirectory() as folder:
        cases = [*network_cases(), *loading_cases(Path(folder)), *score_cases()]
        measure(cases, FIGURES, args.rounds)
        if args.profile:
            show_profile(cases, PROFILED)


if __name__ == '__main__':
    main()
