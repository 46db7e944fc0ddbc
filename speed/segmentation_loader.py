"""Time the loading of temporal action segmentation videos beside the official way.

Usage: OMP_NUM_THREADS=1 python speed/segmentation_loader.py [--videos 4] [--rounds 7] [--profile]

Made-up videos of the mean length of the real ego training list (20,825 rows of 1024 numbers at 25 fps), thinned to 5
fps and batched. The files lie in the page cache, so this is CPU work, not the disk. CPU seconds of one thread, median
over rounds in which all cases alternate. "official way" is written from the description of the released loader: load
the whole file, transpose, thin; read the labels line by line; pad features, labels and a (28, T) mask.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch

from egoexo.datasets.segmentation import SegmentationDataset
from egoexo.formats.egoexolearn import write_frame_labels, write_split
from egoexo.models.data_preprocessors.sequence import SequenceDataPreprocessor

NUM_ROWS, DIM, NUM_CLASSES, STEP = 20825, 1024, 28, 5


def write_layout(root: Path, num_videos: int) -> None:
    """Write features in three formats, labels and the list."""
    rng = np.random.default_rng(0)
    uids = [f'video{number}' for number in range(num_videos)]
    write_split(root / 'ego_train_annotations.bundle', uids)
    for folder in ('pt', 'npy', 'half'):
        (root / folder).mkdir()
    for uid in uids:
        rows = rng.standard_normal((NUM_ROWS, DIM), dtype=np.float32)
        torch.save(torch.from_numpy(rows), root / 'pt' / f'{uid}.pt')
        np.save(root / 'npy' / f'{uid}.npy', rows)
        torch.save(torch.from_numpy(rows).half(), root / 'half' / f'{uid}.pt')
        labels = np.repeat(rng.integers(0, NUM_CLASSES, 40), 521)[:NUM_ROWS]
        write_frame_labels(root / 'gts' / f'{uid}.txt', labels)


def load_official(root: Path, uid: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One video the official way: batch of one with labels and mask."""
    known = {str(number): number for number in range(NUM_CLASSES)}
    features = torch.load(root / 'pt' / f'{uid}.pt', weights_only=True).numpy().T
    lines = (root / 'gts' / f'{uid}.txt').read_text().split('\n')[:-1]
    length = min(features.shape[1], len(lines))
    classes = np.zeros(length)
    for number in range(length):
        classes[number] = known[lines[number]]
    thinned, labels = features[:, :length][:, ::STEP], classes[::STEP]
    inputs = torch.zeros(1, DIM, thinned.shape[1])
    inputs[0, :, :] = torch.from_numpy(thinned.copy())
    targets = torch.full((1, len(labels)), -100, dtype=torch.int64)
    targets[0] = torch.from_numpy(labels)
    return inputs, targets, torch.ones(1, NUM_CLASSES, len(labels))


def our_dataset(root: Path, folder: str) -> SegmentationDataset:
    """The data set of the configs over one feature folder."""
    return SegmentationDataset(
        ann_file='ego_train_annotations.bundle', view='ego', data_root=str(root),
        data_prefix=dict(features=folder, labels='gts'), pipeline=[
            dict(type='LoadSequence', feature=dict(benchmark='segmentation', dim=DIM)),
            dict(type='SampleSequence', step=STEP, trim=True),
            dict(type='PackInputs')])


def load_ours(dataset: SegmentationDataset, index: int) -> dict:
    """One video our way: batch of one, mask included."""
    sample = dataset[index]
    return PREPROCESSOR(dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]))


PREPROCESSOR = SequenceDataPreprocessor()


def make_cases(root: Path, num_videos: int) -> dict[str, Callable[[int], object]]:
    """Loading of one video by name of the way."""
    uids = [f'video{number}' for number in range(num_videos)]
    datasets = {name: our_dataset(root, folder) for name, folder in
                (('ours, .pt float32', 'pt'), ('ours, .npy float32', 'npy'), ('ours, .pt float16', 'half'))}
    cases = {'official way, .pt float32': lambda index: load_official(root, uids[index])}
    for name, dataset in datasets.items():
        cases[name] = lambda index, dataset=dataset: load_ours(dataset, index)
    inputs, targets, _ = load_official(root, uids[0])
    batch = cases['ours, .pt float32'](0)
    assert torch.equal(inputs, batch['inputs'])
    assert torch.equal(targets[0], batch['data_samples'][0].gt_step_labels)
    return cases


def main() -> None:
    """Write the files, time all cases, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--videos', type=int, default=4, help='each needs 210 MB of temporary space')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--profile', action='store_true', help='show where the time of ours goes')
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_layout(Path(folder), args.videos)
        cases = make_cases(Path(folder), args.videos)
        seconds: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(args.rounds):
            for name, load in cases.items():
                start = time.process_time()
                for index in range(args.videos):
                    load(index)
                seconds[name].append((time.process_time() - start) / args.videos)
        print(f'{time.strftime("%Y-%m-%d")}  Python {platform.python_version()}, torch {torch.__version__}, numpy '
              f'{np.__version__}, {platform.machine()}, 1 thread, {args.videos} videos of {NUM_ROWS} rows')
        official = statistics.median(seconds['official way, .pt float32'])
        for name, values in seconds.items():
            median = statistics.median(values)
            print(f'{name:28s} {1000 * median:8.1f} ms per video   {official / median:5.1f}x')
        if args.profile:
            with cProfile.Profile() as profile:
                for index in range(args.videos):
                    cases['ours, .pt float32'](index)
            pstats.Stats(profile).sort_stats('tottime').print_stats(12)


if __name__ == '__main__':
    main()
