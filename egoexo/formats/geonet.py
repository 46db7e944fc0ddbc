"""Metadata of GeoNet (GeoImnet, GeoPlaces) and of other image sets that LaGTran brings into the same form.

One JSON file per set holds ``categories`` and, for each list ``<domain>_<train|test>``, the tables ``images`` (``id``,
``filename``), ``annotations`` (``image_id``, ``category``, ``class_name``) and ``metadata`` (``image_id`` and texts:
``caption``, ``tags``, ``description`` and others). The table ``locations`` is not read.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NamedTuple

from egoexo.errors import AnnotationError, explain
from egoexo.files import read_json

__all__ = ['COMBINED', 'NO_TEXT', 'GeoNet', 'GeoNetImage', 'read_geonet']

#: Text field made of three others: caption, tags with blanks for commas, description.
COMBINED = 'combined_captions'
#: What the official loader puts in the place of a text that is missing.
NO_TEXT = 'NULL'
#: Largest file that is read; 365,000 images with texts of 600 characters make 230 MB.
MAX_BYTES = 3 * 2**29
_MAX_ID = 2**63 - 1
_EXAMPLES = 5
_WHAT = 'the metadata of an image set'
_ADVICE = 'Fetch it again.'


class GeoNetImage(NamedTuple):
    """One image of a list.

    Args:
        image_id (int): Number in the pseudo-label files.
        filename (str): Below the folder of the images.
        label (int): Class id.
        texts (Mapping[str, str]): By field of the metadata.
    """

    image_id: int
    filename: str
    label: int
    texts: Mapping[str, str]

    def text(self, field: str = COMBINED) -> str:
        """A text that describes the image; ``'NULL'`` stands for one that is missing, as officially.

        Args:
            field (str): ``'combined_captions'`` or a field of the metadata.

        Examples:
            >>> GeoNetImage(1, 'a.jpg', 0, dict(caption='Tower', tags='sky,river')).text()
            'Tower sky river NULL'
        """
        if field != COMBINED or COMBINED in self.texts:
            return self.texts.get(field, NO_TEXT)
        parts = [self.texts.get(key, NO_TEXT) for key in ('caption', 'tags', 'description')]
        return ' '.join([parts[0], parts[1].replace(',', ' '), parts[2]])


@dataclass(frozen=True)
class GeoNet:
    """Content of a metadata file.

    Args:
        classes (tuple[str, ...]): Name of each class id.
        splits (dict[str, tuple[GeoNetImage, ...]]): By list, e.g. ``'usa_train'``, in file order.
    """

    classes: tuple[str, ...]
    splits: dict[str, tuple[GeoNetImage, ...]]


def read_geonet(path: str | os.PathLike) -> GeoNet:
    """Read a metadata file; the tables of a list are joined by image id.

    Args:
        path (str | os.PathLike): JSON file, e.g. ``metadata/geoplaces.json``.

    Returns:
        GeoNet: Classes and every list of the file.

    Raises:
        AnnotationError: If the file is missing or malformed, an id comes twice or has no class, a class is unknown, or
            a file name leads out of its folder; counts what is wrong in a list and gives examples.
    """
    content = read_json(path, AnnotationError, _WHAT, MAX_BYTES)
    lists = {name: value for name, value in content.items()
             if isinstance(value, dict) and 'images' in value} if isinstance(content, dict) else {}
    if not lists or 'categories' not in content:
        found = f'the keys {list(content)[:8]}' if isinstance(content, dict) else f'a {type(content).__name__}'
        raise AnnotationError(explain(path, 'an object with categories and lists such as usa_train', found, _ADVICE))
    classes = _classes(content['categories'], path)
    return GeoNet(classes, {name: _split(value, len(classes), f'{path} {name}') for name, value in lists.items()})


def _classes(rows: object, path: str | os.PathLike) -> tuple[str, ...]:
    names: dict[int, str] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and type(row.get('category_id')) is int and isinstance(row.get('category_name'), str):
            names[row['category_id']] = row['category_name']
    if not names or len(names) != len(rows) or sorted(names) != list(range(len(names))):
        raise AnnotationError(explain(f'{path} categories', 'objects with category_name and category_id, which counts '
                                      'from 0', f'{len(names)} usable ones of '
                                      f'{len(rows) if isinstance(rows, list) else repr(rows)[:80]}', _ADVICE))
    return tuple(names[number] for number in range(len(names)))


def _split(tables: Mapping[str, object], num_classes: int, where: str) -> tuple[GeoNetImage, ...]:
    labels: dict[int, object] = {}
    faults: dict[str, list[str]] = {}
    for key, row in _rows(tables, 'annotations', 'image_id', where):
        label = row.get('category')
        if labels.setdefault(key, label) != label:
            faults.setdefault('with two classes', []).append(f'{key}: {labels[key]!r} and {label!r}')
    texts = {key: _texts(row) for key, row in _rows(tables, 'metadata', 'image_id', where, optional=True)}
    none: dict[str, str] = {}
    images: dict[int, GeoNetImage] = {}
    for key, row in _rows(tables, 'images', 'id', where):
        name, label = row.get('filename'), labels.get(key)
        if not _is_inside(name):
            faults.setdefault('with a file name that leads out of the folder, or none', []).append(f'{key}: {name!r}')
        elif key in images:
            faults.setdefault('listed twice', []).append(str(key))
        elif type(label) is not int or not 0 <= label < num_classes:
            faults.setdefault(f'without a class from 0 to {num_classes - 1}', []).append(f'{key}: {label!r}')
        else:
            images[key] = GeoNetImage(key, name, label, texts.get(key, none))
    if faults:
        found = '; '.join(f'{len(items)} {kind} ({", ".join(items[:_EXAMPLES])})' for kind, items in faults.items())
        raise AnnotationError(explain(where, 'images with one class and one file each', found, _ADVICE))
    return tuple(images.values())


def _rows(tables: Mapping[str, object], name: str, id_key: str, where: str,
          optional: bool = False) -> list[tuple[int, dict]]:
    """Rows of a table with their ids, which some files write as text."""
    rows = tables.get(name, [] if optional else None)
    if not isinstance(rows, list):
        raise AnnotationError(explain(f'{where} {name}', 'a list of objects', type(rows).__name__, _ADVICE))
    found = []
    for number, row in enumerate(rows):
        key = row.get(id_key) if isinstance(row, dict) else None
        if isinstance(key, str) and key.isascii() and key.isdigit() and len(key) < 20:
            key = int(key)
        if type(key) is not int or not 0 <= key <= _MAX_ID:
            raise AnnotationError(explain(f'{where} {name} row {number}', f'an object with a whole number {id_key!r}',
                                          repr(row)[:200], _ADVICE))
        found.append((key, row))
    return found


def _texts(row: Mapping[str, object]) -> dict[str, str]:
    return {key: value for key, value in row.items() if isinstance(value, str) and key != 'image_id'}


def _is_inside(name: object) -> bool:
    return (isinstance(name, str) and 0 < len(name) <= 1000 and name.isprintable() and '\\' not in name
            and not name.startswith('/') and '..' not in PurePosixPath(name).parts)
