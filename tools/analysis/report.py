#!/usr/bin/env python
"""Write the HTML report of a run, or of several side by side: scores, videos, curves, settings; needs no network."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from egoexo.apis import cli
from egoexo.apis.config import config_folders
from egoexo.datasets.video_reader import VideoReader
from egoexo.errors import VideoError
from egoexo.visualization.report import write_comparison, write_report


def parse_args(argv: Sequence[str] | None) -> argparse.Namespace:
    """Command line of this tool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dirs', type=Path, nargs='+', metavar='WORK_DIR',
                        help='folders that tools/train.py and tools/test.py wrote to; of several, the first is the '
                        'one that the others are compared with')
    parser.add_argument('--out', type=Path, metavar='FILE.html',
                        help='default WORK_DIR/report.html; of several runs comparison.html beside the first folder')
    parser.add_argument('--config', type=Path, help='config file of a single run, to list what differs from its bases; '
                        'default: the one noted in the folder, else ours of the same name')
    parser.add_argument('--figures', type=Path, metavar='DIR', help='write the figures as PNG and PDF there too')
    parser.add_argument('--no-thumbnails', action='store_true', help='leave out the pictures above the timelines')
    return parser.parse_args(argv)


def read_thumbnails(path: Path, number: int) -> list[np.ndarray]:
    """Pictures at equal distances over a video; none, said aloud, if it cannot be decoded.

    Args:
        path (Path): Video file.
        number (int): How many.

    Returns:
        list[np.ndarray]: RGB, uint8 (H, W, 3).
    """
    try:
        with VideoReader(path) as video:
            places = (np.arange(number) + 0.5) / number * video.num_frames
            return list(video.get_batch(places.astype(int)))
    except VideoError as error:
        print(f'no thumbnails: {error}', file=sys.stderr)
        return []


def shipped_config(work_dir: Path) -> Path | None:
    """Config of ours with the name of the one dumped into the work directory."""
    names = {path.name for path in work_dir.glob('*.py')}
    return next((path for folder in config_folders() for path in sorted(folder.rglob('*.py')) if path.name in names),
                None)


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> Path:
    """Write the report.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        Path: The HTML file.
    """
    args = parse_args(argv)
    for folder in args.work_dirs:
        if not folder.is_dir():
            raise SystemExit(f'work directory {folder} does not exist; give the --work-dir of tools/train.py')
    read_frames = None if args.no_thumbnails else read_thumbnails
    if len(args.work_dirs) == 1:
        out = write_report(args.work_dirs[0], args.out, shipped_config=args.config or shipped_config(args.work_dirs[0]),
                           read_frames=read_frames, figure_dir=args.figures)
    else:
        out = write_comparison(args.work_dirs, args.out, read_frames=read_frames, figure_dir=args.figures)
    print(f'{out} ({out.stat().st_size / 1e6:.1f} MB)')
    return out


if __name__ == '__main__':
    main()
