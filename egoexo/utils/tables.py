"""Tables for people: on a screen and as CSV."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ['format_table', 'write_csv']


def format_table(lines: Sequence[Sequence[str]]) -> str:
    """Draw a table with ASCII lines; every column but the first two is aligned to the right.

    Args:
        lines (Sequence[Sequence[str]]): Header first.

    Returns:
        str: Several lines without a newline at the end.

    Examples:
        >>> print(format_table([['List', 'Videos', 'Acc'], ['ego_val', '57', '73.4']]))
        +---------+--------+------+
        | List    | Videos |  Acc |
        +---------+--------+------+
        | ego_val | 57     | 73.4 |
        +---------+--------+------+
    """
    from terminaltables import AsciiTable

    table = AsciiTable([list(line) for line in lines])
    table.justify_columns = dict.fromkeys(range(2, len(lines[0])), 'right')
    return table.table


def write_csv(path: str | os.PathLike, records: Sequence[Mapping[str, object]]) -> None:
    """Write records as CSV with a header line; floats in full, so reading them back loses nothing.

    Args:
        path (str | os.PathLike): Target file; its folder is made, an old file is replaced at once.
        records (Sequence[Mapping[str, object]]): Not empty; all with the keys of the first.

    Examples:
        >>> write_csv('scores.csv', [{'list': 'ego_val', 'acc': 73.4}])
        >>> print(Path('scores.csv').read_text())
        list,acc
        ego_val,73.4
        <BLANKLINE>
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + '.part')
    with unfinished.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, list(records[0]), lineterminator='\n')
        writer.writeheader()
        writer.writerows(records)
    unfinished.replace(path)
