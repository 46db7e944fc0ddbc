"""Time action anticipation beside the released arithmetic: step, prediction, loading, lists, scores.

Usage: OMP_NUM_THREADS=1 python speed/anticipation.py [--rounds 7] [--profile]

Batches of the released scripts, 5 frames of 768 random numbers. Loading: the ego training list of nouns (31,412 rows,
421 videos of 4,165 feature rows, 12.8 MB each, in the page cache, so this is CPU work and not the disk). CPU
milliseconds of one thread, median over rounds in which all cases alternate. How "released" is written: speed/clips.py.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clips import (
    DIM,
    NUM_NOUNS,
    NUM_ROWS,
    NUM_SEGMENTS,
    NUM_VIDEOS,
    Case,
    ReleasedLoader,
    ReleasedTraining,
    load_model,
    measure,
    prediction_cases,
    show_profile,
    start,
    training_cases,
    write_layout,
)

from egoexo.datasets.anticipation import AnticipationDataset
from egoexo.evaluation.functional.anticipation import (
    anticipation_scores,
    average_precisions,
    per_class_recall,
    rank_classes,
    top_k_mask,
)
from egoexo.formats.egoexolearn_anticipation import ListedAction, read_action_list, write_action_list

NUM_VERBS, BATCH = 19, 128
NUM_TEST_ROWS, NUM_LIST_ROWS = 15_231, 65_664
#: CPU milliseconds of the released code (2-core Xeon virtual machine, one thread).
FIGURES = {
    'step, nouns, 128 (released: + 128)': 104, 'step, nouns adapted, 128 + 23': 108,
    'step, nouns adapted, 128 + 683': 424, 'step, verbs, 128 (released: + 53)': 81,
    'prediction, batch 128': 40, 'prediction, batch 512': 147, 'a clip, file known': 0.038,
    'list of 65,664 rows': 220, 'macro recall, 15,231 x 31': 33, 'mAP, 15,231 x 31': 60,
}
#: What is looked into by --profile.
PROFILED = ('step, nouns, 128 (released: + 128)', 'step, nouns adapted, 128 + 683', 'prediction, batch 512',
            'a clip, file known', 'list of 65,664 rows', 'loading and step, nouns, 128')


def multi_hot(num_classes: int) -> Callable[[int], torch.Tensor]:
    """Labels of one or two classes, (N, C)."""
    def make(size: int) -> torch.Tensor:
        picked = torch.randint(num_classes, (size, 2), generator=torch.Generator().manual_seed(size))
        return torch.zeros(size, num_classes).scatter_(1, picked, 1)
    return make


def network_cases() -> list[Case]:
    """Steps and prediction."""
    nouns, verbs = multi_hot(NUM_NOUNS), multi_hot(NUM_VERBS)
    config = 'anticipation/trn_clip_egoexolearn-{}.py'
    return [
        *training_cases('step, nouns, 128 (released: + 128)', config.format('noun-ego'), (BATCH, BATCH), nouns,
                        NUM_NOUNS, adapt=False),
        *training_cases('step, nouns adapted, 128 + 23', config.format('noun-ego2exo-ta3n'), (BATCH, 23), nouns,
                        NUM_NOUNS, adapt=True),
        *training_cases('step, nouns adapted, 128 + 683', config.format('noun-exo2ego-ta3n'), (BATCH, 683), nouns,
                        NUM_NOUNS, adapt=True),
        *training_cases('step, verbs, 128 (released: + 53)', config.format('verb-ego'), (BATCH, 53), verbs, NUM_VERBS,
                        adapt=False),
        *prediction_cases('prediction', config.format('noun-ego'), (128, 512), NUM_NOUNS),
    ]


def make_dataset(root: Path, **options: object) -> AnticipationDataset:
    """The data set of the configs."""
    return AnticipationDataset(
        'ego', data_root=str(root), ann_folder='', data_prefix=dict(features='features'), feature=dict(dim=DIM),
        **options)


def loading_cases(root: Path, small: Path, num_batches: int = 20) -> list[Case]:
    """Clips whose files are known and clips of the first epoch, alone and together with a step."""
    whole, few = make_dataset(root), make_dataset(small)
    rng = np.random.default_rng(1)
    batches = [rng.integers(0, len(whole), BATCH).tolist() for _ in range(num_batches)]
    clips = whole[0]['inputs'].shape
    assert clips == (DIM, NUM_SEGMENTS), clips

    def official(dataset: AnticipationDataset) -> ReleasedLoader:
        return ReleasedLoader(Path(dataset.data_prefix['features']), dataset.read_actions(), NUM_NOUNS)

    # All 421 videos would take 5.4 GB in the memory of the released loader, so its files are those of the small list.
    loader, actions = official(few), few.read_actions()
    known = [rng.integers(0, len(actions), BATCH).tolist() for _ in range(num_batches)]
    orders = [rng.permutation(len(few))[start:start + BATCH].tolist() for start in range(0, len(few), BATCH)]
    for indices in known:
        loader.batch(indices)
    released = ReleasedTraining(NUM_NOUNS, adapt=False)
    model, wrapper = load_model('anticipation/trn_clip_egoexolearn-noun-ego.py', NUM_NOUNS)
    whole.__getitems__(list(range(len(whole))))  # reads every file
    check_loading(loader, few, known[0])

    def read_released() -> None:
        fresh = ReleasedLoader(loader.root, actions, NUM_NOUNS)
        for indices in orders:
            fresh.batch(indices)

    def read_ours() -> None:
        fresh = make_dataset(small)
        for indices in orders:
            fresh.__getitems__(indices)

    def train_released() -> None:
        source, labels = loader.batch(known[0])
        released.step(source, loader.batch(known[1])[0], labels)

    def train_ours() -> None:
        model.train_step(whole.__getitems__(batches[0]), wrapper)

    count = BATCH * num_batches
    return [
        Case('a clip, file known', 'released', lambda: [loader.batch(indices) for indices in known], count),
        Case('a clip, file known', 'egoexo', lambda: [whole.__getitems__(indices) for indices in batches], count),
        Case('a clip, first epoch', 'released', read_released, len(few)),
        Case('a clip, first epoch', 'egoexo (list and checks included)', read_ours, len(few)),
        Case('loading and step, nouns, 128', 'released', train_released),
        Case('loading and step, nouns, 128', 'egoexo', train_ours),
    ]


def check_loading(loader: ReleasedLoader, dataset: AnticipationDataset, indices: Sequence[int]) -> None:
    """Both loaders give the same numbers."""
    ours, (clips, labels) = dataset.__getitems__(indices), loader.batch(indices)
    torch.testing.assert_close(ours['inputs'].transpose(1, 2), clips, rtol=0, atol=1e-6)
    real = torch.tensor([sample.get('has_context') for sample in ours['data_samples']])
    assert torch.equal(torch.stack([sample.gt_class_targets for sample in ours['data_samples']]), labels)
    assert real.any()


def read_released_list(path: Path) -> list[tuple]:
    """Rows of a list, line by line; the released code evaluates the text of the classes as Python, which is slower."""
    rows = []
    for line in path.read_text().splitlines():
        uid, start, end, classes = line.split('|')
        rows.append((uid, float(start), float(end), json.loads(classes)))
    return rows


def list_cases(folder: Path) -> list[Case]:
    """Reading of the longest test list, which holds other lists too."""
    rng = np.random.default_rng(2)
    path = folder / 'list.txt'
    starts = rng.uniform(3, 800, NUM_LIST_ROWS).round(1).tolist()
    write_action_list(path, (
        ListedAction(f'video{number % NUM_VIDEOS:03d}-59bd-8554-ec21283e9db6', str(start), str(start + 2), start,
                     start + 2, tuple(rng.choice(NUM_NOUNS, 2, replace=False).tolist()))
        for number, start in enumerate(starts)))
    what = 'list of 65,664 rows'
    return [Case(what, 'released', lambda: read_released_list(path)),
            Case(what, 'egoexo', lambda: read_action_list(path, NUM_NOUNS))]


def score_cases() -> list[Case]:
    """Scores of the largest test list; the released code calls scikit-learn, which is not needed here."""
    rng = np.random.default_rng(3)
    logits = rng.standard_normal((NUM_TEST_ROWS, NUM_NOUNS)).astype(np.float32)
    targets = multi_hot(NUM_NOUNS)(NUM_TEST_ROWS).numpy()
    return [
        Case('macro recall, 15,231 x 31', 'egoexo', lambda: per_class_recall(top_k_mask(logits), targets).mean()),
        Case('mAP, 15,231 x 31', 'egoexo', lambda: np.nanmean(average_precisions(rank_classes(logits, targets)))),
        Case('all five scores, 15,231 x 31', 'egoexo', lambda: anticipation_scores(logits, targets)),
    ]


def resident_bytes() -> int:
    """Memory of this process."""
    line = next(line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('VmRSS'))
    return 1024 * int(line.split()[1])


def read_everything(root: Path, bound: int) -> tuple[int, int]:
    """Bytes of the cache, and by how much the process has grown, after every clip of the list was read."""
    dataset = make_dataset(root, clip_cache_bytes=bound)
    before = resident_bytes()
    for begin in range(0, len(dataset), 4096):  # in list order, so that a video is read once whatever the bound
        dataset.__getitems__(range(begin, min(begin + 4096, len(dataset))))
    return dataset.reader._cache.nbytes, resident_bytes() - before


def show_memory(root: Path) -> None:
    """Memory of the cache for several bounds, each in a process of its own."""
    print(f'\n{"clip_cache_bytes":>18}{"cache, MB":>12}{"grown, MB":>12}   after every clip of the list was read')
    for bound in (2**30, 2**27, 0):
        with multiprocessing.get_context('fork').Pool(1) as pool:
            cache, grown = pool.apply(read_everything, (root, bound))
        print(f'{bound:18,}{cache / 1e6:12.0f}{grown / 1e6:12.0f}')
    whole = NUM_VIDEOS * NUM_ROWS * DIM * 4
    print(f'{"released":>18}{whole / 1e6:12.0f}{"":12}   by its description: every file whole, in each of 4 workers')


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--profile', action='store_true', help='also show where the time goes')
    args = parser.parse_args()
    start()
    with tempfile.TemporaryDirectory() as folder:
        root, small = Path(folder, 'whole'), Path(folder, 'few')
        write_layout(root)
        write_layout(small, 32)
        show_memory(root)
        cases = [*network_cases(), *loading_cases(root, small), *list_cases(Path(folder)), *score_cases()]
        measure(cases, FIGURES, args.rounds)
        if args.profile:
            show_profile(cases, PROFILED)


if __name__ == '__main__':
    main()
