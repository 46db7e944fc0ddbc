"""Metadata of GeoNet, and pictures."""

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile.case import Case
from hostile.cases_annotation import JSON, PLACES
from hostile.files import bytes_file, flipped, truncated
from PIL import Image

from egoexo.datasets.transforms.load_picture import read_picture
from egoexo.errors import AnnotationError, DataError
from egoexo.formats.geonet import GeoNet, read_geonet

FILE = 'geoimnet.json'


def _content() -> dict:
    tables = dict(
        images=[dict(id=10**9 + key, filename=f'usa/{key}.jpg') for key in range(20)],
        annotations=[dict(image_id=10**9 + key, category=key % 2, class_name='x') for key in range(20)],
        metadata=[dict(image_id=10**9 + key, caption='a', tags='b,c', description='d') for key in range(20)])
    return dict(categories=[dict(category_name='a', category_id=0), dict(category_name='b', category_id=1)],
                usa_train=tables)


def _sound() -> bytes:
    return json.dumps(_content()).encode()


def _changed(table: str, row: int, **values: object) -> bytes:
    content = _content()
    content['usa_train'][table][row].update(values)
    return json.dumps(content).encode()


def _replaced(*path: str, value: object) -> bytes:
    content = part = _content()
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return json.dumps(content).encode()


#: Name -> (content, what the message shows).
GEONET: dict[str, tuple[bytes, str]] = {
    'file-upwards': (_changed('images', 0, filename='../../etc/passwd'), r"leads out of the folder.*'\.\./\.\./etc"),
    'file-upwards-inside': (_changed('images', 0, filename='usa/../../a.jpg'), 'leads out of the folder'),
    'file-absolute': (_changed('images', 0, filename='/etc/passwd'), 'leads out of the folder'),
    'file-of-windows': (_changed('images', 0, filename='C:\\a.jpg'), 'leads out of the folder'),
    'file-with-escapes': (_changed('images', 0, filename='a\x1b[2J'), r'found .*\\x1b'),
    'file-with-nul': (_changed('images', 0, filename='a\0.jpg'), r'found .*\\x00'),
    'file-of-a-megabyte': (_changed('images', 0, filename='a' * 10**6), r'characters \.\.\.\]'),
    'file-a-list': (_changed('images', 0, filename=['a'] * 10**5), r'characters \.\.\.\]'),
    'id-of-100-digits': (_changed('images', 0, id=10**100), "a whole number 'id'"),
    'id-a-text-of-10000-digits': (_changed('images', 0, id='9' * 10**4), "a whole number 'id'"),
    'id-true': (_changed('images', 0, id=True), "a whole number 'id'"),
    'id-of-other-digits': (_changed('images', 0, id='٣'), "a whole number 'id'"),
    'id-twice': (_changed('images', 1, id=10**9), 'found 1 listed twice'),
    'class-too-large': (_changed('annotations', 0, category=2), 'without a class from 0 to 1'),
    'class-true': (_changed('annotations', 0, category=True), '1000000000: True'),
    'two-classes': (_changed('annotations', 0, image_id=10**9 + 1), 'with two classes'),
    'images-an-object': (_replaced('usa_train', 'images', value={}), 'images: expected a list of objects'),
    'rows-are-texts': (_replaced('usa_train', 'metadata', value=['x']), "metadata row 0: .*found 'x'"),
    'categories-a-number': (_replaced('categories', value=3), 'categories: expected objects'),
    'class-ids-with-a-gap': (_replaced('categories', value=[dict(category_name='a', category_id=10**9)]), 'from 0'),
    'a-list': (b'[]', 'expected an object with categories'), 'no-list': (b'{"categories": []}', 'lists such as'),
}


def _png(width: int, height: int) -> bytes:
    """A picture that announces a size and holds a few bytes."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    head = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + chunk(b'IDAT', zlib.compress(bytes(100))) + chunk(b'IEND', b'')


def _jpeg() -> bytes:
    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream, 'JPEG')
    return stream.getvalue()


PICTURES: dict[str, tuple[bytes, str]] = {
    'of-gigabytes': (_png(60_000, 60_000), 'cannot be decoded'),
    'of-many-pixels': (_png(9_000, 9_000), '9000 x 9000 pixels, more than'),
    'without-pixels': (_png(0, 0), 'cannot be decoded'), 'empty': (b'', 'cannot be decoded'),
    'postscript': (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (r) file\n', 'cannot be decoded'),
    'text': (b'no picture', 'cannot be decoded'), 'of-a-few-bytes': (_png(2_000, 2_000), 'cannot be decoded'),
}


def _is_metadata(content: GeoNet) -> None:
    rows = [row for rows in content.splits.values() for row in rows]
    assert all('..' not in row.filename.split('/') and row.filename[0] != '/' for row in rows)
    assert all(0 <= row.label < len(content.classes) for row in rows)


def _is_picture(pixels: np.ndarray) -> None:
    assert pixels.dtype == np.uint8 and pixels.shape[2] == 3


def _damaged(name: str, family: str, file: str, content: Callable[[], bytes], read: Callable[[Path], object],
             error: type[Exception], check: Callable) -> list[Case]:
    rest = dict(error=error, check=check, may_load=True)
    return [*(Case(f'{name}-flipped-{seed}', family, flipped(file, content, seed, 2), read, **rest)
              for seed in range(6)),
            *(Case(f'{name}-cut-{share:.2f}', family, truncated(file, content, share), read, **rest)
              for share in (0.31, 0.777))]


CASES = [
    *(Case(f'geonet-{key}', 'annotation', bytes_file(FILE, content), read_geonet, AnnotationError, (found,))
      for key, (content, found) in GEONET.items()),
    *(Case(f'geonet-{key}', 'json', bytes_file(FILE, content), read_geonet, AnnotationError, (found,))
      for key, (content, found) in JSON.items()),
    *(Case(f'geonet-{key}', 'link', make, read_geonet, AnnotationError, (found,))
      for key, (make, found) in PLACES.items()),
    *_damaged('geonet', 'annotation', FILE, _sound, read_geonet, AnnotationError, _is_metadata),
    *(Case(f'picture-{key}', 'annotation', bytes_file('a.jpg', content), read_picture, DataError, (found,))
      for key, (content, found) in PICTURES.items()),
    *(Case(f'picture-{key}', 'link', make, read_picture, DataError, (found,))
      for key, (make, found) in PLACES.items() if key != 'two-gigabytes'),
    *_damaged('picture', 'annotation', 'a.jpg', _jpeg, read_picture, DataError, _is_picture),
]
