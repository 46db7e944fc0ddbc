"""Build the Ego2Exo benchmark (LaGTran, ICML 2024) out of Ego-Exo4D: metadata/ego2exo.json below a data root.

Examples::

    python tools/data/build_ego2exo.py                      # official release in data/ego2exo
    python tools/data/build_ego2exo.py --no-membership --seed 3
    python tools/data/build_ego2exo.py --root data/mini/egoexo4d --recipe data/mini/egoexo4d/ego2exo_recipe.json
    python tools/data/build_ego2exo.py --list-takes all     # uids to download features of

The official notebook draws the two training lists, the cameras and some texts without a seed. Here the training lists
come from the two released pseudo-label files unless --no-membership is given, everything else from --seed.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

from egoexo.errors import AnnotationError, EgoExoError, explain
from egoexo.formats.ego2exo import FILE_NAME, write_ego2exo
from egoexo.formats.ego2exo_builder import Annotations, build_ego2exo, train_takes, val_takes
from egoexo.formats.ego2exo_membership import Membership, read_membership
from egoexo.formats.ego2exo_recipe import OFFICIAL, Recipe, read_recipe, read_take_ids
from egoexo.formats.ego2exo_texts import STRIPS
from egoexo.formats.egoexo4d import read_atomic_descriptions, read_keysteps, read_takes
from egoexo.formats.pseudo_labels import pseudo_label_name

LEGACY_HELP = """--legacy keeps what the official notebook does, to compare with it; --no-legacy (default) mends it:
  gp05        exo segments whose best camera is gp05, an ego camera, point at its features; mended: gp04
  cameras     a best exo camera that the take has not is used all the same; mended: another one is drawn
  windows     a segment between two windows has no features, one after the last window is an error (KeyError);
              mended: the nearest window
  taxonomy    a step that its scenario's taxonomy has not is an error (KeyError); mended: the segment is dropped
