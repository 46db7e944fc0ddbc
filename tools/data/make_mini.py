"""Make EgoExo-Mini, the toy kitchen the toolbox trains and tests on.

Examples::

    python tools/data/make_mini.py                      # preset default into data/mini, three minutes on two cores
    python tools/data/make_mini.py --layouts egoexo4d   # synchronised takes only; other layouts stay as they are
    python tools/data/make_mini.py --layouts epic       # segments and third-person clips for action recognition only
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
    parser.add_argument('--layouts', nargs='+',
                        help='some of egoexolearn, egoexo4d, epic (default: all); others in the folder are left alone')
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
        if 'egoexo4d' in summary['layouts']:
            build_mini_ego2exo(Path(args.out) / 'egoexo4d')
            prepare_mini_correspondence(Path(args.out) / 'egoexo4d')
        if 'epic' in summary['layouts']:
            build_mini_recognition(Path(args.out) / 'epic')
    except EgoExoError as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    _report(Path(args.out), summary)
    return 0


def build_mini_ego2exo(root: str | Path, seed: int = 0) -> Path:
    """Build the list of the cross-view transfer benchmark from a finished mini world, if it is not there.

    Args:
        root (str | Path): Root of the layout, e.g. ``data/mini/egoexo4d``; its ``ego2exo_recipe.json`` names classes
            and takes.
        seed (int): Seed of the builder's draws.

    Returns:
        Path: ``<root>/metadata/ego2exo.json``.

    Raises:
        AnnotationError: ``root`` holds no such world.
    """
    from egoexo.formats.ego2exo import FILE_NAME, write_ego2exo
    from egoexo.formats.ego2exo_builder import Annotations, build_ego2exo
    from egoexo.formats.ego2exo_recipe import read_recipe
    from egoexo.formats.egoexo4d import read_atomic_descriptions, read_keysteps, read_takes

    root = Path(root)
    path = root / FILE_NAME
    if not path.is_file():
        folder = root / 'annotations'
        recipe = read_recipe(root / 'ego2exo_recipe.json')
        annotations = Annotations(
            read_takes(root / 'takes.json'), read_keysteps(folder / 'keystep_train.json'),
            read_keysteps(folder / 'keystep_val.json'),
            read_atomic_descriptions(folder / 'atomic_descriptions_train.json', recipe.take_ids))
        write_ego2exo(path, build_ego2exo(annotations, recipe, seed=seed).content)
    return path


def prepare_mini_correspondence(root: str | Path) -> Path:
    """Prepare the takes of a finished mini world for the correspondence benchmark, if that is not done.

    Args:
        root (str | Path): Root of the layout, e.g. ``data/mini/egoexo4d``, with ``annotations/`` and ``takes/``.

    Returns:
        Path: ``<root>/correspondence``, with pictures and masks of both splits and the ground truth of val.

    Raises:
        AnnotationError: ``root`` holds no such world.
    """
    from egoexo.formats.correspondence_truth import TRUTH_FILE

    out = Path(root) / 'correspondence'
    if not (out / TRUTH_FILE).is_file():  # written last
        from tools.data.prepare_correspondence import prepare

        # One process: the others would spend on their start what they save.
        prepare(root, out, ('train', 'val'), target_size='none', jobs=1, ground_truth='val')
    return out


def build_mini_recognition(root: str | Path) -> Path:
    """Pair the segments of a finished mini world with its third-person clips for SUM-L, if that is not done.

    Args:
        root (str | Path): Root of the layout, e.g. ``data/mini/epic``, with ``annotations/`` and ``lemma/``.

    Returns:
        Path: ``<root>/pairs``, with ``epic_lemma_pairs.json`` and ``text_embeddings.npz``, 384 numbers per narration.

    Raises:
        AnnotationError: ``root`` holds no such world.
    """
    from tools.data.embed_narrations import embed_narrations
    from tools.data.pair_semantics import pair_semantics

    root = Path(root)
    out, lemma = root / 'pairs', root / 'lemma'
    if not (out / 'text_embeddings.npz').is_file():  # written last
        lists = [root / 'annotations' / f'EPIC_100_{name}.csv' for name in ('train', 'validation')]
        pair_semantics(lists[0], lemma, out / 'epic_lemma_pairs.json', label_map=lemma / 'to_epic.json')
        embed_narrations(out / 'text_embeddings.npz', lists, out / 'epic_lemma_pairs.json')
    return out


def _report(out: Path, summary: dict) -> None:
    """Counts and places for the user."""
    for layout in summary['layouts']:
        counts = summary[layout]['counts']
        text = ', '.join(f'{c["videos"]} {view} videos ({c["seconds"]:.0f} s)' for view, c in counts.items())
        files = (path.stat() for path in (out / layout).rglob('*'))
        sizes = {(file.st_dev, file.st_ino): file.st_size for file in files}  # a file with two names counts once
        print(f'{out / layout}: {text}, {sum(sizes.values()) / 1e6:.0f} MB')
    sheets = ', '.join(str(path) for path in sorted(out.glob('contact_sheet*.png')))
    print(f'look at {sheets}; class lists and versions are in {out / "mini.json"}')


if __name__ == '__main__':
    sys.exit(main())
