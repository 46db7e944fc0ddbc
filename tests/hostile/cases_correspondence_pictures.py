"""Pictures and masks of a prepared take."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from hostile.case import Case
from hostile.cases_annotation import PLACES
from hostile.cases_geonet import PICTURES
from hostile.files import bytes_file

from egoexo.datasets.correspondence import CorrespondenceDataset
from egoexo.datasets.transforms.load_image_pair import LoadImagePair
from egoexo.datasets.transforms.pad_square_resize import PadSquareResizeNearest
from egoexo.errors import AnnotationError, DataError
from egoexo.formats.rle import encode_mask

EGO = 'aria01'


def _read_pair(path: Path) -> dict:
    return LoadImagePair()(dict(query_path=str(path), target_path=str(path)))


def _take(mask: dict, camera: str = 'cam01') -> Callable[[Path], Path]:
    """A take of one pair; gives the path of its target picture."""
    def make(folder: Path) -> Path:
        take = folder / 'take'
        take.mkdir()
        (folder / 'split.json').write_text(json.dumps(dict(train=['take'])))
        sound = encode_mask(np.ones((8, 8), np.uint8))
        (take / 'annotation.json').write_text(json.dumps(
            dict(masks={'cup_0': {EGO: {'0': sound}, camera: {'0': mask}}}, subsample_idx=[0])))
        return take / 'annotation.json'
    return make


def _with_picture(place: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """The picture of the ego camera is what ``place`` makes."""
    def make(folder: Path) -> Path:
        path = _take(encode_mask(np.ones((8, 8), np.uint8)))(folder)
        (path.parent / EGO).mkdir()
        place(path.parent / EGO).rename(path.parent / EGO / '0.jpg')
        return path
    return make


def _inspect(path: Path) -> list[str]:
    dataset = CorrespondenceDataset(str(path.parent.parent), 'train', 'ego2exo', lazy_init=True)
    return [problem for full in (False, True) for problem in dataset.inspect_sample(dict(uid='take'), full).problems]


def _open(path: Path) -> CorrespondenceDataset:
    return CorrespondenceDataset(str(path.parent.parent), 'train', 'ego2exo')


def _square(mask: dict) -> Callable[[Path], object]:
    picture = np.zeros((8, 8, 3), np.uint8)

    def read(path: Path) -> object:
        return PadSquareResizeNearest().transform(dict(
            query_picture=picture, target_picture=picture, query_rle=mask, target_rle=None))
    return read


def _told(problems: list[str]) -> None:
    assert any(f'{EGO}: 1 pictures cannot be read, first ' in problem or f'{EGO}: 1 of 1 pictures' in problem
               for problem in problems), problems


def _jpeg_header(width: int, height: int) -> bytes:
    """A JPEG that announces a size and holds no line."""
    frame = struct.pack('>BBHBHHB', 0xFF, 0xC0, 17, 8, height, width, 3) + bytes([1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0])
    return b'\xff\xd8' + frame + b'\xff\xd9'


_LARGE = dict(size=[2**13, 2**13], counts=''.join('1' for _ in range(4)))
#: Name -> (mask, what the message shows).
MASKS: dict[str, tuple[dict, str]] = {
    'of-too-many-pixels': (dict(size=[2**20, 2**20], counts='0'), 'at most .* pixels'),
    'of-no-pixels': (dict(size=[0, 8], counts='0'), 'found .0, 8'),
    'with-runs-of-a-larger-one': (dict(size=[8, 8], counts='PPY`0'), 'counts: expected'),
    'that-ends-early': (_LARGE, 'run lengths that add up'),
}


CASES = [
    *(Case(f'pair-{key}', 'annotation', bytes_file('a.jpg', content), _read_pair, DataError, (found,))
      for key, (content, found) in PICTURES.items()),
    *(Case(f'pair-{key}', 'link', make, _read_pair, DataError, (found,))
      for key, (make, found) in PLACES.items() if key != 'two-gigabytes'),
    Case('pair-of-a-huge-header', 'annotation', bytes_file('a.jpg', _jpeg_header(65_000, 65_000)), _read_pair,
         DataError, ('cannot be decoded',)),
    *(Case(f'take-with-{key}', 'link', _with_picture(make), _inspect, check=_told)
      for key, (make, _) in PLACES.items() if key in ('folder', 'pipe', 'device', 'two-gigabytes', 'dangling', 'loop')),
    *(Case(f'take-with-picture-{key}', 'annotation', _with_picture(bytes_file('file', content)), _inspect, check=_told)
      for key, (content, _) in PICTURES.items()),
    Case('take-with-huge-header', 'annotation', _with_picture(bytes_file('file', _jpeg_header(65_000, 65_000))),
         _inspect, check=_told),
    Case('take-with-a-camera-upwards', 'annotation', _take(encode_mask(np.ones((8, 8), np.uint8)), '../cam01'), _open,
         DataError, ('a name that may be part of a file name',)),
    *(Case(f'square-{key}', 'annotation', bytes_file('a', b''), _square(mask), AnnotationError, (found,))
      for key, (mask, found) in MASKS.items()),
]
