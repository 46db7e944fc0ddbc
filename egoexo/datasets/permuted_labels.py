"""Sabotage of the labels of a list."""

import logging
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log

__all__ = ['permute_labels']


def permute_labels(items: Sequence[dict], seed: int, subset: str, key: str = 'labels') -> None:
    """Give every row the labels of another one, so that nothing can be learnt but how frequent they are.

    Args:
        items (Sequence[dict]): Rows with labels, changed in place.
        seed (int): Of the permutation.
        subset (str): Name of the list, for the warning.
        key (str): Where a row keeps them. Defaults to ``'labels'``.
    """
    order = np.random.default_rng(seed).permutation(len(items))
    for item, labels in zip(items, [items[place][key] for place in order], strict=True):
        item[key] = labels
    print_log(f'{subset}: the labels of its {len(items)} rows are permuted (shuffle_labels={seed}); no model can learn '
              'from them.', 'current', logging.WARNING)
