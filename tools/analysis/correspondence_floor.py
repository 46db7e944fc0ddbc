#!/usr/bin/env python
"""Floor of correspondence: what can be had without learning anything, scored like a model.

``copy`` answers with the query mask itself, at the same place of the target picture; ``largest`` with the largest
object that is annotated in the target view; ``colour`` with the pixels of the target picture whose colour is nearest to
the median colour of the object in the query picture, as many as the query mask has; ``colour, other object`` does the
same for another object of the query picture; ``truth`` is the ceiling. All are sure that the object is visible.

Example::

    python tools/analysis/correspondence_floor.py --data-root data/mini/egoexo4d/correspondence --every 3
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a clone works without being installed

import numpy as np
from mmengine.logging import MMLogger
from rich.progress import track

from egoexo.apis import cli
from egoexo.datasets import CorrespondenceDataset
from egoexo.datasets.square_mask import square_mask
from egoexo.evaluation.functional.correspondence_resize import unpad_window
from egoexo.evaluation.metrics import CorrespondenceMetric
from egoexo.utils.tables import format_table

SIZE = 480
KEYS = ('iou', 'contour_acc', 'location_error', 'visibility_acc')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data-root', default='data/egoexo4d/correspondence', help='prepared takes (%(default)s)')
    parser.add_argument('--split', choices=('train', 'val'), default='val')
    parser.add_argument('--every', type=int, default=1, help='score every n-th pair')
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS), metavar='METHOD',
                        help=f'some of {", ".join(METHODS)}; all by default')
    return parser.parse_args(argv)


def copy(item: dict, dataset: CorrespondenceDataset) -> np.ndarray:
    """The query mask."""
    return item['query_mask'] > 0


def colour(item: dict, dataset: CorrespondenceDataset) -> np.ndarray:
    """As many pixels as the query mask has, those with the most similar colour."""
    chosen = item['query_mask'] > 0
    if not chosen.any():
        return chosen
    median = np.median(item['query_picture'][chosen], axis=0)
    distance = np.full(chosen.shape, np.inf)
    window = unpad_window(SIZE, item['target_size'])
    distance[window] = np.abs(item['target_picture'][window] - median).sum(-1)
    count = min(int(chosen.sum()), distance[window].size)
    found = np.zeros(chosen.size, bool)
    found[np.argpartition(distance, count - 1, axis=None)[:count]] = True
    return found.reshape(chosen.shape)


def largest(item: dict, dataset: CorrespondenceDataset) -> np.ndarray:
    """The largest object annotated in the target picture; nothing where there is none."""
    takes = dataset.data_list.takes
    masks = []
    for views in takes.tracks[item['uid']].values():
        seen = views.get(item['target_camera'])
        if seen is not None:
            rows = seen.first + np.flatnonzero(takes.store.frames[seen.first:seen.end] == int(item['frame']))
            masks += [square_mask(rle, SIZE, 'mask') for rle in map(takes.store.rle, rows.tolist()) if rle is not None]
    return max(masks, key=np.count_nonzero, default=np.zeros((SIZE, SIZE))) > 0


def truth(item: dict, dataset: CorrespondenceDataset) -> np.ndarray:
    """The target mask."""
    return item['target_mask'] > 0


#: Name -> what answers, and the seed with which other objects are asked for.
METHODS: dict[str, tuple[Callable[[dict, CorrespondenceDataset], np.ndarray], int | None]] = {
    'copy': (copy, None), 'largest': (largest, None), 'colour': (colour, None), 'colour, other object': (colour, 0),
    'truth': (truth, None)}


def score(name: str, direction: str, args: argparse.Namespace) -> dict[str, float]:
    """Scores of one answer in one direction.

    Args:
        name (str): Of the method.
        direction (str): ``'ego2exo'`` or ``'exo2ego'``.
        args (argparse.Namespace): Options.

    Returns:
        dict[str, float]: See :class:`CorrespondenceMetric`.
    """
    answer, seed = METHODS[name]
    dataset = CorrespondenceDataset(
        data_root=args.data_root, split=args.split, direction=direction, every=args.every, swap_masks=seed,
        test_mode=True, pipeline=[dict(type='LoadImagePair'), dict(type='PadSquareResizeNearest', size=SIZE)])
    metric = CorrespondenceMetric()
    for index in track(range(len(dataset)), f'{name}, {direction}', disable=not sys.stderr.isatty()):
        item = dataset[index]
        mask = answer(item, dataset)[unpad_window(SIZE, item['target_size'])]
        metric.process(None, [item | dict(pred_target_mask=mask, pred_confidence=np.float32(1))])
    return metric.evaluate(len(dataset))


@cli.readable_errors
def main(argv: Sequence[str] | None = None) -> list[list[str]]:
    """Score and print.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process.

    Returns:
        list[list[str]]: Method, list and numbers of each row.
    """
    args = parse_args(argv)
    MMLogger.get_instance('floor').setLevel('WARNING')  # one table at the end instead of one per score
    rows = []
    for name in args.methods:
        for direction in ('ego2exo', 'exo2ego'):
            subset = f'{direction}_{args.split}'
            scores = score(name, direction, args)
            rows.append([name, subset, *(f'{scores[f"{subset}/{key}"]:.3f}' for key in KEYS)])
    print(format_table([['method', 'list', *KEYS], *rows]))
    return rows


if __name__ == '__main__':
    main()
