"""CSV tables with a head line, as EPIC-Kitchens and EgoExoLearn release them."""

import csv
import io
import os
from collections.abc import Iterator, Sequence

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_text

__all__ = ['read_csv_columns', 'read_csv_table', 'require']


def read_csv_table(path: str | os.PathLike, what: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read a table; any line end and a byte order mark in front are fine.

    Args:
        path (str | os.PathLike): UTF-8, separated by commas; a field in quotes may run over several lines.
        what (str): What the file should be, e.g. ``'a narration table'``.

    Returns:
        tuple[list[str], list[tuple[int, list[str]]]]: Names of the columns, and for each row the line on which it ends
        and its fields, as many as there are columns. At least one row.

    Raises:
        AnnotationError: If the file is missing, empty or malformed; names the line.
    """
    reader = csv.reader(io.StringIO(read_text(path, AnnotationError, what), newline=''), strict=True)
    rows = []
    try:
        head = next(reader, [])
        for row in reader:
            if row:
                require(len(row) == len(head), f'{path} line {reader.line_num}', f'{len(head)} fields', len(row))
                rows.append((reader.line_num, row))
    except csv.Error as error:
        raise AnnotationError(explain(f'{path} line {reader.line_num}', 'a line of a CSV file', error,
                                      'Fetch the file again.')) from error
    if not rows:
        raise AnnotationError(explain(path, 'a head line and at least one line below it', 'no such lines',
                                      'Fetch the file again.'))
    return head, rows


def read_csv_columns(path: str | os.PathLike, what: str,
                     columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Some columns of a table; see :func:`read_csv_table`.

    Args:
        path (str | os.PathLike): The table.
        what (str): What the file should be.
        columns (Sequence[str]): Names of the columns.

    Yields:
        tuple[str, list[str]]: File and line of a row, and its cells in the order of ``columns``.

    Raises:
        AnnotationError: If the file is missing or malformed, or lacks one of the columns.
    """
    head, rows = read_csv_table(path, what)
    absent = [name for name in columns if name not in head]
    if absent:
        raise AnnotationError(explain(f'{path} line 1', f'the columns {", ".join(columns)}', f'none called {absent[0]}',
                                      'Take the released table.'))
    places = [head.index(name) for name in columns]
    for line, row in rows:
        yield f'{path} line {line}', [row[place] for place in places]


def require(fits: object, where: str, expected: str, found: object) -> None:
    """Refuse a row.

    Args:
        fits (object): Whether it is as it should be.
        where (str): File and line.
        expected (str): What should be there.
        found (object): What is there.

    Raises:
        AnnotationError: If it is not.
    """
    if not fits:
        raise AnnotationError(explain(where, expected, found, 'Correct the line, or fetch the file again.'))
