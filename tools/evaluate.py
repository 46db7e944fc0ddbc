"""Score saved predictions with the official rules, without a model and without torch.

Usage: python tools/evaluate.py segmentation --pred work_dirs/run/predictions --gt data/egoexolearn --protocol all
"""

import argparse
import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

if (Path(__file__).resolve().parents[1] / 'egoexo' / '__init__.py').is_file():
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a clone works without being installed

from egoexo.errors import EgoExoError

#: Benchmark -> light module with ``add_arguments(parser)`` and ``run(args) -> exit code``.
BENCHMARKS = {
    'segmentation': 'egoexo.evaluation.offline.segmentation',
    'anticipation': 'egoexo.evaluation.offline.anticipation',
    'planning': 'egoexo.evaluation.offline.planning',
    'transfer': 'egoexo.evaluation.offline.transfer',
    'correspondence': 'egoexo.evaluation.offline.correspondence',
    'recognition': 'egoexo.evaluation.offline.recognition',
}


def draw_sizes(records: Sequence[Mapping[str, object]], path: Path) -> None:
    """Draw scores by object size; loaded when asked for, as scores need no plotting.

    Args:
        records (Sequence[Mapping[str, object]]): Of ``egoexo.evaluation.functional.correspondence_sizes``.
        path (Path): Picture to write.
    """
    from egoexo.visualization.object_size import draw_object_size

    path.parent.mkdir(parents=True, exist_ok=True)
    draw_object_size(records).savefig(path, dpi=200)


def build_parser() -> argparse.ArgumentParser:
    """Parser with one subcommand per benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest='benchmark', required=True, metavar='BENCHMARK', help=', '.join(BENCHMARKS))
    for name, module_name in BENCHMARKS.items():
        module = importlib.import_module(module_name)
        command = commands.add_parser(name, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run, draw_sizes=draw_sizes)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the evaluator.

    Args:
        argv (Sequence[str] | None): Command line without the program; None takes that of the process.

    Returns:
        int: 0 when at least one list was scored, 1 for files that cannot be scored or written, 2 if no list could be.
    """
    args = build_parser().parse_args(argv)
    try:
        return args.run(args)
    except (EgoExoError, OSError) as error:
        print(f'{type(error).__name__}: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
