"""Make EgoExo-Mini, the toy kitchen the toolbox trains and tests on.

Examples::

    python tools/data/make_mini.py                      # preset default into data/mini, about a minute on two cores
    python tools/data/make_mini.py --preset tiny --out /path/to/folder --features clip
    python tools/data/make_mini.py --defects nan_feature truncated_feature --out data/mini_broken
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from egoexo.errors import EgoExoError  # noqa: E402


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        argparse.Namespace: One attribute per option.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', default='data/mini', help='target folder (default: %(default)s)')
    parser.add_argument('--preset', default='default', help='tiny, default or large (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the world (default: %(default)s)')
    parser.add_argument('--jobs', type=int, help='processes (default: all cores); never changes the files')
    parser.add_argument('--layouts', nargs='+', help='layout families (default: all)')
    parser.add_argument('--features', nargs='*', default=['clip', 'i3d'], help='clip and/or i3d (default: both)')
    parser.add_argument('--gaze', nargs='*', help='features also made from gaze crops (default: those of --features)')
    parser.add_argument('--defects', nargs='+', default=[], help='known defects of the release to plant')
    parser.add_argument('--float32', action='store_true', help='I3D-like features as float32, for the official code')
    parser.add_argument('--calibrate', action='store_true',
                        help='for developers: estimate the whitening constants again and overwrite the shipped file')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Make the files and print where they are.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        int: 0, or 2 after an error that the user can mend.
    """
    args = parse_args(argv)
    try:
        if args.calibrate:
            from egoexo.mini.calibrate import calibrate

            print(f'wrote {calibrate()}')
            return 0
        from egoexo.mini import make_mini

        summary = make_mini(
            args.out, args.preset, args.seed, args.layouts, args.jobs, args.features, args.gaze, args.defects,
            args.float32,
        )
    except EgoExoError as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    _report(Path(args.out), summary)
    return 0


def _report(out: Path, summary: dict) -> None:
    """Counts and places for the user."""
    for layout in summary['layouts']:
        counts = summary[layout]['counts']
        text = ', '.join(f'{c["videos"]} {view} videos ({c["seconds"]:.0f} s)' for view, c in counts.items())
        size = sum(path.stat().st_size for path in (out / layout).rglob('*') if path.stat().st_nlink == 1)
        print(f'{out / layout}: {text}, {size / 1e6:.0f} MB')
    print(f'look at {out / "contact_sheet.png"}; class lists and versions are in {out / "mini.json"}')


if __name__ == '__main__':
    sys.exit(main())
