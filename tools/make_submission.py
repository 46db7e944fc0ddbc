#!/usr/bin/env python
"""Put predictions into the file that an evaluation server takes, after the checks that the server makes.

Usage: python tools/make_submission.py correspondence --ego-exo ego-exo_test_results.json \\
    --exo-ego exo-ego_test_results.json --gt data/egoexo4d/correspondence --split test --out submission.json
or: python tools/make_submission.py recognition --pred test.npz --ann EPIC_100_test_timestamps.csv \\
    --out submission.zip
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

if (Path(__file__).resolve().parents[1] / 'egoexo' / '__init__.py').is_file():
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone works without being installed

from egoexo.errors import EgoExoError
from egoexo.formats import epic_submission
from egoexo.formats.correspondence_results import check_submission, read_predictions, write_submission
from egoexo.formats.correspondence_take import TakeAnnotation
from egoexo.formats.correspondence_truth import iter_ground_truth, iter_prepared_takes
from egoexo.formats.epic_actions import read_epic_actions
from egoexo.formats.recognition_results import read_scores


def add_correspondence(parser: argparse.ArgumentParser) -> None:
    """Options of the benchmark correspondence."""
    parser.add_argument('--ego-exo', required=True, type=Path, help='results whose masks are given in the ego view')
    parser.add_argument('--exo-ego', required=True, type=Path, help='results whose masks are given in an exo view')
    parser.add_argument('--gt', required=True, type=Path,
                        help='correspondence-gt.json, or the prepared data root; the query views are enough')
    parser.add_argument('--split', default='test', help='takes of a data root (default: %(default)s)')
    parser.add_argument('--out', default=Path('submission.json'), type=Path, help='(default: %(default)s)')
    parser.set_defaults(run=submit_correspondence)


def submit_correspondence(args: argparse.Namespace) -> None:
    """Check both directions and write the file.

    Raises:
        PredictionError: If a file is malformed or anything is missing in it.
        AnnotationError: If the ground truth cannot be read.
    """
    for setting, path in (('ego-exo', args.ego_exo), ('exo-ego', args.exo_ego)):
        check_submission(read_predictions(path, setting), truth_of(args.gt, args.split), str(path))
    counts = write_submission(args.out, args.ego_exo, args.exo_ego)
    print(f'{args.out}: ' + ', '.join(f'{count} takes of {setting}' for setting, count in counts.items()))


def add_recognition(parser: argparse.ArgumentParser) -> None:
    """Options of the benchmark recognition."""
    parser.add_argument('--pred', required=True, type=Path,
                        help='scores: .npz of tools/test.py --dump, .pt or .pkl of the challenge, .pkl of PySlowFast')
    parser.add_argument('--ann', required=True, type=Path, help='EPIC_100_test_timestamps.csv, or another list')
    parser.add_argument('--subset', help='list to take from an .npz of several')
    parser.add_argument('--num-classes', type=int, nargs=2, default=epic_submission.NUM_CLASSES,
                        metavar=('VERBS', 'NOUNS'), help='(default: 97 300)')
    for name, default, what in (('pt', 2, 'pre-training'), ('tl', 3, 'training labels'), ('td', 4, 'training data')):
        parser.add_argument(f'--sls-{name}', type=int, default=default, choices=range(6),
                            help=f'level of supervision of the {what}, see the challenge (default: %(default)s)')
    parser.add_argument('--out', default=Path('submission.zip'), type=Path, help='(default: %(default)s)')
    parser.set_defaults(run=submit_recognition)


def submit_recognition(args: argparse.Namespace) -> None:
    """Check the scores against the list of segments and write the archive.

    Raises:
        PredictionError: If the scores are malformed, not finite, or not those of the list.
        AnnotationError: If the list cannot be read.
    """
    ids = [action.narration_id for action in read_epic_actions(args.ann)]
    scores = read_scores(args.pred, ids, args.subset)
    epic_submission.check_submission(*scores, ids, args.num_classes, args.pred)
    epic_submission.write_submission(args.out, *scores, args.sls_pt, args.sls_tl, args.sls_td, args.num_classes)
    print(f'{args.out}: {len(ids):,} segments, supervision {args.sls_pt} {args.sls_tl} {args.sls_td}')


def truth_of(path: Path, split: str) -> Iterator[TakeAnnotation]:
    """Takes of the ground truth; of a data root also those whose target views nobody may see."""
    return iter_prepared_takes(path, split) if path.is_dir() else iter_ground_truth(path)


def main(argv: Sequence[str] | None = None) -> int:
    """Make a submission.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        int: 0, or 1 if nothing was written.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='benchmark', required=True, metavar='BENCHMARK',
                                     help='correspondence or recognition')
    add_correspondence(commands.add_parser('correspondence', help='Ego-Exo4D correspondence'))
    add_recognition(commands.add_parser('recognition', help='EPIC-KITCHENS-100 action recognition'))
    args = parser.parse_args(argv)
    try:
        args.run(args)
    except (EgoExoError, OSError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
