#!/usr/bin/env python
"""Draw the features of both views in the plane, before and after adaptation, with a number that says how far apart.

Example::

    python tools/analysis/plot_features.py SOURCE_ONLY.py SOURCE_ONLY.pth TA3N.py TA3N.pth --out feature_space.png
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

import numpy as np
import torch
from mmengine.config import Config, DictAction
from rich.console import Console
from rich.progress import track

from egoexo.apis import cli
from egoexo.apis.config import load_config
from egoexo.apis.init_model import init_model
from egoexo.datasets.collate import collate_domains
from egoexo.engine.feature_collector import FeatureCollector
from egoexo.errors import ConfigError
from egoexo.registry import DATASETS
from egoexo.utils.loader_configs import iter_datasets
from egoexo.visualization.feature_space import FeatureSet, draw_feature_space

_BATCH = 64


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='+', metavar='CONFIG CHECKPOINT',
                        help='one pair per column, e.g. before and after adaptation')
    parser.add_argument('--out', type=Path, required=True, help='picture to write: .png, .pdf or .svg')
    parser.add_argument('--split', choices=('val', 'test'), default='val', help='lists to draw (default: %(default)s)')
    parser.add_argument('--num', type=int, default=400, help='samples per list, spread over it (default: %(default)s)')
    parser.add_argument('--steps', type=int, default=20, help='steps per video of a segmentation model '
                        '(default: %(default)s)')
    parser.add_argument('--source', choices=('ego', 'exo'), help='view whose labels the training had; class centres '
                        'are taken from it (default: that of the first training list)')
    parser.add_argument('--layer', help='dotted name of a module, with :input for what it takes instead of what it '
                        'gives (default: what the classifier sees)')
    parser.add_argument('--titles', nargs='+', help='head lines of the columns (default: names of the configs)')
    parser.add_argument('--device', help='where the models run (default: the GPU if there is one)')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='change values of every config by dotted path')
    return parser.parse_args(argv)


def list_configs(config: Config, split: str) -> list[dict]:
    """The first ego and the first exo list of a split.

    Args:
        config (Config): With loaders.
        split (str): ``'val'`` or ``'test'``.

    Returns:
        list[dict]: Two data set configs.

    Raises:
        ConfigError: If there are no two.
    """
    found: dict[str, dict] = {}
    named = [item for item in iter_datasets(config.get('test_dataloader')) if _is_of(item, split)]
    for item in named or iter_datasets(config.get(f'{split}_dataloader')):
        found.setdefault(str(item.get('view')), item)
    if not {'ego', 'exo'} <= found.keys():
        raise ConfigError(f'{config.filename}, {split}: expected an ego and an exo list in the dataloaders, found '
                          f'{", ".join(found) or "none"}. Choose another --split, or add the list.')
    return [found['ego'], found['exo']]


def _is_of(item: dict, split: str) -> bool:
    stem = Path(str(item.get('ann_file'))).stem
    return item.get('split') == split or stem.startswith((f'ego_{split}', f'exo_{split}'))


def source_view(config: Config) -> str:
    """View of the first training list."""
    return str(next(iter_datasets(config.get('train_dataloader')), {}).get('view') or 'ego')


def collect(config: Config, checkpoint: str, args: argparse.Namespace, title: str) -> tuple[FeatureSet, Sequence[str]]:
    """Run a model over samples of both views and keep its features.

    Args:
        config (Config): Of the model and its lists.
        checkpoint (str): Its weights.
        args (argparse.Namespace): Command line.
        title (str): Head line of the column.

    Returns:
        tuple[FeatureSet, Sequence[str]]: Features of both views, and the class names.
    """
    model = init_model(config, checkpoint, args.device)
    console = Console(stderr=True)
    names: Sequence[str] = ()
    with FeatureCollector(model, args.layer, args.num, args.steps) as collector, torch.no_grad():
        for item in list_configs(config, args.split):
            dataset = DATASETS.build(item | {'test_mode': True})
            names = names or dataset.metainfo.get('classes') or ()
            chosen = np.unique(np.linspace(0, len(dataset) - 1, min(args.num, len(dataset))).round().astype(int))
            clips = hasattr(dataset, '__getitems__') and 'backbone' not in dict(model.named_children())
            batches = [chosen[start:start + (_BATCH if clips else 1)].tolist()
                       for start in range(0, len(chosen), _BATCH if clips else 1)]
            for indices in track(batches, f'{title}, {dataset.subset}', console=console, transient=True,
                                 disable=not console.is_terminal):
                batch = dataset.__getitems__(indices) if clips else [dataset[index] for index in indices]
                collector.keep(model.test_step(collate_domains(batch)))
    subsets = collector.subsets
    source = args.source or source_view(config)
    return FeatureSet(title, collector.features(*subsets), collector.views(*subsets), collector.classes(*subsets),
                      collector.videos(*subsets), source), names


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> list[str]:
    """Draw the picture.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        list[str]: What each column says about the views and about the classes.

    Raises:
        ConfigError: If arguments do not pair up, or a config has no list of both views.
    """
    args = parse_args(argv)
    if len(args.models) % 2 or args.num < 2 or args.steps < 1:
        raise ConfigError(f'{len(args.models)} models, --num {args.num}, --steps {args.steps}: expected pairs of '
                          'config and checkpoint, at least 2 samples and 1 step.')
    pairs = list(zip(args.models[::2], args.models[1::2], strict=True))
    titles = args.titles or [Path(config).stem for config, _ in pairs]
    if len(titles) != len(pairs):
        raise ConfigError(f'--titles: expected {len(pairs)}, one per pair, found {len(titles)}.')
    found = [collect(load_config(config, args.cfg_options), checkpoint, args, title)
             for (config, checkpoint), title in zip(pairs, titles, strict=True)]
    sets = [item for item, _ in found]
    try:
        figure = draw_feature_space(sets, found[0][1])
    except ValueError as error:
        raise ConfigError(f'{error} (--num, --split)') from error
    args.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(args.out, dpi=200)
    lines = [f'{item.title}: {item.domain_text()}; {item.class_text()}' for item in sets]
    print('\n'.join([*lines, str(args.out)]))
    return lines


if __name__ == '__main__':
    main()