Kept in either case, with options of their own: two characters are cut off every sentence (--strip), the texts of two
annotators are joined without a space (--separator ' '), and the last sentence of a take stands in for a missing one
before the segment. --legacy --no-membership --seed N equals the notebook after random.seed(N)."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        argparse.Namespace: One attribute per option.
    """
    parser = argparse.ArgumentParser(description=__doc__, epilog=LEGACY_HELP,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--root', type=Path, default=Path('data/ego2exo'),
                        help='folder of the Ego-Exo4D download: takes.json, annotations/ (default: %(default)s)')
    parser.add_argument('--out', type=Path, help=f'file to write (default: <root>/{FILE_NAME})')
    parser.add_argument('--recipe', type=Path, help='JSON with scenarios, classes, take_ids; default: the official one')
    parser.add_argument('--take-ids', type=Path, help='training takes, one uid a line (default: those of the recipe, '
                        'else <root>/take_ids.txt, else all takes of the scenarios)')
    members = parser.add_mutually_exclusive_group()
    members.add_argument('--membership', type=Path, nargs=2, metavar=('EGO_EXO', 'EXO_EGO'),
                         help='pseudo-label files whose ids are the exo and the ego training list (default for the '
                         'official recipe: ego2exo_ego_exo.txt and ego2exo_exo_ego.txt in <root>/pseudo_labels)')
    members.add_argument('--no-membership', action='store_true', help='draw the training lists from the seed')
    parser.add_argument('--seed', type=int, default=0, help='seed of all draws (default: %(default)s)')
    parser.add_argument('--legacy', action=argparse.BooleanOptionalAction, default=False, help='see below')
    parser.add_argument('--strip', choices=STRIPS, default='legacy',
                        help='cut two characters off each sentence, or its subject C or O only (default: %(default)s)')
    parser.add_argument('--separator', default='', help='between the texts of two annotators (default: nothing)')
    parser.add_argument('--features-dir', type=Path,
                        help='folder of the .pt files: leave out windows that a file has no row for')
    parser.add_argument('--list-takes', choices=('train', 'val', 'all'),
                        help='print the uids of the takes that the benchmark uses, and build nothing')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Build the file and print what is in it.

    Args:
        argv (Sequence[str], optional): Arguments without the program's name; those of the process by default.

    Returns:
        int: 0, or 2 after an error that the user can mend.
    """
    args = parse_args(argv)
    try:
        recipe = _recipe(args)
        if args.list_takes:
            print('\n'.join(_list_takes(args.root / 'annotations', recipe, args.list_takes)))
            return 0
        out = args.out or args.root / FILE_NAME
        membership = _membership(args, len(recipe.classes))
        built = build_ego2exo(
            _read(args.root, recipe), recipe, seed=args.seed, legacy=args.legacy, strip=args.strip,
            separator=args.separator, membership=membership,
            num_rows=None if args.features_dir is None else _row_counter(args.features_dir))
        write_ego2exo(out, built.content)
    except (EgoExoError, OSError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 2
    print('\n'.join(built.report.lines()))
    print(f'wrote {out}; training lists {"drawn from the seed" if membership is None else "as released"}, '
          f'{len(recipe.classes)} classes, seed {args.seed}')
    return 0


def _recipe(args: argparse.Namespace) -> Recipe:
    recipe = OFFICIAL if args.recipe is None else read_recipe(args.recipe)
    if args.take_ids is not None:
        return replace(recipe, take_ids=read_take_ids(args.take_ids))
    released = args.root / 'take_ids.txt'
    if recipe.take_ids is None and args.recipe is None and released.is_file():
        return replace(recipe, take_ids=read_take_ids(released))
    return recipe


def _membership(args: argparse.Namespace, num_classes: int) -> Membership | None:
    if args.no_membership or (args.recipe is not None and args.membership is None):
        return None
    files = args.membership or [args.root / 'pseudo_labels' / pseudo_label_name('ego2exo', *sides)
                                for sides in (('ego', 'exo'), ('exo', 'ego'))]
    absent = [str(file) for file in files if not file.is_file()]
    if absent:
        raise AnnotationError(explain(
            absent[0], 'a pseudo-label file of LaGTran, which says which segments are in which training list',
            f'{len(absent)} of 2 files missing',
            'Copy both from src/pseudo_labels of the LaGTran repository, name them with --membership, or use '
            '--no-membership to draw lists of your own.'))
    return read_membership(*files, num_classes)


def _list_takes(folder: Path, recipe: Recipe, split: str) -> list[str]:
    uids = []
    if split != 'val':
        uids += [take.take_uid for take in train_takes(read_keysteps(folder / 'keystep_train.json'), recipe)]
    if split != 'train':
        uids += [take.take_uid for take in val_takes(read_keysteps(folder / 'keystep_val.json'), recipe)]
    return list(dict.fromkeys(uids))


def _read(root: Path, recipe: Recipe) -> Annotations:
    """Read the four files; those of the release take some seconds, so each is announced."""
    def announced(name: str) -> Path:
        path = root / name
        if path.is_file():
            print(f'reading {path} ({path.stat().st_size / 1e6:.0f} MB)', file=sys.stderr, flush=True)
        return path

    train = read_keysteps(announced('annotations/keystep_train.json'))
    val = read_keysteps(announced('annotations/keystep_val.json'))
    used = [take.take_uid for take in train_takes(train, recipe)]
    descriptions = read_atomic_descriptions(announced('annotations/atomic_descriptions_train.json'), used)
    used += [take.take_uid for take in val_takes(val, recipe)]
    return Annotations(read_takes(announced('takes.json'), used), train, val, descriptions)


def _row_counter(folder: Path) -> Callable[[str], int | None]:
    """Counts rows by a look at the head of a file; without this option, no torch is needed."""
    if not folder.is_dir():
        raise AnnotationError(explain(folder, 'the folder of the feature files', 'none', 'Check --features-dir.'))
    from egoexo.datasets.feature_files import open_feature_file

    num_files = 0

    def count(feature_file: str) -> int | None:
        nonlocal num_files
        num_files += 1
        if num_files % 200 == 0:
            print(f'{num_files} feature files looked at', file=sys.stderr, flush=True)
        path = folder / Path(feature_file).name
        return open_feature_file(path).shape[0] if path.is_file() else None

    return count


if __name__ == '__main__':
    sys.exit(main())
