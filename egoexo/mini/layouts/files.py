"""Byte-exact, atomic writing of small files; line ends are part of an official format."""

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

__all__ = ['link_file', 'write_array', 'write_bytes', 'write_csv', 'write_json', 'write_lines']


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old or the new one, never half of it.

    Args:
        path (Path): Target; its folder is made when absent.
        content (bytes): All of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + '.part')
    part.write_bytes(content)
    os.replace(part, path)


def write_lines(path: Path, lines: Iterable[str], newline: str = '\n', final: bool = False) -> None:
    """Write lines of text.

    Args:
        path (Path): Target.
        lines (Iterable[str]): Lines without terminator.
        newline (str): Terminator between lines.
        final (bool): Whether the last line is terminated too.
    """
    text = newline.join(lines)
    write_bytes(path, (text + newline if final and text else text).encode())


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], newline: str = '\n',
              final: bool = True) -> None:
    """Write a comma separated table; fields with commas, quotes or line breaks are quoted.

    Args:
        path (Path): Target.
        header (Sequence[str]): Column names.
        rows (Iterable[Sequence[object]]): Cells, written with ``str``.
        newline (str): Terminator of rows.
        final (bool): Whether the last row is terminated too.
    """
    buffer = io.StringIO(newline='')
    writer = csv.writer(buffer, lineterminator=newline)
    writer.writerow(header)
    writer.writerows(rows)
    text = buffer.getvalue()
    write_bytes(path, (text if final else text.removesuffix(newline)).encode())


def write_json(path: Path, value: object) -> None:
    """Write JSON on one line, without a final line break.

    Args:
        path (Path): Target.
        value (object): Anything JSON holds.
    """
    write_bytes(path, json.dumps(value, ensure_ascii=False).encode())


def write_array(path: Path, array: np.ndarray) -> None:
    """Write one array as ``.npy`` (``arr_0`` of an ``.npz`` when the name ends so).

    Args:
        path (Path): Target.
        array (np.ndarray): The values.
    """
    buffer = io.BytesIO()
    if path.suffix == '.npz':
        np.savez(buffer, array)
    else:
        np.save(buffer, array)
    write_bytes(path, buffer.getvalue())


def link_file(source: Path, target: Path) -> None:
    """Give a file a second name; a copy where the file system has no hard links.

    Args:
        source (Path): Existing file.
        target (Path): Other name, replaced when it exists; its folder is made when absent.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
