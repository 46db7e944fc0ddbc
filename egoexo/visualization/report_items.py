"""Reads the table of scored items that a test of correspondence writes, and groups it by take, object and size."""

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from egoexo.errors import PredictionError
from egoexo.evaluation.functional.correspondence import METRICS
from egoexo.evaluation.functional.correspondence_sizes import NUM_QUANTILES, SIZE_EDGES
from egoexo.files import check_file

__all__ = ['ITEM_COLUMNS', 'ItemGroup', 'ItemTable', 'group_items', 'read_items', 'size_name', 'table_size_records']

#: Head line of ``items.csv``; the last four columns are empty where the object is not visible.
ITEM_COLUMNS = ('subset', 'take_uid', 'object_name', 'query_camera', 'target_camera', 'frame', 'gt_exists',
                'pred_exists', 'iou', 'contour', 'location', 'area_share')
_MAX_BYTES = 2**32
_YES, _NO = ('1', 'true', '1.0'), ('0', 'false', '0.0')


@dataclass(frozen=True)
class ItemTable:
    """Scored items, n in number, in the order of the file.

    Args:
        names (dict[str, list[str]]): The columns of text.
        visible (np.ndarray): Whether the object is there, bool (n,).
        answers (np.ndarray): Whether the model says so, bool (n,).
        scores (dict[str, np.ndarray]): ``iou``, ``contour``, ``location`` and ``area_share``, float64 (n,), NaN where
            nothing is scored.
        damaged (int): Lines that could not be read and are left out.
    """

    names: dict[str, list[str]]
    visible: np.ndarray
    answers: np.ndarray
    scores: dict[str, np.ndarray]
    damaged: int = 0

    def __len__(self) -> int:
        return len(self.visible)

    def rows_of(self, column: str) -> dict[str, np.ndarray]:
        """Positions of the items of each value of a column of text, in order of appearance."""
        places: dict[str, list[int]] = {}
        for place, value in enumerate(self.names[column]):
            places.setdefault(value, []).append(place)
        return {value: np.array(rows) for value, rows in places.items()}


@dataclass(frozen=True)
class ItemGroup:
    """Means over some items.

    Args:
        keys (tuple[str, ...]): What the items have in common.
        num_items (int): How many.
        num_visible (int): In how many of them the object is there.
        iou (float): Mean over these; NaN without any.
        contour (float): Mean over these.
        location (float): Mean over these.
        found (float): Share of the visible ones that are said to be visible.
        rejected (float): Share of the others that are said not to be visible.
    """

    keys: tuple[str, ...]
    num_items: int
    num_visible: int
    iou: float
    contour: float
    location: float
    found: float
    rejected: float

    @property
    def balanced(self) -> float:
        """Balanced accuracy of the answers: mean over the truths that occur."""
        known = [share for share in (self.found, self.rejected) if not np.isnan(share)]
        return float(np.mean(known)) if known else float('nan')


def read_items(path: str | Path) -> ItemTable:
    """Read a table of items; lines that are cut short or hold no numbers are counted and left out.

    Args:
        path (str | Path): ``items.csv``.

    Returns:
        ItemTable: All items.

    Raises:
        PredictionError: If the file is missing, too large, no text, or has another head line.
    """
    check_file(path, PredictionError, 'a table of items', _MAX_BYTES)
    rows: list[tuple] = []
    damaged = 0
    with open(path, newline='', encoding='utf-8', errors='replace') as file:
        reader = csv.reader(file)
        try:
            head = next(reader, [])
            if tuple(head) != ITEM_COLUMNS:
                raise PredictionError(f'{path}: expected the head line {",".join(ITEM_COLUMNS)}, found '
                                      f'{",".join(head)[:200]!r}. Write the file again with tools/test.py.')
            for line in reader:
                try:
                    rows.append(_parse(line))
                except (ValueError, KeyError):
                    damaged += 1
        except csv.Error as error:
            raise PredictionError(f'{path}: expected a table of items, found text that is no CSV ({error}) near line '
                                  f'{reader.line_num}. Write the file again with tools/test.py.') from error
    columns = list(zip(*rows, strict=True)) or [()] * len(ITEM_COLUMNS)
    names = {name: list(values) for name, values in zip(ITEM_COLUMNS[:6], columns[:6], strict=True)}
    scores = {name: np.array(values, dtype=np.float64)
              for name, values in zip(ITEM_COLUMNS[8:], columns[8:], strict=True)}
    return ItemTable(names, np.array(columns[6], dtype=bool), np.array(columns[7], dtype=bool), scores, damaged)


