"""Write stand-in features for a handful of videos of a real annotation folder.

The official features cannot be fetched by everybody. Stand-ins have their layout, shape and rate, and are drawn from
the labels themselves plus noise: they show that the official annotations run through training and testing, and their
scores mean nothing. Their recipe says so.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from egoexo.errors import AnnotationError, EgoExoError
from egoexo.formats.egoexolearn import NUM_CLASSES, read_frame_labels, read_split

TAS = Path('temporal_action_segmentation_benchmark') / 'tas_annotation'
FEATURES = Path('features') / 'i3d_rgb_25fps'
DIM, FPS = 1024, 25.0


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--annotations', type=Path, required=True, help='official EgoExoLearn folder, only read')
    parser.add_argument('--out', type=Path, required=True, help='new data root: links to the annotations + features')
    parser.add_argument('--videos', type=int, default=3, help='videos per list')
    parser.add_argument('--noise', type=float, default=2.0, help='noise against a signal of 1')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args(argv)


def link_annotations(source: Path, out: Path) -> None:
    """Link every entry of the official folder into the new root, so that its layout stays what it is."""
    out.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir()):
        link = out / entry.name
        if not link.exists():
            link.symlink_to(entry.resolve(), target_is_directory=entry.is_dir())


def standin(labels: np.ndarray, noise: float, seed: int) -> torch.Tensor:
    """Features (T, 1024) float16: one fixed random code per class, plus noise that changes 5 times a second.

    Args:
        labels (np.ndarray): Class ids at 25 fps, shape (T,).
        noise (float): Standard deviation of the noise; the codes have 1.
        seed (int): Seed of the noise; the codes are the same for all videos.
    """
    codes = np.random.default_rng(0).standard_normal((NUM_CLASSES, DIM)).astype(np.float32)
    slow = np.random.default_rng((seed, len(labels))).standard_normal((-(-len(labels) // 5), DIM)).astype(np.float32)
    return torch.from_numpy(codes[labels] + noise * np.repeat(slow, 5, axis=0)[:len(labels)]).half()


def main(argv: Sequence[str] | None = None) -> int:
    """Write the features and print what was made."""
    args = parse_args(argv)
    try:
        if not (args.annotations / TAS).is_dir():
            raise AnnotationError(f'{args.annotations} holds no {TAS}: give the root of the official annotations.')
        link_annotations(args.annotations, args.out)
        folder = args.out / FEATURES
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for bundle in sorted((args.annotations / TAS / 'splits').glob('*_annotations.bundle')):
            for uid in read_split(bundle)[:args.videos]:
                labels = read_frame_labels(args.annotations / TAS / 'gts_fps25' / f'{uid}.txt', drop_last_line=False)
                torch.save(standin(labels, args.noise, args.seed), folder / f'{uid}.pt')
                count += 1
                print(f'{bundle.name}: {uid} ({len(labels)} rows)', flush=True)
    except EgoExoError as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    recipe = dict(backbone='stand-in drawn from the labels, not a network', feature_fps=FPS, window=1, stride=1,
                  first_row_sec=0.0, crop='none', dtype='float16', dim=DIM)
    (folder / 'recipe.json').write_text(json.dumps(recipe, indent=2) + '\n', encoding='utf-8')
    print(f'{count} stand-in files in {folder}; scores on them mean nothing')
    return 0


if __name__ == '__main__':
    sys.exit(main())
