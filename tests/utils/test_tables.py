"""Tables on screen and on disk."""

import csv
from pathlib import Path

from egoexo.utils.tables import format_table, write_csv


def test_format_table() -> None:
    assert format_table([['a', 'b', 'c'], ['x', 'yy', '1.0'], ['x', 'y', '10.0']]).splitlines() == [
        '+---+----+------+', '| a | b  |    c |', '+---+----+------+', '| x | yy |  1.0 |', '| x | y  | 10.0 |',
        '+---+----+------+']


def test_csv_is_read_back_exactly(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'table.csv'
    write_csv(path, [dict(name='a, "b"', value=1 / 3)])
    write_csv(path, [dict(name='a, "b"', value=2 / 3), dict(name='c', value=1e-17)])
    with path.open(newline='') as file:
        records = list(csv.DictReader(file))
    assert [(record['name'], float(record['value'])) for record in records] == [('a, "b"', 2 / 3), ('c', 1e-17)]
    assert [entry.name for entry in path.parent.iterdir()] == ['table.csv']
