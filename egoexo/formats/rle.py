"""Masks as run lengths in the compressed text form of COCO: ``{'size': [height, width], 'counts': text}``.

The runs go down the columns, the first one is of zeros. From the fourth on a run is written as its difference to the
last but one; a number takes one character for each five bits, the lowest first.
"""

from typing import Any

import numpy as np

from egoexo.errors import AnnotationError, EgoExoError, explain

__all__ = ['MAX_PIXELS', 'Rle', 'check_rle', 'decode_rle', 'encode_mask', 'rle_area', 'rle_box', 'rle_runs']

#: ``{'size': [height, width], 'counts': text}``.
Rle = dict[str, Any]
#: Largest mask; the videos of Ego-Exo4D have 3840x2160 pixels.
MAX_PIXELS = 2**26
#: Longest text of runs; a character holds at most one.
MAX_COUNTS = 2**24
_MAX_DIGITS = 7  # characters a number: 35 bits
_ADVICE = 'The mask is damaged. Fetch or write the file again.'


def check_rle(value: object, where: str = 'mask', error: type[EgoExoError] = AnnotationError) -> Rle:
    """Look at the outside of a mask, which is quick; :func:`rle_runs` looks at the runs.

    Args:
        value (object): From a JSON file.
        where (str): What it belongs to, for messages.
        error (type[EgoExoError]): Class of the refusal.

    Returns:
        Rle: With ``size`` and ``counts`` alone.

    Raises:
        EgoExoError: ``error`` if it is no mask, or one of more than :data:`MAX_PIXELS`.
    """
    size, counts = (value.get('size'), value.get('counts')) if isinstance(value, dict) else (None, None)
    if not isinstance(size, list | tuple) or not isinstance(counts, str):
        raise error(explain(where, "a mask {'size': [height, width], 'counts': text}", f'{value!r:.200}', _ADVICE))
    if len(size) != 2 or not all(type(side) is int and side > 0 for side in size) or size[0] * size[1] > MAX_PIXELS:
        raise error(explain(f'{where} size', f'height and width of at most {MAX_PIXELS:,} pixels', f'{size!r:.80}',
                            _ADVICE))
    if len(counts) > MAX_COUNTS or not counts.isascii():
        raise error(explain(f'{where} counts', f'at most {MAX_COUNTS:,} ASCII characters',
                            f'{len(counts):,} characters', _ADVICE))
    return {'size': [size[0], size[1]], 'counts': counts}


def rle_runs(rle: Rle, where: str = 'mask') -> np.ndarray:
    """Lengths of the runs of a mask.

    Args:
        rle (Rle): The mask.
        where (str): What it belongs to, for messages.

    Returns:
        np.ndarray: int64, shape (n,), down the columns: zeros, ones, zeros, ...; their sum is height times width. The
        first and, in masks that others wrote, any other may be 0.

    Raises:
        AnnotationError: If the mask is damaged, or its runs do not fill the picture.
    """
    rle = check_rle(rle, where)
    digits = np.frombuffer(rle['counts'].encode('ascii'), dtype=np.uint8).astype(np.int64) - 48
    height, width = rle['size']
    if not digits.size or digits.min() < 0 or digits.max() > 63 or digits[-1] & 32:
        raise AnnotationError(explain(f'{where} counts', 'run lengths in the compressed form of COCO',
                                      repr(rle['counts'][:80]), _ADVICE))
    ends = np.flatnonzero(digits & 32 == 0)  # the others say that the number goes on
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > _MAX_DIGITS:
        raise AnnotationError(explain(f'{where} counts', f'numbers of at most {_MAX_DIGITS} characters',
                                      f'one of {lengths.max()}', _ADVICE))
    places = np.arange(len(digits)) - np.repeat(starts, lengths)
    runs = np.add.reduceat((digits & 31) << 5 * places, starts)
    runs -= np.where(digits[ends] & 16, 1 << 5 * lengths, 0)  # the sign
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    if runs.min() < 0 or runs.max() > MAX_PIXELS or runs.sum() != height * width:
        found = 'a negative one' if runs.min() < 0 else f'a sum of {sum(runs.tolist()):,}'
        raise AnnotationError(explain(f'{where} counts', f'run lengths that add up to {height} x {width} = '
                                      f'{height * width:,} pixels', found, _ADVICE))
    return runs


def decode_rle(rle: Rle, where: str = 'mask') -> np.ndarray:
    """Pixels of a mask.

    Args:
        rle (Rle): The mask.
        where (str): What it belongs to, for messages.

    Returns:
        np.ndarray: uint8 of 0 and 1, shape (H, W), columns first in memory.

    Raises:
        AnnotationError: If the mask is damaged.
    """
    runs = rle_runs(rle, where)
    height, width = rle['size']
    flat = np.zeros(height * width, dtype=np.uint8)
    ends = np.cumsum(runs)[1::2].tolist()
    for end, length in zip(ends, runs[1::2].tolist(), strict=True):
        flat[end - length:end] = 1
    return flat.reshape(width, height).T


def encode_mask(mask: np.ndarray) -> Rle:
    """Run lengths of a mask.

    Args:
        mask (np.ndarray): Shape (H, W); what is not 0 belongs to the object.

    Returns:
        Rle: As pycocotools writes it, ``counts`` as a text.

    Raises:
        AnnotationError: If it has not two dimensions or no pixel.
    """
    from pycocotools import mask as coco

    mask = np.asarray(mask)
    if mask.ndim != 2 or not 0 < mask.size <= MAX_PIXELS:
        raise AnnotationError(explain('mask', f'an array (H, W) of at most {MAX_PIXELS:,} pixels',
                                      f'one of shape {mask.shape}', 'Give one mask at a time.'))
    rle = coco.encode(np.asfortranarray(mask != 0).view(np.uint8))
    return {'size': [int(side) for side in rle['size']], 'counts': rle['counts'].decode('ascii')}


def rle_area(rle: Rle, where: str = 'mask') -> int:
    """Number of pixels of the object.

    Args:
        rle (Rle): The mask.
        where (str): What it belongs to, for messages.

    Returns:
        int: 0 for an empty mask.

    Raises:
        AnnotationError: If the mask is damaged.
    """
    return int(rle_runs(rle, where)[1::2].sum())


def rle_box(rle: Rle, where: str = 'mask') -> tuple[int, int, int, int] | None:
    """Smallest box around the object, without its pixels.

    Args:
        rle (Rle): The mask.
        where (str): What it belongs to, for messages.

    Returns:
        tuple[int, int, int, int] | None: ``(x_min, y_min, x_max, y_max)``, the last pixels inside; None for an empty
        mask.

    Raises:
        AnnotationError: If the mask is damaged.
    """
    runs = rle_runs(rle, where)
    height = rle['size'][0]
    ends = np.cumsum(runs)[1::2]
    lengths = runs[1::2]
    first, last = (ends - lengths)[lengths > 0], ends[lengths > 0] - 1
    if not first.size:
        return None
    x_first, x_last = first // height, last // height
    if (x_first != x_last).any():  # such a run passes the lower edge and goes on at the upper one
        y_min, y_max = 0, height - 1
    else:
        y_min, y_max = int((first % height).min()), int((last % height).max())
    return int(x_first[0]), y_min, int(x_last[-1]), y_max
