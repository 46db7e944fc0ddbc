"""Scores of correspondence by the size of the object in the target view."""

from collections.abc import Sequence

import numpy as np

from egoexo.evaluation.functional.correspondence import METRICS
from egoexo.evaluation.functional.correspondence_groups import GroupRules, item_lists, scored_items
from egoexo.evaluation.functional.correspondence_items import ItemRow, ItemScores

__all__ = ['NUM_QUANTILES', 'SIZE_EDGES', 'size_records', 'size_table']

#: Area of the true mask in percent of the picture, at evaluation size: fixed edges, to be compared across runs.
SIZE_EDGES = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 100.0)
#: Parts of a list that hold equally many frames.
NUM_QUANTILES = 5


def size_records(rows: Sequence[ItemRow], protocols: Sequence[GroupRules],
                 num_quantiles: int = NUM_QUANTILES) -> list[dict[str, object]]:
    """Means over visible objects of similar size.

    Args:
        rows (Sequence[ItemRow]): Rows made with the same protocols.
        protocols (Sequence[GroupRules]): Rules to score by.
        num_quantiles (int): Parts that hold equally many frames.

    Returns:
        list[dict[str, object]]: One record per protocol, list, kind of bins (``'edges'``, ``'quantiles'``) and bin with
        a frame: ``low`` and ``high`` in percent of the picture (the lower end belongs to the bin, the highest also the
        upper one), ``frames``, three means, and ``visible_recall``, the share that is predicted to be visible. Frames
        that a protocol cannot score are left out.

    Raises:
        PredictionError: If there is no row, or a row comes twice.
    """
    lists, records = item_lists(rows), []
    for index, protocol in enumerate(protocols):
        for subset, members in lists.items():
            items = [item for _, item in scored_items(members, index, protocol) if item.masks is not None
                     and item.visible]
            if not items:
                continue
            shares = np.array([100 * item.masks.area / (item.masks.size[0] * item.masks.size[1]) for item in items])
            quantiles = np.unique(np.quantile(shares, np.linspace(0, 1, num_quantiles + 1)))
            for bins, edges in (('edges', SIZE_EDGES), ('quantiles', quantiles.tolist())):
                head = {'protocol': protocol.name, 'subset': subset, 'bins': bins}
                records += [head | record for record in _bins(items, shares, edges)]
    return records


def _bins(items: Sequence[ItemScores], shares: np.ndarray, edges: Sequence[float]) -> list[dict[str, object]]:
    number = max(len(edges) - 1, 1)
    place = np.clip(np.searchsorted(edges, shares, side='right') - 1, 0, number - 1)
    records = []
    for index in np.unique(place).tolist():
        own = [items[item] for item in np.flatnonzero(place == index)]
        means = {name: float(np.mean([item.masks[column] for item in own])) for column, name in enumerate(METRICS[:3])}
        records.append({'low': edges[index], 'high': edges[min(index + 1, len(edges) - 1)], 'frames': len(own)} | means
                       | {'visible_recall': float(np.mean([item.pred_visible for item in own]))})
    return records


def size_table(records: Sequence[dict[str, object]], bins: str = 'edges') -> list[list[str]]:
    """Table of :func:`size_records` for people.

    Args:
        records (Sequence[dict[str, object]]): The records.
        bins (str): Kind of bins to show.

    Returns:
        list[list[str]]: Header first.
    """
    values = (*METRICS[:3], 'visible_recall')
    return [['Protocol', 'List', 'Object, % of picture', 'Frames', *values]] + [
        [record['protocol'], record['subset'], f'{record["low"]:.3g} to {record["high"]:.3g}', f'{record["frames"]:,}',
         *(f'{record[name]:.4f}' for name in values)] for record in records if record['bins'] == bins]
