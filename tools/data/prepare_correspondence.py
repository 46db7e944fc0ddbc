"""Prepare Ego-Exo4D for the benchmark correspondence: masks out of the relations files, pictures out of the videos.

Examples::

    python tools/data/prepare_correspondence.py --jobs 8                       # full-resolution takes, official sizes
    python tools/data/prepare_correspondence.py --target-size none             # 448p takes, pictures as they are
    python tools/data/prepare_correspondence.py --splits val --ground-truth    # and correspondence-gt.json
    python tools/data/prepare_correspondence.py --root data/mini/egoexo4d --target-size none --pairs

Takes that are there are kept, so a run that was stopped goes on where it was. The layout is that of the official code.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

from egoexo.apis.correspondence_preparation import prepare
from egoexo.errors import EgoExoError

__all__ = ['main', 'parse_args', 'prepare']


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        argparse.Namespace: One attribute per option.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', type=Path, default=Path('data/egoexo4d'),
                        help='folder of the Ego-Exo4D download: annotations/, takes/ (default: %(default)s)')
    parser.add_argument('--out', type=Path, help='data root to make (default: <root>/correspondence)')
    parser.add_argument('--splits', nargs='+', default=['train', 'val'], choices=('train', 'val', 'test'),
                        help='default: train val; the annotations of test are not public')
    parser.add_argument('--split-file', type=Path, help='official split.json (default: <root>/annotations/split.json)')
    parser.add_argument('--target-size', type=_size, metavar='N|none',
                        help='longest side of the pictures, or none: as the video (default: official, half of ego and '
                        'quarter of exo videos in full resolution)')
    parser.add_argument('--jobs', type=int, default=1, help='processes (default: %(default)s)')
    parser.add_argument('--pairs', action='store_true', help='also write the official lists of pairs; training here '
                        'does not need them')
    parser.add_argument('--ground-truth', nargs='?', const='val', metavar='SPLIT',
                        help='also write correspondence-gt.json of a split (val when none is named)')
    parser.add_argument('--overwrite', action='store_true', help='make takes again that are there')
    return parser.parse_args(argv)


def _size(text: str) -> int | str:
    return text if text == 'none' else int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Prepare the takes and print what is missing.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        int: 0, or 2 when nothing could be prepared or after an error that the user can mend.
    """
    args = parse_args(argv)
    try:
        report = prepare(args.root, args.out or args.root / 'correspondence', args.splits, args.target_size, args.jobs,
                         overwrite=args.overwrite, pairs=args.pairs, ground_truth=args.ground_truth,
                         split_file=args.split_file)
    except (EgoExoError, OSError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    print('\n'.join(report.lines()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