def _parse(line: Sequence[str]) -> tuple:
    """Six texts, two answers, four numbers."""
    if len(line) != len(ITEM_COLUMNS):
        raise ValueError
    flags = [value.strip().lower() for value in line[6:8]]
    if any(flag not in _YES + _NO for flag in flags):
        raise ValueError
    return (*(sys.intern(value) for value in line[:6]), *(flag in _YES for flag in flags),
            *(float(value) if value.strip() else np.nan for value in line[8:]))


def _summarise(table: ItemTable, rows: np.ndarray, keys: tuple[str, ...]) -> ItemGroup:
    visible, answers = table.visible[rows], table.answers[rows]
    scored = rows[visible]
    means = [float(np.mean(table.scores[name][scored])) if len(scored) else float('nan')
             for name in ('iou', 'contour', 'location')]
    found = float(answers[visible].mean()) if visible.any() else float('nan')
    rejected = float((~answers[~visible]).mean()) if not visible.all() else float('nan')
    return ItemGroup(keys, len(rows), len(scored), *means, found, rejected)


def group_items(table: ItemTable, *columns: str) -> list[ItemGroup]:
    """Means over the items that agree in some columns.

    Args:
        table (ItemTable): All items.
        *columns (str): Columns of text, e.g. ``'subset', 'take_uid'``.

    Returns:
        list[ItemGroup]: In order of appearance.
    """
    places: dict[tuple[str, ...], list[int]] = {}
    for place, keys in enumerate(zip(*(table.names[name] for name in columns), strict=True)):
        places.setdefault(keys, []).append(place)
    return [_summarise(table, np.array(rows), keys) for keys, rows in places.items()]


def table_size_records(table: ItemTable) -> list[dict[str, object]]:
    """Means by size of the object, over the items in which it is there.

    Args:
        table (ItemTable): All items.

    Returns:
        list[dict[str, object]]: As :func:`egoexo.evaluation.functional.correspondence_sizes.size_records` gives them.
    """
    records = []
    for subset, rows in table.rows_of('subset').items():
        rows = rows[table.visible[rows] & np.isfinite(table.scores['area_share'][rows])]
        shares = 100 * table.scores['area_share'][rows]
        if len(rows):
            quantiles = np.unique(np.quantile(shares, np.linspace(0, 1, NUM_QUANTILES + 1))).tolist()
            for bins, edges in (('edges', SIZE_EDGES), ('quantiles', quantiles)):
                head = {'protocol': 'official', 'subset': subset, 'bins': bins}
                records += [head | record for record in _bin_records(table, rows, shares, edges)]
    return records


def _bin_records(table: ItemTable, rows: np.ndarray, shares: np.ndarray,
                 edges: Sequence[float]) -> Iterator[dict[str, object]]:
    number = max(len(edges) - 1, 1)
    places = np.clip(np.searchsorted(edges, shares, side='right') - 1, 0, number - 1)
    for place in np.unique(places).tolist():
        group = _summarise(table, rows[places == place], ())
        means = zip(METRICS[:3], (group.iou, group.contour, group.location), strict=True)
        yield {'low': edges[place], 'high': edges[min(place + 1, len(edges) - 1)], 'frames': group.num_items,
               **dict(means), 'visible_recall': group.found}


def size_name(record: Mapping[str, object]) -> str:
    """Range of sizes of a record in words.

    Args:
        record (Mapping[str, object]): With ``low`` and ``high`` in percent.

    Examples:
        >>> [size_name({'low': low, 'high': high}) for low, high in ((0.0, 0.05), (0.5, 1.0), (5.0, 100.0))]
        ['below 0.05 %', '0.5 to 1 %', '5 % and more']
    """
    low, high = record['low'], record['high']
    if low == 0:
        return f'below {high:g} %'
    return f'{low:g} % and more' if high >= 100 else f'{low:g} to {high:g} %'
