"""Sabotage of the query masks of a list of pairs."""

import logging

import numpy as np
from mmengine.logging import print_log

from egoexo.datasets.correspondence_list import PairArrays
from egoexo.datasets.correspondence_takes import CorrespondenceTakes

__all__ = ['swap_query_masks']


def swap_query_masks(takes: CorrespondenceTakes, pairs: PairArrays, seed: int, subset: str) -> PairArrays:
    """Show the mask of another object of the same picture for every pair, while the true target mask stays.

    A model that is trained so cannot learn to look for what it is shown; one that was trained well and is tested so
    must find the other object, hence score next to nothing.

    Args:
        takes (CorrespondenceTakes): What was read.
        pairs (PairArrays): The list.
        seed (int): Of the permutations, one per picture.
        subset (str): Name of the list, for the warning.

    Returns:
        PairArrays: The same pairs with other rows in ``query``. An object that is alone in its picture keeps its mask.
    """
    cameras = {view: number for number, view in enumerate(dict.fromkeys(
        (track.uid, track.query_camera) for track in pairs.tracks))}
    camera = np.array([cameras[track.uid, track.query_camera] for track in pairs.tracks], dtype=np.int64)[pairs.track]
    rows, inverse = np.unique(pairs.query, return_inverse=True)
    first = np.full(len(rows), len(pairs.query))
    np.minimum.at(first, inverse, np.arange(len(pairs.query)))
    pictures = np.stack([camera[first], takes.store.frames[rows].astype(np.int64)], axis=1)
    # Rows of one picture stand together, in random order; each shows the mask of the next, the last that of the first.
    order = np.lexsort((np.random.default_rng(seed).random(len(rows)), pictures[:, 1], pictures[:, 0]))
    starts = np.flatnonzero(np.r_[True, (np.diff(pictures[order], axis=0) != 0).any(axis=1)])
    following = np.arange(1, len(rows) + 1)
    following[np.r_[starts[1:], len(rows)] - 1] = starts
    shown = np.empty(len(rows), dtype=pairs.query.dtype)
    shown[order] = rows[order[following]]
    query = shown[inverse]
    print_log(f'{subset}: {int((query != pairs.query).sum()):,} of {len(query):,} pairs show the mask of another '
              f'object (swap_masks={seed}); no model can learn from them what to look for.', 'current', logging.WARNING)
    return pairs._replace(query=query)
