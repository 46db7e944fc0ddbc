"""What is wrong with the pictures and masks of a prepared take."""

import os
from collections.abc import Iterator

import numpy as np
from PIL import Image

from egoexo.datasets.correspondence_list import PairArrays, places_by_view
from egoexo.datasets.correspondence_takes import CorrespondenceTakes
from egoexo.datasets.transforms.load_picture import read_picture
from egoexo.datasets.transforms.pad_square_resize import fits
from egoexo.errors import AnnotationError, DataError, explain
from egoexo.files import check_file
from egoexo.formats.rle import rle_runs

__all__ = ['check_take']


def check_take(takes: CorrespondenceTakes, pairs: PairArrays, full: bool = False) -> list[str]:
    """Compare the pictures of each camera with its masks; missing pictures are not told of.

    Args:
        takes (CorrespondenceTakes): What was read.
        pairs (PairArrays): Pairs of the take.
        full (bool): Decode all pictures and masks; else the header of the first picture of each camera is read.

    Returns:
        list[str]: One line for each kind of problem of a camera.
    """
    store = takes.store
    problems = []
    rows = np.concatenate([pairs.query, pairs.target[pairs.target >= 0]])
    if full:
        problems += _broken_masks(takes, np.unique(rows))
    for (uid, camera), places in places_by_view(pairs).items():
        folder = os.path.join(takes.root, uid, camera)
        paths = [os.path.join(folder, f'{frame}.jpg') for frame in np.unique(store.frames[pairs.query[places]])]
        sizes: dict[tuple[int, int], str] = {}
        broken = []
        for path in paths if full else paths[:1]:
            if os.path.lexists(path):
                try:
                    sizes.setdefault(_size(path, full), path)
                except DataError as error:
                    broken.append(str(error))
        if broken:
            problems.append(f'{camera}: {len(broken):,} pictures cannot be read, first {broken[0]}')
        masks = {store.size(row) for track in takes.tracks[uid].values() if camera in track
                 for row in range(track[camera].first, track[camera].end)} - {(0, 0)}
        problems += [f'{camera}: {path} is {size[1]}x{size[0]}, which has not the proportions of masks of '
                     f'{mask[1]}x{mask[0]}' for size, path in sizes.items() for mask in sorted(masks)
                     if not fits(mask, size)]
        if len(sizes) > 1:
            problems.append(f'{camera}: pictures of {len(sizes)} sizes, {_listed(sizes)}')
    return problems


def _listed(sizes: dict[tuple[int, int], str]) -> str:
    return ', '.join(f'{width}x{height}' for height, width in list(sizes)[:5])


def _size(path: str, full: bool) -> tuple[int, int]:
    """Height and width of a picture, of its header or of what is decoded."""
    if full:
        return read_picture(path).shape[:2]
    check_file(path, DataError, 'a picture')
    try:
        with Image.open(path, formats=('JPEG',)) as picture:
            return picture.height, picture.width
    except Exception as error:  # pillow fails in many ways; all of them mean the same here
        raise DataError(explain(path, 'a JPEG picture', f'no header of one ({type(error).__name__})',
                                'It is damaged or of another kind. Extract the pictures again.')) from error


def _broken_masks(takes: CorrespondenceTakes, rows: np.ndarray) -> Iterator[str]:
    broken = []
    for row in rows.tolist():
        rle = takes.store.rle(row)
        try:
            if rle is not None:
                rle_runs(rle, f'mask of frame {takes.store.frames[row]}')
        except AnnotationError as error:
            broken.append(str(error))
    if broken:
        yield f'{len(broken):,} masks are damaged, first {broken[0]}'
